//! Plugins in the database: bytes by digest, named versions, uploads under way, and what is active where from when.
//!
//! Bytes are never deleted: an invoice names the digest that priced it and can be replayed for ever.

mod activation;
mod component;
mod upload;
mod version;

pub use activation::{
    Activation, ActivePlugin, Target, TargetKind, activations_page, active_at, count_activations_capped,
    find_activation, insert_activation_in_tx,
};
pub use component::{Component, component, component_bytes, components, insert_component_in_tx};
pub use upload::{
    Upload, find_upload, finish_upload_in_tx, insert_upload_in_tx, purge_expired_uploads, receive_upload_in_tx,
    upload_bytes,
};
pub use version::{
    Plugin, PluginVersion, count_capped, find, find_by_name, find_many, find_version, find_versions_many, insert_in_tx,
    insert_version_in_tx, page, versions, versions_of_digest,
};

use super::word::words;

/// What a plugin does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PluginKind {
    /// Prices charges.
    Pricing,
    /// Calculates taxes.
    Tax,
    /// Lays out invoices.
    Template,
}

impl PluginKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Pricing, Self::Tax, Self::Template];
}

words!(PluginKind { Pricing => "PRICING", Tax => "TAX", Template => "TEMPLATE" });
