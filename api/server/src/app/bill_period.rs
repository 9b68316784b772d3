//! The monthly run: each period that has ended becomes one invoice, once.
//!
//! Periods are claimed in batches, priced side by side with no transaction open, and saved together: a
//! commit costs more than an invoice. A second run, here or on another node, meets the unique key on
//! (subscription, period) and changes nothing. A period that cannot be billed is held with its reason
//! and never takes its batch with it.

use billing::ids::{InvoiceId, OrganisationId, SubscriptionId};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt as _, stream};
use std::collections::HashMap;

use super::audit::{self, Actor};
use super::period_bill::{PeriodBill, Saved};
use super::rate_period::{Account, NotRated, account_of, accounts_of};
use super::{App, finalise_invoice};
use crate::error::Error;
use crate::store;
use crate::store::billing_run::RunKey;
use crate::store::subscription::Subscription;

/// Subscriptions looked at in one round.
const ROUND: u32 = 256;

/// Periods claimed together and saved in one transaction.
const BATCH: usize = 32;

/// Periods priced at the same time.
const AT_ONCE: usize = 4;

/// Time one bill may take before another worker may try.
const LEASE_SECONDS: i64 = 60;

/// Failures after which a period waits for a person.
const ATTEMPTS: i32 = 20;

/// What to bill.
pub struct Run {
    /// Periods that ended by then.
    pub now: DateTime<Utc>,
    /// Wait between the end of a period and its issued invoice; until then it is a draft.
    pub grace: TimeDelta,
    /// Only this organisation.
    pub organisation: Option<OrganisationId>,
    /// Share the work with other workers and leave held periods alone until their time comes. An
    /// operator who bills by hand does not want either.
    pub claim: bool,
    /// Who bills.
    pub by: Actor,
}

/// What a run did.
#[derive(Default)]
pub struct Summary {
    /// Invoices issued.
    pub issued: usize,
    /// Drafts made.
    pub drafted: usize,
    /// Periods that had an invoice already.
    pub existing: usize,
    /// Periods that could not be billed, with the reason.
    pub held: Vec<(SubscriptionId, String)>,
}

/// Bills everything that is due.
pub async fn run(app: &App, run: Run) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    loop {
        let due = due(app, &run, &summary).await?;
        if due.is_empty() {
            break;
        }
        let before = summary.moved();
        for batch in due.chunks(BATCH) {
            bill_batch(app, batch, &run, &mut summary).await?;
        }
        if summary.moved() == before {
            break;
        }
    }
    finalise_drafts(app, &run, &mut summary).await?;
    if summary.issued > 0 {
        app.bus.work_written();
    }
    Ok(summary)
}

impl Summary {
    /// Periods that need no further work.
    fn moved(&self) -> usize {
        self.issued + self.drafted + self.existing
    }

    fn add(&mut self, saved: &Saved) {
        match saved {
            Saved::Issued => self.issued += 1,
            Saved::Drafted => self.drafted += 1,
            Saved::Existing => self.existing += 1,
        }
    }
}

async fn due(app: &App, run: &Run, summary: &Summary) -> Result<Vec<Subscription>, Error> {
    let mut due = if run.claim {
        store::subscription::due(&app.store, run.now, ROUND).await?
    } else {
        store::subscription::ended(&app.store, run.now, run.organisation, ROUND).await?
    };
    due.retain(|subscription| !summary.held.iter().any(|(held, _)| *held == subscription.id));
    Ok(due)
}

async fn bill_batch(app: &App, batch: &[Subscription], run: &Run, summary: &mut Summary) -> Result<(), Error> {
    let ours = if run.claim { claim(app, batch, run.now).await? } else { batch.to_vec() };
    // A part that cannot be read is found again below, by the subscription it belongs to.
    let mut accounts: HashMap<SubscriptionId, Account> = match accounts_of(app, &ours).await {
        Ok(accounts) => accounts.into_iter().map(|account| (account.subscription.id, account)).collect(),
        Err(_) => HashMap::new(),
    };
    let prepared: Vec<(Subscription, Result<PeriodBill, NotRated>)> = stream::iter(ours)
        .map(|subscription| {
            let account = accounts.remove(&subscription.id);
            async move {
                let prepared = match account {
                    Some(account) => PeriodBill::prepare(app, account, run.now).await,
                    None => prepare_alone(app, subscription.clone(), run.now).await,
                };
                (subscription, prepared)
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut bills = Vec::with_capacity(prepared.len());
    for (subscription, prepared) in prepared {
        match prepared {
            Ok(bill) => bills.push(bill),
            Err(reason) => hold(app, &subscription, &reason, run, summary).await?,
        }
    }
    // The order in which rows are locked is the same on every node, so that two never wait for each other in a circle.
    bills.sort_by_key(PeriodBill::lock_order);
    match save(app, &bills, run).await {
        Ok(saved) => saved.iter().for_each(|saved| summary.add(saved)),
        // One bad bill must not hold its neighbours: each is saved on its own.
        Err(error) => {
            tracing::warn!(error = ?error, bills = bills.len(), "bills could not be saved together; one by one now");
            for bill in &bills {
                match save(app, std::slice::from_ref(bill), run).await {
                    Ok(saved) => saved.iter().for_each(|saved| summary.add(saved)),
                    Err(error) => hold(app, bill.subscription(), &error.into(), run, summary).await?,
                }
            }
        }
    }
    Ok(())
}

async fn prepare_alone(app: &App, subscription: Subscription, now: DateTime<Utc>) -> Result<PeriodBill, NotRated> {
    PeriodBill::prepare(app, account_of(app, subscription).await?, now).await
}

/// Those of the batch that this worker may bill now.
async fn claim(app: &App, batch: &[Subscription], now: DateTime<Utc>) -> Result<Vec<Subscription>, Error> {
    let lease = TimeDelta::seconds(LEASE_SECONDS);
    let tx = app.store.begin().await?;
    let mut ours = Vec::with_capacity(batch.len());
    for subscription in batch {
        if store::billing_run::claim_in_tx(&tx, &run_key(subscription), subscription.next_period.end, now, lease)
            .await?
        {
            ours.push(subscription.clone());
        }
    }
    tx.commit().await?;
    Ok(ours)
}

async fn save(app: &App, bills: &[PeriodBill], run: &Run) -> Result<Vec<Saved>, Error> {
    if bills.is_empty() {
        return Ok(Vec::new());
    }
    let tx = app.store.begin().await?;
    let (mut saved, mut trail) = (Vec::with_capacity(bills.len()), Vec::with_capacity(2 * bills.len()));
    for bill in bills {
        saved.push(bill.save_in_tx(&tx, run, &mut trail).await?);
    }
    audit::record_all_in_tx(&tx, &trail).await?;
    tx.commit().await?;
    Ok(saved)
}

pub(super) fn run_key(subscription: &Subscription) -> RunKey {
    RunKey {
        organisation_id: subscription.organisation_id,
        subscription_id: subscription.id,
        period_start: subscription.next_period.start,
    }
}

/// Holds a period: tried again with growing pauses, and in the end left to a person.
async fn hold(
    app: &App,
    subscription: &Subscription,
    reason: &NotRated,
    run: &Run,
    summary: &mut Summary,
) -> Result<(), Error> {
    let words = reason.to_string();
    tracing::warn!(subscription = %subscription.id, reason = words, "a period could not be billed and is held");
    if run.claim {
        let key = run_key(subscription);
        let attempts = store::billing_run::find(&app.store, &key).await?.map_or(0, |run| run.attempts);
        if reason.needs_attention() && attempts >= ATTEMPTS {
            store::billing_run::dead(&app.store, &key, &words, run.now).await?;
        } else {
            let minutes = (1_i64 << attempts.clamp(0, 8)).min(240);
            let next = run.now + TimeDelta::minutes(minutes);
            store::billing_run::hold(&app.store, &key, &words, next, run.now).await?;
        }
    }
    summary.held.push((subscription.id, words));
    Ok(())
}

async fn finalise_drafts(app: &App, run: &Run, summary: &mut Summary) -> Result<(), Error> {
    let mut after: Option<InvoiceId> = None;
    loop {
        let drafts =
            store::invoice::drafts_ended(&app.store, run.now - run.grace, run.organisation, after, ROUND).await?;
        let Some(last) = drafts.last().map(|invoice| invoice.id) else { return Ok(()) };
        for invoice in drafts {
            let subscription = invoice.subscription_id;
            match finalise_invoice::finalise_draft(app, run.by.clone(), invoice, run.now).await {
                Ok(true) => summary.issued += 1,
                Ok(false) => summary.existing += 1,
                Err(reason) => {
                    tracing::warn!(subscription = %subscription, %reason, "a draft could not be finalised");
                    summary.held.push((subscription, reason.to_string()));
                }
            }
        }
        after = Some(last);
    }
}
