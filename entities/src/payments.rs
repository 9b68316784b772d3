//! Money asked for, or taken, for an invoice.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payments")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// Identity, a UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The invoice it was asked for; none for money that came by itself.
    pub invoice_id: Option<Uuid>,
    /// `RAZORPAY` or `OFFLINE`.
    pub gateway: String,
    /// `CHECKOUT`, `LINK`, `BANK_TRANSFER`, `CASH`, `OTHER`, or `UNASKED` for money that came by itself.
    pub method: String,
    /// A word of `billing::payment::PaymentState`.
    pub state: String,
    /// ISO 4217.
    pub currency: String,
    /// What was asked for.
    pub amount_minor: i64,
    /// What came.
    pub captured_minor: i64,
    /// How much of that settles invoices.
    pub allocated_minor: i64,
    /// What disputes hold or took back.
    pub disputed_minor: i64,
    /// The gateway's order.
    pub gateway_order_id: Option<String>,
    /// The gateway's payment link.
    pub gateway_link_id: Option<String>,
    /// The gateway's payment that succeeded, or the last that did not.
    pub gateway_payment_id: Option<String>,
    /// Where a link is paid.
    pub pay_url: Option<String>,
    /// Why the last attempt was declined, for programs.
    pub decline_code: Option<String>,
    /// The same in words.
    pub decline_words: Option<String>,
    /// What the gateway keeps, tax included.
    pub fee_minor: Option<i64>,
    /// The tax in the fee.
    pub fee_tax_minor: Option<i64>,
    /// What the bank statement says, for money that came outside a gateway.
    pub reference: Option<String>,
    /// When the money came.
    pub received_at: Option<DateTimeUtc>,
    /// When the gateway was last asked.
    pub checked_at: Option<DateTimeUtc>,
    /// Raised by every change.
    pub version: i32,
    /// When the row was written.
    pub created_at: DateTimeUtc,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its row in `organisations`.
    #[sea_orm(
        belongs_to = "super::organisations::Entity",
        from = "Column::OrganisationId",
        to = "super::organisations::Column::OrganisationId"
    )]
    Organisations,
    /// Its row in `invoices`.
    #[sea_orm(
        belongs_to = "super::invoices::Entity",
        from = "(Column::OrganisationId, Column::InvoiceId)",
        to = "(super::invoices::Column::OrganisationId, super::invoices::Column::Id)"
    )]
    Invoices,
}

impl ActiveModelBehavior for ActiveModel {}
