//! Questions as they are put, and the answers that are taken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::decimal::parse;
use crate::ids::Id;
use crate::metering::{Aggregation, MetricRef, Totals};
use crate::money::Currency;
use crate::period::{Anchor, Cadence, CadenceUnit, Interval};
use crate::rating::{Charge, PlanTerms, question};

fn number(text: &str) -> Decimal {
    parse(text).unwrap()
}

fn metric(id: u128, aggregation: Aggregation) -> MetricRef {
    MetricRef { id: Id::from_uuid(Uuid::from_u128(id)), aggregation }
}

/// A plan in USD with the charges `c0`, `c1` … on the metrics 0, 1 …
fn asked(quantities: &[&str]) -> PricingQuestion {
    let charge = |index: usize| Charge {
        code: format!("c{index}"),
        name: format!("Charge {index}"),
        metric_code: format!("m{index}"),
        metric_id: Id::from_uuid(Uuid::from_u128(index as u128)),
        model: "CUSTOM:x".to_owned(),
        parameters: Vec::new(),
    };
    let terms = PlanTerms {
        currency: Currency::from_code("USD").unwrap(),
        cadence: Cadence { unit: CadenceUnit::Month, anchor: Anchor::Calendar },
        charges: (0..quantities.len()).map(charge).collect(),
        fees: Vec::new(),
    };
    let usage: Vec<(MetricRef, Totals)> = quantities
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let totals = Totals { count: 1, sum: number(text), ..Totals::default() };
            (metric(index as u128, Aggregation::Sum), totals)
        })
        .collect();
    let start = DateTime::UNIX_EPOCH;
    let period = Interval::new(start, start + TimeDelta::days(31)).unwrap();
    question(&terms, &usage, "sub/1970-01", period, period.end).unwrap()
}

fn priced(index: u32, amount: &str, steps: &[(&str, &str)]) -> ChargeAnswer {
    let step = |(quantity, amount): &(&str, &str)| PriceStep {
        label: "tier".to_owned(),
        quantity: number(quantity),
        unit_amount: Decimal::ONE,
        amount: number(amount),
    };
    ChargeAnswer { index, amount: number(amount), steps: steps.iter().map(step).collect() }
}

#[test]
fn a_question_holds_every_charge() {
    let asked = asked(&["1.5", "0"]);
    let found: Vec<(&str, Decimal, u64)> =
        asked.charges.iter().map(|charge| (charge.code.as_str(), charge.quantity, charge.event_count)).collect();
    assert_eq!(found, [("c0", number("1.5"), 1), ("c1", Decimal::ZERO, 1)]);
}

#[test]
fn usage_of_one_metric_is_merged_and_absent_usage_is_zero() {
    let charge = |id: u128| Charge {
        code: id.to_string(),
        name: "x".to_owned(),
        metric_code: "m".to_owned(),
        metric_id: Id::from_uuid(Uuid::from_u128(id)),
        model: "CUSTOM:x".to_owned(),
        parameters: Vec::new(),
    };
    let terms = PlanTerms {
        currency: Currency::from_code("USD").unwrap(),
        cadence: Cadence { unit: CadenceUnit::Month, anchor: Anchor::Calendar },
        charges: vec![charge(1), charge(2), charge(1)],
        fees: Vec::new(),
    };
    let peak = |value| Totals { count: 2, max: Some(Decimal::from(value)), ..Totals::default() };
    let usage = [(metric(1, Aggregation::Max), peak(7)), (metric(1, Aggregation::Max), peak(9))];
    let period = Interval::new(DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH).unwrap();
    let asked = question(&terms, &usage, "r", period, period.end).unwrap();
    let found: Vec<(u64, Decimal)> = asked.charges.iter().map(|c| (c.event_count, c.quantity)).collect();
    assert_eq!(found, [(4, Decimal::from(9)), (0, Decimal::ZERO), (4, Decimal::from(9))]);
    let endless = Totals { count: u64::MAX, ..Totals::default() };
    let usage = [(metric(1, Aggregation::Count), endless), (metric(1, Aggregation::Count), endless)];
    assert!(question(&terms, &usage, "r", period, period.end).is_err());
}

#[test]
fn a_sound_answer_is_rounded_once_and_put_in_order() {
    let answer = PricingAnswer {
        charges: vec![priced(1, "0", &[]), priced(0, "10.125", &[("1", "10"), ("0.5", "0.125"), ("0", "0")])],
    };
    let accepted = accept(&asked(&["1.5", "3"]), answer).unwrap();
    let found: Vec<(&str, i64, Decimal)> =
        accepted.iter().map(|charge| (charge.code.as_str(), charge.amount.minor, charge.quantity)).collect();
    assert_eq!(found, [("c0", 1013, number("1.5")), ("c1", 0, number("3"))]);
    assert_eq!(accepted[0].amount_exact, number("10.125"));
    assert_eq!(accepted[0].steps.len(), 3);
}

#[test]
fn refused_answers() {
    let long = "1000000000000000000000000000";
    let table: Vec<(Vec<ChargeAnswer>, &str)> = vec![
        (vec![priced(0, "1", &[])], "NOT_ANSWERED"),
        (vec![], "NOT_ANSWERED"),
        (vec![priced(0, "1", &[]), priced(0, "1", &[])], "ANSWERED_TWICE"),
        (vec![priced(0, "1", &[]), priced(1, "1", &[]), priced(2, "1", &[])], "UNKNOWN_CHARGE"),
        (vec![priced(u32::MAX, "1", &[])], "UNKNOWN_CHARGE"),
        (vec![priced(0, "-0.001", &[]), priced(1, "1", &[])], "NEGATIVE_AMOUNT"),
        (vec![priced(0, "1", &[("5", "0.99")]), priced(1, "1", &[])], "STEP_AMOUNTS"),
        (vec![priced(0, "1", &[("4.99", "1")]), priced(1, "1", &[])], "STEP_QUANTITIES"),
        (vec![priced(0, "1", &[("0", "1")]), priced(1, "1", &[])], "STEP_QUANTITIES"),
        (vec![priced(0, long, &[]), priced(1, "1", &[])], "OVERFLOW"),
        (vec![priced(0, "1", &[("5", long), ("0", "0.1")]), priced(1, "1", &[])], "OVERFLOW"),
    ];
    for (charges, code) in table {
        let refused = accept(&asked(&["5", "6"]), PricingAnswer { charges }).unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
    }
}

#[test]
fn a_29th_digit_is_refused() {
    let amount = Decimal::from_i128_with_scale(79_228_162_514_264_337_593_543_950_335, 20);
    let answer = PricingAnswer { charges: vec![ChargeAnswer { index: 0, amount, steps: Vec::new() }] };
    assert_eq!(accept(&asked(&["1"]), answer).unwrap_err().code(), "OVERFLOW");
}

proptest! {
    #[test]
    fn any_order_of_answers_is_the_same_bill(cents in prop::collection::vec(0_i64..1_000_000_000, 1..12), seed in any::<prop::sample::Index>()) {
        let quantities = vec!["1"; cents.len()];
        let mut charges: Vec<ChargeAnswer> = cents.iter().enumerate()
            .map(|(index, amount)| ChargeAnswer { index: index as u32, amount: Decimal::new(*amount, 3), steps: Vec::new() })
            .collect();
        let asked = asked(&quantities);
        let straight = accept(&asked, PricingAnswer { charges: charges.clone() }).unwrap();
        charges.rotate_left(seed.index(cents.len()));
        prop_assert_eq!(accept(&asked, PricingAnswer { charges }).unwrap(), straight);
    }
}
