//! The yardstick: the same rows, saved as fast as the driver alone can do it.
//!
//! The same tables with the same keys and indexes, the same totals and the same note of change in the same
//! transaction, the same durability; but no HTTP, no JSON, no digests, no keys, no answers: rows are bound as they are.

mod postgres;
mod sqlite;

use std::sync::Arc;

use crate::Outcome;
use crate::workload::Batch;

/// The driver on one of the databases.
pub(crate) enum Raw {
    /// One writer, because SQLite has one.
    Sqlite(sqlite::Writer),
    /// Several connections.
    Postgres(postgres::Writers),
}

impl Raw {
    /// Opens a database whose tables are there.
    pub(crate) async fn open(url: &str) -> Outcome<Self> {
        if url.starts_with("sqlite:") {
            return Ok(Self::Sqlite(sqlite::Writer::open(url).await?));
        }
        Ok(Self::Postgres(postgres::Writers::open(url).await?))
    }

    /// Saves each batch in a transaction of its own.
    pub(crate) async fn save(&mut self, batches: &Arc<Vec<Batch>>) -> Outcome<()> {
        match self {
            Self::Sqlite(writer) => writer.save(batches).await,
            Self::Postgres(writers) => writers.save(batches).await,
        }
    }

    /// Disconnects.
    pub(crate) async fn close(self) -> Outcome<()> {
        match self {
            Self::Sqlite(writer) => writer.close().await,
            Self::Postgres(writers) => writers.close().await,
        }
    }
}

/// The two halves of an event-set digest, as the two columns keep them.
fn halves(event_set: [u8; 16]) -> (i64, i64) {
    let whole = u128::from_be_bytes(event_set);
    ((whole >> 64) as u64 as i64, whole as u64 as i64)
}

fn event_set(high: i64, low: i64) -> [u8; 16] {
    (u128::from(high as u64) << 64 | u128::from(low as u64)).to_be_bytes()
}
