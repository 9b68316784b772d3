//! Saving a batch: what both databases do alike.
//!
//! Facts are inserted in the order of their key and totals in the order of theirs, so that concurrent batches wait for
//! each other but never in a circle.

use std::collections::{BTreeMap, HashMap};

use billing::ids::{MetricId, OrganisationId, ProjectId};
use billing::metering::{Totals, UsageEvent};
use billing::period::quarter_hour;
use chrono::{DateTime, Utc};

use super::{postgres, sqlite};
use crate::error::Error;
use crate::store::connection::{Backend, Conn, Tx};
use crate::store::usage_change;

/// A fact to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUsage {
    /// The tenant.
    pub organisation: OrganisationId,
    /// `billing::metering::transaction_digest` of the event's transaction id.
    pub transaction_digest: [u8; 16],
    /// The event.
    pub event: UsageEvent,
    /// `billing::metering::content_digest` of the event.
    pub content_digest: [u8; 16],
    /// When we took it in.
    pub recorded_at: DateTime<Utc>,
}

/// What became of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SaveOutcome {
    /// It is new and counted.
    Accepted,
    /// It was there already, with the same content; counted once.
    Duplicate,
    /// Its transaction id was there already with another content; the first is kept.
    Conflict,
}

/// What the insert found: by index into the batch, the content digest of a fact that was there already.
pub(super) type Existing = HashMap<usize, [u8; 16]>;

/// Which running total; sorted, it is the order in which totals are locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TotalKey {
    pub(super) organisation: OrganisationId,
    pub(super) metric: MetricId,
    pub(super) project: ProjectId,
    pub(super) bucket_start: DateTime<Utc>,
}

/// Saves a batch and answers one outcome per fact, in the order given.
///
/// The batch may hold several organisations and may repeat itself: the first of equal transaction ids counts. It is
/// best a transaction of its own, and no larger than a few thousand facts.
///
/// # Errors
/// `Refused` when a quarter hour's total no longer fits 28 digits (nothing of the batch is saved then), `Unavailable`
/// (see [`crate::store::is_retryable`]), `Internal`.
pub async fn save_batch_in_tx(tx: &Tx, batch: &[NewUsage]) -> Result<Vec<SaveOutcome>, Error> {
    let db = tx.organisations(batch.iter().map(|usage| usage.organisation));
    let order = key_order(batch);
    let firsts: Vec<usize> = first_of_each(batch, &order);
    let existing = match tx.backend() {
        Backend::Sqlite => sqlite::insert_events(&db, batch, &firsts).await?,
        Backend::Postgres => postgres::insert_events(&db, batch, &firsts).await?,
    };
    let (totals, newest) = totals_of_new(batch, &firsts, &existing)?;
    if let Some(newest) = newest {
        match tx.backend() {
            Backend::Sqlite => sqlite::raise_totals(&db, &totals).await?,
            Backend::Postgres => postgres::raise_totals(&db, &totals).await?,
        }
        let mut organisations: Vec<OrganisationId> = totals.iter().map(|(key, _)| key.organisation).collect();
        organisations.dedup();
        usage_change::bump_in_tx(tx, &organisations, newest).await?;
    }
    Ok(outcomes(batch, &order, &existing))
}

/// A total that would no longer fit.
pub(super) fn overflow() -> Error {
    Error::refused(
        "USAGE_TOTAL_TOO_LARGE",
        "The usage total of a quarter hour would have more than 28 significant digits; send smaller or shorter values.",
    )
}

type Identity = (OrganisationId, [u8; 16]);

fn identity(usage: &NewUsage) -> Identity {
    (usage.organisation, usage.transaction_digest)
}

/// The batch's indices in the order of the unique key; equal keys in the order given.
fn key_order(batch: &[NewUsage]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..batch.len()).collect();
    order.sort_by_cached_key(|index| batch.get(*index).map(identity));
    order
}

fn first_of_each(batch: &[NewUsage], order: &[usize]) -> Vec<usize> {
    let mut firsts = order.to_vec();
    firsts.dedup_by_key(|index| batch.get(*index).map(identity));
    firsts
}

type NewTotals = (Vec<(TotalKey, Totals)>, Option<DateTime<Utc>>);

/// The totals of the facts that were really inserted, sorted by key, and when the newest of them was recorded.
fn totals_of_new(batch: &[NewUsage], firsts: &[usize], existing: &Existing) -> Result<NewTotals, Error> {
    let mut totals: BTreeMap<TotalKey, Totals> = BTreeMap::new();
    let mut newest = None;
    for index in firsts.iter().filter(|index| !existing.contains_key(index)) {
        let Some(usage) = batch.get(*index) else { continue };
        newest = newest.max(Some(usage.recorded_at));
        let key = TotalKey {
            organisation: usage.organisation,
            metric: usage.event.metric.id,
            project: usage.event.project_id,
            bucket_start: quarter_hour(usage.event.occurred_at),
        };
        let total = totals.entry(key).or_default();
        let one = Totals::of_digested(&usage.event, &usage.transaction_digest, &usage.content_digest);
        *total = total.merge(&one).map_err(|cause| overflow().caused_by(cause))?;
    }
    Ok((totals.into_iter().collect(), newest))
}

fn outcomes(batch: &[NewUsage], order: &[usize], existing: &Existing) -> Vec<SaveOutcome> {
    let mut outcomes = vec![SaveOutcome::Accepted; batch.len()];
    // The fact last looked at, and the content that the table keeps under its identity.
    let mut kept: Option<(Identity, [u8; 16])> = None;
    for index in order {
        let (Some(usage), Some(outcome)) = (batch.get(*index), outcomes.get_mut(*index)) else { continue };
        let stored = match kept {
            // A repeat within the batch: compared with whatever the table keeps.
            Some((id, content)) if id == identity(usage) => Some(content),
            _ => existing.get(index).copied(),
        };
        *outcome = match stored {
            None => SaveOutcome::Accepted,
            Some(content) if content == usage.content_digest => SaveOutcome::Duplicate,
            Some(_) => SaveOutcome::Conflict,
        };
        kept = Some((identity(usage), stored.unwrap_or(usage.content_digest)));
    }
    outcomes
}
