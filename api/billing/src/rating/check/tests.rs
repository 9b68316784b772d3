//! Plans that make sense, and every way they can fail to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use uuid::Uuid;

use super::*;
use crate::decimal::parse;
use crate::ids::Id;
use crate::money::{Currency, Money};
use crate::period::{Anchor, Cadence, CadenceUnit};
use crate::rating::FeeTiming;

fn number(text: &str) -> ParameterValue {
    ParameterValue::Number(parse(text).unwrap())
}

fn tiers(rows: &[(Option<&str>, &str, &str)]) -> ParameterValue {
    let tier = |(up_to, unit, flat): &(Option<&str>, &str, &str)| Tier {
        up_to: up_to.map(|text| parse(text).unwrap()),
        unit_amount: parse(unit).unwrap(),
        flat_amount: parse(flat).unwrap(),
    };
    ParameterValue::Tiers(rows.iter().map(tier).collect())
}

fn charge(code: &str, model: &str, parameters: Vec<(&str, ParameterValue)>) -> Charge {
    Charge {
        code: code.to_owned(),
        name: "Tokens".to_owned(),
        metric_code: "tokens".to_owned(),
        metric_id: Id::from_uuid(Uuid::from_u128(1)),
        model: model.to_owned(),
        parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

fn plan(charges: Vec<Charge>) -> PlanTerms {
    let currency = Currency::from_code("USD").unwrap();
    let fee = FixedFee {
        code: "base".to_owned(),
        name: "Base fee".to_owned(),
        amount: Money::new(990, currency),
        timing: FeeTiming::Advance,
    };
    let cadence = Cadence { unit: CadenceUnit::Month, anchor: Anchor::Calendar };
    PlanTerms { currency, cadence, charges, fees: vec![fee] }
}

/// The problems as `path.with.dots CODE`.
fn problems(terms: &PlanTerms) -> Vec<String> {
    let list = terms.check().err().unwrap_or_default();
    assert!(list.iter().all(|problem| problem.message.ends_with('.')));
    list.iter().map(|problem| format!("{} {}", problem.path.join("."), problem.code)).collect()
}

#[test]
fn sound_plans() {
    let open = [(Some("10"), "10", "2"), (Some("20.5"), "5", "3"), (None, "0.000000000001", "0")];
    let charges = vec![
        charge("a", "PER_UNIT", vec![("unit_amount", number("0.01"))]),
        charge(
            "b",
            "GRADUATED",
            vec![("tiers", tiers(&open)), ("zero_usage_first_tier_flat", ParameterValue::Flag(true))],
        ),
        charge("c", "VOLUME", vec![("tiers", tiers(&open[2..]))]),
        charge("d", "PACKAGE", vec![("package_size", number("10")), ("package_amount", number("15"))]),
        charge(
            "e",
            "PACKAGE",
            vec![
                ("package_size", number("0.5")),
                ("package_amount", number("0")),
                ("free_units", number("5")),
                ("rounding", ParameterValue::Text("down".to_owned())),
            ],
        ),
        charge("f", "PERCENTAGE", vec![("rate_percent", number("1.3")), ("fixed_amount", number("2"))]),
        charge("g", "CUSTOM:seat-hours", vec![("anything", number("-1"))]),
    ];
    assert_eq!(plan(charges).check(), Ok(()));
    assert_eq!(plan(Vec::new()).check(), Ok(()));
}

/// A model, its parameters, and the problems of a plan with only this charge.
type Case = (&'static str, Vec<(&'static str, ParameterValue)>, &'static [&'static str]);

#[test]
fn problems_of_one_charge() {
    let table: Vec<Case> = vec![
        ("PER_UNIT", vec![], &["charges.0.parameters.unit_amount MISSING_PARAMETER"]),
        ("PER_UNIT", vec![("unit_amount", number("-1"))], &["charges.0.parameters.unit_amount NEGATIVE_AMOUNT"]),
        (
            "PER_UNIT",
            vec![("unit_amount", number("0.0000000000001"))],
            &["charges.0.parameters.unit_amount TOO_MANY_DIGITS"],
        ),
        (
            "PER_UNIT",
            vec![("unit_amount", ParameterValue::Text("1".to_owned()))],
            &["charges.0.parameters.unit_amount BAD_PARAMETER"],
        ),
        (
            "PER_UNIT",
            vec![("unit_amount", number("1")), ("unit_amount", number("2")), ("price", number("1"))],
            &["charges.0.parameters.unit_amount DUPLICATE_PARAMETER", "charges.0.parameters.price UNKNOWN_PARAMETER"],
        ),
        ("per_unit", vec![], &["charges.0.model UNKNOWN_MODEL"]),
        ("CUSTOM:", vec![], &["charges.0.model UNKNOWN_MODEL"]),
        ("CUSTOM:a b", vec![], &["charges.0.model UNKNOWN_MODEL"]),
        (
            "PACKAGE",
            vec![
                ("package_size", number("0")),
                ("package_amount", number("1")),
                ("rounding", ParameterValue::Text("nearest".to_owned())),
            ],
            &["charges.0.parameters.package_size NOT_POSITIVE", "charges.0.parameters.rounding BAD_PARAMETER"],
        ),
        (
            "PERCENTAGE",
            vec![("rate_percent", number("1")), ("minimum_amount", number("3")), ("maximum_amount", number("2"))],
            &["charges.0.parameters.minimum_amount MINIMUM_ABOVE_MAXIMUM"],
        ),
        ("VOLUME", vec![("tiers", tiers(&[]))], &["charges.0.parameters.tiers EMPTY_TIERS"]),
        (
            "GRADUATED",
            vec![("tiers", tiers(&[(Some("10"), "1", "0")]))],
            &["charges.0.parameters.tiers.0.upTo TIERS_NOT_OPEN"],
        ),
        (
            "GRADUATED",
            vec![("tiers", tiers(&[(None, "1", "0"), (None, "1", "0")]))],
            &["charges.0.parameters.tiers.0.upTo TIER_NOT_LAST"],
        ),
        (
            "GRADUATED",
            vec![(
                "tiers",
                tiers(&[(Some("20"), "1", "0"), (Some("10"), "-1", "0"), (Some("20"), "1", "-2"), (None, "1", "0")]),
            )],
            &[
                "charges.0.parameters.tiers.1.unitAmount NEGATIVE_AMOUNT",
                "charges.0.parameters.tiers.1.upTo TIERS_NOT_ASCENDING",
                "charges.0.parameters.tiers.2.flatAmount NEGATIVE_AMOUNT",
                "charges.0.parameters.tiers.2.upTo TIERS_NOT_ASCENDING",
            ],
        ),
        (
            "VOLUME",
            vec![("tiers", tiers(&[(Some("0"), "1", "0"), (None, "1", "0")]))],
            &["charges.0.parameters.tiers.0.upTo TIERS_NOT_ASCENDING"],
        ),
    ];
    for (model, parameters, expected) in table {
        let terms = plan(vec![charge("a", model, parameters)]);
        assert_eq!(problems(&terms), expected, "{model}");
    }
}

#[test]
fn problems_of_the_whole_plan() {
    let sound = || charge("a", "PER_UNIT", vec![("unit_amount", number("1"))]);
    let mut terms = plan(vec![sound(), sound(), Charge { code: "a b".to_owned(), name: " ".to_owned(), ..sound() }]);
    terms.fees.push(FixedFee { amount: Money::new(-1, Currency::from_code("EUR").unwrap()), ..terms.fees[0].clone() });
    let expected = [
        "charges.1.code DUPLICATE_CODE",
        "charges.2.code BAD_CODE",
        "charges.2.name BAD_NAME",
        "fees.1.code DUPLICATE_CODE",
        "fees.1.amount WRONG_CURRENCY",
        "fees.1.amount NEGATIVE_AMOUNT",
    ];
    assert_eq!(problems(&terms), expected);
    let many = (0..1000).map(|index| Charge { code: index.to_string(), ..sound() }).collect();
    assert_eq!(problems(&plan(many)), ["charges TOO_MANY_CHARGES"]);
}
