//! Payments and which invoices they settle: records ⇄ rows.

use billing::ids::{InvoiceId, OrganisationId, PaymentId};
use billing::money::{Currency, Money};
use billing::payment::PaymentState;
use chrono::{DateTime, Utc};
use entities::payment_allocations as allocations;
use entities::payments::{Column, Entity, Model};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    Select,
};

use super::column::{currency, micros, money, parsed, storable};
use super::connection::{Conn, Tx};
use super::page::{self, Cursor, Keyed, Page, PageOf};
use super::word::words;
use crate::error::Error;

const TABLE: &str = "payments";

/// Through whom money comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GatewayName {
    /// Razorpay.
    Razorpay,
    /// Nobody: a bank transfer, cash.
    Offline,
}

words!(GatewayName { Razorpay => "RAZORPAY", Offline => "OFFLINE" });

/// How the payer is asked, or how the money came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaymentMethod {
    /// In the seller's own page, with the gateway's checkout.
    Checkout,
    /// On the gateway's page, by a link.
    Link,
    /// A bank transfer outside the gateway.
    BankTransfer,
    /// Cash.
    Cash,
    /// Something else outside the gateway.
    Other,
    /// Nobody asked: a second payment of one order, for example.
    Unasked,
}

words!(PaymentMethod {
    Checkout => "CHECKOUT",
    Link => "LINK",
    BankTransfer => "BANK_TRANSFER",
    Cash => "CASH",
    Other => "OTHER",
    Unasked => "UNASKED",
});

/// Money asked for, or taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The tenant.
    pub organisation_id: OrganisationId,
    /// Its identity.
    pub id: PaymentId,
    /// The invoice it was asked for.
    pub invoice_id: Option<InvoiceId>,
    /// Through whom.
    pub gateway: GatewayName,
    /// How.
    pub method: PaymentMethod,
    /// Where it stands.
    pub state: PaymentState,
    /// What was asked for; its currency is that of every amount.
    pub amount: Money,
    /// What came.
    pub captured: Money,
    /// How much of that settles invoices.
    pub allocated: Money,
    /// What disputes hold or took back.
    pub disputed: Money,
    /// The gateway's order.
    pub gateway_order_id: Option<String>,
    /// The gateway's link.
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
    pub fee: Option<Money>,
    /// The tax in the fee.
    pub fee_tax: Option<Money>,
    /// What the bank statement says.
    pub reference: Option<String>,
    /// When the money came.
    pub received_at: Option<DateTime<Utc>>,
    /// When the gateway was last asked.
    pub checked_at: Option<DateTime<Utc>>,
    /// Raised by each change; 1 at first.
    pub version: i32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

impl Keyed for Payment {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.created_at, id: self.id.uuid() }
    }
}

/// Which payments of an organisation; an empty filter means all.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Filter {
    /// In any of these states; in any state when empty.
    pub states: Vec<PaymentState>,
    /// Asked for this invoice.
    pub invoice_id: Option<InvoiceId>,
}

/// How much of a payment settles an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// The payment.
    pub payment_id: PaymentId,
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// How much, in minor units of the payment's currency.
    pub minor: i64,
}

/// Adds one.
///
/// # Errors
/// `Invalid` for an unknown invoice, `Unavailable`, `Internal`.
pub async fn insert_in_tx(tx: &Tx, payment: &Payment) -> Result<(), Error> {
    Entity::insert(row(payment).into_active_model())
        .exec_without_returning(&tx.tenant(payment.organisation_id))
        .await?;
    Ok(())
}

/// One by identity, which nobody else may change until the transaction ends. Lock the invoice before.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn lock_in_tx(tx: &Tx, organisation: OrganisationId, id: PaymentId) -> Result<Option<Payment>, Error> {
    let select = of(organisation).filter(Column::Id.eq(id.uuid())).lock_exclusive();
    select.one(&tx.tenant(organisation)).await?.map(record).transpose()
}

/// Writes one that is locked; its version is then one higher.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn update_in_tx(tx: &Tx, payment: &mut Payment) -> Result<(), Error> {
    payment.version += 1;
    row(payment).into_active_model().reset_all().update(&tx.tenant(payment.organisation_id)).await?;
    Ok(())
}

/// Notes that the gateway was asked.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn checked_in_tx(
    tx: &Tx,
    organisation: OrganisationId,
    id: PaymentId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::CheckedAt, micros(now).into())
        .filter(Column::OrganisationId.eq(organisation.uuid()))
        .filter(Column::Id.eq(id.uuid()))
        .exec(&tx.tenant(organisation))
        .await?;
    Ok(())
}

/// One by identity.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find(conn: &impl Conn, organisation: OrganisationId, id: PaymentId) -> Result<Option<Payment>, Error> {
    of(organisation).filter(Column::Id.eq(id.uuid())).one(&conn.tenant(organisation)).await?.map(record).transpose()
}

/// The one whose money a gateway's payment is.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_by_gateway_payment(
    conn: &impl Conn,
    organisation: OrganisationId,
    gateway_payment: &str,
) -> Result<Option<Payment>, Error> {
    let select = of(organisation).filter(Column::GatewayPaymentId.eq(gateway_payment));
    select.one(&conn.tenant(organisation)).await?.map(record).transpose()
}

/// Several by identity, in no particular order; unknown ones are left out.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_many(
    conn: &impl Conn,
    organisation: OrganisationId,
    ids: &[PaymentId],
) -> Result<Vec<Payment>, Error> {
    let select = of(organisation).filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
    select.all(&conn.tenant(organisation)).await?.into_iter().map(record).collect()
}

/// A page of an organisation's payments.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn page(
    conn: &impl Conn,
    organisation: OrganisationId,
    filter: &Filter,
    page: &Page,
) -> Result<PageOf<Payment>, Error> {
    let select = filtered(organisation, filter);
    page::fetch(&conn.tenant(organisation), select, Column::CreatedAt, Column::Id, page, record).await
}

/// How many pass a filter, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_capped(
    conn: &impl Conn,
    organisation: OrganisationId,
    filter: &Filter,
    cap: u64,
) -> Result<u64, Error> {
    page::count_capped(&conn.tenant(organisation), filtered(organisation, filter), cap).await
}

/// Those of any organisation that a gateway may have news of: written after `since`, not asked about after `until`,
/// the longest not asked about first.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn to_ask(
    conn: &impl Conn,
    gateway: GatewayName,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Payment>, Error> {
    let open = PaymentState::ALL.into_iter().filter(|state| state.is_open()).map(PaymentState::as_str);
    let rows = Entity::find()
        .filter(Column::Gateway.eq(gateway.as_str()))
        .filter(Column::State.is_in(open))
        .filter(Column::CreatedAt.gte(micros(since)))
        .filter(Column::CreatedAt.lt(micros(until)))
        .filter(Condition::any().add(Column::CheckedAt.is_null()).add(Column::CheckedAt.lt(micros(until))))
        .order_by_asc(Column::CheckedAt)
        .limit(limit)
        .all(&conn.every_organisation())
        .await?;
    rows.into_iter().map(record).collect()
}

/// Lets a payment settle a part of an invoice it did not settle before.
///
/// # Errors
/// `Conflict` when it did, `Invalid` for an unknown invoice, `Unavailable`, `Internal`.
pub async fn allocate_in_tx(
    tx: &Tx,
    organisation: OrganisationId,
    allocation: Allocation,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let row = allocations::Model {
        organisation_id: organisation.uuid(),
        payment_id: allocation.payment_id.uuid(),
        invoice_id: allocation.invoice_id.uuid(),
        amount_minor: allocation.minor,
        created_at: micros(now),
    };
    allocations::Entity::insert(row.into_active_model()).exec_without_returning(&tx.tenant(organisation)).await?;
    Ok(())
}

/// What a payment settles.
///
/// # Errors
/// `Unavailable`.
pub async fn allocations(
    conn: &impl Conn,
    organisation: OrganisationId,
    payment: PaymentId,
) -> Result<Vec<Allocation>, Error> {
    let rows = allocations::Entity::find()
        .filter(allocations::Column::OrganisationId.eq(organisation.uuid()))
        .filter(allocations::Column::PaymentId.eq(payment.uuid()))
        .order_by_asc(allocations::Column::CreatedAt)
        .order_by_asc(allocations::Column::InvoiceId)
        .all(&conn.tenant(organisation))
        .await?;
    let allocation = |row: allocations::Model| Allocation {
        payment_id: PaymentId::from_uuid(row.payment_id),
        invoice_id: InvoiceId::from_uuid(row.invoice_id),
        minor: row.amount_minor,
    };
    Ok(rows.into_iter().map(allocation).collect())
}

fn of(organisation: OrganisationId) -> Select<Entity> {
    Entity::find().filter(Column::OrganisationId.eq(organisation.uuid()))
}

fn filtered(organisation: OrganisationId, filter: &Filter) -> Select<Entity> {
    let mut select = of(organisation);
    if !filter.states.is_empty() {
        select = select.filter(Column::State.is_in(filter.states.iter().map(|state| state.as_str())));
    }
    if let Some(invoice) = filter.invoice_id {
        select = select.filter(Column::InvoiceId.eq(invoice.uuid()));
    }
    select
}

fn row(payment: &Payment) -> Model {
    Model {
        organisation_id: payment.organisation_id.uuid(),
        id: payment.id.uuid(),
        invoice_id: payment.invoice_id.map(|id| id.uuid()),
        gateway: payment.gateway.as_str().to_owned(),
        method: payment.method.as_str().to_owned(),
        state: payment.state.as_str().to_owned(),
        currency: payment.amount.currency.code().to_owned(),
        amount_minor: payment.amount.minor,
        captured_minor: payment.captured.minor,
        allocated_minor: payment.allocated.minor,
        disputed_minor: payment.disputed.minor,
        gateway_order_id: payment.gateway_order_id.clone(),
        gateway_link_id: payment.gateway_link_id.clone(),
        gateway_payment_id: payment.gateway_payment_id.clone(),
        pay_url: payment.pay_url.clone(),
        decline_code: payment.decline_code.as_deref().map(storable),
        decline_words: payment.decline_words.as_deref().map(storable),
        fee_minor: payment.fee.map(|fee| fee.minor),
        fee_tax_minor: payment.fee_tax.map(|tax| tax.minor),
        reference: payment.reference.as_deref().map(storable),
        received_at: payment.received_at.map(micros),
        checked_at: payment.checked_at.map(micros),
        version: payment.version,
        created_at: micros(payment.created_at),
    }
}

fn record(row: Model) -> Result<Payment, Error> {
    let currency: Currency = currency(TABLE, &row.currency)?;
    Ok(Payment {
        organisation_id: OrganisationId::from_uuid(row.organisation_id),
        id: PaymentId::from_uuid(row.id),
        invoice_id: row.invoice_id.map(InvoiceId::from_uuid),
        gateway: parsed(TABLE, "gateway", &row.gateway)?,
        method: parsed(TABLE, "method", &row.method)?,
        state: parsed(TABLE, "state", &row.state)?,
        amount: money(row.amount_minor, currency),
        captured: money(row.captured_minor, currency),
        allocated: money(row.allocated_minor, currency),
        disputed: money(row.disputed_minor, currency),
        gateway_order_id: row.gateway_order_id,
        gateway_link_id: row.gateway_link_id,
        gateway_payment_id: row.gateway_payment_id,
        pay_url: row.pay_url,
        decline_code: row.decline_code,
        decline_words: row.decline_words,
        fee: row.fee_minor.map(|minor| money(minor, currency)),
        fee_tax: row.fee_tax_minor.map(|minor| money(minor, currency)),
        reference: row.reference,
        received_at: row.received_at,
        checked_at: row.checked_at,
        version: row.version,
        created_at: row.created_at,
    })
}
