//! PostgreSQL: arrays and `UNNEST`, rows sorted by key, four connections: more bring nothing on few processors.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rust_decimal::Decimal;
use sqlx::{Connection as _, PgConnection};

use super::halves;
use crate::Outcome;
use crate::workload::{Batch, RawRow, RawTotal};

const WRITERS: usize = 4;

const EVENTS: &str = "INSERT INTO usage_events (organisation_id, transaction_digest, transaction_id, project_id, metric_id, \
        occurred_at, recorded_at, value, properties, content_digest) \
    SELECT $1, d, t, p, m, occurred, $2, v, j::jsonb, c FROM UNNEST($3::bytea[], $4::text[], $5::uuid[], $6::uuid[], \
        $7::timestamptz[], $8::numeric[], $9::text[], $10::bytea[]) AS batch (d, t, p, m, occurred, v, j, c) \
    ON CONFLICT (organisation_id, transaction_digest) DO NOTHING";

const TOTALS: &str = "INSERT INTO usage_totals AS t (organisation_id, metric_id, project_id, bucket_start, event_count, \
        value_sum, value_min, value_max, event_set_high, event_set_low) \
    SELECT $1, m, p, b, n, s, least_value, greatest_value, h, l FROM UNNEST($2::uuid[], $3::uuid[], $4::timestamptz[], \
        $5::bigint[], $6::numeric[], $7::numeric[], $8::numeric[], $9::bigint[], $10::bigint[]) \
        AS batch (m, p, b, n, s, least_value, greatest_value, h, l) \
    ON CONFLICT (organisation_id, metric_id, project_id, bucket_start) DO UPDATE SET \
        event_count = t.event_count + EXCLUDED.event_count, value_sum = t.value_sum + EXCLUDED.value_sum, \
        value_min = LEAST(t.value_min, EXCLUDED.value_min), value_max = GREATEST(t.value_max, EXCLUDED.value_max), \
        event_set_high = t.event_set_high # EXCLUDED.event_set_high, \
        event_set_low = t.event_set_low # EXCLUDED.event_set_low";

const CHANGED: &str = "INSERT INTO usage_changes (organisation_id, revision, evaluated, changed_at) VALUES ($1, 1, 0, $2) \
    ON CONFLICT (organisation_id) DO UPDATE SET revision = usage_changes.revision + 1, changed_at = $2";

/// The connections, each saving a batch at a time.
pub(crate) struct Writers {
    connections: Vec<PgConnection>,
}

impl Writers {
    pub(crate) async fn open(url: &str) -> Outcome<Self> {
        let mut connections = Vec::with_capacity(WRITERS);
        for _ in 0..WRITERS {
            connections.push(PgConnection::connect(url).await?);
        }
        Ok(Self { connections })
    }

    pub(crate) async fn save(&mut self, batches: &Arc<Vec<Batch>>) -> Outcome<()> {
        let next = Arc::new(AtomicUsize::new(0));
        let writers = self.connections.drain(..).map(|mut connection| {
            let (batches, next) = (Arc::clone(batches), Arc::clone(&next));
            tokio::spawn(async move {
                while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                    save(&mut connection, batch).await?;
                }
                Ok(connection)
            })
        });
        let running: Vec<tokio::task::JoinHandle<Outcome<PgConnection>>> = writers.collect();
        for writer in running {
            self.connections.push(writer.await??);
        }
        Ok(())
    }

    pub(crate) async fn close(self) -> Outcome<()> {
        for connection in self.connections {
            connection.close().await?;
        }
        Ok(())
    }
}

async fn save(connection: &mut PgConnection, batch: &Batch) -> Outcome<()> {
    let mut tx = connection.begin().await?;
    let rows = &batch.rows;
    sqlx::query(EVENTS)
        .bind(batch.organisation)
        .bind(batch.recorded_at)
        .bind(all(rows, |row: &RawRow| &row.digest[..]))
        .bind(all(rows, |row| row.transaction_id.as_str()))
        .bind(all(rows, |row| row.project))
        .bind(all(rows, |row| row.metric))
        .bind(all(rows, |row| row.occurred_at))
        .bind(all::<_, Option<Decimal>>(rows, |row| row.value))
        .bind(all(rows, |row| row.properties.as_str()))
        .bind(all(rows, |row| &row.content[..]))
        .execute(&mut *tx)
        .await?;
    let totals = &batch.totals;
    sqlx::query(TOTALS)
        .bind(batch.organisation)
        .bind(all(totals, |total: &RawTotal| total.metric))
        .bind(all(totals, |total| total.project))
        .bind(all(totals, |total| total.bucket))
        .bind(all(totals, |total| total.totals.count.cast_signed()))
        .bind(all(totals, |total| total.totals.sum))
        .bind(all(totals, |total| total.totals.min))
        .bind(all(totals, |total| total.totals.max))
        .bind(all(totals, |total| halves(total.totals.event_set).0))
        .bind(all(totals, |total| halves(total.totals.event_set).1))
        .execute(&mut *tx)
        .await?;
    sqlx::query(CHANGED).bind(batch.organisation).bind(batch.recorded_at).execute(&mut *tx).await?;
    Ok(tx.commit().await?)
}

fn all<'a, T, V>(rows: &'a [T], column: impl Fn(&'a T) -> V) -> Vec<V> {
    rows.iter().map(column).collect()
}
