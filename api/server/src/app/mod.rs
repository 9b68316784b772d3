//! What the product does, one use case a file: the only room that opens transactions.
//!
//! A use case takes the [`App`], the [`Viewer`](crate::viewer::Viewer) where somebody asked for it,
//! its input and the time. It reads, asks plugins with no transaction open, then saves everything in
//! one transaction, together with an outbox row for each effect that leaves the database. Nothing
//! here knows HTTP or GraphQL, and no SQL is written here.

pub mod activate_plugin;
pub mod audit;
pub mod authenticate;
pub mod bill_period;
pub mod catalogue;
pub mod collect_payment;
pub mod evaluate_alerts;
pub mod explain_invoice;
pub mod export_audit;
pub mod finalise_invoice;
mod guests_in_force;
mod idempotency;
pub mod invoice_contents;
pub mod invoice_document;
pub mod key_memory;
mod late_usage;
pub mod manage_jobs;
pub mod manage_keys;
pub mod manage_roles;
pub mod mint_session;
mod period_bill;
pub mod preview_invoice;
pub mod rate_period;
pub mod recompute_invoice;
pub mod record_payment;
pub mod record_usage;
pub mod refusals;
pub mod request_refund;
pub mod restrict_access;
pub mod retry_bill;
pub mod send_mail;
pub mod settle_payment;
pub mod settle_refund;
pub mod start;
pub mod sweep_gateway;
pub mod take_webhook;
pub mod tenants;
pub mod trusted_documents;
pub mod upload_plugin;
pub mod usage_gate;
pub mod verify;
pub mod verify_audit;

use chrono::{DateTime, Utc};
use std::net::SocketAddr;
use std::sync::OnceLock;
use uuid::Uuid;

use crate::bus::Bus;
use crate::config::Settings;
use crate::files::Files;
use crate::gateway::Gateways;
use crate::limiter::Limiter;
use crate::links::Signer;
use crate::metrics::Metrics;
use crate::plugin::Plugins;
use crate::sessions::SessionSigner;
use crate::store::Store;

/// Everything a use case may reach.
pub struct App {
    /// The database.
    pub store: Store,
    /// The sandbox, with the standard guests.
    pub plugins: Plugins,
    /// Wake-ups.
    pub bus: Bus,
    /// Generated files.
    pub files: Files,
    /// Writes and sends mails.
    pub post: send_mail::Post,
    /// Through whom money comes and goes.
    pub gateways: Gateways,
    /// What the operator has set.
    pub settings: Settings,
    /// Signs the links handed to clients.
    pub signer: Signer,
    /// Gathers the events of all callers into few transactions.
    pub usage: usage_gate::UsageGate,
    /// Who may ask how often and how much.
    pub limiter: Limiter,
    /// What this server counts about itself.
    pub metrics: Metrics,
    /// Trusted documents that were asked for lately.
    pub documents: trusted_documents::DocumentMemory,
    /// Callers that were turned away and are not yet in the audit trail.
    pub refusals: refusals::Refusals,
    /// Keys that were found valid a moment ago.
    pub keys: key_memory::KeyMemory,
    /// Signs the tokens that keys lend to browsers.
    pub sessions: SessionSigner,
    /// Codes and ids that never change, kept in memory.
    pub catalogue: catalogue::CatalogueCache,
    /// Where the server really listens, which the settings do not tell when they say port 0.
    pub address: OnceLock<SocketAddr>,
}

impl App {
    /// The start of every link handed to a client, without a trailing slash.
    pub(crate) fn base_url(&self) -> String {
        let listening = || format!("http://{}", self.address.get().unwrap_or(&self.settings.listen));
        self.settings.public_url.clone().unwrap_or_else(listening)
    }
}

/// A fresh id: sortable by time, unique everywhere.
pub(crate) fn fresh<K>() -> billing::ids::Id<K>
where
    K: billing::ids::Kind,
{
    billing::ids::Id::from_uuid(Uuid::now_v7())
}

/// `at` as the databases keep it: to the microsecond.
pub(crate) fn to_microseconds(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}
