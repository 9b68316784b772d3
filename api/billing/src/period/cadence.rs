//! How often a subscription is billed, and where its periods begin.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use chrono_tz::Tz;

use super::{Interval, local_midnight};

/// The length of a billing period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CadenceUnit {
    /// Seven days.
    Week,
    /// One month.
    Month,
    /// Three months.
    Quarter,
    /// Twelve months.
    Year,
}

impl CadenceUnit {
    /// Every unit, shortest first.
    pub const ALL: [Self; 4] = [Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// The name in the API and in stored rows: `WEEK`, `MONTH`, `QUARTER`, `YEAR`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Week => "WEEK",
            Self::Month => "MONTH",
            Self::Quarter => "QUARTER",
            Self::Year => "YEAR",
        }
    }

    const fn step(self) -> Step {
        match self {
            Self::Week => Step::Days(7),
            Self::Month => Step::Months(1),
            Self::Quarter => Step::Months(3),
            Self::Year => Step::Months(12),
        }
    }
}

impl fmt::Display for CadenceUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no billing period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCadence;

impl fmt::Display for UnknownCadence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not a billing period; use WEEK, MONTH, QUARTER or YEAR")
    }
}

impl std::error::Error for UnknownCadence {}

impl FromStr for CadenceUnit {
    type Err = UnknownCadence;

    fn from_str(text: &str) -> Result<Self, UnknownCadence> {
        Self::ALL.into_iter().find(|unit| unit.as_str() == text).ok_or(UnknownCadence)
    }
}

/// What the periods are counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// The calendar: Mondays, firsts of the month, of the quarter, of the year.
    Calendar,
    /// A day, usually the one the subscription started on. In a month that is too short the
    /// period begins on its last day.
    Anniversary(NaiveDate),
}

/// How often, and counted from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cadence {
    /// The length of one period.
    pub unit: CadenceUnit,
    /// What the periods are counted from.
    pub anchor: Anchor,
}

enum Step {
    Days(i64),
    Months(i64),
}

impl Cadence {
    /// The billing period an instant falls into.
    ///
    /// The periods of a cadence tile time: each ends where the next begins, and every instant is
    /// in exactly one. Time does not begin at the anchor; who started later is billed for the
    /// part served. Beyond the years the time library knows a period is cut off.
    #[must_use]
    pub fn period_containing(&self, tz: Tz, at: DateTime<Utc>) -> Interval {
        let mut index = self.estimate(at.with_timezone(&tz).date_naive());
        // The estimate counts calendar months; a boundary later in the month is one step off,
        // and a day that starts after midnight another.
        for _ in 0..2 {
            if self.boundary(tz, index) > at {
                index -= 1;
            } else if self.boundary(tz, index + 1) <= at {
                index += 1;
            }
        }
        let (start, end) = (self.boundary(tz, index), self.boundary(tz, index + 1));
        Interval { start, end: end.max(start) }
    }

    /// The billing period that begins where `period` ends.
    #[must_use]
    pub fn period_after(&self, tz: Tz, period: &Interval) -> Interval {
        self.period_containing(tz, period.end)
    }

    fn base(&self) -> NaiveDate {
        match (self.anchor, self.unit) {
            (Anchor::Anniversary(day), _) => day,
            // The first Monday after the epoch.
            (Anchor::Calendar, CadenceUnit::Week) => {
                NaiveDate::default().checked_add_days(Days::new(4)).unwrap_or_default()
            }
            (Anchor::Calendar, _) => NaiveDate::default(),
        }
    }

    fn estimate(&self, day: NaiveDate) -> i64 {
        let base = self.base();
        match self.unit.step() {
            Step::Days(days) => day.signed_duration_since(base).num_days().div_euclid(days),
            Step::Months(months) => {
                let years = i64::from(day.year()) - i64::from(base.year());
                let passed = years * 12 + i64::from(day.month()) - i64::from(base.month());
                passed.div_euclid(months)
            }
        }
    }

    /// Where period number `index` begins, counted from the anchor itself.
    fn boundary(&self, tz: Tz, index: i64) -> DateTime<Utc> {
        let base = self.base();
        let outside = if index < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
        let moved = match self.unit.step() {
            Step::Days(days) => {
                let count = Days::new((index * days).unsigned_abs());
                if index < 0 { base.checked_sub_days(count) } else { base.checked_add_days(count) }
            }
            Step::Months(months) => u32::try_from((index * months).unsigned_abs()).ok().and_then(|count| {
                let count = Months::new(count);
                if index < 0 { base.checked_sub_months(count) } else { base.checked_add_months(count) }
            }),
        };
        moved.map_or(outside, |day| local_midnight(day, tz))
    }
}

#[cfg(test)]
mod tests;
