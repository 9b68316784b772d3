//! The facts of an invoice as a template sees them, and its blocks as the PDF room lays them out.

use billing::rating::PriceStep;
use chrono::NaiveDate;
use plugin_host::v1::template as v1;
use rust_decimal::Decimal;

use super::values::text;
use crate::pdf::{Align, Block, Branding, Column, Document, RowStyle, Run, TableColumn, TableRow, TotalLine};

/// How far the invoice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// Issued, with a number.
    Invoice,
    /// Not yet finalised.
    Draft,
    /// Never stored.
    Preview,
}

/// Everything a template may know of an invoice.
#[derive(Clone, Debug)]
pub struct DocumentFacts {
    /// How far it is.
    pub kind: DocumentKind,
    /// Number, once it has one.
    pub number: Option<String>,
    /// Day of issue in the customer's time zone.
    pub issued_on: Option<NaiveDate>,
    /// Day it is due.
    pub due_on: Option<NaiveDate>,
    /// First and last day billed, both inclusive.
    pub service_days: Option<(NaiveDate, NaiveDate)>,
    /// ISO 4217.
    pub currency: String,
    /// Who sells.
    pub seller: DocumentParty,
    /// Who buys.
    pub buyer: DocumentParty,
    /// The lines as shown.
    pub lines: Vec<DocumentLine>,
    /// Sum of the lines.
    pub subtotal: Decimal,
    /// One entry a tax.
    pub taxes: Vec<DocumentTax>,
    /// What is to be paid.
    pub total: Decimal,
    /// Sentences the law or the seller wants.
    pub notes: Vec<String>,
    /// How and when to pay.
    pub payment_terms: Vec<String>,
    /// Foot of each page.
    pub footer: String,
    /// Logo and colour: the page shows them, the template never sees them.
    pub branding: Branding,
}

/// One side of the invoice.
#[derive(Clone, Debug)]
pub struct DocumentParty {
    /// Name in law.
    pub legal_name: String,
    /// Postal address, a line each.
    pub address: Vec<String>,
    /// ISO 3166-1 alpha-2; decides what its tax id is called.
    pub country: String,
    /// GSTIN, VAT id and the like.
    pub tax_id: Option<String>,
    /// Where mail goes.
    pub email: Option<String>,
}

/// One line.
#[derive(Clone, Debug)]
pub struct DocumentLine {
    /// What was sold.
    pub description: String,
    /// First and last day served, both inclusive.
    pub service_days: Option<(NaiveDate, NaiveDate)>,
    /// How much of it.
    pub quantity: Option<Decimal>,
    /// What the quantity counts.
    pub unit: String,
    /// Net, rounded to the currency.
    pub amount: Decimal,
    /// How the amount came about.
    pub steps: Vec<PriceStep>,
}

/// One tax.
#[derive(Clone, Debug)]
pub struct DocumentTax {
    /// As shown: `IGST`.
    pub name: String,
    /// 0 to 100.
    pub rate_percent: Decimal,
    /// What it is computed on.
    pub base: Decimal,
    /// The tax.
    pub amount: Decimal,
}

pub(super) fn input(facts: &DocumentFacts) -> v1::Input {
    v1::Input {
        kind: match facts.kind {
            DocumentKind::Invoice => v1::DocumentKind::Invoice,
            DocumentKind::Draft => v1::DocumentKind::Draft,
            DocumentKind::Preview => v1::DocumentKind::Preview,
        },
        number: facts.number.clone(),
        issued_on: facts.issued_on.map(day),
        due_on: facts.due_on.map(day),
        service_days: facts.service_days.map(days),
        currency: facts.currency.clone(),
        locale: format!("en-{}", facts.buyer.country),
        seller: party(&facts.seller),
        buyer: party(&facts.buyer),
        lines: facts.lines.iter().map(line).collect(),
        subtotal: text(facts.subtotal),
        taxes: facts
            .taxes
            .iter()
            .map(|tax| v1::Tax {
                name: tax.name.clone(),
                rate_percent: text(tax.rate_percent),
                base: text(tax.base),
                amount: text(tax.amount),
            })
            .collect(),
        total: text(facts.total),
        amount_due: text(facts.total),
        notes: facts.notes.clone(),
        payment_terms: facts.payment_terms.clone(),
        footer: (!facts.footer.is_empty()).then(|| facts.footer.clone()),
        attributes: Vec::new(),
    }
}

fn party(party: &DocumentParty) -> v1::Party {
    let label = if party.country == "IN" { "GSTIN" } else { "Tax ID" };
    v1::Party {
        legal_name: party.legal_name.clone(),
        address: party.address.clone(),
        tax_ids: party.tax_id.iter().map(|value| v1::TaxId { label: label.to_owned(), value: value.clone() }).collect(),
        email: party.email.clone(),
        attributes: Vec::new(),
    }
}

fn line(line: &DocumentLine) -> v1::InvoiceLine {
    let step = |step: &PriceStep| v1::PriceStep {
        label: step.label.clone(),
        quantity: text(step.quantity),
        unit_amount: text(step.unit_amount),
        amount: text(step.amount),
    };
    v1::InvoiceLine {
        description: line.description.clone(),
        service_days: line.service_days.map(days),
        quantity: line.quantity.map(text),
        unit: line.unit.clone(),
        amount: text(line.amount),
        steps: line.steps.iter().map(step).collect(),
        attributes: Vec::new(),
    }
}

fn day(day: NaiveDate) -> String {
    day.format("%Y-%m-%d").to_string()
}

fn days((first, last): (NaiveDate, NaiveDate)) -> v1::DaySpan {
    v1::DaySpan { first: day(first), last: day(last) }
}

pub(super) fn document(output: v1::Document, facts: &DocumentFacts) -> Document {
    Document {
        subject: format!("{} for {}", output.title, facts.buyer.legal_name),
        title: output.title,
        author: facts.seller.legal_name.clone(),
        issued_on: facts.issued_on,
        language: "en".to_owned(),
        branding: facts.branding.clone(),
        blocks: output.blocks.into_iter().map(block).collect(),
        footer: output.footer,
    }
}

fn block(block: v1::Block) -> Block {
    match block {
        v1::Block::Masthead(head) => Block::Masthead { title: head.title, subtitle: head.subtitle },
        v1::Block::Heading(heading) => Block::Heading { level: heading.level, text: heading.text },
        v1::Block::Paragraph(paragraph) => {
            Block::Paragraph { runs: runs(paragraph.runs), align: align(paragraph.align) }
        }
        v1::Block::Columns(columns) => Block::Columns(columns.into_iter().map(column).collect()),
        v1::Block::Table(table) => Block::Table {
            columns: table
                .columns
                .into_iter()
                .map(|column| TableColumn { title: column.title, align: align(column.align), weight: column.weight })
                .collect(),
            rows: table.rows.into_iter().map(|row| TableRow { cells: row.cells, style: style(row.style) }).collect(),
        },
        v1::Block::Totals(lines) => Block::Totals(
            lines
                .into_iter()
                .map(|line| TotalLine { label: line.label, value: line.value, style: style(line.style) })
                .collect(),
        ),
        v1::Block::Rule => Block::Rule,
        v1::Block::Spacer(points) => Block::Spacer(points),
        v1::Block::PageBreak => Block::PageBreak,
    }
}

fn column(column: v1::Column) -> Column {
    Column {
        heading: column.heading,
        lines: column.lines.into_iter().map(runs).collect(),
        weight: column.weight,
        align: align(column.align),
    }
}

fn runs(runs: Vec<v1::Run>) -> Vec<Run> {
    runs.into_iter().map(|run| Run { text: run.text, bold: run.bold, muted: run.muted }).collect()
}

fn align(align: v1::Align) -> Align {
    match align {
        v1::Align::Left => Align::Left,
        v1::Align::Right => Align::Right,
        v1::Align::Centre => Align::Centre,
    }
}

fn style(style: v1::RowStyle) -> RowStyle {
    match style {
        v1::RowStyle::Normal => RowStyle::Normal,
        v1::RowStyle::Detail => RowStyle::Detail,
        v1::RowStyle::Strong => RowStyle::Strong,
        v1::RowStyle::Section => RowStyle::Section,
    }
}
