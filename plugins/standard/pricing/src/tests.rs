//! Worked prices. The names are those of the shared conformance numbers where a case comes from there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use undash_plugin_sdk::decimal::{exact_add, parse, text};
use undash_plugin_sdk::pricing::{Charge, ChargePrice, Input};
use undash_plugin_sdk::{Decimal, Failure, Parameter, ParameterValue, Period, PricingRule, Tier};

use crate::StandardPricing;

fn number(name: &str, value: &str) -> Parameter {
    Parameter { name: name.into(), value: ParameterValue::Number(value.into()) }
}

fn word(name: &str, value: &str) -> Parameter {
    Parameter { name: name.into(), value: ParameterValue::Text(value.into()) }
}

fn flat_at_zero() -> Parameter {
    Parameter { name: "zero_usage_first_tier_flat".into(), value: ParameterValue::Flag(true) }
}

/// `(up to, unit amount, flat amount)`; an empty `up to` is the open tier.
fn tiers(rows: &[(&str, &str, &str)]) -> Parameter {
    let tier = |(up_to, unit, flat): &(&str, &str, &str)| Tier {
        up_to: (!up_to.is_empty()).then(|| (*up_to).into()),
        unit_amount: (*unit).into(),
        flat_amount: (*flat).into(),
    };
    Parameter { name: "tiers".into(), value: ParameterValue::Tiers(rows.iter().map(tier).collect()) }
}

fn ask(model: &str, parameters: &[Parameter], quantity: &str, event_count: u64) -> Result<ChargePrice, Failure> {
    let charge = Charge {
        code: "calls".into(),
        metric_code: "api_calls".into(),
        quantity: quantity.into(),
        event_count,
        model: model.into(),
        parameters: parameters.to_vec(),
        attributes: Vec::new(),
    };
    let input = Input {
        reference: "test".into(),
        currency: "USD".into(),
        period: Period { start: "2026-01-01T00:00:00Z".into(), end: "2026-02-01T00:00:00Z".into() },
        as_of: "2026-02-01T00:00:00Z".into(),
        charges: vec![charge],
        attributes: Vec::new(),
    };
    StandardPricing::price(input).map(|mut output| output.charges.remove(0))
}

/// Asks, and checks that the steps account for quantity and amount.
fn amount(model: &str, parameters: &[Parameter], quantity: &str, event_count: u64) -> String {
    let price = ask(model, parameters, quantity, event_count).unwrap();
    let sum = |values: Vec<&String>| {
        values.into_iter().fold(Decimal::ZERO, |sum, value| exact_add(sum, parse(value).unwrap()).unwrap())
    };
    if !price.steps.is_empty() {
        let amounts = sum(price.steps.iter().map(|step| &step.amount).collect());
        assert_eq!(text(amounts), price.amount);
        let quantities = sum(price.steps.iter().map(|step| &step.quantity).collect());
        assert_eq!(quantities, parse(quantity).unwrap());
    }
    price.amount
}

fn table(model: &str, parameters: &[Parameter], cases: &[(&str, &str)]) {
    for (quantity, expected) in cases {
        assert_eq!(&amount(model, parameters, quantity, 1), expected, "{model} of {quantity}");
    }
}

#[test]
fn per_unit() {
    table("PER_UNIT", &[number("unit_amount", "12.5")], &[("4", "50"), ("0", "0")]);
    table("PER_UNIT", &[number("unit_amount", "0.000003")], &[("1234567", "3.703701"), ("1", "0.000003")]);
}

#[test]
fn graduated() {
    // LAGO-GRAD-01
    let flats = [("10", "10", "2"), ("20", "5", "3"), ("", "5", "3")];
    table(
        "GRADUATED",
        &[tiers(&flats), flat_at_zero()],
        &[("0", "2"), ("1", "12"), ("10", "102"), ("11", "110"), ("12", "115"), ("21", "163")],
    );
    table("GRADUATED", &[tiers(&flats)], &[("0", "0"), ("1", "12")]);
    // LAGO-GRAD-02
    let fractions = [("0.1", "10", "0"), ("1", "5", "0"), ("", "2", "0")];
    table("GRADUATED", &[tiers(&fractions)], &[("0.05", "0.5"), ("0.5", "3")]);
    // OM-GRAD-01
    let free_then_paid = [("5", "0", "100"), ("10", "0", "50"), ("15", "10", "0"), ("", "5", "0")];
    table(
        "GRADUATED",
        &[tiers(&free_then_paid), flat_at_zero()],
        &[("0", "100"), ("3", "100"), ("5", "100"), ("5.001", "150"), ("7", "150"), ("12", "170"), ("22", "235")],
    );
    // FLEX-SLAB-01, 03, 04; STR-TIER-02; DOC-GRAD-02; MET-TIER-01
    let slabs = [("10", "50", "0"), ("20", "40", "0"), ("", "30", "0")];
    table("GRADUATED", &[tiers(&slabs)], &[("15", "700"), ("25", "1050")]);
    let mixed = [("5", "0", "1"), ("10", "1", "2"), ("", "2", "0")];
    table("GRADUATED", &[tiers(&mixed)], &[("3", "1"), ("7", "5"), ("12", "12")]);
    let ones = [("1", "10", "0"), ("2", "20", "0"), ("", "30", "0")];
    table("GRADUATED", &[tiers(&ones)], &[("0", "0"), ("1", "10"), ("2", "30"), ("3", "60"), ("2.5", "45")]);
    let stepped = [("5", "7", "0"), ("10", "6.5", "0"), ("", "6", "0")];
    table("GRADUATED", &[tiers(&stepped)], &[("1", "7"), ("5", "35"), ("6", "41.5"), ("20", "127.5"), ("25", "157.5")]);
    let cents = [("1000", "0.01", "0"), ("10000", "0.008", "0"), ("", "0.005", "0")];
    table("GRADUATED", &[tiers(&cents)], &[("15000", "107")]);
    let halves = [("100", "1", "0"), ("200", "0.5", "0"), ("", "0.25", "0")];
    table("GRADUATED", &[tiers(&halves)], &[("150", "125")]);
    // Included units and a price beyond them: TRAP-SUBCENT
    let overage = [("100", "0", "0"), ("", "0.004", "0")];
    table("GRADUATED", &[tiers(&overage)], &[("1100", "4"), ("99", "0")]);
}

#[test]
fn the_demonstration_plan() {
    let plan = [("100000", "0.000015", "0"), ("500000", "0.000012", "0"), ("", "0.00001", "0")];
    table(
        "GRADUATED",
        &[tiers(&plan)],
        &[("100000", "1.5"), ("100001", "1.500012"), ("500000", "6.3"), ("1000000", "11.3")],
    );
    let price = ask("GRADUATED", &[tiers(&plan)], "1000000", 9).unwrap();
    let labels: Vec<&str> = price.steps.iter().map(|step| step.label.as_str()).collect();
    assert_eq!(labels, ["First 100000", "Over 100000 up to 500000", "Over 500000"]);
    let package = [number("package_size", "1000"), number("package_amount", "0.25"), number("free_units", "1000")];
    table("PACKAGE", &package, &[("0", "0"), ("1000", "0"), ("1001", "0.25"), ("2000", "0.25"), ("2001", "0.5")]);
}

#[test]
fn volume() {
    // OM-VOL-01
    let om = [("5", "0", "100"), ("10", "0", "150"), ("15", "10", "0"), ("", "5", "0")];
    table(
        "VOLUME",
        &[tiers(&om), flat_at_zero()],
        &[("0", "100"), ("3", "100"), ("5", "100"), ("14", "140"), ("15", "150"), ("16", "80"), ("100", "500")],
    );
    // FLEX-VOL-01, MET-TIER-01, TRAP-VOL-GAP
    let flex = [("10", "50", "0"), ("20", "40", "0"), ("", "30", "0")];
    table("VOLUME", &[tiers(&flex)], &[("5", "250"), ("15", "600"), ("25", "750")]);
    let halves = [("100", "1", "0"), ("200", "0.5", "0"), ("", "0.25", "0")];
    table("VOLUME", &[tiers(&halves)], &[("150", "75"), ("0", "0")]);
    table("VOLUME", &[tiers(&[("99", "1", "0"), ("", "0.5", "0")])], &[("99.5", "49.75")]);
}

#[test]
fn package() {
    // LAGO-PKG-02
    for (quantity, free, expected) in [("3", "0", "100"), ("15", "0", "200"), ("3", "5", "0"), ("12", "5", "100")] {
        let parameters = [
            number("package_size", "10"),
            number("package_amount", "100"),
            number("free_units", free),
            word("rounding", "up"),
        ];
        table("PACKAGE", &parameters, &[(quantity, expected)]);
    }
    // FLEX-PKG-01
    let of_hundred =
        |rounding: &str| [number("package_size", "100"), number("package_amount", "1"), word("rounding", rounding)];
    table(
        "PACKAGE",
        &of_hundred("up"),
        &[("2", "1"), ("99", "1"), ("100", "1"), ("101", "2"), ("150", "2"), ("300", "3")],
    );
    table("PACKAGE", &of_hundred("down"), &[("50", "0"), ("250", "2")]);
}

#[test]
fn percentage() {
    // LAGO-PCT-01 without free events; LAGO-PCT-02 with the bounds off
    let parameters = [number("rate_percent", "1.3"), number("fixed_amount", "2")];
    assert_eq!(amount("PERCENTAGE", &parameters, "800", 4), "18.4");
    assert_eq!(amount("PERCENTAGE", &[number("rate_percent", "2.99")], "10090", 3), "301.691");
    let bounded = [
        number("rate_percent", "1"),
        number("free_units", "100"),
        number("minimum_amount", "5"),
        number("maximum_amount", "20"),
    ];
    assert_eq!(amount("PERCENTAGE", &bounded, "200", 1), "5");
    assert_eq!(amount("PERCENTAGE", &bounded, "1100", 1), "10");
    assert_eq!(amount("PERCENTAGE", &bounded, "9100", 1), "20");
    assert_eq!(amount("PERCENTAGE", &bounded, "0", 0), "0");
}

#[test]
fn refusals_name_the_field() {
    let unit = number("unit_amount", "1");
    let cases: [(&str, Vec<Parameter>, &str, &str, &str); 9] = [
        ("DYNAMIC", vec![], "1", "unknown-model", "charges.0.model"),
        ("PER_UNIT", vec![], "1", "missing-parameter", "charges.0.parameters.unit_amount"),
        ("PER_UNIT", vec![unit.clone(), number("uint", "1")], "1", "unknown-parameter", "charges.0.parameters.uint"),
        ("PER_UNIT", vec![number("unit_amount", "-1")], "1", "negative", "charges.0.parameters.unit_amount"),
        ("PER_UNIT", vec![unit.clone()], "-1", "negative", "charges.0.quantity"),
        ("PER_UNIT", vec![unit], "1e3", "not-a-decimal", "charges.0.quantity"),
        (
            "PER_UNIT",
            vec![number("unit_amount", "0.00000000000000000001")],
            "0.000000001",
            "inexact",
            "charges.0.quantity",
        ),
        (
            "GRADUATED",
            vec![tiers(&[("10", "1", "0"), ("10", "1", "0"), ("", "1", "0")])],
            "1",
            "bad-tiers",
            "charges.0.parameters.tiers",
        ),
        ("VOLUME", vec![tiers(&[("10", "1", "0")])], "1", "bad-tiers", "charges.0.parameters.tiers"),
    ];
    for (model, parameters, quantity, code, path) in cases {
        let refusal = ask(model, &parameters, quantity, 1).unwrap_err();
        assert_eq!((refusal.code.as_str(), refusal.path.as_str()), (code, path), "{model}");
    }
}
