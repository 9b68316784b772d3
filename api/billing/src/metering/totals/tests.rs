//! Digests that must never change, and totals that do not depend on order.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chrono::DateTime;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::decimal::{exact_sum, parse};
use crate::ids::Id;
use crate::metering::{MetricRef, PropertyValue, content_digest, transaction_digest};

fn event(transaction_id: &str, aggregation: Aggregation, value: Option<&str>) -> UsageEvent {
    UsageEvent {
        transaction_id: transaction_id.to_owned(),
        metric: MetricRef { id: Id::from_uuid(Uuid::from_u128(1)), aggregation },
        project_id: Id::from_uuid(Uuid::from_u128(2)),
        occurred_at: DateTime::from_timestamp_micros(1_767_225_600_123_456).unwrap(),
        value: value.map(|text| parse(text).unwrap()),
        properties: Vec::new(),
    }
}

fn full_event() -> UsageEvent {
    let mut event = event("evt-1", Aggregation::Sum, Some("12.5"));
    event.properties = vec![
        ("cached".to_owned(), PropertyValue::Bool(true)),
        ("model".to_owned(), PropertyValue::Text("größe".to_owned())),
        ("size".to_owned(), PropertyValue::Number(parse("0.5").unwrap())),
    ];
    event
}

/// Calculated by an independent program: stored rows hold such values.
#[test]
fn golden_digests() {
    let bare = event("evt-2", Aggregation::Count, None);
    let table = [
        (transaction_digest("evt-1"), "7b409f932d2c88e97f0c17676c8420d3"),
        (transaction_digest(""), "e3b0c44298fc1c149afbf4c8996fb924"),
        (content_digest(&full_event()), "f3df2a54669abf33862a6a2a2c528c26"),
        (content_digest(&bare), "557435d1ce799a25bc73676db58876b4"),
        (Totals::of(&full_event()).event_set, "f304f974421d8c6d75cbc27ffc98b883"),
        (Totals::of(&full_event()).merge(&Totals::of(&bare)).unwrap().event_set, "960e430f378a35c9951ed94c6125e555"),
    ];
    for (found, expected) in table {
        assert_eq!(hex::encode(found), expected);
    }
}

#[test]
fn numbers_count_by_value_and_everything_else_counts() {
    let same = |change: fn(&mut UsageEvent)| {
        let mut other = full_event();
        change(&mut other);
        content_digest(&other) == content_digest(&full_event())
    };
    assert!(same(|event| event.value = Some(Decimal::new(125_000, 4))));
    assert!(same(|event| event.properties[2].1 = PropertyValue::Number(Decimal::new(50, 2))));
    assert!(!same(|event| event.value = None));
    assert!(!same(|event| event.transaction_id.push('x')));
    assert!(!same(|event| event.metric.id = Id::from_uuid(Uuid::from_u128(9))));
    assert!(!same(|event| event.project_id = Id::from_uuid(Uuid::from_u128(9))));
    assert!(!same(|event| event.occurred_at = DateTime::UNIX_EPOCH));
    assert!(!same(|event| event.properties[2].1 = PropertyValue::Text("0.5".to_owned())));
    assert!(!same(|event| drop(event.properties.pop())));
}

#[test]
fn length_prefixes_keep_neighbours_apart() {
    let property = |name: &str, text: &str| {
        let mut event = event("e", Aggregation::Count, None);
        event.properties = vec![(name.to_owned(), PropertyValue::Text(text.to_owned()))];
        content_digest(&event)
    };
    assert_ne!(property("ab", "c"), property("a", "bc"));
}

#[test]
fn quantities() {
    let values = ["3", "-1.5", "10", "10"];
    for (aggregation, expected) in
        [(Aggregation::Count, "4"), (Aggregation::Sum, "21.5"), (Aggregation::Max, "10"), (Aggregation::Min, "-1.5")]
    {
        let totals = values.iter().enumerate().try_fold(Totals::default(), |totals, (index, value)| {
            totals.merge(&Totals::of(&event(&index.to_string(), aggregation, Some(value))))
        });
        assert_eq!(totals.unwrap().quantity(aggregation), parse(expected).unwrap(), "{aggregation}");
        assert_eq!(Totals::default().quantity(aggregation), Decimal::ZERO);
        assert_eq!(aggregation.as_str().parse(), Ok(aggregation));
    }
}

#[test]
fn counting_ignores_values() {
    let totals = Totals::of(&event("e", Aggregation::Count, Some("99")));
    assert_eq!((totals.sum, totals.min, totals.max, totals.count), (Decimal::ZERO, None, None, 1));
}

#[test]
fn overflow_is_an_error() {
    let most = Totals { count: u64::MAX, ..Totals::default() };
    let one = Totals { count: 1, ..Totals::default() };
    assert_eq!(most.merge(&one), Err(Overflow));
    let long = Totals { sum: parse("1000000000000000000000000000").unwrap(), ..Totals::default() };
    let fine = Totals { sum: parse("0.1").unwrap(), ..Totals::default() };
    assert_eq!(long.merge(&fine), Err(Overflow));
}

proptest! {
    #[test]
    fn merging_does_not_depend_on_order_or_grouping(values in prop::collection::vec(-1_000_000_i64..1_000_000, 1..30), cut in 0_usize..30) {
        let parts: Vec<Totals> = values.iter().enumerate()
            .map(|(index, value)| Totals::of(&event(&index.to_string(), Aggregation::Sum, Some(&value.to_string()))))
            .collect();
        let all = |parts: &[Totals]| parts.iter().try_fold(Totals::default(), |sum, part| sum.merge(part)).unwrap();
        let (left, right) = parts.split_at(cut.min(parts.len()));
        let merged = all(left).merge(&all(right)).unwrap();
        let mut backwards = parts.clone();
        backwards.reverse();
        prop_assert_eq!(merged, all(&parts));
        prop_assert_eq!(merged, all(&backwards));
        prop_assert_eq!(Ok(merged.sum), exact_sum(values.iter().map(|value| Decimal::from(*value))));
        prop_assert_eq!(merged.max, values.iter().max().map(|value| Decimal::from(*value)));
        prop_assert_eq!(merged.min, values.iter().min().map(|value| Decimal::from(*value)));
    }
}
