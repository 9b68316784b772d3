//! A window cut into points: quarter hours, hours, days, weeks or months of a time zone, through daylight saving.
//!
//! Pure: no clock, no store. A day may have 23 or 25 hours; points never overlap and leave no gap.

use billing::period::{Interval, local_midnight, quarter_hour};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, Utc, Weekday};
use chrono_tz::{OffsetComponents as _, Tz};

/// How long a point is.
#[derive(async_graphql::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Granularity {
    /// Fifteen minutes, the finest that totals are kept at.
    QuarterHour,
    /// An hour of the time zone.
    Hour,
    /// A day of the time zone.
    Day,
    /// A week of the time zone, from Monday.
    Week,
    /// A month of the time zone.
    Month,
}

impl Granularity {
    /// Finest first.
    pub(super) const ALL: [Self; 5] = [Self::QuarterHour, Self::Hour, Self::Day, Self::Week, Self::Month];

    /// The name as shown.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::QuarterHour => "QUARTER_HOUR",
            Self::Hour => "HOUR",
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
        }
    }

    /// The first boundary after `at`.
    fn next(self, at: DateTime<Utc>, timezone: Tz) -> Option<DateTime<Utc>> {
        let seconds = match self {
            Self::QuarterHour => 15 * 60,
            Self::Hour => 60 * 60,
            Self::Day | Self::Week | Self::Month => return self.next_midnight(at, timezone),
        };
        let local = at.with_timezone(&timezone);
        let offset = local.offset().base_utc_offset() + local.offset().dst_offset();
        let into = (at.timestamp() + offset.num_seconds()).rem_euclid(seconds);
        at.checked_add_signed(TimeDelta::seconds(seconds - into))
    }

    fn next_midnight(self, at: DateTime<Utc>, timezone: Tz) -> Option<DateTime<Utc>> {
        let mut day = self.next_day(at.with_timezone(&timezone).date_naive())?;
        loop {
            let midnight = local_midnight(day, timezone);
            if midnight > at {
                return Some(midnight);
            }
            // Where a zone skipped whole days, midnights fall together.
            day = self.next_day(day)?;
        }
    }

    /// The first day of the point after the one that has `day`.
    fn next_day(self, day: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Week => day.week(Weekday::Mon).checked_first_day()?.checked_add_days(Days::new(7)),
            Self::Month => day.with_day(1)?.checked_add_months(Months::new(1)),
            Self::QuarterHour | Self::Hour | Self::Day => day.checked_add_days(Days::new(1)),
        }
    }
}

/// The window widened to whole quarter hours, which is what totals are kept at.
pub(super) fn widened(window: &Interval) -> Interval {
    let start = quarter_hour(window.start);
    let floor = quarter_hour(window.end);
    let end = if floor < window.end { floor + TimeDelta::minutes(15) } else { floor };
    Interval::new(start, end).unwrap_or(*window)
}

/// The points of a window, the first and the last cut off at its ends; `None` when there are more than `most`.
pub(super) fn cut(window: &Interval, granularity: Granularity, timezone: Tz, most: usize) -> Option<Vec<Interval>> {
    let mut points = Vec::new();
    let mut start = window.start;
    while start < window.end {
        if points.len() == most {
            return None;
        }
        let end = granularity.next(start, timezone).map_or(window.end, |next| next.min(window.end));
        points.push(Interval::new(start, end).ok()?);
        start = end;
    }
    Some(points)
}

/// The finest granularity of at most `most` points.
pub(super) fn fitting(window: &Interval, timezone: Tz, most: usize) -> Option<Granularity> {
    Granularity::ALL.into_iter().find(|granularity| cut(window, *granularity, timezone, most).is_some())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn window(from: &str, to: &str) -> Interval {
        Interval::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    fn hours(points: &[Interval]) -> Vec<i64> {
        points.iter().map(|point| point.duration().num_hours()).collect()
    }

    #[test]
    fn days_follow_the_clocks() {
        // Berlin: clocks go forward on 29 March 2026 and back on 25 October 2026.
        let zone: Tz = "Europe/Berlin".parse().unwrap();
        let spring = cut(&window("2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z"), Granularity::Day, zone, 100).unwrap();
        assert_eq!(hours(&spring), [24, 23, 24]);
        let autumn = cut(&window("2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z"), Granularity::Day, zone, 100).unwrap();
        assert_eq!(hours(&autumn), [24, 25, 24]);
        let hourly =
            cut(&window("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), Granularity::Hour, zone, 100).unwrap();
        assert_eq!(hourly.len(), 25);
    }

    #[test]
    fn half_hour_zones_and_missing_days() {
        let india: Tz = "Asia/Kolkata".parse().unwrap();
        let points =
            cut(&window("2026-01-01T00:00:00Z", "2026-01-01T02:00:00Z"), Granularity::Hour, india, 100).unwrap();
        let minutes: Vec<i64> = points.iter().map(|point| point.duration().num_minutes()).collect();
        assert_eq!(minutes, [30, 60, 30]);
        // Samoa had no 30 December 2011.
        let samoa: Tz = "Pacific/Apia".parse().unwrap();
        let points =
            cut(&window("2011-12-29T10:00:00Z", "2012-01-01T10:00:00Z"), Granularity::Day, samoa, 100).unwrap();
        assert_eq!(hours(&points), [24, 24, 24]);
    }

    #[test]
    fn weeks_and_months_are_cut_at_the_ends_of_the_window() {
        let points =
            cut(&window("2026-01-15T00:00:00Z", "2026-03-10T00:00:00Z"), Granularity::Month, Tz::UTC, 100).unwrap();
        let days: Vec<i64> = points.iter().map(|point| point.duration().num_days()).collect();
        assert_eq!(days, [17, 28, 9]);
        // 1 January 2026 is a Thursday.
        let points =
            cut(&window("2026-01-01T00:00:00Z", "2026-01-13T00:00:00Z"), Granularity::Week, Tz::UTC, 100).unwrap();
        let days: Vec<i64> = points.iter().map(|point| point.duration().num_days()).collect();
        assert_eq!(days, [4, 7, 1]);
    }

    #[test]
    fn every_zone_is_tiled_without_gap() {
        let year = window("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
        for zone in chrono_tz::TZ_VARIANTS {
            for granularity in Granularity::ALL.into_iter().skip(1) {
                let points = cut(&year, granularity, zone, 100_000).unwrap();
                assert_eq!(
                    (points[0].start, points[points.len() - 1].end),
                    (year.start, year.end),
                    "{zone} {granularity:?}"
                );
                assert!(
                    points.windows(2).all(|pair| pair[0].end == pair[1].start && !pair[0].is_empty()),
                    "{zone} {granularity:?}"
                );
            }
        }
    }

    #[test]
    fn too_many_points_have_a_way_out() {
        let year = window("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
        assert!(cut(&year, Granularity::Hour, Tz::UTC, 2_000).is_none());
        assert_eq!(fitting(&year, Tz::UTC, 2_000), Some(Granularity::Day));
        assert_eq!(
            widened(&window("2026-01-01T00:01:00Z", "2026-01-01T00:15:01Z")),
            window("2026-01-01T00:00:00Z", "2026-01-01T00:30:00Z")
        );
    }
}
