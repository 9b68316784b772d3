//! Which invoice how much of a payment settles.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_allocations")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// The payment.
    #[sea_orm(primary_key, auto_increment = false)]
    pub payment_id: Uuid,
    /// The invoice.
    #[sea_orm(primary_key, auto_increment = false)]
    pub invoice_id: Uuid,
    /// How much, in minor units of the payment's currency.
    pub amount_minor: i64,
    /// When the row was written.
    pub created_at: DateTimeUtc,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its row in `payments`.
    #[sea_orm(
        belongs_to = "super::payments::Entity",
        from = "(Column::OrganisationId, Column::PaymentId)",
        to = "(super::payments::Column::OrganisationId, super::payments::Column::Id)"
    )]
    Payments,
    /// Its row in `invoices`.
    #[sea_orm(
        belongs_to = "super::invoices::Entity",
        from = "(Column::OrganisationId, Column::InvoiceId)",
        to = "(super::invoices::Column::OrganisationId, super::invoices::Column::Id)"
    )]
    Invoices,
}

impl ActiveModelBehavior for ActiveModel {}
