//! Which organisations' usage changed since alerts were last evaluated: the queue that wakes the alert worker.
//!
//! `revision` is raised in the transaction that saves usage; a worker that evaluated an older revision leaves the
//! organisation in the queue, so no change is ever missed.

use billing::ids::OrganisationId;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, Value};

use super::column::micros;
use super::connection::{Conn, Store, Tx};
use super::statement::{lock_clause, statement};
use crate::error::Error;

/// An organisation whose usage changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageChange {
    /// The tenant.
    pub organisation_id: OrganisationId,
    /// The revision to be evaluated.
    pub revision: i64,
}

/// Notes that usage of these organisations changed. `save_batch_in_tx` calls it; others need not.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn bump_in_tx(tx: &Tx, organisations: &[OrganisationId], now: DateTime<Utc>) -> Result<(), Error> {
    // Always in the same order, so that two batches never wait for each other in a circle.
    let mut ids: Vec<_> = organisations.iter().map(|organisation| organisation.uuid()).collect();
    ids.sort_unstable();
    ids.dedup();
    let db = tx.shared();
    for chunk in ids.chunks(500) {
        let rows: Vec<String> = (2..chunk.len() + 2).map(|mark| format!("(${mark}, 1, 0, $1)")).collect();
        let sql = format!(
            "INSERT INTO usage_changes (organisation_id, revision, evaluated, changed_at) VALUES {} \
             ON CONFLICT (organisation_id) DO UPDATE SET revision = usage_changes.revision + 1, changed_at = $1",
            rows.join(", "),
        );
        let mut values: Vec<Value> = vec![micros(now).into()];
        values.extend(chunk.iter().map(|id| Value::from(*id)));
        db.execute_raw(statement(&db, &sql, values)).await?;
    }
    Ok(())
}

/// Claims up to `limit` organisations with changes not yet evaluated, until `now + lease`; the longest waiting first.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn claim(store: &Store, limit: u32, now: DateTime<Utc>, lease: TimeDelta) -> Result<Vec<UsageChange>, Error> {
    let db = store.writer();
    let sql = format!(
        "WITH picked AS (\
            SELECT organisation_id FROM usage_changes WHERE revision > evaluated \
            AND (claimed_until IS NULL OR claimed_until <= $1) ORDER BY changed_at LIMIT $3{}) \
         UPDATE usage_changes SET claimed_until = $2 \
         WHERE organisation_id IN (SELECT organisation_id FROM picked) RETURNING organisation_id, revision",
        lock_clause(&db, " FOR UPDATE SKIP LOCKED"),
    );
    let values = vec![micros(now).into(), micros(now + lease).into(), i64::from(limit).into()];
    let rows = db.query_all_raw(statement(&db, &sql, values)).await?;
    let change = |row: &sea_orm::QueryResult| {
        let organisation_id = OrganisationId::from_uuid(row.try_get_by_index(0)?);
        Ok(UsageChange { organisation_id, revision: row.try_get_by_index(1)? })
    };
    rows.iter().map(change).collect()
}

/// Notes that the claimed revision was evaluated and ends the claim. Changes made meanwhile stay in the queue.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn evaluated(store: &Store, change: &UsageChange) -> Result<(), Error> {
    let sql = "UPDATE usage_changes SET claimed_until = NULL, \
        evaluated = CASE WHEN evaluated < $2 THEN $2 ELSE evaluated END WHERE organisation_id = $1";
    let values = vec![change.organisation_id.uuid().into(), change.revision.into()];
    let db = store.writer();
    db.execute_raw(statement(&db, sql, values)).await?;
    Ok(())
}

/// How many organisations wait for evaluation.
///
/// # Errors
/// `Unavailable`.
pub async fn depth(conn: &impl Conn) -> Result<u64, Error> {
    let sql = "SELECT COUNT(*) FROM usage_changes WHERE revision > evaluated";
    let db = conn.shared();
    let row = db.query_one_raw(statement(&db, sql, Vec::new())).await?;
    let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(count.unsigned_abs())
}
