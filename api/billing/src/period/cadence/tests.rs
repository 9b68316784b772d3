//! Billing periods: tables of hard days, and that periods tile time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chrono::{NaiveDate, TimeDelta, TimeZone};
use proptest::prelude::*;

use super::*;
use crate::period::quarter_hour;
use CadenceUnit::{Month, Quarter, Week, Year};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn zone(name: &str) -> Tz {
    name.parse().unwrap()
}

/// The calendar days a period begins and ends on, for noon of a day.
fn days(unit: CadenceUnit, anchor: Option<&str>, tz: &str, at: &str) -> (String, String) {
    let anchor = anchor.map_or(Anchor::Calendar, |text| Anchor::Anniversary(day(text)));
    let tz = zone(tz);
    let noon = tz.from_local_datetime(&day(at).and_hms_opt(12, 0, 0).unwrap()).unwrap();
    let period = Cadence { unit, anchor }.period_containing(tz, noon.with_timezone(&Utc));
    assert!(period.contains(noon.with_timezone(&Utc)));
    let text = |at: DateTime<Utc>| at.with_timezone(&tz).date_naive().to_string();
    (text(period.start), text(period.end))
}

#[test]
fn periods() {
    let table = [
        // Clamped months derive from the anchor, not from the boundary before.
        (Month, Some("2024-01-31"), "UTC", "2024-02-10", "2024-01-31", "2024-02-29"),
        (Month, Some("2024-01-31"), "UTC", "2024-03-10", "2024-02-29", "2024-03-31"),
        (Month, Some("2024-01-31"), "UTC", "2024-04-10", "2024-03-31", "2024-04-30"),
        (Month, Some("2024-01-30"), "UTC", "2024-02-10", "2024-01-30", "2024-02-29"),
        (Month, Some("2024-01-30"), "UTC", "2024-03-10", "2024-02-29", "2024-03-30"),
        (Month, Some("2024-01-30"), "UTC", "2024-04-10", "2024-03-30", "2024-04-30"),
        (Month, Some("2024-01-31"), "Asia/Kolkata", "2024-01-31", "2024-01-31", "2024-02-29"),
        (Month, Some("2024-02-29"), "Asia/Kolkata", "2024-02-29", "2024-02-29", "2024-03-29"),
        (Month, Some("2025-02-28"), "Asia/Kolkata", "2025-02-28", "2025-02-28", "2025-03-28"),
        // Before the anchor as well as after it.
        (Month, Some("2024-01-31"), "UTC", "2023-11-30", "2023-11-30", "2023-12-31"),
        (Month, Some("2024-01-31"), "UTC", "2023-11-29", "2023-10-31", "2023-11-30"),
        (Year, Some("2024-02-29"), "UTC", "2025-06-01", "2025-02-28", "2026-02-28"),
        (Year, Some("2024-02-29"), "UTC", "2028-02-29", "2028-02-29", "2029-02-28"),
        (Year, Some("2024-02-29"), "UTC", "2028-02-28", "2027-02-28", "2028-02-29"),
        (Quarter, Some("2021-01-10"), "UTC", "2021-01-10", "2021-01-10", "2021-04-10"),
        (Quarter, Some("2023-11-30"), "UTC", "2024-02-28", "2023-11-30", "2024-02-29"),
        (Week, Some("2023-02-01"), "UTC", "2023-02-07", "2023-02-01", "2023-02-08"),
        (Week, Some("2023-02-01"), "UTC", "2023-01-31", "2023-01-25", "2023-02-01"),
        // The calendar.
        (Week, None, "UTC", "2023-02-05", "2023-01-30", "2023-02-06"),
        (Week, None, "UTC", "1969-12-31", "1969-12-29", "1970-01-05"),
        (Month, None, "Asia/Tokyo", "2024-02-29", "2024-02-01", "2024-03-01"),
        (Month, None, "UTC", "1969-12-31", "1969-12-01", "1970-01-01"),
        (Quarter, None, "UTC", "2021-01-10", "2021-01-01", "2021-04-01"),
        (Quarter, None, "UTC", "2021-12-31", "2021-10-01", "2022-01-01"),
        (Year, None, "Europe/Berlin", "2022-01-01", "2022-01-01", "2023-01-01"),
    ];
    for (unit, anchor, tz, at, start, end) in table {
        let expected = (start.to_owned(), end.to_owned());
        assert_eq!(days(unit, anchor, tz, at), expected, "{unit} {anchor:?} {tz} {at}");
    }
}

#[test]
fn midnights_that_do_not_exist_or_happen_twice() {
    let table = [
        // Clocks go from 24:00 to 01:00: the day begins at 01:00.
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),
        ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00Z"),
        ("Asia/Beirut", "2022-03-27", "2022-03-26T22:00:00Z"),
        // Clocks go from 01:00 back to 00:00: the earlier midnight.
        ("America/Havana", "2023-11-05", "2023-11-05T04:00:00Z"),
        ("Atlantic/Azores", "2023-10-29", "2023-10-29T00:00:00Z"),
        // The day that Samoa skipped begins with the next one.
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),
        ("Asia/Kolkata", "2024-01-01", "2023-12-31T18:30:00Z"),
        ("Asia/Kathmandu", "2024-01-01", "2023-12-31T18:15:00Z"),
    ];
    for (tz, text, expected) in table {
        let found = local_midnight(day(text), zone(tz));
        assert_eq!(found, expected.parse::<DateTime<Utc>>().unwrap(), "{tz} {text}");
    }
}

#[test]
fn an_event_on_the_boundary_belongs_to_the_period_it_opens() {
    let monthly = Cadence { unit: Month, anchor: Anchor::Calendar };
    let boundary: DateTime<Utc> = "2024-02-01T00:00:00Z".parse().unwrap();
    let february = monthly.period_containing(Tz::UTC, boundary);
    let january = monthly.period_containing(Tz::UTC, boundary - TimeDelta::microseconds(1));
    assert_eq!((january.end, february.start), (boundary, boundary));
    assert!(february.contains(boundary) && !january.contains(boundary));
}

#[test]
fn the_edges_of_time_do_not_panic() {
    for unit in CadenceUnit::ALL {
        for anchor in [Anchor::Calendar, Anchor::Anniversary(NaiveDate::MAX), Anchor::Anniversary(NaiveDate::MIN)] {
            for tz in [Tz::UTC, Tz::Pacific__Kiritimati, Tz::America__New_York] {
                let near = TimeDelta::days(2);
                for at in [DateTime::<Utc>::MIN_UTC + near, DateTime::<Utc>::MAX_UTC - near] {
                    let period = Cadence { unit, anchor }.period_containing(tz, at);
                    assert!(period.start <= period.end);
                }
            }
        }
    }
}

#[test]
fn names() {
    for unit in CadenceUnit::ALL {
        assert_eq!(unit.as_str().parse(), Ok(unit));
    }
    assert_eq!("DAY".parse::<CadenceUnit>(), Err(UnknownCadence));
}

fn any_zone() -> impl Strategy<Value = Tz> {
    prop::sample::select(chrono_tz::TZ_VARIANTS.as_slice())
}

fn any_cadence() -> impl Strategy<Value = Cadence> {
    let anchor = prop_oneof![
        Just(Anchor::Calendar),
        (0_i64..30_000).prop_map(|days| Anchor::Anniversary(day("1990-01-01") + TimeDelta::days(days))),
    ];
    (prop::sample::select(CadenceUnit::ALL.as_slice()), anchor).prop_map(|(unit, anchor)| Cadence { unit, anchor })
}

/// From 1990 to 2060: time zones had settled on quarter hours by then.
fn any_instant() -> impl Strategy<Value = DateTime<Utc>> {
    (631_152_000_i64..2_840_140_800, 0_u32..1_000_000)
        .prop_map(|(seconds, micros)| DateTime::from_timestamp(seconds, micros * 1000).unwrap())
}

proptest! {
    #[test]
    fn periods_tile_time(cadence in any_cadence(), tz in any_zone(), at in any_instant()) {
        let period = cadence.period_containing(tz, at);
        prop_assert!(period.contains(at));
        // The same period whichever instant of it is asked about.
        for inside in [period.start, period.end - TimeDelta::microseconds(1)] {
            prop_assert_eq!(cadence.period_containing(tz, inside), period);
        }
        let after = cadence.period_after(tz, &period);
        prop_assert_eq!(after.start, period.end);
        prop_assert!(after.end > after.start);
        let before = cadence.period_containing(tz, period.start - TimeDelta::microseconds(1));
        prop_assert_eq!(before.end, period.start);
    }

    #[test]
    fn boundaries_are_quarter_hours(cadence in any_cadence(), tz in any_zone(), at in any_instant()) {
        let period = cadence.period_containing(tz, at);
        prop_assert_eq!(quarter_hour(period.start), period.start);
        prop_assert_eq!(quarter_hour(period.end), period.end);
    }

    #[test]
    fn quarter_hours_are_floors(at in any_instant()) {
        let floor = quarter_hour(at);
        prop_assert!(floor <= at && at < floor + TimeDelta::minutes(15));
        prop_assert_eq!(quarter_hour(floor), floor);
    }
}
