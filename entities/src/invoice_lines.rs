//! Lines of invoices with what priced them.

use sea_orm::entity::prelude::*;

use crate::{Exact, JsonText};

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice_lines")]
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
    /// The metric.
    pub metric_id: Option<Uuid>,
    /// Code of the metric at the time.
    pub metric_code: Option<String>,
    /// Code of the charge or fee.
    pub charge_code: String,
    /// Text of the line.
    pub description: String,
    /// Quantity priced.
    #[sea_orm(column_type = "Decimal(None)", nullable)]
    pub quantity: Option<Exact>,
    /// Number of events.
    pub event_count: Option<i64>,
    /// Digest of the set of events counted.
    pub event_set: Option<Vec<u8>>,
    /// Amount before rounding, in major units.
    #[sea_orm(column_type = "Decimal(None)")]
    pub amount_exact: Exact,
    /// Amount, in minor units.
    pub amount_minor: i64,
    /// Tax, in minor units.
    pub tax_minor: i64,
    /// First instant of the service period.
    pub service_start: DateTimeUtc,
    /// First instant after the service period.
    pub service_end: DateTimeUtc,
    /// How the amount came about, as JSON.
    #[sea_orm(column_type = "Json")]
    pub steps: JsonText,
    /// Position of the plugin call that priced the line.
    pub call_position: Option<i32>,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its row in `invoices`.
    #[sea_orm(
        belongs_to = "super::invoices::Entity",
        from = "(Column::OrganisationId, Column::InvoiceId)",
        to = "(super::invoices::Column::OrganisationId, super::invoices::Column::Id)"
    )]
    Invoices,
}

impl ActiveModelBehavior for ActiveModel {}
