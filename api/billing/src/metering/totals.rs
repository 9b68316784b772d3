//! What a set of events adds up to, whatever order they came in.

use std::fmt;

use rust_decimal::Decimal;

use super::digest::{content_digest, member_digest, transaction_digest};
use super::{Aggregation, UsageEvent};
use crate::decimal::exact_add;

/// What a set of events adds up to. [`Totals::default`] is the empty set.
///
/// Merging is associative and commutative, so totals may be kept per quarter hour and merged
/// over any period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// The number of events.
    pub count: u64,
    /// The sum of their values; zero for a metric that counts.
    pub sum: Decimal,
    /// The smallest value, if any event had one that matters.
    pub min: Option<Decimal>,
    /// The largest value, if any event had one that matters.
    pub max: Option<Decimal>,
    /// The fingerprint of exactly which events these are: the exclusive or of one hash per event,
    /// zero for none. Two sets with different events differ in it.
    pub event_set: [u8; 16],
}

/// Totals that are too large to be kept exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow;

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the usage total has more than 28 significant digits; send smaller or shorter values")
    }
}

impl std::error::Error for Overflow {}

impl Totals {
    /// The totals of a single event. The value of an event of a counting metric is ignored.
    #[must_use]
    pub fn of(event: &UsageEvent) -> Self {
        Self::of_digested(event, &transaction_digest(&event.transaction_id), &content_digest(event))
    }

    /// The totals of a single event whose digests are known already.
    #[must_use]
    pub fn of_digested(event: &UsageEvent, transaction_digest: &[u8; 16], content_digest: &[u8; 16]) -> Self {
        let value = event.value.filter(|_| event.metric.aggregation.needs_value());
        let event_set = member_digest(transaction_digest, content_digest);
        Self { count: 1, sum: value.unwrap_or_default(), min: value, max: value, event_set }
    }

    /// The totals of two sets that share no event.
    ///
    /// # Errors
    /// [`Overflow`] when the sum or the count no longer fits exactly.
    pub fn merge(&self, other: &Self) -> Result<Self, Overflow> {
        let mut event_set = self.event_set;
        for (to, from) in event_set.iter_mut().zip(other.event_set) {
            *to ^= from;
        }
        Ok(Self {
            count: self.count.checked_add(other.count).ok_or(Overflow)?,
            sum: exact_add(self.sum, other.sum).map_err(|_| Overflow)?,
            min: either(self.min, other.min, Decimal::min),
            max: either(self.max, other.max, Decimal::max),
            event_set,
        })
    }

    /// The quantity a metric with this aggregation has. No events are a quantity of zero.
    #[must_use]
    pub fn quantity(&self, aggregation: Aggregation) -> Decimal {
        match aggregation {
            Aggregation::Count => Decimal::from(self.count),
            Aggregation::Sum => self.sum,
            Aggregation::Max => self.max.unwrap_or_default(),
            Aggregation::Min => self.min.unwrap_or_default(),
        }
    }

    /// The fingerprint of the event set as 32 hexadecimal digits.
    #[must_use]
    pub fn event_set_hex(&self) -> String {
        hex::encode(self.event_set)
    }
}

fn either(a: Option<Decimal>, b: Option<Decimal>, pick: fn(Decimal, Decimal) -> Decimal) -> Option<Decimal> {
    match (a, b) {
        (Some(a), Some(b)) => Some(pick(a, b)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests;
