//! Proration: worked numbers, and that one day costs the same on every path.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::decimal::parse;
use crate::money::{Currency, Money};
use crate::period::local_midnight;

fn between(start: &str, end: &str, tz: Tz) -> Interval {
    let at = |text: &str| local_midnight(text.parse::<NaiveDate>().unwrap(), tz);
    Interval::new(at(start), at(end)).unwrap()
}

#[test]
fn worked_numbers() {
    let quarter = ("2024-04-01", "2024-07-01");
    let january = ("2025-01-01", "2025-01-31");
    let march = ("2024-03-01", "2024-04-01");
    let table = [
        // The denominator is the whole quarter, also for a stub.
        ("910.00", ("2024-04-15", "2024-07-15"), ("2024-05-20", "2024-06-21"), "320.00"),
        ("910.00", quarter, ("2024-05-20", "2024-06-21"), "320.00"),
        ("50000.00", march, ("2024-03-15", "2024-04-01"), "27419.35"),
        ("100000.00", march, ("2024-03-18", "2024-04-01"), "45161.29"),
        ("35.00", march, ("2024-03-11", "2024-04-01"), "23.71"),
        ("100.00", january, ("2025-01-16", "2025-01-31"), "50.00"),
        ("200.00", january, ("2025-01-16", "2025-01-31"), "100.00"),
        ("100.00", january, ("2025-01-01", "2025-01-31"), "100.00"),
        ("100.00", january, ("2025-01-31", "2025-01-31"), "0.00"),
        ("600.00", january, ("2025-01-30", "2025-01-31"), "20.00"),
        ("500.00", ("2013-08-31", "2013-09-30"), ("2013-09-05", "2013-09-30"), "416.67"),
        ("500.00", ("2013-08-31", "2013-09-30"), ("2013-09-10", "2013-09-30"), "333.33"),
        ("10", ("2023-04-01", "2023-05-01"), ("2023-04-01", "2023-04-16"), "5.00"),
    ];
    let usd = Currency::from_code("USD").unwrap();
    for (amount, full, served, expected) in table {
        for tz in [Tz::UTC, Tz::Asia__Kolkata, Tz::America__New_York] {
            let part =
                prorate(parse(amount).unwrap(), &between(served.0, served.1, tz), &between(full.0, full.1, tz), tz);
            let rounded = Money::round(part.unwrap(), usd).unwrap();
            assert_eq!(rounded.to_decimal().to_string(), expected, "{amount} {served:?} of {full:?} {tz}");
        }
    }
}

#[test]
fn served_time_must_lie_within_the_period() {
    let full = between("2012-03-02", "2012-04-02", Tz::UTC);
    for served in [("2012-03-02", "2012-06-02"), ("2012-03-01", "2012-03-05")] {
        let part = prorate(Decimal::ONE, &between(served.0, served.1, Tz::UTC), &full, Tz::UTC);
        assert_eq!(part, Err(ProrationRefused::OutsidePeriod));
    }
    let too_long = parse("9999999999999999999999999999").unwrap();
    let part = prorate(too_long, &between("2012-03-02", "2012-03-30", Tz::UTC), &full, Tz::UTC);
    assert!(matches!(part, Err(ProrationRefused::Number(_))));
}

#[test]
fn intervals() {
    let (early, late) = (DateTime::<Utc>::UNIX_EPOCH, DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(1));
    let whole = Interval::new(early, late).unwrap();
    assert!(Interval::new(late, early).is_err());
    assert!(whole.contains(early) && !whole.contains(late));
    assert!(Interval::new(early, early).unwrap().is_empty());
    assert_eq!(whole.intersect(&Interval::new(late, late).unwrap()), None);
    assert_eq!(whole.intersect(&whole), Some(whole));
    assert_eq!(whole.to_string(), "[1970-01-01T00:00:00+00:00, 1970-01-02T00:00:00+00:00)");
    // A day of 23 hours is still a day, and an hour across midnight is one too.
    let spring = between("2024-03-31", "2024-04-01", Tz::Europe__Berlin);
    assert_eq!((spring.duration(), spring.days(Tz::Europe__Berlin)), (TimeDelta::hours(23), 1));
    let hour = Interval::new(late - TimeDelta::minutes(30), late + TimeDelta::minutes(30)).unwrap();
    assert_eq!(hour.days(Tz::UTC), 1);
}

proptest! {
    #[test]
    fn parts_add_up_whatever_the_path(cuts in prop::collection::vec(0_i64..(31 * 24 * 60), 0..6), cents in 0_i64..100_000_000) {
        let tz = Tz::America__New_York;
        let full = between("2024-03-01", "2024-04-01", tz);
        let amount = Decimal::new(cents, 2);
        let mut edges: Vec<DateTime<Utc>> =
            cuts.iter().map(|minutes| (full.start + TimeDelta::minutes(*minutes)).min(full.end)).collect();
        edges.extend([full.start, full.end]);
        edges.sort_unstable();
        let parts = edges.windows(2).map(|edge| Interval::new(edge[0], edge[1]).unwrap());
        let days: i64 = parts.clone().map(|part| part.days(tz)).sum();
        prop_assert_eq!(days, 31);
        // Each quotient may differ from the exact one in its last digit only.
        let sum = decimal::exact_sum(parts.map(|part| prorate(amount, &part, &full, tz).unwrap().round_dp(18))).unwrap();
        prop_assert!((sum - amount).abs() < Decimal::new(1, 16));
    }

    #[test]
    fn never_more_than_the_whole(from in 0_i64..30, length in 0_i64..30, cents in 0_i64..i64::MAX) {
        let full = between("2025-01-01", "2025-01-31", Tz::UTC);
        let start = full.start + TimeDelta::days(from);
        let served = Interval::new(start, (start + TimeDelta::days(length)).min(full.end)).unwrap();
        let amount = Decimal::new(cents, 2);
        let part = prorate(amount, &served, &full, Tz::UTC).unwrap();
        prop_assert!(part >= Decimal::ZERO && part <= amount);
    }
}
