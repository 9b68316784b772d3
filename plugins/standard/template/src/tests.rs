//! What a reader sees.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use undash_plugin_sdk::InvoiceTemplate;
use undash_plugin_sdk::template::{
    Block, DaySpan, Document, DocumentKind, Input, InvoiceLine, Party, PriceStep, RowStyle, Tax, TaxId,
};

use crate::StandardTemplate;
use crate::numbers::{day, money, quantity};

fn party(name: &str) -> Party {
    Party {
        legal_name: name.into(),
        address: vec!["1 High Street".into(), "Bengaluru 560001".into()],
        tax_ids: vec![TaxId { label: "GSTIN".into(), value: "29ABACS0877M1ZS".into() }],
        email: Some("accounts@example.com".into()),
        attributes: Vec::new(),
    }
}

fn step(label: &str, quantity: &str, unit: &str, amount: &str) -> PriceStep {
    PriceStep { label: label.into(), quantity: quantity.into(), unit_amount: unit.into(), amount: amount.into() }
}

fn invoice() -> Input {
    let march = || Some(DaySpan { first: "2026-03-01".into(), last: "2026-03-31".into() });
    let line = |description: &str, quantity: Option<&str>, amount: &str, steps| InvoiceLine {
        description: description.into(),
        service_days: march(),
        quantity: quantity.map(Into::into),
        unit: String::new(),
        amount: amount.into(),
        steps,
        attributes: Vec::new(),
    };
    Input {
        kind: DocumentKind::Invoice,
        number: Some("IN-2026-0001".into()),
        issued_on: Some("2026-04-01".into()),
        due_on: Some("2026-04-15".into()),
        service_days: march(),
        currency: "INR".into(),
        locale: "en-IN".into(),
        seller: party("Northwind Platforms Private Limited"),
        buyer: party("Acme\u{1b}[31m Private Limited"),
        lines: vec![
            line(
                "API calls",
                Some("150000"),
                "2100000.00",
                vec![step("First 100000", "100000", "15", "1500000"), step("Over 100000", "50000", "12", "600000")],
            ),
            line("Storage", Some("12.50"), "25", vec![step("Per unit", "12.5", "2", "25")]),
            line("Platform fee", None, "100.5", vec![]),
        ],
        subtotal: "2100125.50".into(),
        taxes: vec![Tax {
            name: "IGST".into(),
            rate_percent: "18.0".into(),
            base: "2100125.50".into(),
            amount: "378022.59".into(),
        }],
        total: "2478148.09".into(),
        amount_due: "2478148.09".into(),
        notes: vec!["Place of supply: Karnataka".into()],
        payment_terms: vec!["Pay within 14 days.".into()],
        footer: None,
        attributes: Vec::new(),
    }
}

fn rows(document: &Document) -> Vec<(Vec<String>, RowStyle)> {
    let table = document.blocks.iter().find_map(|block| match block {
        Block::Table(table) => Some(table),
        _ => None,
    });
    table.unwrap().rows.iter().map(|row| (row.cells.clone(), row.style)).collect()
}

#[test]
fn amounts_as_people_read_them() {
    for (amount, currency, expected) in [
        ("1234567.5", "INR", "₹12,34,567.50"),
        ("999", "INR", "₹999.00"),
        ("100000", "INR", "₹1,00,000.00"),
        ("1234567.89", "USD", "$1,234,567.89"),
        ("-5", "EUR", "-€5.00"),
        ("1234", "JPY", "¥1,234"),
        ("0.000003", "USD", "$0.000003"),
        ("12.500", "GBP", "£12.50"),
        ("1.5", "KWD", "KWD\u{a0}1.500"),
    ] {
        assert_eq!(money(amount, currency), expected);
    }
    assert_eq!(quantity("1234567.500", "USD"), "1,234,567.5");
    assert_eq!(quantity("10", "USD"), "10");
    assert_eq!(day("2026-03-05"), "5 Mar 2026");
    assert_eq!(day("soon"), "soon");
}

#[test]
fn an_invoice_shows_lines_and_how_they_were_priced() {
    let document = StandardTemplate::render(invoice()).unwrap();
    assert_eq!(document.title, "Invoice IN-2026-0001");
    assert!(document.footer.starts_with("Northwind Platforms Private Limited · GSTIN"));
    let rows = rows(&document);
    assert_eq!(rows[0].0, ["API calls · 1 Mar 2026 – 31 Mar 2026", "1,50,000", "", "₹21,00,000.00"]);
    assert_eq!(
        rows[1],
        (vec!["First 100000".into(), "1,00,000".into(), "₹15.00".into(), "₹15,00,000.00".into()], RowStyle::Detail,)
    );
    assert_eq!(rows[3].0[1..], ["12.5", "₹2.00", "₹25.00"]);
    assert_eq!(rows[4].0[1..], ["", "", "₹100.50"]);
    assert_eq!(rows.len(), 5);
}

#[test]
fn the_sums_name_rate_and_base() {
    let document = StandardTemplate::render(invoice()).unwrap();
    let totals = document.blocks.iter().find_map(|block| match block {
        Block::Totals(lines) => Some(lines),
        _ => None,
    });
    let shown: Vec<String> =
        totals.unwrap().iter().map(|line| [line.label.as_str(), &line.value].join(" = ")).collect();
    assert_eq!(
        shown,
        [
            "Subtotal = ₹21,00,125.50",
            "IGST 18% on ₹21,00,125.50 = ₹3,78,022.59",
            "Total = ₹24,78,148.09",
            "Amount due = ₹24,78,148.09",
        ]
    );
}

#[test]
fn without_a_number_it_is_no_invoice() {
    let mut input = invoice();
    input.number = None;
    let document = StandardTemplate::render(input.clone()).unwrap();
    assert_eq!(document.title, "Draft invoice");
    input.kind = DocumentKind::Preview;
    assert_eq!(StandardTemplate::render(input).unwrap().title, "Preview");
}

#[test]
fn control_characters_of_a_name_are_not_printed() {
    let document = StandardTemplate::render(invoice()).unwrap();
    let text: String = document
        .blocks
        .iter()
        .filter_map(|block| match block {
            Block::Columns(columns) => Some(columns),
            _ => None,
        })
        .flatten()
        .flat_map(|column| column.lines.iter().flatten().map(|run| run.text.clone()))
        .collect();
    assert!(text.contains("Acme [31m Private Limited"));
}
