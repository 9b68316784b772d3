//! Subscriptions: who is billed by which plan version, and which period comes next.

use billing::ids::{OrganisationId, PlanId, PlanVersionId, ProjectId, SubscriptionId};
use billing::period::Interval;
use chrono::{DateTime, Utc};
use entities::subscriptions::{Column, Entity, Model};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, Select};
use sea_orm::{QueryOrder, QuerySelect};

use super::column::{interval, micros, parsed};
use super::connection::{Conn, Tx};
use super::page::{self, Cursor, Keyed, Page, PageOf};
use super::statement::statement;
use super::word::words;
use crate::error::Error;

const TABLE: &str = "subscriptions";

/// What the periods of a subscription are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionAnchor {
    /// The calendar.
    Calendar,
    /// The day it started.
    Anniversary,
}

/// Whether a subscription is still billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionState {
    /// It has a next period.
    Active,
    /// Its last period has been billed.
    Ended,
}

words!(SubscriptionAnchor { Calendar => "CALENDAR", Anniversary => "ANNIVERSARY" });
words!(SubscriptionState { Active => "ACTIVE", Ended => "ENDED" });

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The tenant.
    pub organisation_id: OrganisationId,
    /// Its identity.
    pub id: SubscriptionId,
    /// The plan.
    pub plan_id: PlanId,
    /// The version of the plan that prices the next period.
    pub plan_version_id: PlanVersionId,
    /// Only usage of this project is billed; all of the organisation's when absent.
    pub project_id: Option<ProjectId>,
    /// What periods are counted from.
    pub anchor: SubscriptionAnchor,
    /// First instant served.
    pub starts_at: DateTime<Utc>,
    /// First instant no longer served.
    pub ends_at: Option<DateTime<Utc>>,
    /// The next period to bill.
    pub next_period: Interval,
    /// Whether it is still billed.
    pub state: SubscriptionState,
    /// Raised by each change; 1 at first.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Keyed for Subscription {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.created_at, id: self.id.uuid() }
    }
}

/// Adds one.
///
/// # Errors
/// `Invalid` for an unknown organisation, plan or project, `Unavailable`, `Internal`.
pub async fn insert_in_tx(tx: &Tx, subscription: &Subscription) -> Result<(), Error> {
    let row = Model {
        organisation_id: subscription.organisation_id.uuid(),
        id: subscription.id.uuid(),
        plan_id: subscription.plan_id.uuid(),
        plan_version_id: subscription.plan_version_id.uuid(),
        project_id: subscription.project_id.map(|id| id.uuid()),
        anchor: subscription.anchor.as_str().to_owned(),
        starts_at: micros(subscription.starts_at),
        ends_at: subscription.ends_at.map(micros),
        next_period_start: micros(subscription.next_period.start),
        next_period_end: micros(subscription.next_period.end),
        state: subscription.state.as_str().to_owned(),
        version: subscription.version,
        created_at: micros(subscription.created_at),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(&tx.tenant(subscription.organisation_id)).await?;
    Ok(())
}

/// Moves the next period forward, if it still starts at `from`; answers whether it did, so that a second run of the
/// same period changes nothing. `Ended` says that there is no period after it.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn advance_in_tx(
    tx: &Tx,
    organisation: OrganisationId,
    id: SubscriptionId,
    from: DateTime<Utc>,
    to: &Interval,
    state: SubscriptionState,
) -> Result<bool, Error> {
    let result = update(organisation, id)
        .col_expr(Column::NextPeriodStart, Expr::value(micros(to.start)))
        .col_expr(Column::NextPeriodEnd, Expr::value(micros(to.end)))
        .col_expr(Column::State, Expr::value(state.as_str()))
        .filter(Column::NextPeriodStart.eq(micros(from)))
        .filter(Column::State.eq(SubscriptionState::Active.as_str()))
        .exec(&tx.tenant(organisation))
        .await?;
    Ok(result.rows_affected == 1)
}

/// Sets when it ends and the (perhaps shortened) next period, if it still has `version`; answers whether it had.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn end_in_tx(
    tx: &Tx,
    organisation: OrganisationId,
    id: SubscriptionId,
    version: i32,
    ends_at: DateTime<Utc>,
    next_period: &Interval,
) -> Result<bool, Error> {
    let result = update(organisation, id)
        .col_expr(Column::EndsAt, Expr::value(micros(ends_at)))
        .col_expr(Column::NextPeriodStart, Expr::value(micros(next_period.start)))
        .col_expr(Column::NextPeriodEnd, Expr::value(micros(next_period.end)))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::Version.eq(version))
        .exec(&tx.tenant(organisation))
        .await?;
    Ok(result.rows_affected == 1)
}

/// Puts another plan version in force for the next period, if it still has `version`; answers whether it had.
///
/// # Errors
/// `Invalid` for an unknown plan version, `Unavailable`, `Internal`.
pub async fn change_plan_in_tx(
    tx: &Tx,
    organisation: OrganisationId,
    id: SubscriptionId,
    version: i32,
    plan: (PlanId, PlanVersionId),
) -> Result<bool, Error> {
    let result = update(organisation, id)
        .col_expr(Column::PlanId, Expr::value(plan.0.uuid()))
        .col_expr(Column::PlanVersionId, Expr::value(plan.1.uuid()))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::Version.eq(version))
        .exec(&tx.tenant(organisation))
        .await?;
    Ok(result.rows_affected == 1)
}

/// One by identity.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find(
    conn: &impl Conn,
    organisation: OrganisationId,
    id: SubscriptionId,
) -> Result<Option<Subscription>, Error> {
    of(organisation)
        .filter(Column::Id.eq(id.uuid()))
        .one(&conn.tenant(organisation))
        .await?
        .as_ref()
        .map(record)
        .transpose()
}

/// Several by identity, in no particular order; unknown ones are left out.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_many(
    conn: &impl Conn,
    organisation: OrganisationId,
    ids: &[SubscriptionId],
) -> Result<Vec<Subscription>, Error> {
    let rows = of(organisation)
        .filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())))
        .all(&conn.tenant(organisation))
        .await?;
    rows.iter().map(record).collect()
}

/// All of an organisation, oldest first.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn list(conn: &impl Conn, organisation: OrganisationId) -> Result<Vec<Subscription>, Error> {
    let rows = of(organisation)
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .all(&conn.tenant(organisation))
        .await?;
    rows.iter().map(record).collect()
}

/// A page of an organisation's subscriptions.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn page(conn: &impl Conn, organisation: OrganisationId, page: &Page) -> Result<PageOf<Subscription>, Error> {
    page::fetch(&conn.tenant(organisation), of(organisation), Column::CreatedAt, Column::Id, page, |row| record(&row))
        .await
}

/// How many an organisation has, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_capped(conn: &impl Conn, organisation: OrganisationId, cap: u64) -> Result<u64, Error> {
    page::count_capped(&conn.tenant(organisation), of(organisation), cap).await
}

/// Those of every organisation on a plan, at most `limit`; for the operator only.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn list_by_plan(conn: &impl Conn, plan: PlanId, limit: u64) -> Result<Vec<Subscription>, Error> {
    let rows = Entity::find()
        .filter(Column::PlanId.eq(plan.uuid()))
        .order_by_asc(Column::CreatedAt)
        .limit(limit)
        .all(&conn.every_organisation())
        .await?;
    rows.iter().map(record).collect()
}

const DUE: &str = "SELECT s.* FROM subscriptions s \
    WHERE s.state = 'ACTIVE' AND s.next_period_end <= $1 AND NOT EXISTS (\
        SELECT 1 FROM billing_runs r WHERE r.organisation_id = s.organisation_id AND r.subscription_id = s.id \
        AND r.period_start = s.next_period_start AND (r.state IN ('DONE', 'DEAD') OR r.next_attempt_at > $1)) \
    ORDER BY s.next_period_end LIMIT $2";

/// Those of every organisation whose next period is over at `now` and whose billing run is neither finished, given up,
/// held until later nor claimed by another worker; the longest overdue first.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn due(conn: &impl Conn, now: DateTime<Utc>, limit: u32) -> Result<Vec<Subscription>, Error> {
    let values = vec![micros(now).into(), i64::from(limit).into()];
    let db = conn.every_organisation();
    let rows = db.query_all_raw(statement(&db, DUE, values)).await?;
    rows.iter().map(|row| record(&Model::from_query_result(row, "")?)).collect()
}

/// Those whose next period is over at `now`, of one organisation or of all, whatever state their billing run is in; the
/// longest overdue first. For an operator who bills by hand.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn ended(
    conn: &impl Conn,
    now: DateTime<Utc>,
    organisation: Option<OrganisationId>,
    limit: u32,
) -> Result<Vec<Subscription>, Error> {
    let mut select = organisation.map_or_else(Entity::find, of);
    select = select
        .filter(Column::State.eq(SubscriptionState::Active.as_str()))
        .filter(Column::NextPeriodEnd.lte(micros(now)))
        .order_by_asc(Column::NextPeriodEnd)
        .limit(u64::from(limit));
    let db = organisation.map_or_else(|| conn.every_organisation(), |organisation| conn.tenant(organisation));
    select.all(&db).await?.iter().map(record).collect()
}

fn of(organisation: OrganisationId) -> Select<Entity> {
    Entity::find().filter(Column::OrganisationId.eq(organisation.uuid()))
}

fn update(organisation: OrganisationId, id: SubscriptionId) -> sea_orm::UpdateMany<Entity> {
    Entity::update_many().filter(Column::OrganisationId.eq(organisation.uuid())).filter(Column::Id.eq(id.uuid()))
}

fn record(row: &Model) -> Result<Subscription, Error> {
    Ok(Subscription {
        organisation_id: OrganisationId::from_uuid(row.organisation_id),
        id: SubscriptionId::from_uuid(row.id),
        plan_id: PlanId::from_uuid(row.plan_id),
        plan_version_id: PlanVersionId::from_uuid(row.plan_version_id),
        project_id: row.project_id.map(ProjectId::from_uuid),
        anchor: parsed(TABLE, "anchor", &row.anchor)?,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        next_period: interval(TABLE, "next_period", row.next_period_start, row.next_period_end)?,
        state: parsed(TABLE, "state", &row.state)?,
        version: row.version,
        created_at: row.created_at,
    })
}
