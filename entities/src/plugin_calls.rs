//! Every guest call behind an invoice: enough to replay it bit for bit.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plugin_calls")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// The invoice.
    #[sea_orm(primary_key, auto_increment = false)]
    pub invoice_id: Uuid,
    /// Place in its invoice, counted from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// Its kind, in upper case.
    pub kind: String,
    /// `sha256:` and the hex digest of the bytes.
    pub digest: String,
    /// The contract world the bytes implement.
    pub world: String,
    /// Fingerprint of the engine that ran the guest.
    pub fingerprint: String,
    /// Canonical JSON of the question.
    pub input: String,
    /// `sha256:` and the hex digest of the question.
    pub input_digest: String,
    /// Canonical JSON of the answer.
    pub output: String,
    /// Instructions spent.
    pub fuel: i64,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its row in `plugin_components`.
    #[sea_orm(
        belongs_to = "super::plugin_components::Entity",
        from = "Column::Digest",
        to = "super::plugin_components::Column::Digest"
    )]
    PluginComponents,
    /// Its row in `invoices`.
    #[sea_orm(
        belongs_to = "super::invoices::Entity",
        from = "(Column::OrganisationId, Column::InvoiceId)",
        to = "(super::invoices::Column::OrganisationId, super::invoices::Column::Id)"
    )]
    Invoices,
}

impl ActiveModelBehavior for ActiveModel {}
