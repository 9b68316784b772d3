//! The built standard guests, run as production runs them.

use plugin_host::{PluginKind, digest, v1};

use crate::guests::{PRICING, TAX, TEMPLATE, charge, host, number, per_unit, question, tiers};

fn ready(bytes: &[u8]) -> String {
    let name = digest(bytes);
    host().prepare_now(&name, bytes).unwrap();
    name
}

#[test]
fn the_built_guests_are_what_the_manifest_says() {
    let manifest: serde_json::Value = serde_json::from_slice(include_bytes!("../../../dist/manifest.json")).unwrap();
    for (bytes, kind, world) in [
        (PRICING, PluginKind::Pricing, "undash:pricing/pricing-rule@1.0.0"),
        (TAX, PluginKind::Tax, "undash:tax/tax-calculator@1.0.0"),
        (TEMPLATE, PluginKind::Template, "undash:template/invoice-template@1.0.0"),
    ] {
        let found = host().inspect_now(bytes).unwrap();
        assert_eq!((found.kind, found.world.as_str()), (kind, world));
        assert_eq!((found.digest.clone(), found.size), (digest(bytes), bytes.len()));
        let guests = manifest["guests"].as_array().unwrap();
        let entry = guests.iter().find(|entry| entry["kind"] == kind.as_str()).unwrap();
        assert_eq!(entry["digest"], found.digest);
        assert_eq!(entry["size"], found.size);
    }
}

#[test]
fn prices_are_exact_and_repeatable() {
    let name = ready(PRICING);
    let package = vec![number("package_size", "1000"), number("package_amount", "0.25"), number("free_units", "1000")];
    let input = question(vec![
        per_unit("calls", "1234567", "0.000003"),
        charge("tokens", "GRADUATED", "1000000", vec![tiers()]),
        charge("mails", "PACKAGE", "2001", package),
        charge("storage", "VOLUME", "99.5", vec![tiers()]),
    ]);
    let first = host().price_now(&name, &input);
    let second = host().price_now(&name, &input);
    let output = first.answer.unwrap();
    let amounts: Vec<&str> = output.charges.iter().map(|c| c.amount.as_str()).collect();
    assert_eq!(amounts, ["3.703701", "11.3", "0.5", "0.0014925"]);
    assert_eq!(output.charges[1].steps.len(), 3);
    assert_eq!(output, second.answer.unwrap());
    assert_eq!(first.fuel_used, second.fuel_used);
    assert!(first.memory_peak > 0);
}

#[test]
fn a_refusal_names_the_field() {
    let name = ready(PRICING);
    let input = question(vec![per_unit("calls", "1", "1"), charge("x", "MAGIC", "1", vec![])]);
    match host().price_now(&name, &input).answer.unwrap_err() {
        plugin_host::Failure::GuestError { code, path, .. } => {
            assert_eq!((code.as_str(), path.as_str()), ("unknown-model", "charges.1.model"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_thousand_charges_fit_the_budget() {
    let name = ready(PRICING);
    let charges = |count: usize| question(vec![charge("t", "GRADUATED", "1000000", vec![tiers()]); count]);
    let call = host().price_now(&name, &charges(1_000));
    assert_eq!(call.answer.unwrap().charges.len(), 1_000);
    let call = host().price_now(&name, &charges(1_001));
    assert_eq!(call.answer.unwrap_err().code(), "too-many-lines");
}

fn tax_party(country: &str, region: &str) -> v1::tax::Party {
    v1::tax::Party {
        name: "A".into(),
        country: country.into(),
        region: Some(region.into()),
        tax_id: None,
        attributes: Vec::new(),
    }
}

#[test]
fn taxes_are_split_by_state() {
    let name = ready(TAX);
    let input = v1::tax::Input {
        reference: "test".into(),
        currency: "INR".into(),
        exponent: 2,
        rounding: v1::tax::Rounding::HalfAwayFromZero,
        as_of: "2026-02-01T00:00:00Z".into(),
        seller: tax_party("IN", "KA"),
        buyer: tax_party("IN", "KA"),
        regime: v1::tax::Regime { model: "IN_GST".into(), parameters: vec![number("rate_percent", "18")] },
        lines: vec![v1::tax::TaxLine {
            code: "calls".into(),
            amount: "10.03".into(),
            category: String::new(),
            attributes: Vec::new(),
        }],
        attributes: Vec::new(),
    };
    let output = host().tax_now(&name, &input).answer.unwrap();
    let shown: Vec<_> =
        output.components.iter().map(|c| (c.code.as_str(), c.rate_percent.as_str(), c.amount.as_str())).collect();
    assert_eq!(shown, [("CGST", "9", "0.9"), ("SGST", "9", "0.9")]);
}

fn invoice() -> v1::template::Input {
    let party = |name: &str| v1::template::Party {
        legal_name: name.into(),
        address: vec!["1 High Street".into()],
        tax_ids: vec![v1::template::TaxId { label: "VAT".into(), value: "GB1".into() }],
        email: None,
        attributes: Vec::new(),
    };
    let days = || Some(v1::template::DaySpan { first: "2026-01-01".into(), last: "2026-01-31".into() });
    v1::template::Input {
        kind: v1::template::DocumentKind::Invoice,
        number: Some("UK-1".into()),
        issued_on: Some("2026-02-01".into()),
        due_on: Some("2026-02-15".into()),
        service_days: days(),
        currency: "GBP".into(),
        locale: "en-GB".into(),
        seller: party("Northwind Ltd"),
        buyer: party("Acme \u{202e}Ltd"),
        lines: vec![v1::template::InvoiceLine {
            description: "API calls".into(),
            service_days: days(),
            quantity: Some("150000".into()),
            unit: String::new(),
            amount: "2.10".into(),
            steps: Vec::new(),
            attributes: Vec::new(),
        }],
        subtotal: "2.10".into(),
        taxes: Vec::new(),
        total: "2.10".into(),
        amount_due: "2.10".into(),
        notes: Vec::new(),
        payment_terms: Vec::new(),
        footer: None,
        attributes: Vec::new(),
    }
}

#[test]
fn an_invoice_is_rendered_and_its_names_cannot_reorder_it() {
    let name = ready(TEMPLATE);
    let output = host().render_now(&name, &invoice()).answer.unwrap();
    assert_eq!(output.title, "Invoice UK-1");
    let json = serde_json::to_string(&output).unwrap();
    assert!(json.contains("£2.10") && !json.contains('\u{202e}'));
    let again: v1::template::Output = serde_json::from_str(&json).unwrap();
    assert_eq!(again, output);
}
