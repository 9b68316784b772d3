//! The register of billing runs: one row per subscription and period, so that a held run has a reason and an end.

use billing::ids::{OrganisationId, SubscriptionId};
use billing::period::Interval;
use chrono::{DateTime, TimeDelta, Utc};
use entities::billing_runs::{Column, Entity, Model};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Select, UpdateMany};

use super::column::{interval, micros, parsed, storable};
use super::connection::{Conn, Store, Tx};
use super::page::{self, Cursor, Keyed, Page, PageOf};
use super::statement::statement;
use super::word::words;
use crate::error::Error;

const TABLE: &str = "billing_runs";

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Started, or about to be.
    Due,
    /// Failed with a reason; tried again later.
    Held,
    /// The period is billed.
    Done,
    /// Given up; a person has to look.
    Dead,
}

words!(RunState { Due => "DUE", Held => "HELD", Done => "DONE", Dead => "DEAD" });

/// Which run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RunKey {
    /// The tenant.
    pub organisation_id: OrganisationId,
    /// The subscription.
    pub subscription_id: SubscriptionId,
    /// First instant of the period.
    pub period_start: DateTime<Utc>,
}

/// A billing run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillingRun {
    /// Which one.
    pub key: RunKey,
    /// The period it bills.
    pub period: Interval,
    /// Where it stands.
    pub state: RunState,
    /// How often it failed.
    pub attempts: i32,
    /// Why it is held or was given up.
    pub reason: Option<String>,
    /// Not before this instant (also the end of a claim).
    pub next_attempt_at: DateTime<Utc>,
    /// When the row last changed.
    pub updated_at: DateTime<Utc>,
}

const CLAIM: &str = "INSERT INTO billing_runs (organisation_id, subscription_id, period_start, period_end, state, \
        attempts, next_attempt_at, updated_at) VALUES ($1, $2, $3, $4, 'DUE', 0, $6, $5) \
    ON CONFLICT (organisation_id, subscription_id, period_start) DO UPDATE \
        SET next_attempt_at = $6, updated_at = $5, period_end = $4 \
        WHERE billing_runs.state IN ('DUE', 'HELD') AND billing_runs.next_attempt_at <= $5";

/// Claims the run of a period until `now + lease`, making its row when there is none; answers `false` when it is
/// finished, given up, held until later, or claimed by another worker.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn claim_in_tx(
    tx: &Tx,
    key: &RunKey,
    period_end: DateTime<Utc>,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<bool, Error> {
    let values = vec![
        key.organisation_id.uuid().into(),
        key.subscription_id.uuid().into(),
        micros(key.period_start).into(),
        micros(period_end).into(),
        micros(now).into(),
        micros(now + lease).into(),
    ];
    let db = tx.shared();
    let result = db.execute_raw(statement(&db, CLAIM, values)).await?;
    Ok(result.rows_affected() == 1)
}

/// Holds a run that failed, until `next_attempt_at`; answers whether there was one to hold.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn hold(
    store: &Store,
    key: &RunKey,
    reason: &str,
    next_attempt_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let update = to_state(key, RunState::Held, now)
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::Reason, Expr::value(storable(reason)))
        .col_expr(Column::NextAttemptAt, Expr::value(micros(next_attempt_at)));
    Ok(update.exec(&store.writer()).await?.rows_affected == 1)
}

/// Gives a run up; answers whether there was one to give up.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn dead(store: &Store, key: &RunKey, reason: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let update = to_state(key, RunState::Dead, now)
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::Reason, Expr::value(storable(reason)));
    Ok(update.exec(&store.writer()).await?.rows_affected == 1)
}

/// Finishes a run in the transaction that saves its invoice; a run without a row is finished without one.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn done_in_tx(tx: &Tx, key: &RunKey, now: DateTime<Utc>) -> Result<(), Error> {
    let update = to_state(key, RunState::Done, now).col_expr(Column::Reason, Expr::value(Option::<String>::None));
    update.exec(&tx.shared()).await?;
    Ok(())
}

/// Lets a held or given-up run be tried again from `now`; answers whether there was one.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn retry_in_tx(tx: &Tx, key: &RunKey, now: DateTime<Utc>) -> Result<bool, Error> {
    let result = of(key)
        .filter(Column::State.is_in([RunState::Held.as_str(), RunState::Dead.as_str()]))
        .col_expr(Column::State, Expr::value(RunState::Due.as_str()))
        .col_expr(Column::NextAttemptAt, Expr::value(micros(now)))
        .col_expr(Column::UpdatedAt, Expr::value(micros(now)))
        .exec(&tx.shared())
        .await?;
    Ok(result.rows_affected == 1)
}

/// One run.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find(conn: &impl Conn, key: &RunKey) -> Result<Option<BillingRun>, Error> {
    let id = (key.organisation_id.uuid(), key.subscription_id.uuid(), micros(key.period_start));
    Entity::find_by_id(id).one(&conn.shared()).await?.map(record).transpose()
}

impl Keyed for BillingRun {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.key.period_start, id: self.key.subscription_id.uuid() }
    }
}

/// Which runs; an empty filter means all.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Filter {
    /// Of this organisation.
    pub organisation_id: Option<OrganisationId>,
    /// In any of these states; in any state when empty.
    pub states: Vec<RunState>,
}

/// A page of runs, the latest period first.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn page(conn: &impl Conn, filter: &Filter, page: &Page) -> Result<PageOf<BillingRun>, Error> {
    page::fetch(&conn.shared(), filtered(filter), Column::PeriodStart, Column::SubscriptionId, page, record).await
}

/// How many runs pass a filter, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_capped(conn: &impl Conn, filter: &Filter, cap: u64) -> Result<u64, Error> {
    page::count_capped(&conn.shared(), filtered(filter), cap).await
}

fn filtered(filter: &Filter) -> Select<Entity> {
    let mut select = Entity::find();
    if let Some(organisation) = filter.organisation_id {
        select = select.filter(Column::OrganisationId.eq(organisation.uuid()));
    }
    if !filter.states.is_empty() {
        select = select.filter(Column::State.is_in(filter.states.iter().map(|state| state.as_str())));
    }
    select
}

fn of(key: &RunKey) -> UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::OrganisationId.eq(key.organisation_id.uuid()))
        .filter(Column::SubscriptionId.eq(key.subscription_id.uuid()))
        .filter(Column::PeriodStart.eq(micros(key.period_start)))
}

/// From any open state to `state`.
fn to_state(key: &RunKey, state: RunState, now: DateTime<Utc>) -> UpdateMany<Entity> {
    of(key)
        .filter(Column::State.is_in([RunState::Due.as_str(), RunState::Held.as_str()]))
        .col_expr(Column::State, Expr::value(state.as_str()))
        .col_expr(Column::UpdatedAt, Expr::value(micros(now)))
}

fn record(row: Model) -> Result<BillingRun, Error> {
    Ok(BillingRun {
        key: RunKey {
            organisation_id: OrganisationId::from_uuid(row.organisation_id),
            subscription_id: SubscriptionId::from_uuid(row.subscription_id),
            period_start: row.period_start,
        },
        period: interval(TABLE, "period_end", row.period_start, row.period_end)?,
        state: parsed(TABLE, "state", &row.state)?,
        attempts: row.attempts,
        reason: row.reason,
        next_attempt_at: row.next_attempt_at,
        updated_at: row.updated_at,
    })
}
