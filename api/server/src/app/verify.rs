//! Are the books right? Counts, sums and recomputes everything, and says where something differs.

use billing::ids::{ApiKeyId, MetricId, OrganisationId};
use billing::invoice::InvoiceState;
use billing::period::Interval;
use chrono::{DateTime, TimeDelta};
use uuid::Uuid;

use super::App;
use super::recompute_invoice::recompute;
use crate::error::Error;
use crate::store::invoice::Filter;
use crate::store::{self, Keyed as _, Page};
use crate::viewer::{Role, Scope, Viewer};

/// What was looked at and what is wrong.
#[derive(Default)]
pub struct Verdict {
    /// Organisations whose usage was counted.
    pub organisations: usize,
    /// Totals compared with the events behind them.
    pub totals: usize,
    /// Issued invoices computed again.
    pub invoices: usize,
    /// One sentence for each thing that differs.
    pub findings: Vec<String>,
}

/// Verifies every organisation, or one.
pub async fn verify(app: &App, only: Option<OrganisationId>) -> Result<Verdict, Error> {
    let mut verdict = Verdict::default();
    let mut page = Page::first(100);
    loop {
        let organisations = store::organisation::page(&app.store, &page).await?;
        for organisation in organisations
            .items
            .iter()
            .map(|organisation| organisation.id)
            .filter(|id| only.is_none_or(|only| only == *id))
        {
            verdict.organisations += 1;
            usage(app, organisation, &mut verdict).await?;
            invoices(app, organisation, &mut verdict).await?;
            money(app, organisation, &mut verdict).await?;
        }
        let Some(last) = organisations.items.last().filter(|_| organisations.has_next) else { return Ok(verdict) };
        page.after = Some(last.cursor());
    }
}

async fn usage(app: &App, organisation: OrganisationId, verdict: &mut Verdict) -> Result<(), Error> {
    let ever = Interval::new(DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + TimeDelta::days(365 * 300))
        .map_err(Error::internal)?;
    let metrics = store::metric::list(&app.store).await?;
    let ids: Vec<MetricId> = metrics.iter().map(|metric| metric.id).collect();
    let kept = store::usage::totals(&app.store, organisation, &ids, None, &ever).await?;
    for metric in metrics {
        let kept = kept.get(&metric.id).cloned().unwrap_or_default();
        let counted = store::usage::recount(&app.store, organisation, metric.reference(), None, &ever).await?;
        verdict.totals += 1;
        if kept != counted {
            verdict.findings.push(format!(
                "{organisation}: metric {} has running totals of {} events and sum {}, and its events give {} and {}",
                metric.code, kept.count, kept.sum, counted.count, counted.sum
            ));
        }
    }
    Ok(())
}

/// Only the sums of money against their rows, of every organisation or one; one sentence for each that differs.
pub async fn balance(app: &App, only: Option<OrganisationId>) -> Result<Vec<String>, Error> {
    let mut verdict = Verdict::default();
    let mut page = Page::first(100);
    loop {
        let organisations = store::organisation::page(&app.store, &page).await?;
        for organisation in &organisations.items {
            if only.is_none_or(|only| only == organisation.id) {
                money(app, organisation.id, &mut verdict).await?;
            }
        }
        let Some(last) = organisations.items.last().filter(|_| organisations.has_next) else {
            return Ok(verdict.findings);
        };
        page.after = Some(last.cursor());
    }
}

async fn money(app: &App, organisation: OrganisationId, verdict: &mut Verdict) -> Result<(), Error> {
    for wrong in store::balance::imbalances(&app.store, organisation).await? {
        verdict.findings.push(format!(
            "{organisation}: {} ({}) is kept as {} minor units, and its rows give {}",
            wrong.sum, wrong.of, wrong.kept, wrong.counted
        ));
    }
    Ok(())
}

async fn invoices(app: &App, organisation: OrganisationId, verdict: &mut Verdict) -> Result<(), Error> {
    let viewer = Viewer::holding(ApiKeyId::from_uuid(Uuid::nil()), Scope::Operator, Role::Support);
    let filter = Filter {
        states: InvoiceState::ALL.into_iter().filter(|state| state.is_issued()).collect(),
        ..Filter::default()
    };
    let mut page = Page::first(100);
    loop {
        let invoices = store::invoice::page(&app.store, organisation, &filter, &page).await?;
        for invoice in &invoices.items {
            verdict.invoices += 1;
            for difference in recompute(app, &viewer, organisation, invoice.id).await?.differences {
                verdict.findings.push(format!(
                    "{}: {} was {} and comes out as {}",
                    invoice.id, difference.path, difference.issued, difference.recomputed
                ));
            }
        }
        let Some(last) = invoices.items.last().filter(|_| invoices.has_next) else { return Ok(()) };
        page.after = Some(last.cursor());
    }
}
