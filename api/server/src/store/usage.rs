//! Usage facts and their running totals: the hot path in, and every way to read them.
//!
//! A fact is identified by (organisation, digest of its transaction id), by a unique key and for ever. The totals are
//! raised in the same transaction and only from facts that were really inserted, so running a batch twice counts it
//! once. Totals are kept per quarter hour: every offset of every time zone is a multiple of that.

mod batch;
mod events;
mod postgres;
mod sqlite;
mod totals;

pub use batch::{NewUsage, SaveOutcome, save_batch_in_tx};
pub use events::{EventFilter, StoredEvent, events_page, find_by_digest, find_event};
pub use totals::{recount, series, totals, totals_by_project};
