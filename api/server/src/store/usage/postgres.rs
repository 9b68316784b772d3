//! The hot path on PostgreSQL: one statement of arrays for the facts, one for the totals, whatever the batch's size.

use std::collections::{HashMap, HashSet};

use billing::decimal::canonical;
use billing::metering::Totals;
use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use super::batch::{Existing, NewUsage, TotalKey, overflow};
use super::events::properties_json;
use crate::error::Error;
use crate::store::column::{digest, micros};
use crate::store::db::Db;
use crate::store::fault::corrupt;
use crate::store::statement::statement;

// The digests of the inserted facts come back as one row per organisation instead of one row per fact. Arrays cannot
// hold NULL here, so an absent value or property travels as an empty text.
const INSERT: &str = "WITH inserted AS (\
    INSERT INTO usage_events (organisation_id, transaction_digest, transaction_id, project_id, metric_id, \
        occurred_at, recorded_at, value, properties, content_digest) \
    SELECT o, d, t, p, m, occurred, recorded, NULLIF(v, '')::numeric, NULLIF(j, '')::jsonb, c \
    FROM UNNEST($1::uuid[], $2::bytea[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::timestamptz[], \
        $8::text[], $9::text[], $10::bytea[]) AS batch (o, d, t, p, m, occurred, recorded, v, j, c) \
    ON CONFLICT (organisation_id, transaction_digest) DO NOTHING RETURNING organisation_id, transaction_digest) \
    SELECT organisation_id, string_agg(transaction_digest, ''::bytea) FROM inserted GROUP BY organisation_id";

const EXISTING: &str = "SELECT e.organisation_id, e.transaction_digest, e.content_digest \
    FROM UNNEST($1::uuid[], $2::bytea[]) AS k (o, d) \
    JOIN usage_events e ON e.organisation_id = k.o AND e.transaction_digest = k.d";

// A sum below 10^16 fits 28 digits with the 12 fraction digits a value may have; above, its own digits are counted.
const RAISE: &str = "WITH raised AS (\
    INSERT INTO usage_totals AS t (organisation_id, metric_id, project_id, bucket_start, event_count, value_sum, \
        value_min, value_max, event_set_high, event_set_low) \
    SELECT o, m, p, b, n, s::numeric, NULLIF(least_value, '')::numeric, NULLIF(greatest_value, '')::numeric, h, l \
    FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::bigint[], $6::text[], $7::text[], \
        $8::text[], $9::bigint[], $10::bigint[]) AS batch (o, m, p, b, n, s, least_value, greatest_value, h, l) \
    ON CONFLICT (organisation_id, metric_id, project_id, bucket_start) DO UPDATE SET \
        event_count = t.event_count + EXCLUDED.event_count, value_sum = t.value_sum + EXCLUDED.value_sum, \
        value_min = LEAST(t.value_min, EXCLUDED.value_min), value_max = GREATEST(t.value_max, EXCLUDED.value_max), \
        event_set_high = t.event_set_high # EXCLUDED.event_set_high, \
        event_set_low = t.event_set_low # EXCLUDED.event_set_low \
    RETURNING value_sum) \
    SELECT COALESCE(bool_or(CASE WHEN abs(value_sum) < 1e16 THEN false \
        ELSE abs(value_sum) >= power(10::numeric, 28 - scale(trim_scale(value_sum))) END), false) FROM raised";

/// Inserts the facts at `firsts`; answers those that were there already.
pub(super) async fn insert_events(db: &Db<'_>, batch: &[NewUsage], firsts: &[usize]) -> Result<Existing, Error> {
    let rows: Vec<(usize, &NewUsage)> =
        firsts.iter().filter_map(|index| batch.get(*index).map(|usage| (*index, usage))).collect();
    let inserted = insert(db, &rows).await?;
    if inserted.len() == rows.len() {
        return Ok(Existing::new());
    }
    let known: Vec<(usize, &NewUsage)> = rows
        .into_iter()
        .filter(|(_, usage)| !inserted.contains(&(usage.organisation.uuid(), usage.transaction_digest)))
        .collect();
    // A new statement sees what the batches we waited for have committed.
    let values = vec![
        array(ArrayType::Uuid, known.iter().map(|(_, usage)| usage.organisation.uuid().into())),
        array(ArrayType::Bytes, known.iter().map(|(_, usage)| bytes(&usage.transaction_digest))),
    ];
    let mut contents: HashMap<(Uuid, [u8; 16]), [u8; 16]> = HashMap::with_capacity(known.len());
    for row in db.query_all_raw(statement(db, EXISTING, values)).await? {
        let key: Vec<u8> = row.try_get_by_index(1)?;
        let content: Vec<u8> = row.try_get_by_index(2)?;
        let key = (row.try_get_by_index(0)?, digest("usage_events", "transaction_digest", &key)?);
        contents.insert(key, digest("usage_events", "content_digest", &content)?);
    }
    let content = |(index, usage): (usize, &NewUsage)| {
        let content = contents.get(&(usage.organisation.uuid(), usage.transaction_digest));
        let missing = || corrupt("usage_events", "transaction_digest", "neither inserted nor there");
        Ok((index, *content.ok_or_else(missing)?))
    };
    known.into_iter().map(content).collect()
}

async fn insert(db: &Db<'_>, rows: &[(usize, &NewUsage)]) -> Result<HashSet<(Uuid, [u8; 16])>, Error> {
    let events = || rows.iter().map(|(_, usage)| *usage);
    let mut properties = Vec::with_capacity(rows.len());
    for usage in events() {
        properties.push(properties_json(&usage.event)?.unwrap_or_default().into());
    }
    let values = vec![
        array(ArrayType::Uuid, events().map(|usage| usage.organisation.uuid().into())),
        array(ArrayType::Bytes, events().map(|usage| bytes(&usage.transaction_digest))),
        array(ArrayType::String, events().map(|usage| usage.event.transaction_id.as_str().into())),
        array(ArrayType::Uuid, events().map(|usage| usage.event.project_id.uuid().into())),
        array(ArrayType::Uuid, events().map(|usage| usage.event.metric.id.uuid().into())),
        array(ArrayType::ChronoDateTimeUtc, events().map(|usage| micros(usage.event.occurred_at).into())),
        array(ArrayType::ChronoDateTimeUtc, events().map(|usage| micros(usage.recorded_at).into())),
        array(ArrayType::String, events().map(|usage| text(usage.event.value.map(canonical)))),
        array(ArrayType::String, properties.into_iter()),
        array(ArrayType::Bytes, events().map(|usage| bytes(&usage.content_digest))),
    ];
    let mut inserted = HashSet::with_capacity(rows.len());
    for row in db.query_all_raw(statement(db, INSERT, values)).await? {
        let organisation: Uuid = row.try_get_by_index(0)?;
        let digests: Vec<u8> = row.try_get_by_index(1)?;
        for chunk in digests.chunks(16) {
            inserted.insert((organisation, digest("usage_events", "transaction_digest", chunk)?));
        }
    }
    Ok(inserted)
}

/// Raises the totals; they must be sorted by key.
pub(super) async fn raise_totals(db: &Db<'_>, totals: &[(TotalKey, Totals)]) -> Result<(), Error> {
    let count = |totals: &Totals| i64::try_from(totals.count).map_err(Error::internal);
    let counts: Vec<i64> = totals.iter().map(|(_, totals)| count(totals)).collect::<Result<_, _>>()?;
    let values = vec![
        array(ArrayType::Uuid, totals.iter().map(|(key, _)| key.organisation.uuid().into())),
        array(ArrayType::Uuid, totals.iter().map(|(key, _)| key.metric.uuid().into())),
        array(ArrayType::Uuid, totals.iter().map(|(key, _)| key.project.uuid().into())),
        array(ArrayType::ChronoDateTimeUtc, totals.iter().map(|(key, _)| key.bucket_start.into())),
        array(ArrayType::BigInt, counts.into_iter().map(Value::from)),
        array(ArrayType::String, totals.iter().map(|(_, totals)| canonical(totals.sum).into())),
        array(ArrayType::String, totals.iter().map(|(_, totals)| text(totals.min.map(canonical)))),
        array(ArrayType::String, totals.iter().map(|(_, totals)| text(totals.max.map(canonical)))),
        array(ArrayType::BigInt, totals.iter().map(|(_, totals)| super::totals::halves(totals.event_set).0.into())),
        array(ArrayType::BigInt, totals.iter().map(|(_, totals)| super::totals::halves(totals.event_set).1.into())),
    ];
    let row = db.query_one_raw(statement(db, RAISE, values)).await?;
    let too_large: bool = row.map_or(Ok(false), |row| row.try_get_by_index(0))?;
    if too_large { Err(overflow()) } else { Ok(()) }
}

fn array(of: ArrayType, values: impl Iterator<Item = Value>) -> Value {
    Value::Array(of, Some(Box::new(values.collect())))
}

fn bytes(digest: &[u8; 16]) -> Value {
    digest.to_vec().into()
}

fn text(value: Option<String>) -> Value {
    value.unwrap_or_default().into()
}
