//! PDFs per second on one thread: the template guest arranges the facts, the layout makes the bytes.

use std::time::{Duration, Instant};

use chrono::NaiveDate;
use plugin_host::HostSettings;
use rust_decimal::Decimal;
use undash::pdf::{self, Branding};
use undash::plugin::{
    DocumentFacts, DocumentKind, DocumentLine, DocumentParty, DocumentTax, Kind, Plugins, StandardGuest,
};

use crate::Outcome;
use crate::arguments::Arguments;
use crate::table::{Row, Table};

/// Prints the section.
pub(crate) async fn measure(arguments: &Arguments, table: &mut Table) -> Outcome<()> {
    table.section("Invoice PDFs per second on one thread, template guest and layout", &[]);
    let plugins = Plugins::start(HostSettings::default())?;
    let guest = StandardGuest::of(Kind::Template);
    plugins.prepare(guest.digest(), guest.bytes.into()).await?;
    for (pages, documents) in [(1, arguments.scaled(300, 5)), (3, arguments.scaled(150, 3))] {
        let facts = facts_of(&plugins, guest.digest(), pages).await?;
        let (mut arranged, mut laid_out, mut bytes) = (Duration::ZERO, Duration::ZERO, 0);
        for _ in 0..documents {
            let started = Instant::now();
            let (document, _) = plugins.render(guest.digest(), &facts).await?;
            arranged += started.elapsed();
            let started = Instant::now();
            bytes = pdf::render(&document)?.bytes.len();
            laid_out += started.elapsed();
        }
        let each = |part: Duration| part.as_secs_f64() * 1e3 / documents as f64;
        table.row(&Row {
            what: &format!("{pages} page{}, {} lines", if pages == 1 { "" } else { "s" }, facts.lines.len()),
            measured: format!("{:.0} a second", documents as f64 / (arranged + laid_out).as_secs_f64()),
            ..Row::default()
        });
        table.note(&format!(
            "    template guest {:.2} ms, layout {:.2} ms, {} kB",
            each(arranged),
            each(laid_out),
            bytes / 1_000
        ));
    }
    Ok(())
}

/// Facts whose document has exactly so many pages: ten lines, then as many as it takes.
async fn facts_of(plugins: &Plugins, digest: &str, pages: usize) -> Outcome<DocumentFacts> {
    for lines in (10..400).step_by(5) {
        let facts = facts(lines);
        let (document, _) = plugins.render(digest, &facts).await?;
        if pdf::render(&document)?.pages == pages {
            return Ok(facts);
        }
    }
    Err(format!("no number of lines makes {pages} pages").into())
}

fn facts(lines: usize) -> DocumentFacts {
    let day = |month, day| NaiveDate::from_ymd_opt(2026, month, day);
    let month = day(10, 1).zip(day(10, 31));
    let party = |name: &str, tax_id: &str| DocumentParty {
        legal_name: name.to_owned(),
        address: vec!["7 Marine Lines".to_owned(), "Mumbai 400020".to_owned()],
        country: "IN".to_owned(),
        tax_id: Some(tax_id.to_owned()),
        email: Some("accounts@acme.example".to_owned()),
    };
    let line = |number: usize| DocumentLine {
        description: format!("Usage of the service, part {number}"),
        service_days: month,
        quantity: Some(Decimal::from(1_234_567 + number as u64)),
        unit: "tokens".to_owned(),
        amount: Decimal::new(4_250, 2),
        steps: Vec::new(),
    };
    let subtotal = Decimal::new(4_250, 2) * Decimal::from(lines as u64);
    let tax = (subtotal * Decimal::new(18, 2)).round_dp(2);
    DocumentFacts {
        kind: DocumentKind::Invoice,
        number: Some("BENCH-000042".to_owned()),
        issued_on: day(11, 1),
        due_on: day(11, 16),
        service_days: month,
        currency: "USD".to_owned(),
        seller: party("Undash Bench Private Limited", "29ABACS0877M1ZS"),
        buyer: party("Acme Robotics Private Limited", "27AAPFU0939F1ZV"),
        lines: (1..=lines).map(line).collect(),
        subtotal,
        taxes: vec![DocumentTax {
            name: "IGST".to_owned(),
            rate_percent: Decimal::from(18),
            base: subtotal,
            amount: tax,
        }],
        total: subtotal + tax,
        notes: Vec::new(),
        payment_terms: vec!["Due within 15 days.".to_owned()],
        footer: "Made by a benchmark.".to_owned(),
        branding: Branding { issuer_name: "Undash Bench Private Limited".to_owned(), logo: None, colour: [15, 92, 92] },
    }
}
