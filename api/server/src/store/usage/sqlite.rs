//! The hot path on SQLite: few statements of many rows, because each one crosses to the driver's thread.
//!
//! The transaction was begun IMMEDIATE, so nothing changes between reading and writing.

use std::collections::HashMap;

use billing::decimal::canonical;
use billing::metering::Totals;
use entities::Exact;
use entities::usage_totals::Model;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::batch::{Existing, NewUsage, TotalKey, overflow};
use super::events::properties_json;
use super::totals::{halves, record};
use crate::error::Error;
use crate::store::column::{digest, micros};
use crate::store::db::Db;
use crate::store::fault::corrupt;
use crate::store::statement::statement;

/// Rows a statement may have. Few sizes, so that the driver keeps every statement prepared; a batch is filled up to
/// the next size by repeating its last row, which changes nothing.
const SIZES: [usize; 8] = [1, 8, 32, 64, 128, 256, 512, 1024];

const INSERT: &str = "INSERT INTO usage_events (organisation_id, transaction_digest, transaction_id, project_id, \
    metric_id, occurred_at, recorded_at, value, properties, content_digest) VALUES ";
const INSERT_END: &str = " ON CONFLICT (organisation_id, transaction_digest) DO NOTHING";

/// Inserts the facts at `firsts`; answers those that were there already.
pub(super) async fn insert_events(db: &Db<'_>, batch: &[NewUsage], firsts: &[usize]) -> Result<Existing, Error> {
    let mut existing = Existing::new();
    let rows: Vec<(usize, &NewUsage)> =
        firsts.iter().filter_map(|index| batch.get(*index).map(|usage| (*index, usage))).collect();
    for chunk in rows.chunks(SIZES[SIZES.len() - 1]) {
        let before = last_row(db).await?;
        let sql = many(INSERT, 10, size(chunk.len()), INSERT_END);
        let mut values = Vec::with_capacity(10 * size(chunk.len()));
        for (_, usage) in filled(chunk) {
            event_values(usage, &mut values)?;
        }
        let inserted = db.execute_raw(statement(db, &sql, values)).await?.rows_affected();
        if inserted as usize != chunk.len() {
            find_existing(db, chunk, before, &mut existing).await?;
        }
    }
    Ok(existing)
}

fn event_values(usage: &NewUsage, values: &mut Vec<Value>) -> Result<(), Error> {
    let event = &usage.event;
    values.push(usage.organisation.uuid().into());
    values.push(usage.transaction_digest.to_vec().into());
    values.push(event.transaction_id.as_str().into());
    values.push(event.project_id.uuid().into());
    values.push(event.metric.id.uuid().into());
    values.push(micros(event.occurred_at).into());
    values.push(micros(usage.recorded_at).into());
    values.push(event.value.map(canonical).into());
    values.push(properties_json(event)?.into());
    values.push(usage.content_digest.to_vec().into());
    Ok(())
}

async fn last_row(db: &Db<'_>) -> Result<i64, Error> {
    let row = db.query_one_raw(statement(db, "SELECT max(rowid) FROM usage_events", Vec::new())).await?;
    let last: Option<i64> = row.map_or(Ok(None), |row| row.try_get_by_index(0))?;
    Ok(last.unwrap_or(0))
}

/// Rows of the chunk that lie at or before the row that was the last: they were there already.
async fn find_existing(
    db: &Db<'_>,
    chunk: &[(usize, &NewUsage)],
    before: i64,
    existing: &mut Existing,
) -> Result<(), Error> {
    const SELECT: &str = "WITH k (o, d) AS (VALUES ";
    const SELECT_END: &str = ") SELECT e.organisation_id, e.transaction_digest, e.content_digest FROM k \
        CROSS JOIN usage_events e ON e.organisation_id = k.o AND e.transaction_digest = k.d WHERE e.rowid <= ";
    let sql = many(SELECT, 2, size(chunk.len()), &format!("{SELECT_END}{before}"));
    let mut values: Vec<Value> = Vec::with_capacity(2 * size(chunk.len()));
    for (_, usage) in filled(chunk) {
        values.push(usage.organisation.uuid().into());
        values.push(usage.transaction_digest.to_vec().into());
    }
    let mut contents: HashMap<(Uuid, [u8; 16]), [u8; 16]> = HashMap::new();
    for row in db.query_all_raw(statement(db, &sql, values)).await? {
        let key: Vec<u8> = row.try_get_by_index(1)?;
        let content: Vec<u8> = row.try_get_by_index(2)?;
        let key = (row.try_get_by_index(0)?, digest("usage_events", "transaction_digest", &key)?);
        contents.insert(key, digest("usage_events", "content_digest", &content)?);
    }
    for (index, usage) in chunk {
        if let Some(content) = contents.get(&(usage.organisation.uuid(), usage.transaction_digest)) {
            existing.insert(*index, *content);
        }
    }
    Ok(())
}

const READ: &str = "WITH k (o, m, p, b) AS (VALUES ";
const READ_END: &str = ") SELECT t.* FROM k CROSS JOIN usage_totals t ON t.organisation_id = k.o \
    AND t.metric_id = k.m AND t.project_id = k.p AND t.bucket_start = k.b";
const WRITE: &str = "INSERT INTO usage_totals (organisation_id, metric_id, project_id, bucket_start, event_count, \
    value_sum, value_min, value_max, event_set_high, event_set_low) VALUES ";
const WRITE_END: &str = " ON CONFLICT (organisation_id, metric_id, project_id, bucket_start) DO UPDATE SET \
    event_count = excluded.event_count, value_sum = excluded.value_sum, value_min = excluded.value_min, \
    value_max = excluded.value_max, event_set_high = excluded.event_set_high, event_set_low = excluded.event_set_low";

/// Raises the totals: read, add in Rust (SQLite cannot add exact decimals), write.
pub(super) async fn raise_totals(db: &Db<'_>, totals: &[(TotalKey, Totals)]) -> Result<(), Error> {
    for chunk in totals.chunks(SIZES[SIZES.len() - 1]) {
        let size = size(chunk.len());
        let mut values: Vec<Value> = Vec::with_capacity(4 * size);
        for (key, _) in filled(chunk) {
            key_values(key, &mut values);
        }
        let rows = db.query_all_raw(statement(db, &many(READ, 4, size, READ_END), values)).await?;
        let mut stored: HashMap<(Uuid, Uuid, Uuid, i64), Totals> = HashMap::with_capacity(rows.len());
        for row in &rows {
            let row = Model::from_query_result(row, "")?;
            let key = (row.organisation_id, row.metric_id, row.project_id, row.bucket_start.timestamp());
            stored.insert(key, record(&row)?);
        }
        let mut values: Vec<Value> = Vec::with_capacity(10 * size);
        for (key, new) in filled(chunk) {
            let id = (key.organisation.uuid(), key.metric.uuid(), key.project.uuid(), key.bucket_start.timestamp());
            let raised = match stored.get(&id) {
                Some(old) => old.merge(new).map_err(|cause| overflow().caused_by(cause))?,
                None => *new,
            };
            key_values(key, &mut values);
            total_values(&raised, &mut values)?;
        }
        db.execute_raw(statement(db, &many(WRITE, 10, size, WRITE_END), values)).await?;
    }
    Ok(())
}

fn key_values(key: &TotalKey, values: &mut Vec<Value>) {
    values.push(key.organisation.uuid().into());
    values.push(key.metric.uuid().into());
    values.push(key.project.uuid().into());
    values.push(key.bucket_start.into());
}

fn total_values(totals: &Totals, values: &mut Vec<Value>) -> Result<(), Error> {
    let count = i64::try_from(totals.count).map_err(|cause| corrupt("usage_totals", "event_count", cause))?;
    let (high, low) = halves(totals.event_set);
    values.push(count.into());
    values.push(Exact::new(totals.sum).into());
    values.push(totals.min.map(Exact::new).into());
    values.push(totals.max.map(Exact::new).into());
    values.push(high.into());
    values.push(low.into());
    Ok(())
}

fn size(rows: usize) -> usize {
    SIZES.into_iter().find(|size| *size >= rows).unwrap_or(rows)
}

/// The chunk filled up to the next statement size with its last row.
fn filled<T>(chunk: &[T]) -> impl Iterator<Item = &T> {
    chunk.iter().chain(chunk.last().into_iter().cycle()).take(size(chunk.len()))
}

/// `start (?,?),(?,?) end` for `rows` rows of `columns` parameters.
fn many(start: &str, columns: usize, rows: usize, end: &str) -> String {
    let mut sql = String::with_capacity(start.len() + end.len() + rows * (2 * columns + 2));
    sql.push_str(start);
    for row in 0..rows {
        sql.push_str(if row == 0 { "(?" } else { ",(?" });
        for _ in 1..columns {
            sql.push_str(",?");
        }
        sql.push(')');
    }
    sql.push_str(end);
    sql
}
