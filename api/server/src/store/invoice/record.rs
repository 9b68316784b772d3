//! The records of an invoice and its own row's translation.

use billing::ids::{InvoiceId, IssuingEntityId, MetricId, OrganisationId, SubscriptionId};
use billing::invoice::{InvoiceState, LineKind};
use billing::money::{Currency, Money};
use billing::period::Interval;
use billing::rating::PriceStep;
use chrono::{DateTime, Utc};
use entities::JsonText;
use entities::invoices::{Column, Model};
use rust_decimal::Decimal;
use sea_orm::QueryResult;

use crate::error::Error;
use crate::store::cells::Cells;
use crate::store::column::{currency, interval, micros, money, parsed};
use crate::store::page::{Cursor, Keyed};
use crate::store::plugin::PluginKind;
use crate::store::word::words;

const TABLE: &str = "invoices";

/// What led to an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InvoiceKind {
    /// A billing period that ended.
    Period,
}

words!(InvoiceKind { Period => "PERIOD" });

/// An invoice without its contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// The tenant.
    pub organisation_id: OrganisationId,
    /// Its identity.
    pub id: InvoiceId,
    /// The subscription it bills.
    pub subscription_id: SubscriptionId,
    /// Who issues it.
    pub issuing_entity_id: IssuingEntityId,
    /// What led to it.
    pub kind: InvoiceKind,
    /// The billing period.
    pub period: Interval,
    /// Where it stands.
    pub state: InvoiceState,
    /// The number on the document; absent while it is a draft.
    pub number: Option<String>,
    /// The currency of every amount.
    pub currency: Currency,
    /// The sum of the lines.
    pub subtotal: Money,
    /// The sum of the taxes.
    pub tax: Money,
    /// The sum of both.
    pub total: Money,
    /// What payments have settled of it.
    pub paid: Money,
    /// What credit notes have taken back of it.
    pub credited: Money,
    /// What went back of the payments, or is on its way.
    pub refunded: Money,
    /// When it was issued.
    pub issued_at: Option<DateTime<Utc>>,
    /// When it is due.
    pub due_at: Option<DateTime<Utc>>,
    /// Raised by each change of contents or state; 1 at first.
    pub version: i32,
    /// Name of the rendered file.
    pub pdf_key: Option<String>,
    /// Hex digest of the rendered file.
    pub pdf_sha256: Option<String>,
    /// Why the standard template was used instead of the chosen one.
    pub template_fallback: Option<String>,
    /// When the draft was made.
    pub created_at: DateTime<Utc>,
}

impl Invoice {
    /// What is still to be paid; below zero when the organisation is owed something.
    ///
    /// # Errors
    /// `Internal` for amounts that cannot be combined.
    pub fn due(&self) -> Result<Money, Error> {
        let due = self.total.checked_sub(self.credited).and_then(|due| due.checked_sub(self.paid));
        due.and_then(|due| due.checked_add(self.refunded)).map_err(Error::internal)
    }
}

impl Keyed for Invoice {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.created_at, id: self.id.uuid() }
    }
}

/// A line; its place is its index in [`Contents::lines`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is for.
    pub kind: LineKind,
    /// The metric, for usage.
    pub metric_id: Option<MetricId>,
    /// The metric's code at the time, for usage.
    pub metric_code: Option<String>,
    /// The code of the charge or fee in the plan.
    pub charge_code: String,
    /// What the reader sees.
    pub description: String,
    /// The quantity, for usage.
    pub quantity: Option<Decimal>,
    /// The number of events behind it, for usage.
    pub event_count: Option<u64>,
    /// The fingerprint of exactly those events, for usage.
    pub event_set: Option<[u8; 16]>,
    /// The net amount in major units before rounding.
    pub amount_exact: Decimal,
    /// The net amount, rounded once.
    pub amount: Money,
    /// Its share of the taxes.
    pub tax: Money,
    /// The time it is for.
    pub service_period: Interval,
    /// How the amount came about; may be empty.
    pub steps: Vec<PriceStep>,
    /// The index in [`Contents::calls`] of the call that priced it.
    pub call_position: Option<u32>,
}

/// What a list shows of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineBrief {
    /// The code of the charge or fee in the plan.
    pub charge_code: String,
    /// What the reader sees.
    pub description: String,
    /// The quantity, for usage.
    pub quantity: Option<Decimal>,
    /// The net amount, rounded once.
    pub amount: Money,
    /// Its share of the taxes.
    pub tax: Money,
}

/// A tax component; its place is its index in [`Contents::taxes`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceTax {
    /// Its code.
    pub code: String,
    /// Its name on the document.
    pub name: String,
    /// In percent.
    pub rate_percent: Decimal,
    /// The net amount it is levied on.
    pub base: Money,
    /// The tax.
    pub amount: Money,
}

/// A guest call behind an invoice: enough to replay it bit for bit. Its place is its index in [`Contents::calls`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginCall {
    /// What was asked for.
    pub kind: PluginKind,
    /// The bytes that ran; they must be registered.
    pub digest: String,
    /// The contract world.
    pub world: String,
    /// The engine that ran them.
    pub fingerprint: String,
    /// Canonical JSON of the question.
    pub input: String,
    /// `sha256:` and the hex digest of the question.
    pub input_digest: String,
    /// Canonical JSON of the answer.
    pub output: String,
    /// Instructions spent.
    pub fuel: u64,
}

/// Everything that an invoice says besides its sums.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Contents {
    /// Names, addresses and texts frozen for the document.
    pub facts: JsonText,
    /// The lines, in the order they are printed.
    pub lines: Vec<Line>,
    /// The taxes, in the order they are printed.
    pub taxes: Vec<InvoiceTax>,
    /// The guest calls.
    pub calls: Vec<PluginCall>,
}

pub(super) fn row(invoice: &Invoice, facts: &JsonText) -> Model {
    Model {
        organisation_id: invoice.organisation_id.uuid(),
        id: invoice.id.uuid(),
        subscription_id: invoice.subscription_id.uuid(),
        issuing_entity_id: invoice.issuing_entity_id.uuid(),
        kind: invoice.kind.as_str().to_owned(),
        period_start: micros(invoice.period.start),
        period_end: micros(invoice.period.end),
        state: invoice.state.as_str().to_owned(),
        number: invoice.number.clone(),
        currency: invoice.currency.code().to_owned(),
        subtotal_minor: invoice.subtotal.minor,
        tax_minor: invoice.tax.minor,
        total_minor: invoice.total.minor,
        paid_minor: invoice.paid.minor,
        credited_minor: invoice.credited.minor,
        refunded_minor: invoice.refunded.minor,
        issued_at: invoice.issued_at.map(micros),
        due_at: invoice.due_at.map(micros),
        facts: facts.clone(),
        version: invoice.version,
        pdf_key: invoice.pdf_key.clone(),
        pdf_sha256: invoice.pdf_sha256.clone(),
        template_fallback: invoice.template_fallback.clone(),
        created_at: micros(invoice.created_at),
    }
}

/// What [`record`] reads, in its order.
pub(super) const COLUMNS: [Column; 23] = [
    Column::OrganisationId,
    Column::Id,
    Column::SubscriptionId,
    Column::IssuingEntityId,
    Column::Kind,
    Column::PeriodStart,
    Column::PeriodEnd,
    Column::State,
    Column::Number,
    Column::Currency,
    Column::SubtotalMinor,
    Column::TaxMinor,
    Column::TotalMinor,
    Column::PaidMinor,
    Column::CreditedMinor,
    Column::RefundedMinor,
    Column::IssuedAt,
    Column::DueAt,
    Column::Version,
    Column::PdfKey,
    Column::PdfSha256,
    Column::TemplateFallback,
    Column::CreatedAt,
];

pub(super) fn record(row: &QueryResult) -> Result<Invoice, Error> {
    let mut cells = Cells::of(row);
    let organisation_id = OrganisationId::from_uuid(cells.take()?);
    let id = InvoiceId::from_uuid(cells.take()?);
    let subscription_id = SubscriptionId::from_uuid(cells.take()?);
    let issuing_entity_id = IssuingEntityId::from_uuid(cells.take()?);
    let kind = parsed(TABLE, "kind", &cells.take::<String>()?)?;
    let period = interval(TABLE, "period_end", cells.take()?, cells.take()?)?;
    let state = parsed(TABLE, "state", &cells.take::<String>()?)?;
    let number = cells.take()?;
    let currency = currency(TABLE, &cells.take::<String>()?)?;
    Ok(Invoice {
        organisation_id,
        id,
        subscription_id,
        issuing_entity_id,
        kind,
        period,
        state,
        number,
        currency,
        subtotal: money(cells.take()?, currency),
        tax: money(cells.take()?, currency),
        total: money(cells.take()?, currency),
        paid: money(cells.take()?, currency),
        credited: money(cells.take()?, currency),
        refunded: money(cells.take()?, currency),
        issued_at: cells.take()?,
        due_at: cells.take()?,
        version: cells.take()?,
        pdf_key: cells.take()?,
        pdf_sha256: cells.take()?,
        template_fallback: cells.take()?,
        created_at: cells.take()?,
    })
}
