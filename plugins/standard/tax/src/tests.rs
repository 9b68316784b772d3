//! Worked taxes: who gets how much, and which sentence the law wants.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use undash_plugin_sdk::tax::{Input, Output, Party, Regime, Rounding, TaxLine};
use undash_plugin_sdk::{Failure, Parameter, ParameterValue, TaxCalculator};

use crate::StandardTax;

fn number(name: &str, value: &str) -> Parameter {
    Parameter { name: name.into(), value: ParameterValue::Number(value.into()) }
}

fn word(name: &str, value: &str) -> Parameter {
    Parameter { name: name.into(), value: ParameterValue::Text(value.into()) }
}

fn party(country: &str, region: &str) -> Party {
    Party {
        name: "A".into(),
        country: country.into(),
        region: (!region.is_empty()).then(|| region.into()),
        tax_id: None,
        attributes: Vec::new(),
    }
}

fn input(model: &str, parameters: Vec<Parameter>, buyer: Party, amounts: &[&str]) -> Input {
    let line = |amount: &&str| TaxLine {
        code: "line".into(),
        amount: (*amount).into(),
        category: String::new(),
        attributes: Vec::new(),
    };
    Input {
        reference: "test".into(),
        currency: "INR".into(),
        exponent: 2,
        rounding: Rounding::HalfAwayFromZero,
        as_of: "2026-02-01T00:00:00Z".into(),
        seller: party("IN", "KA"),
        buyer,
        regime: Regime { model: model.into(), parameters },
        lines: amounts.iter().map(line).collect(),
        attributes: Vec::new(),
    }
}

fn gst(lut: bool) -> Vec<Parameter> {
    let mut parameters = vec![number("rate_percent", "18")];
    if lut {
        parameters.push(Parameter { name: "lut".into(), value: ParameterValue::Flag(true) });
    }
    parameters
}

/// `code rate base amount` of each component.
fn shown(output: &Output) -> Vec<String> {
    let show =
        |c: &undash_plugin_sdk::tax::TaxComponent| [c.code.as_str(), &c.rate_percent, &c.base, &c.amount].join(" ");
    output.components.iter().map(show).collect()
}

fn code(result: Result<Output, Failure>) -> String {
    result.unwrap_err().code
}

#[test]
fn one_state_pays_two_halves_each_rounded_alone() {
    let output = StandardTax::calculate(input("IN_GST", gst(false), party("IN", "29"), &["10.03"])).unwrap();
    assert_eq!(shown(&output), ["CGST 9 10.03 0.9", "SGST 9 10.03 0.9"]);
    assert!(output.notes.is_empty());
}

#[test]
fn two_states_pay_the_integrated_tax() {
    let output = StandardTax::calculate(input("IN_GST", gst(false), party("IN", "MH"), &["10.03"]));
    assert_eq!(shown(&output.unwrap()), ["IGST 18 10.03 1.81"]);
}

#[test]
fn a_registered_buyer_is_where_its_number_says() {
    let mut buyer = party("IN", "");
    buyer.tax_id = Some("27AAPFU0939F1ZV".into());
    let output = StandardTax::calculate(input("IN_GST", gst(false), buyer, &["100"])).unwrap();
    assert_eq!(shown(&output), ["IGST 18 100 18"]);
    let output = StandardTax::calculate(input("IN_GST", gst(false), party("IN", ""), &["100"])).unwrap();
    assert_eq!(shown(&output), ["CGST 9 100 9", "SGST 9 100 9"]);
}

#[test]
fn a_union_territory_has_its_own_tax() {
    let mut question = input("IN_GST", gst(false), party("IN", "CH"), &["100"]);
    question.seller = party("IN", "04");
    let output = StandardTax::calculate(question).unwrap();
    assert_eq!(shown(&output), ["CGST 9 100 9", "UTGST 9 100 9"]);
}

#[test]
fn exports_and_special_zones() {
    let export = |lut| StandardTax::calculate(input("IN_GST", gst(lut), party("US", "CA"), &["50", "50"])).unwrap();
    assert_eq!(shown(&export(false)), ["IGST 18 100 18"]);
    assert_eq!(shown(&export(true)), ["IGST 0 100 0"]);
    assert!(export(true).notes[0].contains("without payment of integrated tax"));
    let mut zone = party("IN", "KA");
    zone.attributes.push(("sez".into(), "true".into()));
    let output = StandardTax::calculate(input("IN_GST", gst(false), zone, &["100"])).unwrap();
    assert_eq!(shown(&output), ["IGST 18 100 18"]);
    assert!(output.notes[0].contains("Special Economic Zone"));
}

#[test]
fn flat_rates() {
    let one = vec![number("rate_percent", "19"), word("code", "VAT"), word("name", "VAT 19 %")];
    let output = StandardTax::calculate(input("FLAT", one, party("DE", ""), &["10.10", "0.05", "-1"])).unwrap();
    assert_eq!(shown(&output), ["VAT 19 9.15 1.74"]);
    assert_eq!(output.components[0].lines, [0, 1, 2]);
    let two = vec![
        number("component.1.rate_percent", "5"),
        word("component.1.code", "GST"),
        number("component.2.rate_percent", "9.975"),
        word("component.2.code", "QST"),
    ];
    let output = StandardTax::calculate(input("FLAT", two, party("CA", "QC"), &["100"])).unwrap();
    assert_eq!(shown(&output), ["GST 5 100 5", "QST 9.975 100 9.98"]);
}

#[test]
fn a_regime_that_does_not_fit_is_refused() {
    let ask = |model: &str, parameters: Vec<Parameter>, region: &str| {
        code(StandardTax::calculate(input(model, parameters, party("IN", region), &["1"])))
    };
    assert_eq!(ask("EU_VAT", vec![], "KA"), "unknown-model");
    assert_eq!(ask("FLAT", vec![], "KA"), "missing-parameter");
    assert_eq!(ask("FLAT", vec![number("rate_percent", "101")], "KA"), "out-of-range");
    assert_eq!(ask("FLAT", vec![number("component.2.rate_percent", "1")], "KA"), "bad-components");
    assert_eq!(ask("IN_GST", vec![], "KA"), "missing-parameter");
    assert_eq!(ask("IN_GST", gst(false), "Atlantis"), "unknown-state");
    let mut question = input("IN_GST", gst(false), party("IN", "KA"), &["1"]);
    question.seller = party("DE", "");
    assert_eq!(code(StandardTax::calculate(question)), "seller-abroad");
}
