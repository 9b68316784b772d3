//! Tax components of invoices.

use sea_orm::entity::prelude::*;

use crate::Exact;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice_taxes")]
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
    /// Short stable name.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Rate in percent.
    #[sea_orm(column_type = "Decimal(None)")]
    pub rate_percent: Exact,
    /// Taxed amount, in minor units.
    pub base_minor: i64,
    /// Amount, in minor units.
    pub amount_minor: i64,
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
