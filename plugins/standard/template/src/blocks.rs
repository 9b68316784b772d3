//! The order of an invoice: who and what, for whom, the lines, the sums, and the words the law and the seller want.

use undash_plugin_sdk::template::{
    Align, Block, Column, Document, DocumentKind, Heading, Input, Masthead, Paragraph, Party, RowStyle, Run, TotalLine,
};

use crate::numbers::{day, money, plain, quantity, span};
use crate::table;

/// Bytes of a title, a label or a footer.
const SHORT: usize = 200;
/// Bytes of a paragraph.
const LONG: usize = 2_000;

pub(crate) fn document(input: &Input) -> Document {
    let title = title(input);
    let number = plain(input.number.as_deref().unwrap_or_default(), SHORT);
    let mut blocks = vec![
        Block::Masthead(Masthead { title: title.to_owned(), subtitle: number.clone() }),
        Block::Columns(facts(input, &number)),
        Block::Spacer(8),
        Block::Columns(vec![party("From", &input.seller), party("Billed to", &input.buyer)]),
        Block::Spacer(8),
        Block::Heading(Heading { level: 2, text: summary(input) }),
    ];
    if input.number.is_none() {
        blocks.push(paragraph("Not an invoice yet: it has no number, and its amounts may still change.", true));
    }
    blocks.push(Block::Table(table::lines(input)));
    blocks.push(Block::Totals(totals(input)));
    section(&mut blocks, "Notes", &input.notes);
    section(&mut blocks, "Payment", &input.payment_terms);
    Document {
        title: plain(&[title, number.as_str()].join(" "), SHORT).trim_end().to_owned(),
        blocks,
        footer: footer(input),
    }
}

fn title(input: &Input) -> &'static str {
    match (input.kind, &input.number) {
        (DocumentKind::CreditNote, Some(_)) => "Credit note",
        (DocumentKind::CreditNote, None) => "Draft credit note",
        (DocumentKind::Preview, _) => "Preview",
        (DocumentKind::Draft, _) | (DocumentKind::Invoice, None) => "Draft invoice",
        (DocumentKind::Invoice, Some(_)) => "Invoice",
    }
}

/// The sentence a reader looks for first.
fn summary(input: &Input) -> String {
    let due = money(&input.amount_due, &input.currency);
    match (&input.number, &input.due_on) {
        (Some(_), Some(date)) if input.kind == DocumentKind::Invoice => [due.as_str(), "due by", &day(date)].join(" "),
        (Some(_), _) if input.kind == DocumentKind::Invoice => [due.as_str(), "due"].join(" "),
        _ => ["Total", &money(&input.total, &input.currency)].join(" "),
    }
}

fn facts(input: &Input, number: &str) -> Vec<Column> {
    let mut facts = Vec::with_capacity(4);
    let mut add = |heading: &str, value: String| {
        facts.push(Column {
            heading: Some(heading.to_owned()),
            lines: vec![vec![run(value, false, false)]],
            weight: if heading == "Period" { 2 } else { 1 },
            align: Align::Left,
        });
    };
    let number = if number.is_empty() { "Not numbered yet" } else { number };
    add("Number", number.to_owned());
    if let Some(date) = &input.issued_on {
        add("Issued", day(date));
    }
    if let Some(date) = &input.due_on {
        add("Due", day(date));
    }
    if let Some(days) = &input.service_days {
        add("Period", span(days));
    }
    facts
}

fn party(heading: &str, party: &Party) -> Column {
    let mut lines = vec![vec![run(plain(&party.legal_name, SHORT), true, false)]];
    for line in &party.address {
        lines.push(vec![run(plain(line, SHORT), false, false)]);
    }
    for id in &party.tax_ids {
        let label = [plain(&id.label, 32).as_str(), ": "].concat();
        lines.push(vec![run(label, false, true), run(plain(&id.value, 64), false, false)]);
    }
    if let Some(email) = &party.email {
        lines.push(vec![run(plain(email, SHORT), false, true)]);
    }
    Column { heading: Some(heading.to_owned()), lines, weight: 1, align: Align::Left }
}

fn totals(input: &Input) -> Vec<TotalLine> {
    let line =
        |label: String, value: &str, style: RowStyle| TotalLine { label, value: money(value, &input.currency), style };
    let mut lines = vec![line("Subtotal".to_owned(), &input.subtotal, RowStyle::Normal)];
    for tax in &input.taxes {
        let label = [
            plain(&tax.name, 64).as_str(),
            " ",
            &quantity(&tax.rate_percent, &input.currency),
            "% on ",
            &money(&tax.base, &input.currency),
        ]
        .concat();
        lines.push(line(label, &tax.amount, RowStyle::Normal));
    }
    lines.push(line("Total".to_owned(), &input.total, RowStyle::Strong));
    if input.kind == DocumentKind::Invoice && input.number.is_some() {
        lines.push(line("Amount due".to_owned(), &input.amount_due, RowStyle::Strong));
    }
    lines
}

fn section(blocks: &mut Vec<Block>, heading: &str, texts: &[String]) {
    if texts.is_empty() {
        return;
    }
    blocks.push(Block::Heading(Heading { level: 3, text: heading.to_owned() }));
    for text in texts {
        blocks.push(paragraph(text, false));
    }
}

fn footer(input: &Input) -> String {
    if let Some(footer) = &input.footer {
        return plain(footer, SHORT);
    }
    let mut footer = plain(&input.seller.legal_name, 100);
    for id in input.seller.tax_ids.iter().take(2) {
        footer.push_str(" · ");
        footer.push_str(&plain(&id.label, 16));
        footer.push(' ');
        footer.push_str(&plain(&id.value, 24));
    }
    footer
}

fn paragraph(text: &str, muted: bool) -> Block {
    Block::Paragraph(Paragraph { runs: vec![run(plain(text, LONG), false, muted)], align: Align::Left })
}

fn run(text: String, bold: bool, muted: bool) -> Run {
    Run { text, bold, muted }
}
