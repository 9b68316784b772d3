//! Taxes that may be printed, and those that may not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chrono::DateTime;
use proptest::prelude::*;

use super::*;
use crate::decimal::parse;
use crate::tax::{TaxLine, TaxParty, TaxRegime};

fn number(text: &str) -> Decimal {
    parse(text).unwrap()
}

fn party() -> TaxParty {
    TaxParty {
        name: "Acme".to_owned(),
        country: "IN".to_owned(),
        region: Some("29".to_owned()),
        tax_id: None,
        attributes: Vec::new(),
    }
}

fn asked(currency: &str, lines: &[i64]) -> TaxQuestion {
    let currency = Currency::from_code(currency).unwrap();
    let line = |(index, minor): (usize, &i64)| TaxLine {
        code: format!("c{index}"),
        amount: Money::new(*minor, currency),
        category: String::new(),
    };
    TaxQuestion {
        currency,
        as_of: DateTime::UNIX_EPOCH,
        seller: party(),
        buyer: party(),
        regime: TaxRegime { model: "IN_GST".to_owned(), parameters: Vec::new() },
        lines: lines.iter().enumerate().map(line).collect(),
    }
}

fn component(code: &str, rate: &str, base: &str, amount: &str, lines: &[u32]) -> TaxComponent {
    TaxComponent {
        code: code.to_owned(),
        name: format!("{code} {rate} %"),
        rate_percent: number(rate),
        base: number(base),
        amount: number(amount),
        lines: lines.to_vec(),
    }
}

fn answer(components: Vec<TaxComponent>) -> TaxAnswer {
    TaxAnswer { components, notes: vec!["Reverse charge".to_owned()] }
}

#[test]
fn sound_answers() {
    let table: Vec<(TaxQuestion, Vec<TaxComponent>, i64)> = vec![
        (
            asked("INR", &[1_000_000]),
            vec![component("CGST", "9", "10000.00", "900.00", &[0]), component("SGST", "9", "10000", "900", &[0])],
            180_000,
        ),
        (asked("INR", &[9999]), vec![component("IGST", "18", "99.99", "18.00", &[0])], 1800),
        (
            asked("INR", &[1003]),
            vec![component("CGST", "9", "10.03", "0.90", &[0]), component("SGST", "9", "10.03", "0.90", &[0])],
            180,
        ),
        // Per invoice 18.02, per line 3 × 6.01 = 18.03: both are within the rounding of three lines.
        (asked("INR", &[3337, 3337, 3337]), vec![component("IGST", "18", "100.11", "18.02", &[0, 1, 2])], 1802),
        (asked("INR", &[3337, 3337, 3337]), vec![component("IGST", "18", "100.11", "18.03", &[2, 1, 0])], 1803),
        (asked("INR", &[10_000_000]), vec![component("IGST", "0", "100000", "0", &[0])], 0),
        (
            asked("EUR", &[10_000, 5000, 8000]),
            vec![component("VAT", "20", "150", "30", &[0, 1]), component("VAT", "5", "80", "4", &[2])],
            3400,
        ),
        (asked("JPY", &[999]), vec![component("VAT", "10", "999", "100", &[0])], 100),
        (asked("EUR", &[999]), vec![], 0),
        (asked("EUR", &[-1000]), vec![component("VAT", "20", "-10", "-2", &[0])], -200),
        (asked("EUR", &[1000]), vec![component("VAT", "100", "10", "10", &[0])], 1000),
    ];
    for (question, components, expected) in table {
        let accepted = accept(&question, answer(components)).unwrap();
        assert_eq!(accepted.total(question.currency).unwrap().minor, expected);
        assert_eq!(accepted.notes, ["Reverse charge"]);
    }
}

#[test]
fn a_tax_is_spread_over_its_lines() {
    let question = asked("INR", &[3337, 1, 3337, 3337]);
    let accepted = accept(&question, answer(vec![component("IGST", "18", "100.11", "18.02", &[3, 0, 2])])).unwrap();
    let spread: Vec<(u32, i64)> =
        accepted.components[0].per_line.iter().map(|(line, part)| (*line, part.minor)).collect();
    assert_eq!(spread, [(3, 601), (0, 601), (2, 600)]);
}

#[test]
fn refused_answers() {
    let table: Vec<(Vec<TaxComponent>, &str)> = vec![
        (vec![component("VAT", "-1", "10", "0", &[0])], "RATE"),
        (vec![component("VAT", "100.01", "10", "10", &[0])], "RATE"),
        (vec![component("VAT", "20", "0", "0", &[])], "NO_LINES"),
        (vec![component("VAT", "20", "10", "2", &[2])], "UNKNOWN_LINE"),
        (vec![component("VAT", "20", "20", "4", &[0, 0])], "LINE_TWICE"),
        (vec![component("VAT", "20", "10", "2", &[0]), component("VAT", "5", "10", "0.5", &[0])], "LINE_TWICE"),
        (vec![component("VAT", "20", "10.01", "2", &[0])], "BASE"),
        (vec![component("VAT", "20", "10", "2.001", &[0])], "NOT_ROUNDED"),
        (vec![component("VAT", "20", "10", "-2", &[0])], "SIGN"),
        (vec![component("VAT", "0", "10", "0.01", &[0])], "SIGN"),
        (vec![component("VAT", "20", "10", "2.02", &[0])], "AMOUNT"),
        (vec![component("VAT", "20", "10", "1.98", &[0])], "AMOUNT"),
        (vec![component("VAT", "20", "30", "6.03", &[0, 1])], "AMOUNT"),
        (vec![component("VAT", "20", "10", "1000000000000000000", &[0])], "OVERFLOW"),
        (
            vec![
                component("VAT", "20.00000000000000000000000001", "10", "2", &[0]),
                component("GST", "0.0000000000000000000000000001", "10", "0", &[0]),
            ],
            "OVERFLOW",
        ),
    ];
    for (components, code) in table {
        let refused = accept(&asked("EUR", &[1000, 2000]), answer(components)).unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
    }
    let huge = asked("EUR", &[i64::MAX, 1]);
    let refused = accept(&huge, answer(vec![component("VAT", "20", "1", "1", &[0, 1])])).unwrap_err();
    assert_eq!(refused.code(), "OVERFLOW");
}

proptest! {
    #[test]
    fn what_a_fair_plugin_answers_is_taken_and_adds_up(lines in prop::collection::vec(0_i64..1_000_000_000, 1..30), basis_points in 0_i64..=10_000) {
        let question = asked("USD", &lines);
        let usd = question.currency;
        let base = Money::sum(usd, question.lines.iter().map(|line| line.amount)).unwrap();
        let exact = exact_mul(base.to_decimal(), Decimal::new(basis_points, 4)).unwrap();
        let tax = Money::round(exact, usd).unwrap();
        let component = TaxComponent {
            code: "VAT".to_owned(), name: "VAT".to_owned(), rate_percent: Decimal::new(basis_points, 2),
            base: base.to_decimal(), amount: tax.to_decimal(), lines: (0..lines.len() as u32).collect(),
        };
        let accepted = accept(&question, answer(vec![component])).unwrap();
        let parts = accepted.components[0].per_line.iter().map(|(_, part)| *part);
        prop_assert_eq!(Money::sum(usd, parts), Ok(tax));
    }
}
