//! SQLite: a prepared statement of a whole batch, or one for each row. Which is faster depends on the driver (each
//! statement crosses to its thread), so both run in the first batches and the faster one is the yardstick.

use std::collections::HashMap;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use billing::decimal::{canonical, parse};
use billing::metering::Totals;
use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{Connection as _, Row as _};
use uuid::Uuid;

use super::{event_set, halves};
use crate::Outcome;
use crate::workload::{Batch, RawRow};

const EVENTS: (&str, &str) = (
    "INSERT INTO usage_events (organisation_id, transaction_digest, transaction_id, project_id, metric_id, occurred_at, \
     recorded_at, value, properties, content_digest) VALUES ",
    " ON CONFLICT (organisation_id, transaction_digest) DO NOTHING",
);
const READ: (&str, &str) = (
    "WITH k (o, m, p, b) AS (VALUES ",
    ") SELECT t.metric_id, t.project_id, t.bucket_start, t.event_count, t.value_sum, t.value_min, t.value_max, \
     t.event_set_high, t.event_set_low FROM k CROSS JOIN usage_totals t ON t.organisation_id = k.o AND t.metric_id = k.m \
     AND t.project_id = k.p AND t.bucket_start = k.b",
);
const WRITE: (&str, &str) = ("INSERT OR REPLACE INTO usage_totals VALUES ", "");
const CHANGED: &str = "INSERT INTO usage_changes (organisation_id, revision, evaluated, changed_at) VALUES (?, 1, 0, ?) \
     ON CONFLICT (organisation_id) DO UPDATE SET revision = revision + 1, changed_at = excluded.changed_at";

/// Batches each way is tried with.
const TRIALS: u32 = 4;

/// The one connection that writes.
pub(crate) struct Writer {
    connection: SqliteConnection,
    saved: u32,
    /// Time of the trials: a statement a batch, a statement a row.
    trials: [Duration; 2],
    statements: HashMap<(usize, usize), &'static str>,
}

impl Writer {
    /// With the pragmas the product uses.
    pub(crate) async fn open(url: &str) -> Outcome<Self> {
        let options = SqliteConnectOptions::from_str(url)?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("wal_autocheckpoint", "64000")
            .pragma("cache_size", "-131072")
            .pragma("temp_store", "MEMORY");
        Ok(Self {
            connection: SqliteConnection::connect_with(&options).await?,
            saved: 0,
            trials: [Duration::ZERO; 2],
            statements: HashMap::new(),
        })
    }

    pub(crate) async fn save(&mut self, batches: &Arc<Vec<Batch>>) -> Outcome<()> {
        for batch in batches.iter() {
            sqlx::query("BEGIN IMMEDIATE").execute(&mut self.connection).await?;
            self.events_as_fast_as_possible(batch).await?;
            self.totals(batch).await?;
            sqlx::query(CHANGED).bind(batch.organisation).bind(batch.recorded_at).execute(&mut self.connection).await?;
            sqlx::query("COMMIT").execute(&mut self.connection).await?;
        }
        Ok(())
    }

    async fn events_as_fast_as_possible(&mut self, batch: &Batch) -> Outcome<()> {
        let [whole, single] = self.trials;
        let row_by_row = if self.saved < 2 * TRIALS { self.saved % 2 == 1 } else { single < whole };
        let started = Instant::now();
        let rows_a_statement = if row_by_row { 1 } else { batch.rows.len() };
        for rows in batch.rows.chunks(rows_a_statement) {
            self.events(batch, rows).await?;
        }
        if self.saved < 2 * TRIALS {
            self.trials[usize::from(row_by_row)] += started.elapsed();
        }
        self.saved += 1;
        Ok(())
    }

    async fn events(&mut self, batch: &Batch, rows: &[RawRow]) -> Outcome<()> {
        let mut insert = sqlx::query(self.many(EVENTS, 10, rows.len()));
        for row in rows {
            insert = insert
                .bind(batch.organisation)
                .bind(&row.digest[..])
                .bind(row.transaction_id.as_str())
                .bind(row.project)
                .bind(row.metric)
                .bind(row.occurred_at)
                .bind(batch.recorded_at)
                .bind(row.value_text.as_deref())
                .bind(row.properties.as_str())
                .bind(&row.content[..]);
        }
        insert.execute(&mut self.connection).await?;
        Ok(())
    }

    async fn totals(&mut self, batch: &Batch) -> Outcome<()> {
        let mut read = sqlx::query(self.many(READ, 4, batch.totals.len()));
        for total in &batch.totals {
            read = read.bind(batch.organisation).bind(total.metric).bind(total.project).bind(total.bucket);
        }
        let rows = read.fetch_all(&mut self.connection).await?;
        let stored: HashMap<(Uuid, Uuid, DateTime<Utc>), Totals> = rows.iter().map(stored).collect::<Outcome<_>>()?;
        let mut write = sqlx::query(self.many(WRITE, 10, batch.totals.len()));
        for total in &batch.totals {
            let raised = match stored.get(&(total.metric, total.project, total.bucket)) {
                Some(old) => old.merge(&total.totals).map_err(|_| "a total overflows")?,
                None => total.totals,
            };
            let (high, low) = halves(raised.event_set);
            write = write
                .bind(batch.organisation)
                .bind(total.metric)
                .bind(total.project)
                .bind(total.bucket)
                .bind(i64::try_from(raised.count)?)
                .bind(canonical(raised.sum))
                .bind(raised.min.map(canonical))
                .bind(raised.max.map(canonical))
                .bind(high)
                .bind(low);
        }
        write.execute(&mut self.connection).await?;
        Ok(())
    }

    pub(crate) async fn close(self) -> Outcome<()> {
        Ok(self.connection.close().await?)
    }

    /// `start (?,?),(?,?) end`, made once for each size.
    fn many(&mut self, (start, end): (&'static str, &'static str), columns: usize, rows: usize) -> &'static str {
        self.statements.entry((start.len(), rows)).or_insert_with(|| {
            let row = format!("({})", vec!["?"; columns].join(","));
            Box::leak(format!("{start}{}{end}", vec![row.as_str(); rows].join(",")).into_boxed_str())
        })
    }
}

/// What a running total is kept under: metric, project, quarter of an hour.
type Key = (Uuid, Uuid, DateTime<Utc>);

fn stored(row: &SqliteRow) -> Outcome<(Key, Totals)> {
    let decimal = |place: usize| -> Outcome<Option<rust_decimal::Decimal>> {
        let text: Option<String> = row.try_get(place)?;
        Ok(text.map(|text| parse(&text)).transpose()?)
    };
    let totals = Totals {
        count: u64::try_from(row.try_get::<i64, _>(3)?)?,
        sum: decimal(4)?.unwrap_or_default(),
        min: decimal(5)?,
        max: decimal(6)?,
        event_set: event_set(row.try_get(7)?, row.try_get(8)?),
    };
    Ok(((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?), totals))
}
