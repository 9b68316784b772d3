//! Refunds: records ⇄ rows.

use billing::ids::{CreditNoteId, InvoiceId, OrganisationId, PaymentId, RefundId};
use billing::money::Money;
use billing::refund::RefundState;
use chrono::{DateTime, Utc};
use entities::refunds::{Column, Entity, Model};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    Select,
};

use super::column::{currency, micros, money, parsed, storable};
use super::connection::{Conn, Tx};
use super::page::{self, Cursor, Keyed, Page, PageOf};
use super::word::words;
use crate::error::Error;

const TABLE: &str = "refunds";

/// Who made a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefundOrigin {
    /// Somebody asked here.
    Request,
    /// It was made at the gateway: in its dashboard, or by itself.
    Gateway,
}

words!(RefundOrigin { Request => "REQUEST", Gateway => "GATEWAY" });

/// Money of a payment going back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The tenant.
    pub organisation_id: OrganisationId,
    /// Its identity; the gateway knows it as the key of the request.
    pub id: RefundId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The invoice whose money it is; none where it was nobody's yet.
    pub invoice_id: Option<InvoiceId>,
    /// The document that takes the same amount back.
    pub credit_note_id: Option<CreditNoteId>,
    /// Who made it.
    pub origin: RefundOrigin,
    /// Where it stands.
    pub state: RefundState,
    /// How much.
    pub amount: Money,
    /// How much of that is the invoice's; the rest was not allocated.
    pub invoiced: Money,
    /// Why.
    pub reason: String,
    /// The gateway's refund.
    pub gateway_refund_id: Option<String>,
    /// What the payer's bank shows, such as an ARN.
    pub bank_reference: Option<String>,
    /// Why it failed, in words.
    pub failure: Option<String>,
    /// When the gateway was last asked.
    pub checked_at: Option<DateTime<Utc>>,
    /// When it succeeded or failed.
    pub settled_at: Option<DateTime<Utc>>,
    /// Raised by each change; 1 at first.
    pub version: i32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

impl Keyed for Refund {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.created_at, id: self.id.uuid() }
    }
}

/// Which refunds of an organisation; an empty filter means all.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Filter {
    /// In any of these states; in any state when empty.
    pub states: Vec<RefundState>,
    /// Of this payment.
    pub payment_id: Option<PaymentId>,
}

/// Adds one.
///
/// # Errors
/// `Invalid` for an unknown payment, `Unavailable`, `Internal`.
pub async fn insert_in_tx(tx: &Tx, refund: &Refund) -> Result<(), Error> {
    Entity::insert(row(refund).into_active_model()).exec_without_returning(&tx.tenant(refund.organisation_id)).await?;
    Ok(())
}

/// One by identity, which nobody else may change until the transaction ends. Lock its payment before.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn lock_in_tx(tx: &Tx, organisation: OrganisationId, id: RefundId) -> Result<Option<Refund>, Error> {
    let select = of(organisation).filter(Column::Id.eq(id.uuid())).lock_exclusive();
    select.one(&tx.tenant(organisation)).await?.map(record).transpose()
}

/// Writes one that is locked; its version is then one higher.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn update_in_tx(tx: &Tx, refund: &mut Refund) -> Result<(), Error> {
    refund.version += 1;
    row(refund).into_active_model().reset_all().update(&tx.tenant(refund.organisation_id)).await?;
    Ok(())
}

/// Notes that the gateway was asked.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn checked_in_tx(
    tx: &Tx,
    organisation: OrganisationId,
    id: RefundId,
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
pub async fn find(conn: &impl Conn, organisation: OrganisationId, id: RefundId) -> Result<Option<Refund>, Error> {
    of(organisation).filter(Column::Id.eq(id.uuid())).one(&conn.tenant(organisation)).await?.map(record).transpose()
}

/// All of a payment, oldest first.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn of_payment(
    conn: &impl Conn,
    organisation: OrganisationId,
    payment: PaymentId,
) -> Result<Vec<Refund>, Error> {
    let select = of(organisation).filter(Column::PaymentId.eq(payment.uuid()));
    let rows = select.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(&conn.tenant(organisation)).await?;
    rows.into_iter().map(record).collect()
}

/// A page of an organisation's refunds.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn page(
    conn: &impl Conn,
    organisation: OrganisationId,
    filter: &Filter,
    page: &Page,
) -> Result<PageOf<Refund>, Error> {
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

/// Those of any organisation that are not settled and were not asked about after `until`, the longest not asked about
/// first.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn to_ask(conn: &impl Conn, until: DateTime<Utc>, limit: u64) -> Result<Vec<Refund>, Error> {
    let open = [RefundState::Unknown, RefundState::Pending].map(RefundState::as_str);
    let rows = Entity::find()
        .filter(Column::State.is_in(open))
        .filter(Column::CreatedAt.lt(micros(until)))
        .filter(Condition::any().add(Column::CheckedAt.is_null()).add(Column::CheckedAt.lt(micros(until))))
        .order_by_asc(Column::CheckedAt)
        .limit(limit)
        .all(&conn.every_organisation())
        .await?;
    rows.into_iter().map(record).collect()
}

fn of(organisation: OrganisationId) -> Select<Entity> {
    Entity::find().filter(Column::OrganisationId.eq(organisation.uuid()))
}

fn filtered(organisation: OrganisationId, filter: &Filter) -> Select<Entity> {
    let mut select = of(organisation);
    if !filter.states.is_empty() {
        select = select.filter(Column::State.is_in(filter.states.iter().map(|state| state.as_str())));
    }
    if let Some(payment) = filter.payment_id {
        select = select.filter(Column::PaymentId.eq(payment.uuid()));
    }
    select
}

fn row(refund: &Refund) -> Model {
    Model {
        organisation_id: refund.organisation_id.uuid(),
        id: refund.id.uuid(),
        payment_id: refund.payment_id.uuid(),
        invoice_id: refund.invoice_id.map(|id| id.uuid()),
        credit_note_id: refund.credit_note_id.map(|id| id.uuid()),
        origin: refund.origin.as_str().to_owned(),
        state: refund.state.as_str().to_owned(),
        currency: refund.amount.currency.code().to_owned(),
        amount_minor: refund.amount.minor,
        invoiced_minor: refund.invoiced.minor,
        reason: storable(&refund.reason),
        gateway_refund_id: refund.gateway_refund_id.clone(),
        bank_reference: refund.bank_reference.as_deref().map(storable),
        failure: refund.failure.as_deref().map(storable),
        checked_at: refund.checked_at.map(micros),
        settled_at: refund.settled_at.map(micros),
        version: refund.version,
        created_at: micros(refund.created_at),
    }
}

fn record(row: Model) -> Result<Refund, Error> {
    let currency = currency(TABLE, &row.currency)?;
    Ok(Refund {
        organisation_id: OrganisationId::from_uuid(row.organisation_id),
        id: RefundId::from_uuid(row.id),
        payment_id: PaymentId::from_uuid(row.payment_id),
        invoice_id: row.invoice_id.map(InvoiceId::from_uuid),
        credit_note_id: row.credit_note_id.map(CreditNoteId::from_uuid),
        origin: parsed(TABLE, "origin", &row.origin)?,
        state: parsed(TABLE, "state", &row.state)?,
        amount: money(row.amount_minor, currency),
        invoiced: money(row.invoiced_minor, currency),
        reason: row.reason,
        gateway_refund_id: row.gateway_refund_id,
        bank_reference: row.bank_reference,
        failure: row.failure,
        checked_at: row.checked_at,
        settled_at: row.settled_at,
        version: row.version,
        created_at: row.created_at,
    })
}
