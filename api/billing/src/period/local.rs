//! From calendar days and clocks to instants, through daylight saving.

use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

/// The instant a calendar day begins in a time zone.
///
/// Where clocks skip midnight the day begins at the first instant after the gap; where midnight
/// happens twice, at the earlier one. Days outside the years the time library knows begin at its
/// first or last instant.
#[must_use]
pub fn local_midnight(day: NaiveDate, tz: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    match tz.from_local_datetime(&midnight) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.with_timezone(&Utc),
        MappedLocalTime::None => GapInfo::new(&midnight, &tz)
            .and_then(|gap| gap.end)
            .map_or_else(|| midnight.and_utc(), |end| end.with_timezone(&Utc)),
    }
}

/// The start of the quarter hour an instant falls into: the grain usage totals are kept at.
///
/// Every offset from UTC in use is a multiple of 15 minutes, so every period boundary of every
/// time zone is a boundary of quarter hours.
#[must_use]
pub fn quarter_hour(at: DateTime<Utc>) -> DateTime<Utc> {
    const QUARTER_SECONDS: i64 = 15 * 60;
    let seconds = at.timestamp();
    let floor = seconds - seconds.rem_euclid(QUARTER_SECONDS);
    DateTime::from_timestamp(floor, 0).unwrap_or(at)
}

/// The instant without its nanoseconds: what every store can keep.
///
/// A leap second becomes the first second after it.
#[must_use]
pub fn truncate_to_micros(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}
