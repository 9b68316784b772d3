//! The outbox: every effect that leaves the database is a row here first, so that nothing is lost and all of it can be
//! run twice.
//!
//! A claim leases a job; when its worker dies, the lease runs out and another worker claims it. Each claim raises
//! `attempts`, and a worker may only end the attempt it claimed: a late answer of an earlier one changes nothing.

use billing::ids::{OrganisationId, OutboxId};
use chrono::{DateTime, TimeDelta, Utc};
use entities::outbox::{Column, Entity, Model};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter};
use sea_orm::{QueryOrder, QuerySelect, Select, TryInsertResult, UpdateMany};

use super::column::{micros, storable};
use super::connection::{Conn, Store, Tx};
use super::page::{self, Cursor, Keyed, Page, PageOf};
use super::statement::{lock_clause, statement};
use super::word::words;
use crate::error::Error;

/// An effect to be enqueued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Its identity.
    pub id: OutboxId,
    /// The tenant it is for, if any.
    pub organisation_id: Option<OrganisationId>,
    /// What has to be done.
    pub topic: String,
    /// What that needs.
    pub payload: serde_json::Value,
    /// At most one job ever carries a key; enqueueing a second is a no-op.
    pub dedupe_key: Option<String>,
    /// Not before this instant.
    pub available_at: DateTime<Utc>,
}

/// Tries before a job is given up and waits for a person; a replay gives as many again.
pub const ATTEMPTS: i32 = 12;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// To be tried at its time.
    Waiting,
    /// A worker is at it.
    Running,
    /// Finished.
    Done,
    /// Given up; a person has to look.
    Dead,
    /// Given up, and let be by somebody.
    Discarded,
}

words!(JobState {
    Waiting => "WAITING",
    Running => "RUNNING",
    Done => "DONE",
    Dead => "DEAD",
    Discarded => "DISCARDED",
});

/// An effect that leaves the database, as it stood when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its identity.
    pub id: OutboxId,
    /// The tenant it is for, if any.
    pub organisation_id: Option<OrganisationId>,
    /// What has to be done.
    pub topic: String,
    /// What that needs.
    pub payload: serde_json::Value,
    /// How often it has been claimed, this time included.
    pub attempts: i32,
    /// How often it may be.
    pub attempt_limit: i32,
    /// Where it stands.
    pub state: JobState,
    /// Not before this instant.
    pub available_at: DateTime<Utc>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When it was done, given up or let be.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why somebody let it be.
    pub discard_reason: Option<String>,
}

impl Keyed for Job {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.created_at, id: self.id.uuid() }
    }
}

/// Which jobs; an empty filter means all.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Filter {
    /// In any of these states; in any state when empty.
    pub states: Vec<JobState>,
    /// Of this topic.
    pub topic: Option<String>,
    /// Of this organisation.
    pub organisation_id: Option<OrganisationId>,
}

/// Enqueues a job; answers whether it is new, that is, whether its dedupe key was free.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn enqueue_in_tx(tx: &Tx, job: &NewJob, now: DateTime<Utc>) -> Result<bool, Error> {
    let row = Model {
        id: job.id.uuid(),
        organisation_id: job.organisation_id.map(|id| id.uuid()),
        topic: job.topic.clone(),
        payload: job.payload.clone(),
        dedupe_key: job.dedupe_key.clone(),
        created_at: micros(now),
        available_at: micros(job.available_at),
        attempts: 0,
        claimed_until: None,
        done_at: None,
        dead_at: None,
        last_error: None,
        attempt_limit: Some(ATTEMPTS),
        discarded_at: None,
        discard_reason: None,
    };
    let result = Entity::insert(row.into_active_model())
        .on_conflict_do_nothing_on([Column::DedupeKey])
        .exec_without_returning(&tx.shared())
        .await?;
    Ok(matches!(result, TryInsertResult::Inserted(1)))
}

/// Claims up to `limit` jobs of `topics` (of all topics when empty) until `now + lease`, the longest waiting first.
/// Several workers at once never claim the same one.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn claim(
    store: &Store,
    topics: &[&str],
    limit: u32,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<Vec<Job>, Error> {
    let db = store.writer();
    let mut values = vec![micros(now).into(), micros(now + lease).into(), i64::from(limit).into()];
    let mut of_topics = String::new();
    if !topics.is_empty() {
        let marks: Vec<String> = (0..topics.len()).map(|index| format!("${}", index + 4)).collect();
        of_topics = format!("AND topic IN ({}) ", marks.join(", "));
        values.extend(topics.iter().map(|topic| (*topic).into()));
    }
    let sql = format!(
        "WITH picked AS (\
            SELECT id FROM outbox WHERE done_at IS NULL AND dead_at IS NULL AND available_at <= $1 \
            AND (claimed_until IS NULL OR claimed_until <= $1) {of_topics}\
            ORDER BY available_at, id LIMIT $3{}) \
         UPDATE outbox SET claimed_until = $2, attempts = attempts + 1 \
         WHERE id IN (SELECT id FROM picked) RETURNING *",
        lock_clause(&db, " FOR UPDATE SKIP LOCKED"),
    );
    let rows = db.query_all_raw(statement(&db, &sql, values)).await?;
    let mut rows: Vec<Model> = rows.iter().map(|row| Model::from_query_result(row, "")).collect::<Result<_, _>>()?;
    rows.sort_by_key(|row| (row.available_at, row.id));
    Ok(rows.into_iter().map(|row| record(row, now)).collect())
}

/// Marks a claimed job done; answers `false` when the claim had been lost to another worker meanwhile.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn done(store: &Store, job: &Job, now: DateTime<Utc>) -> Result<bool, Error> {
    let update = attempt(job).col_expr(Column::DoneAt, Expr::value(micros(now)));
    Ok(update.exec(&store.writer()).await?.rows_affected == 1)
}

/// The same within the transaction that writes what the job led to.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn done_in_tx(tx: &Tx, job: &Job, now: DateTime<Utc>) -> Result<bool, Error> {
    let update = attempt(job).col_expr(Column::DoneAt, Expr::value(micros(now)));
    Ok(update.exec(&tx.shared()).await?.rows_affected == 1)
}

/// Marks the job with this dedupe key done, when what it was to do is done in this transaction by somebody else; a worker
/// that is at it finds nothing left to do.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn fulfil_in_tx(tx: &Tx, dedupe_key: &str, now: DateTime<Utc>) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::DoneAt, Expr::value(micros(now)))
        .filter(Column::DedupeKey.eq(dedupe_key))
        .filter(is_open())
        .exec(&tx.shared())
        .await?;
    Ok(())
}

/// Gives a claimed job back, to be tried again at `at`; answers `false` when the claim had been lost.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn retry(store: &Store, job: &Job, at: DateTime<Utc>, error: &str) -> Result<bool, Error> {
    let update = attempt(job)
        .col_expr(Column::AvailableAt, Expr::value(micros(at)))
        .col_expr(Column::ClaimedUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(Column::LastError, Expr::value(storable(error)));
    Ok(update.exec(&store.writer()).await?.rows_affected == 1)
}

/// Gives a claimed job up; answers `false` when the claim had been lost.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn dead(store: &Store, job: &Job, now: DateTime<Utc>, error: &str) -> Result<bool, Error> {
    let update = attempt(job)
        .col_expr(Column::DeadAt, Expr::value(micros(now)))
        .col_expr(Column::LastError, Expr::value(storable(error)));
    Ok(update.exec(&store.writer()).await?.rows_affected == 1)
}

/// Lets a job that was given up be tried again, from `now` and as often as a new one; answers whether there was one.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn replay_in_tx(tx: &Tx, id: OutboxId, now: DateTime<Utc>) -> Result<bool, Error> {
    let none = Option::<DateTime<Utc>>::None;
    let update = dead_one(id)
        .col_expr(Column::DeadAt, Expr::value(none))
        .col_expr(Column::ClaimedUntil, Expr::value(none))
        .col_expr(Column::AvailableAt, Expr::value(micros(now)))
        .col_expr(Column::AttemptLimit, Expr::col(Column::Attempts).add(ATTEMPTS));
    Ok(update.exec(&tx.shared()).await?.rows_affected == 1)
}

/// Lets a job that was given up be, for ever; answers whether there was one.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn discard_in_tx(tx: &Tx, id: OutboxId, reason: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let update = dead_one(id)
        .col_expr(Column::DiscardedAt, Expr::value(micros(now)))
        .col_expr(Column::DiscardReason, Expr::value(storable(reason)));
    Ok(update.exec(&tx.shared()).await?.rows_affected == 1)
}

/// One job as it stands at `now`.
///
/// # Errors
/// `Unavailable`.
pub async fn find(conn: &impl Conn, id: OutboxId, now: DateTime<Utc>) -> Result<Option<Job>, Error> {
    Ok(Entity::find_by_id(id.uuid()).one(&conn.shared()).await?.map(|row| record(row, now)))
}

/// A page of jobs as they stand at `now`.
///
/// # Errors
/// `Unavailable`.
pub async fn page(conn: &impl Conn, filter: &Filter, page: &Page, now: DateTime<Utc>) -> Result<PageOf<Job>, Error> {
    let read = |row| Ok(record(row, now));
    page::fetch(&conn.shared(), filtered(filter, now), Column::CreatedAt, Column::Id, page, read).await
}

/// How many jobs pass a filter, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_capped(conn: &impl Conn, filter: &Filter, now: DateTime<Utc>, cap: u64) -> Result<u64, Error> {
    page::count_capped(&conn.shared(), filtered(filter, now), cap).await
}

/// How many jobs are neither done nor given up, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn depth(conn: &impl Conn, cap: u64) -> Result<u64, Error> {
    page::count_capped(&conn.shared(), waiting(), cap).await
}

/// Since when the longest waiting job has been available.
///
/// # Errors
/// `Unavailable`.
pub async fn oldest(conn: &impl Conn) -> Result<Option<DateTime<Utc>>, Error> {
    let row = waiting().order_by_asc(Column::AvailableAt).limit(1).one(&conn.shared()).await?;
    Ok(row.map(|row| row.available_at))
}

/// How many jobs were given up, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_dead(conn: &impl Conn, cap: u64) -> Result<u64, Error> {
    page::count_capped(&conn.shared(), Entity::find().filter(is_dead()), cap).await
}

/// Deletes jobs done before `before`, except those with a dedupe key, which must stay to keep a repeat harmless;
/// answers how many.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn purge_done(store: &Store, before: DateTime<Utc>) -> Result<u64, Error> {
    let result = Entity::delete_many()
        .filter(Column::DoneAt.lt(micros(before)))
        .filter(Column::DedupeKey.is_null())
        .exec(&store.writer())
        .await?;
    Ok(result.rows_affected)
}

fn waiting() -> Select<Entity> {
    Entity::find().filter(is_open())
}

fn is_open() -> Condition {
    Condition::all().add(Column::DoneAt.is_null()).add(Column::DeadAt.is_null())
}

fn is_dead() -> Condition {
    Condition::all().add(Column::DeadAt.is_not_null()).add(Column::DiscardedAt.is_null())
}

fn is_in(state: JobState, now: DateTime<Utc>) -> Condition {
    match state {
        JobState::Waiting => is_open()
            .add(Condition::any().add(Column::ClaimedUntil.is_null()).add(Column::ClaimedUntil.lte(micros(now)))),
        JobState::Running => is_open().add(Column::ClaimedUntil.gt(micros(now))),
        JobState::Done => Condition::all().add(Column::DoneAt.is_not_null()),
        JobState::Dead => is_dead(),
        JobState::Discarded => Condition::all().add(Column::DiscardedAt.is_not_null()),
    }
}

fn filtered(filter: &Filter, now: DateTime<Utc>) -> Select<Entity> {
    let mut select = Entity::find();
    if !filter.states.is_empty() {
        select = select.filter(filter.states.iter().fold(Condition::any(), |any, state| any.add(is_in(*state, now))));
    }
    if let Some(topic) = &filter.topic {
        select = select.filter(Column::Topic.eq(topic));
    }
    if let Some(organisation) = filter.organisation_id {
        select = select.filter(Column::OrganisationId.eq(organisation.uuid()));
    }
    select
}

fn dead_one(id: OutboxId) -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::Id.eq(id.uuid())).filter(is_dead())
}

/// The row, as long as this very attempt is the latest and open.
fn attempt(job: &Job) -> UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::Id.eq(job.id.uuid()))
        .filter(Column::Attempts.eq(job.attempts))
        .filter(Column::DoneAt.is_null())
        .filter(Column::DeadAt.is_null())
}

fn record(row: Model, now: DateTime<Utc>) -> Job {
    let state = match (row.done_at, row.dead_at, row.discarded_at) {
        (Some(_), ..) => JobState::Done,
        (_, _, Some(_)) => JobState::Discarded,
        (_, Some(_), _) => JobState::Dead,
        _ if row.claimed_until.is_some_and(|until| until > now) => JobState::Running,
        _ => JobState::Waiting,
    };
    Job {
        id: OutboxId::from_uuid(row.id),
        organisation_id: row.organisation_id.map(OrganisationId::from_uuid),
        topic: row.topic,
        payload: row.payload,
        attempts: row.attempts,
        attempt_limit: row.attempt_limit.unwrap_or(ATTEMPTS),
        state,
        available_at: row.available_at,
        last_error: row.last_error,
        created_at: row.created_at,
        ended_at: row.done_at.or(row.discarded_at).or(row.dead_at),
        discard_reason: row.discard_reason,
    }
}
