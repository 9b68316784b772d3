//! Usage that arrived after its period was billed: a line on the next invoice, with its own service period.
//!
//! The earlier period is priced again as a whole, by the plugin that priced it then, and the line is
//! the difference to what has been billed for it so far, earlier late lines included. So it is billed
//! once, at the price it would have had in time. Drafts do not count as billed; only the earliest
//! open period takes late lines, so two drafts never both carry them.

use billing::ids::MetricId;
use billing::invoice::{InvoiceLine, InvoiceState, LineKind};
use billing::metering::{self, MetricRef};
use billing::money::Money;
use billing::period::Interval;
use billing::rating::{self, Charge, PricedCharge};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use std::collections::{HashMap, HashSet};

use super::App;
use super::guests_in_force::load;
use super::rate_period::{Account, LineUsage, NotRated};
use crate::error::Error;
use crate::plugin::{CallRecord, Kind};
use crate::store::invoice::{Filter, InCurrency, Invoice, Line};
use crate::store::{self, Page};

/// Earlier periods looked at. Usage older than that stays visible in `invoiceRecompute` and `undash verify`.
const PERIODS: u32 = 6;

/// Lines for usage that came too late for the invoices before the period `before`.
pub(super) async fn lines(
    app: &App,
    account: &Account,
    before: DateTime<Utc>,
    as_of: DateTime<Utc>,
    calls: &mut Vec<CallRecord>,
) -> Result<Vec<(InvoiceLine, LineUsage)>, NotRated> {
    if account.subscription.starts_at >= before
        || account.version.terms.charges.is_empty()
        || has_earlier_draft(app, account, before).await?
    {
        return Ok(Vec::new());
    }
    let earlier = invoices(
        app,
        account,
        InvoiceState::ALL.into_iter().filter(|state| state.is_issued() && *state != InvoiceState::Void).collect(),
    )
    .await?;
    let ids: Vec<InCurrency> = earlier.iter().map(|invoice| (invoice.id, invoice.currency)).collect();
    let billed: Vec<Line> = store::invoice::lines_for_many(&app.store, account.organisation.id, &ids)
        .await?
        .into_values()
        .flatten()
        .collect();
    let mut late = Vec::new();
    for invoice in earlier.iter().rev().filter(|invoice| invoice.period.start < before) {
        late.extend(of_period(app, account, invoice, &billed, as_of, calls).await?);
    }
    Ok(late)
}

async fn has_earlier_draft(app: &App, account: &Account, before: DateTime<Utc>) -> Result<bool, Error> {
    Ok(invoices(app, account, vec![InvoiceState::Draft]).await?.iter().any(|draft| draft.period.start < before))
}

async fn invoices(app: &App, account: &Account, states: Vec<InvoiceState>) -> Result<Vec<Invoice>, Error> {
    let filter = Filter { states, subscription_id: Some(account.subscription.id), ..Filter::default() };
    Ok(store::invoice::page(&app.store, account.organisation.id, &filter, &Page::first(PERIODS)).await?.items)
}

async fn of_period(
    app: &App,
    account: &Account,
    invoice: &Invoice,
    billed: &[Line],
    as_of: DateTime<Utc>,
    calls: &mut Vec<CallRecord>,
) -> Result<Vec<(InvoiceLine, LineUsage)>, NotRated> {
    let terms = &account.version.terms;
    let codes: HashSet<&str> = terms.charges.iter().map(|charge| charge.metric_code.as_str()).collect();
    let metrics = app.catalogue.metrics(&app.store, &codes).await?;
    let ids: Vec<MetricId> = metrics.values().map(|metric| metric.id).collect();
    let now = store::usage::totals(
        &app.store,
        account.organisation.id,
        &ids,
        account.subscription.project_id,
        &invoice.period,
    )
    .await?;
    let billed: HashMap<&str, Billed> = terms
        .charges
        .iter()
        .map(|charge| (charge.code.as_str(), Billed::of(charge, billed, &invoice.period)))
        .collect();
    let unchanged = |charge: &Charge| {
        let events = now.get(&charge.metric_id).map_or(0, |totals| totals.count);
        billed.get(charge.code.as_str()).is_some_and(|billed| billed.events == events)
    };
    if terms.charges.iter().all(unchanged) {
        return Ok(Vec::new());
    }

    let usage: Vec<(MetricRef, metering::Totals)> =
        metrics.values().map(|metric| (*metric, now.get(&metric.id).copied().unwrap_or_default())).collect();
    let reference = format!("{}/{}/late", account.subscription.id, invoice.period.start.to_rfc3339());
    let question = rating::question(terms, &usage, reference, invoice.period, as_of)
        .map_err(|overflow| NotRated::Refused(overflow.to_string()))?;
    let digest = pricing_digest(app, invoice).await?;
    load(app, &digest).await?;
    let (answer, record) = app.plugins.price(&digest, &question).await?;
    let priced = rating::accept(&question, answer)
        .map_err(|refused| NotRated::Refused(format!("pricing plugin {digest}: {refused}")))?;
    let call = calls.len();
    calls.push(record);

    let mut lines = Vec::new();
    for (charge, priced) in terms.charges.iter().zip(priced) {
        let totals = now.get(&charge.metric_id).copied().unwrap_or_default();
        if let Some(billed) = billed.get(charge.code.as_str()).filter(|billed| billed.events != totals.count) {
            lines.push(difference(charge, &priced, &totals, billed, invoice.period, call)?);
        }
    }
    Ok(lines)
}

/// The component that priced an invoice.
async fn pricing_digest(app: &App, invoice: &Invoice) -> Result<String, Error> {
    let calls = store::invoice::calls(&app.store, invoice.organisation_id, invoice.id).await?;
    let pricing = calls.into_iter().find(|call| call.kind == Kind::Pricing);
    pricing
        .map(|call| call.digest)
        .ok_or_else(|| Error::internal(format!("invoice {} has no pricing call", invoice.id)))
}

/// What has been billed of a charge for one service period.
struct Billed {
    quantity: Decimal,
    amount: i64,
    events: u64,
    event_set: [u8; 16],
}

impl Billed {
    fn of(charge: &Charge, lines: &[Line], period: &Interval) -> Self {
        let mut billed = Self { quantity: Decimal::ZERO, amount: 0, events: 0, event_set: [0; 16] };
        for line in lines.iter().filter(|line| line.charge_code == charge.code && line.service_period == *period) {
            billed.quantity += line.quantity.unwrap_or_default();
            billed.amount += line.amount.minor;
            billed.events += line.event_count.unwrap_or_default();
            billed.event_set = exclusive_or(billed.event_set, line.event_set.unwrap_or_default());
        }
        billed
    }
}

fn difference(
    charge: &Charge,
    priced: &PricedCharge,
    totals: &metering::Totals,
    billed: &Billed,
    period: Interval,
    call: usize,
) -> Result<(InvoiceLine, LineUsage), NotRated> {
    let already = Money::new(billed.amount, priced.amount.currency);
    let amount = priced.amount.checked_sub(already).map_err(|error| NotRated::Refused(error.to_string()))?;
    let line = InvoiceLine {
        kind: LineKind::Usage,
        metric_code: Some(charge.metric_code.clone()),
        charge_code: charge.code.clone(),
        description: format!("{}, late usage", charge.name),
        quantity: Some(priced.quantity - billed.quantity),
        amount_exact: amount.to_decimal(),
        amount,
        service_period: period,
        steps: Vec::new(),
    };
    let usage = LineUsage {
        metric: charge.metric_id,
        events: totals.count.saturating_sub(billed.events),
        event_set: exclusive_or(totals.event_set, billed.event_set),
        call,
    };
    Ok((line, usage))
}

/// Event sets are combined bit by bit, so a part taken out of the whole leaves the rest.
pub(super) fn exclusive_or(left: [u8; 16], right: [u8; 16]) -> [u8; 16] {
    std::array::from_fn(|place| left[place] ^ right[place])
}
