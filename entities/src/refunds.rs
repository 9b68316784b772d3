//! Money of a payment going back.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refunds")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// Identity, a UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The payment.
    pub payment_id: Uuid,
    /// The invoice whose money it is; none where it was nobody's yet.
    pub invoice_id: Option<Uuid>,
    /// The document that takes the same amount back.
    pub credit_note_id: Option<Uuid>,
    /// `REQUEST`, or `GATEWAY` for one that was made there.
    pub origin: String,
    /// A word of `billing::refund::RefundState`.
    pub state: String,
    /// ISO 4217.
    pub currency: String,
    /// How much.
    pub amount_minor: i64,
    /// How much of that is the invoice's; the rest was not allocated.
    pub invoiced_minor: i64,
    /// Why, in words.
    pub reason: String,
    /// The gateway's refund.
    pub gateway_refund_id: Option<String>,
    /// What the payer's bank shows, such as an ARN.
    pub bank_reference: Option<String>,
    /// Why it failed, in words.
    pub failure: Option<String>,
    /// When the gateway was last asked.
    pub checked_at: Option<DateTimeUtc>,
    /// When it succeeded or failed.
    pub settled_at: Option<DateTimeUtc>,
    /// Raised by every change.
    pub version: i32,
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
    /// Its row in `credit_notes`.
    #[sea_orm(
        belongs_to = "super::credit_notes::Entity",
        from = "(Column::OrganisationId, Column::CreditNoteId)",
        to = "(super::credit_notes::Column::OrganisationId, super::credit_notes::Column::Id)"
    )]
    CreditNotes,
}

impl ActiveModelBehavior for ActiveModel {}
