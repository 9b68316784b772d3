//! Stretches of time: always half-open, so that adjacent ones share no instant.

use async_graphql::{InputObject, SimpleObject};
use billing::period::Interval;

use super::scalar::Instant;
use crate::error::Error;

/// A half-open stretch of time as an argument: `gte` belongs to it, `lt` does not. Leave one out for no bound on that
/// side, where the field allows it.
#[derive(InputObject, Clone, Copy)]
pub(super) struct DateTimeRange {
    /// At or after this time.
    pub(super) gte: Option<Instant>,
    /// Before this time.
    pub(super) lt: Option<Instant>,
}

impl DateTimeRange {
    /// Both bounds, in order and apart; `field` is the argument.
    pub(super) fn bounded(&self, field: &str) -> Result<Interval, Error> {
        let missing =
            |bound: &str| Error::invalid("MISSING_FIELD", format!("{field} needs both gte and lt.")).at([field, bound]);
        let start = self.gte.ok_or_else(|| missing("gte"))?;
        let end = self.lt.ok_or_else(|| missing("lt"))?;
        let interval = Interval::new(start.0, end.0).ok().filter(|interval| !interval.is_empty());
        interval.ok_or_else(|| {
            Error::invalid("BAD_WINDOW", format!("{field}.lt must be after {field}.gte.")).at([field, "lt"])
        })
    }
}

/// A half-open stretch of time.
#[derive(SimpleObject, Clone, Copy)]
pub(super) struct DateTimeInterval {
    /// The first instant that belongs to it.
    start: Instant,
    /// The first instant that no longer belongs to it.
    end: Instant,
}

impl From<Interval> for DateTimeInterval {
    fn from(interval: Interval) -> Self {
        Self { start: interval.start.into(), end: interval.end.into() }
    }
}
