//! Finding and listing invoices.

use billing::ids::{InvoiceId, IssuingEntityId, OrganisationId, PlanId, SubscriptionId};
use billing::invoice::InvoiceState;
use chrono::{DateTime, Utc};
use entities::invoices::{Column, Entity};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

use super::record::{COLUMNS, Invoice, InvoiceKind, record};
use crate::error::Error;
use crate::store::column::micros;
use crate::store::connection::{Conn, Tx};
use crate::store::page::{self, Page, PageOf};
use crate::store::statement::statement;

/// Which invoices of an organisation; an empty filter means all.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Filter {
    /// In any of these states; in any state when empty.
    pub states: Vec<InvoiceState>,
    /// Issued at or after.
    pub issued_from: Option<DateTime<Utc>>,
    /// Issued before.
    pub issued_until: Option<DateTime<Utc>>,
    /// Of this subscription.
    pub subscription_id: Option<SubscriptionId>,
}

/// One by identity.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find(conn: &impl Conn, organisation: OrganisationId, id: InvoiceId) -> Result<Option<Invoice>, Error> {
    one(&conn.tenant(organisation), of(organisation).filter(Column::Id.eq(id.uuid()))).await
}

/// One by identity, which nobody else may change until the transaction ends.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn lock_in_tx(tx: &Tx, organisation: OrganisationId, id: InvoiceId) -> Result<Option<Invoice>, Error> {
    one(&tx.tenant(organisation), of(organisation).filter(Column::Id.eq(id.uuid())).lock_exclusive()).await
}

/// Several by identity, in no particular order; unknown ones are left out.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_many(
    conn: &impl Conn,
    organisation: OrganisationId,
    ids: &[InvoiceId],
) -> Result<Vec<Invoice>, Error> {
    let select = of(organisation).filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
    all(&conn.tenant(organisation), select).await
}

/// The invoice of a subscription's period.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_by_period(
    conn: &impl Conn,
    organisation: OrganisationId,
    subscription: SubscriptionId,
    kind: InvoiceKind,
    period_start: DateTime<Utc>,
) -> Result<Option<Invoice>, Error> {
    let select = of(organisation)
        .filter(Column::SubscriptionId.eq(subscription.uuid()))
        .filter(Column::PeriodStart.eq(micros(period_start)))
        .filter(Column::Kind.eq(kind.as_str()));
    one(&conn.tenant(organisation), select).await
}

/// A page of an organisation's invoices.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn page(
    conn: &impl Conn,
    organisation: OrganisationId,
    filter: &Filter,
    page: &Page,
) -> Result<PageOf<Invoice>, Error> {
    let select = listed(filtered(organisation, filter));
    page::fetch_cells(&conn.tenant(organisation), select, (Column::CreatedAt, Column::Id), page, record).await
}

/// How many invoices pass a filter, counting no further than `cap`.
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

const LATEST_FOR_PLAN: &str = "SELECT i.period_end FROM invoices i \
    JOIN subscriptions s ON s.organisation_id = i.organisation_id AND s.id = i.subscription_id \
    WHERE s.plan_id = $1 ORDER BY i.period_end DESC LIMIT 1";

/// The end of the latest period that any organisation on a plan has an invoice for, drafts included: nothing may
/// change the prices of the plan before it.
///
/// # Errors
/// `Unavailable`.
pub async fn latest_billed_end_for_plan(conn: &impl Conn, plan: PlanId) -> Result<Option<DateTime<Utc>>, Error> {
    let db = conn.every_organisation();
    let row = db.query_one_raw(statement(&db, LATEST_FOR_PLAN, vec![plan.uuid().into()])).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}

/// The end of the latest period that an organisation has an invoice for, drafts included.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn latest_billed_end(conn: &impl Conn, organisation: OrganisationId) -> Result<Option<DateTime<Utc>>, Error> {
    let row = of(organisation).order_by_desc(Column::PeriodEnd).one(&conn.tenant(organisation)).await?;
    Ok(row.map(|row| row.period_end))
}

/// The end of the latest period an issuing entity has an invoice for.
///
/// # Errors
/// `Unavailable`.
pub async fn latest_billed_end_for_issuer(
    conn: &impl Conn,
    issuer: IssuingEntityId,
) -> Result<Option<DateTime<Utc>>, Error> {
    let select = Entity::find().filter(Column::IssuingEntityId.eq(issuer.uuid()));
    let row = select.order_by_desc(Column::PeriodEnd).one(&conn.every_organisation()).await?;
    Ok(row.map(|row| row.period_end))
}

/// Drafts whose period ended by `before`, of one organisation or of all, by identity after `after`: what is to be
/// finalised.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn drafts_ended(
    conn: &impl Conn,
    before: DateTime<Utc>,
    organisation: Option<OrganisationId>,
    after: Option<InvoiceId>,
    limit: u32,
) -> Result<Vec<Invoice>, Error> {
    let mut select = organisation.map_or_else(Entity::find, of);
    select = select
        .filter(Column::State.eq(InvoiceState::Draft.as_str()))
        .filter(Column::PeriodEnd.lte(micros(before)))
        .filter(Column::Id.gt(after.map_or(uuid::Uuid::nil(), InvoiceId::uuid)))
        .order_by_asc(Column::Id)
        .limit(u64::from(limit));
    let db = organisation.map_or_else(|| conn.every_organisation(), |organisation| conn.tenant(organisation));
    all(&db, select).await
}

/// With the select list of [`record`].
fn listed(select: Select<Entity>) -> Select<Entity> {
    select.select_only().columns(COLUMNS)
}

async fn one(db: &impl ConnectionTrait, select: Select<Entity>) -> Result<Option<Invoice>, Error> {
    db.query_one(&listed(select).into_query()).await?.as_ref().map(record).transpose()
}

async fn all(db: &impl ConnectionTrait, select: Select<Entity>) -> Result<Vec<Invoice>, Error> {
    db.query_all(&listed(select).into_query()).await?.iter().map(record).collect()
}

fn of(organisation: OrganisationId) -> Select<Entity> {
    Entity::find().filter(Column::OrganisationId.eq(organisation.uuid()))
}

fn filtered(organisation: OrganisationId, filter: &Filter) -> Select<Entity> {
    let mut select = of(organisation);
    if !filter.states.is_empty() {
        select = select.filter(Column::State.is_in(filter.states.iter().map(|state| state.as_str())));
    }
    if let Some(from) = filter.issued_from {
        select = select.filter(Column::IssuedAt.gte(micros(from)));
    }
    if let Some(until) = filter.issued_until {
        select = select.filter(Column::IssuedAt.lt(micros(until)));
    }
    if let Some(subscription) = filter.subscription_id {
        select = select.filter(Column::SubscriptionId.eq(subscription.uuid()));
    }
    select
}
