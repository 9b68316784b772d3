//! What an invoice consists of: lines with the steps of their price, taxes, and the parties as they were frozen.

use async_graphql::{Context, Enum, Object, SimpleObject};
use billing::ids::InvoiceId;
use billing::invoice::InvoiceLine as DraftLine;
use billing::money::Money as Amount;
use billing::rating;
use billing::tax::AcceptedComponent;
use std::sync::Arc;

use super::access::{Need, linked, loaders};
use super::fault::{Result, nullable};
use super::invoice_page::InvoicePage;
use super::metric::Metric;
use super::money::Money;
use super::scalar::Decimal;
use super::time::DateTimeInterval;
use crate::app::invoice_contents::Party;
use crate::store::invoice as records;
use crate::viewer::Permission;

/// What fields of this file need.
pub(super) const NEEDS: &[Need] = &[Need::field("InvoiceLine.metric", Permission::CatalogueRead)];

/// A line of an invoice, stored or only calculated.
pub(super) enum InvoiceLine {
    /// With everything it has.
    Whole(Arc<records::Line>),
    /// What lists show of it; the rest is read, for all lines of the page, when it is asked for.
    Brief { brief: Arc<records::LineBrief>, page: Arc<InvoicePage>, invoice: InvoiceId, place: usize },
}

impl InvoiceLine {
    pub(super) fn whole(line: records::Line) -> Self {
        Self::Whole(Arc::new(line))
    }

    /// The line of a preview; `tax` is its share of the taxes.
    pub(super) fn preview(line: DraftLine, tax: Amount) -> Self {
        Self::whole(records::Line {
            kind: line.kind,
            metric_id: None,
            metric_code: line.metric_code,
            charge_code: line.charge_code,
            description: line.description,
            quantity: line.quantity,
            event_count: None,
            event_set: None,
            amount_exact: line.amount_exact,
            amount: line.amount,
            tax,
            service_period: line.service_period,
            steps: line.steps,
            call_position: None,
        })
    }

    async fn all(&self) -> Result<&records::Line> {
        match self {
            Self::Whole(line) => Ok(line),
            Self::Brief { page, invoice, place, .. } => page.line(*invoice, *place).await,
        }
    }
}

/// What [`InvoiceLine::Brief`] does not have.
pub(super) const NOT_IN_BRIEF: [&str; 8] =
    ["kind", "metricCode", "metric", "eventCount", "eventSet", "amountExact", "servicePeriod", "steps"];

/// A field that both forms of a line have.
macro_rules! shown {
    ($line:expr, $field:ident) => {
        match $line {
            InvoiceLine::Whole(line) => &line.$field,
            InvoiceLine::Brief { brief, .. } => &brief.$field,
        }
    };
}

/// A line of an invoice. Its amount is rounded once; an invoice's total is the sum of its shown lines and taxes.
#[Object]
impl InvoiceLine {
    /// What it is for.
    async fn kind(&self) -> Result<InvoiceLineKind> {
        Ok(self.all().await?.kind.into())
    }

    /// The code of the charge or fee in the plan.
    async fn charge_code(&self) -> &str {
        shown!(self, charge_code)
    }

    /// What the reader sees.
    async fn description(&self) -> &str {
        shown!(self, description)
    }

    /// The code of the metric at the time, for usage.
    async fn metric_code(&self) -> Option<Result<&str>> {
        nullable(async { Ok(self.all().await?.metric_code.as_deref()) }).await
    }

    /// The metric, for usage that is stored; null in a preview, and for keys that may not read the catalogue.
    async fn metric(&self, ctx: &Context<'_>) -> Option<Result<Metric>> {
        linked(ctx, "InvoiceLine.metric", async {
            match self.all().await?.metric_id {
                Some(metric) => Ok(loaders(ctx)?.load_one(metric).await?.map(Metric)),
                None => Ok(None),
            }
        })
        .await
    }

    /// The quantity, for usage.
    async fn quantity(&self) -> Option<Decimal> {
        shown!(self, quantity).map(Decimal::plain)
    }

    /// The number of events behind the quantity, for usage that is stored.
    async fn event_count(&self) -> Option<Result<Decimal>> {
        nullable(async { Ok(self.all().await?.event_count.map(|count| Decimal(count.into()))) }).await
    }

    /// The fingerprint of exactly which events were counted, in hexadecimal, for usage that is stored.
    async fn event_set(&self) -> Option<Result<String>> {
        nullable(async { Ok(self.all().await?.event_set.map(hex::encode)) }).await
    }

    /// The net amount before rounding, in major units.
    async fn amount_exact(&self) -> Result<Decimal> {
        Ok(Decimal::plain(self.all().await?.amount_exact))
    }

    /// The net amount, rounded to the currency half away from zero.
    async fn amount(&self) -> Money {
        (*shown!(self, amount)).into()
    }

    /// Its share of the taxes.
    async fn tax(&self) -> Money {
        (*shown!(self, tax)).into()
    }

    /// The time it is for.
    async fn service_period(&self) -> Result<DateTimeInterval> {
        Ok(self.all().await?.service_period.into())
    }

    /// How the amount came about; may be empty.
    async fn steps(&self) -> Result<Vec<PriceStep>> {
        Ok(self.all().await?.steps.iter().map(PriceStep::of).collect())
    }
}

/// What a line is for. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "billing::invoice::LineKind")]
pub(super) enum InvoiceLineKind {
    /// Usage of a metric, priced by a plugin.
    Usage,
    /// A fixed fee of the plan.
    FixedFee,
}

/// One step on the way to a price, such as a tier.
#[derive(SimpleObject)]
pub(super) struct PriceStep {
    /// What the step is, in words.
    label: String,
    /// The part of the quantity it covers; zero for a flat amount.
    quantity: Decimal,
    /// The price of one unit, in major units.
    unit_amount: Decimal,
    /// What the step adds to the price, in major units, not rounded.
    amount: Decimal,
}

impl PriceStep {
    fn of(step: &rating::PriceStep) -> Self {
        Self {
            label: step.label.clone(),
            quantity: Decimal::plain(step.quantity),
            unit_amount: Decimal::plain(step.unit_amount),
            amount: Decimal::plain(step.amount),
        }
    }
}

/// One tax at one rate.
#[derive(SimpleObject)]
pub(super) struct InvoiceTax {
    /// A short name, such as `VAT` or `CGST`.
    code: String,
    /// Its name on the document.
    name: String,
    /// The rate in per cent.
    rate_percent: Decimal,
    /// The net amount it is levied on.
    base: Money,
    /// The tax.
    amount: Money,
}

impl InvoiceTax {
    pub(super) fn of(tax: &records::InvoiceTax) -> Self {
        Self {
            code: tax.code.clone(),
            name: tax.name.clone(),
            rate_percent: Decimal::plain(tax.rate_percent),
            base: tax.base.into(),
            amount: tax.amount.into(),
        }
    }

    pub(super) fn preview(tax: &AcceptedComponent) -> Self {
        Self {
            code: tax.code.clone(),
            name: tax.name.clone(),
            rate_percent: Decimal::plain(tax.rate_percent),
            base: tax.base.into(),
            amount: tax.amount.into(),
        }
    }
}

/// One side of an invoice, as written on the document.
#[derive(SimpleObject)]
pub(super) struct InvoiceParty {
    /// Its name in law.
    legal_name: String,
    /// The lines of its address.
    address: Vec<String>,
    /// Its country, ISO 3166-1 alpha-2.
    country: String,
    /// Its state or province, where the tax law asks for it.
    region: Option<String>,
    /// Its tax registration number.
    tax_id: Option<String>,
    /// Where its mail goes.
    email: Option<String>,
}

impl From<Party> for InvoiceParty {
    fn from(party: Party) -> Self {
        let Party { legal_name, address, country, region, tax_id, email } = party;
        Self { legal_name, address, country, region, tax_id, email }
    }
}
