//! What is done by the clock: when it is due, and who is at it. A lease makes one worker of all servers the one.

use chrono::{DateTime, TimeDelta, Utc};
use entities::schedules::{Column, Entity, Model};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter};

use super::column::{micros, storable};
use super::connection::{Conn, Store};
use crate::error::Error;

/// A turn that this worker has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    name: &'static str,
    /// When it was due; earlier than now by whole turns when nobody was there.
    pub due_at: DateTime<Utc>,
    claimed_until: DateTime<Utc>,
}

/// The turn of `name`, when it is due and nobody else is at it; until `now + lease`. What was never heard of is first
/// due at `first`.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn claim(
    store: &Store,
    name: &'static str,
    first: DateTime<Utc>,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<Option<Turn>, Error> {
    let now = micros(now);
    let Some(known) = Entity::find_by_id(name).one(&store.shared()).await? else {
        let (claimed_until, done_at, last_error) = (None, None, None);
        let row = Model { name: name.to_owned(), due_at: micros(first), claimed_until, done_at, last_error };
        Entity::insert(row.into_active_model())
            .on_conflict_do_nothing_on([Column::Name])
            .exec_without_returning(&store.writer())
            .await?;
        return Ok(None);
    };
    if known.due_at > now || known.claimed_until.is_some_and(|until| until > now) {
        return Ok(None);
    }
    let claimed_until = micros(now + lease);
    let free = Condition::any().add(Column::ClaimedUntil.is_null()).add(Column::ClaimedUntil.lte(now));
    let taken = Entity::update_many()
        .col_expr(Column::ClaimedUntil, Expr::value(claimed_until))
        .filter(Column::Name.eq(name))
        .filter(Column::DueAt.eq(known.due_at))
        .filter(free)
        .exec(&store.writer())
        .await?;
    Ok((taken.rows_affected == 1).then_some(Turn { name, due_at: known.due_at, claimed_until }))
}

/// Ends a turn well; the next is at `next`. Answers `false` when the lease had run out and another worker has the turn.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn done(store: &Store, turn: &Turn, next: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool, Error> {
    let ended = mine(turn)
        .col_expr(Column::DueAt, Expr::value(micros(next)))
        .col_expr(Column::DoneAt, Expr::value(micros(now)))
        .col_expr(Column::LastError, Expr::value(Option::<String>::None))
        .exec(&store.writer())
        .await?;
    Ok(ended.rows_affected == 1)
}

/// Ends a turn that failed; it is tried again at `next`.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn failed(store: &Store, turn: &Turn, next: DateTime<Utc>, error: &str) -> Result<bool, Error> {
    let ended = mine(turn)
        .col_expr(Column::DueAt, Expr::value(micros(next)))
        .col_expr(Column::LastError, Expr::value(storable(error)))
        .exec(&store.writer())
        .await?;
    Ok(ended.rows_affected == 1)
}

fn mine(turn: &Turn) -> sea_orm::UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::ClaimedUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .filter(Column::Name.eq(turn.name))
        .filter(Column::DueAt.eq(turn.due_at))
        .filter(Column::ClaimedUntil.eq(turn.claimed_until))
}
