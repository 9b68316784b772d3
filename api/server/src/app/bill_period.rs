//! The monthly run: each period that has ended becomes one invoice, once.
//!
//! Usage is priced with no transaction open; then one transaction saves the invoice, its lines and the
//! plugin calls behind them, moves the subscription on and writes the outbox row for the document. A
//! second run, here or on another node, meets the unique key on (subscription, period) and changes
//! nothing. A period that cannot be priced is held with its reason; never half an invoice.

use billing::ids::{InvoiceId, OrganisationId, SubscriptionId};
use billing::invoice::InvoiceState;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt as _, stream};

use super::finalise_invoice::{self, Issue};
use super::invoice_contents::{InvoiceFacts, contents};
use super::rate_period::{Account, NotRated, Rated, account_of, in_force, rate};
use super::{App, fresh, tenants, to_microseconds};
use crate::error::Error;
use crate::plugin::Kind;
use crate::store;
use crate::store::billing_run::RunKey;
use crate::store::invoice::{DraftOutcome, Invoice, InvoiceKind};
use crate::store::plugin::Target;
use crate::store::subscription::{Subscription, SubscriptionState};

/// Subscriptions looked at in one round.
const ROUND: u32 = 200;

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

enum Billed {
    Issued,
    Drafted,
    Existing,
    NotOurs,
    Held(SubscriptionId, String),
}

/// Bills everything that is due.
pub async fn run(app: &App, run: Run) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    loop {
        let due = due(app, &run, &summary).await?;
        if due.is_empty() {
            break;
        }
        let billed: Vec<Result<Billed, Error>> = stream::iter(due)
            .map(|subscription| bill_claimed(app, subscription, &run))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut moved = false;
        for outcome in billed {
            moved |= summary.add(outcome?);
        }
        if !moved {
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
    /// Counts one outcome; tells whether the subscription moved on.
    fn add(&mut self, billed: Billed) -> bool {
        match billed {
            Billed::Issued => self.issued += 1,
            Billed::Drafted => self.drafted += 1,
            Billed::Existing => self.existing += 1,
            Billed::NotOurs => return false,
            Billed::Held(subscription, reason) => {
                self.held.push((subscription, reason));
                return false;
            }
        }
        true
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

async fn bill_claimed(app: &App, subscription: Subscription, run: &Run) -> Result<Billed, Error> {
    let (organisation, id, period) = (subscription.organisation_id, subscription.id, subscription.next_period);
    if run.claim
        && !store::billing_run::claim(&app.store, organisation, id, &period, run.now, TimeDelta::seconds(LEASE_SECONDS))
            .await?
    {
        return Ok(Billed::NotOurs);
    }
    let key = RunKey { organisation_id: organisation, subscription_id: id, period_start: period.start };
    match bill(app, subscription, run).await {
        Ok(billed) => Ok(billed),
        Err(reason) => {
            let words = reason.to_string();
            tracing::warn!(subscription = %id, reason = words, "a period could not be billed and is held");
            if run.claim {
                hold(app, &key, &reason, &words, run.now).await?;
            }
            Ok(Billed::Held(id, words))
        }
    }
}

/// Holds a period: tried again with growing pauses, and in the end left to a person.
async fn hold(app: &App, key: &RunKey, reason: &NotRated, words: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let attempts = store::billing_run::find(&app.store, key).await?.map_or(0, |run| run.attempts);
    if reason.needs_attention() && attempts >= ATTEMPTS {
        store::billing_run::dead(&app.store, key, words, now).await?;
    } else {
        let minutes = (1_i64 << attempts.clamp(0, 8)).min(240);
        store::billing_run::hold(&app.store, key, words, now + TimeDelta::minutes(minutes), now).await?;
    }
    Ok(())
}

async fn bill(app: &App, subscription: Subscription, run: &Run) -> Result<Billed, NotRated> {
    let account = account_of(app, subscription).await?;
    let (terms, timezone) = (&account.version.terms, account.organisation.timezone);
    let period = account.subscription.next_period;
    let full = tenants::full_period(&account.subscription, terms, timezone, period.start);
    let rated = rate(app, &account, period, &full, period.end).await?;
    let facts = facts(app, &account, &rated).await?;
    let invoice = draft(&account, &rated, facts.to_json()?, run.now);
    let next = tenants::period_after(&account.subscription, terms, timezone, &full);

    let tx = app.store.begin().await?;
    let outcome = store::invoice::insert_draft_in_tx(&tx, &invoice, &contents(&rated)?).await?;
    let (to, state) = next.map_or((period, SubscriptionState::Ended), |next| (next, SubscriptionState::Active));
    // Compare-and-set on the period: whoever billed it first has moved the subscription on already.
    store::subscription::advance_in_tx(&tx, account.organisation.id, account.subscription.id, period.start, &to, state)
        .await?;
    let key = RunKey {
        organisation_id: account.organisation.id,
        subscription_id: account.subscription.id,
        period_start: period.start,
    };
    store::billing_run::done_in_tx(&tx, &key, run.now).await?;
    let billed = match outcome {
        DraftOutcome::Exists(_) => Billed::Existing,
        DraftOutcome::Inserted if period.end + run.grace <= run.now => {
            let issue = Issue { invoice: &invoice, facts: &facts, issuer: &account.issuer, now: run.now };
            finalise_invoice::issue_in_tx(&tx, &issue).await?;
            Billed::Issued
        }
        DraftOutcome::Inserted => Billed::Drafted,
    };
    tx.commit().await?;
    Ok(billed)
}

/// Freezes what the invoice says besides numbers.
pub(super) async fn facts(app: &App, account: &Account, rated: &Rated) -> Result<InvoiceFacts, NotRated> {
    let targets = [Target::Organisation(account.organisation.id), Target::IssuingEntity(account.issuer.id)];
    let template = in_force(app, Kind::Template, &targets, rated.draft.period.end).await?;
    let units = app
        .catalogue
        .units(&app.store, rated.draft.lines.iter().filter_map(|line| line.metric_code.as_deref()))
        .await?;
    Ok(InvoiceFacts::of(account, rated, units, template))
}

fn draft(account: &Account, rated: &Rated, facts: serde_json::Value, now: DateTime<Utc>) -> Invoice {
    Invoice {
        organisation_id: account.organisation.id,
        id: fresh::<_>(),
        subscription_id: account.subscription.id,
        issuing_entity_id: account.issuer.id,
        kind: InvoiceKind::Period,
        period: rated.draft.period,
        state: InvoiceState::Draft,
        number: None,
        currency: rated.draft.currency,
        subtotal: rated.totals.subtotal,
        tax: rated.totals.tax,
        total: rated.totals.total,
        issued_at: None,
        due_at: None,
        facts,
        version: 1,
        pdf_key: None,
        pdf_sha256: None,
        template_fallback: None,
        created_at: to_microseconds(now),
    }
}

async fn finalise_drafts(app: &App, run: &Run, summary: &mut Summary) -> Result<(), Error> {
    let mut after: Option<InvoiceId> = None;
    loop {
        let drafts =
            store::invoice::drafts_ended(&app.store, run.now - run.grace, run.organisation, after, ROUND).await?;
        let Some(last) = drafts.last().map(|invoice| invoice.id) else { return Ok(()) };
        for invoice in drafts {
            let subscription = invoice.subscription_id;
            match finalise_invoice::finalise_draft(app, invoice, run.now).await {
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
