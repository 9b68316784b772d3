//! A stretch of time: its start belongs to it, its end does not.

use std::fmt;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

/// A half-open stretch of time `[start, end)`, so that adjacent intervals share no instant.
///
/// Made by [`Interval::new`] only, which keeps `start ≤ end`; an empty interval is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Interval {
    /// The first instant that belongs to the interval.
    pub start: DateTime<Utc>,
    /// The first instant that no longer belongs to it.
    pub end: DateTime<Utc>,
}

/// An interval that would end before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntervalError {
    /// The start that was given.
    pub start: DateTime<Utc>,
    /// The end that was given, before the start.
    pub end: DateTime<Utc>,
}

impl fmt::Display for IntervalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the interval ends at {} before it starts at {}; give an end that is not earlier",
            self.end, self.start
        )
    }
}

impl std::error::Error for IntervalError {}

impl Interval {
    /// The interval from `start` up to, but without, `end`.
    ///
    /// # Errors
    /// [`IntervalError`] when `end` is earlier than `start`.
    pub fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Self, IntervalError> {
        if end < start {
            return Err(IntervalError { start, end });
        }
        Ok(Self { start, end })
    }

    /// Whether the instant belongs to the interval; its end does not.
    #[must_use]
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.start <= at && at < self.end
    }

    /// Whether no instant belongs to the interval.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// How long the interval lasts; a day of it may be 23 or 25 hours.
    #[must_use]
    pub fn duration(&self) -> TimeDelta {
        self.end.signed_duration_since(self.start)
    }

    /// The calendar day the interval starts on, in a time zone.
    #[must_use]
    pub fn first_day(&self, tz: Tz) -> NaiveDate {
        self.start.with_timezone(&tz).date_naive()
    }

    /// Calendar days of a time zone: the day of the start counts, the day of the end does not.
    ///
    /// Adjacent intervals therefore add up, whatever the hour they meet at.
    #[must_use]
    pub fn days(&self, tz: Tz) -> i64 {
        let end = self.end.with_timezone(&tz).date_naive();
        end.signed_duration_since(self.first_day(tz)).num_days()
    }

    /// The part two intervals share, or `None` when they share no instant.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let (start, end) = (self.start.max(other.start), self.end.min(other.end));
        (start < end).then_some(Self { start, end })
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start.to_rfc3339(), self.end.to_rfc3339())
    }
}
