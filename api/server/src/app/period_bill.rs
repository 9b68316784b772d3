//! The bill of one period: everything that is asked and computed first, then the writing.
//!
//! One transaction saves the invoice, its lines and the plugin calls behind them, moves the subscription
//! on and writes the outbox row for the document; never half an invoice.

use billing::ids::{IssuingEntityId, SubscriptionId};
use billing::invoice::InvoiceState;
use billing::money::Money;
use billing::period::Interval;
use chrono::{DateTime, Utc};

use super::bill_period::{Run, run_key};
use super::finalise_invoice::{self, Issue};
use super::invoice_contents::{InvoiceFacts, contents};
use super::rate_period::{Account, NotRated, Rated, rate};
use super::{App, fresh, tenants, to_microseconds};
use crate::error::Error;
use crate::store::audit::NewAuditEvent;
use crate::store::invoice::{Contents, DraftOutcome, Invoice, InvoiceKind};
use crate::store::subscription::{Subscription, SubscriptionState};
use crate::store::{self, Tx};

/// A bill that is ready to be saved.
pub(super) struct PeriodBill {
    account: Account,
    facts: InvoiceFacts,
    invoice: Invoice,
    contents: Contents,
    next: Option<Interval>,
}

/// What saving did.
pub(super) enum Saved {
    /// The invoice is out.
    Issued,
    /// The invoice waits for the grace time to pass.
    Drafted,
    /// Somebody billed the period before.
    Existing,
}

impl PeriodBill {
    /// Rates the next period of an account, with no transaction open.
    pub(super) async fn prepare(app: &App, account: Account, now: DateTime<Utc>) -> Result<Self, NotRated> {
        let (terms, timezone) = (&account.version.terms, account.organisation.timezone);
        let period = account.subscription.next_period;
        let full = tenants::full_period(&account.subscription, terms, timezone, period.start);
        let rated = rate(app, &account, period, &full, period.end).await?;
        let facts = facts(app, &account, &rated).await?;
        let invoice = draft(&account, &rated, now);
        let next = tenants::period_after(&account.subscription, terms, timezone, &full);
        Ok(Self { contents: contents(&rated, &facts)?, account, facts, invoice, next })
    }

    pub(super) fn subscription(&self) -> &Subscription {
        &self.account.subscription
    }

    /// Bills saved together are saved in this order.
    pub(super) fn lock_order(&self) -> (IssuingEntityId, SubscriptionId) {
        (self.account.issuer.id, self.account.subscription.id)
    }

    /// Saves the bill, and issues it when its grace time has passed. What is to be recorded of it goes into `trail`.
    pub(super) async fn save_in_tx(&self, tx: &Tx, run: &Run, trail: &mut Vec<NewAuditEvent>) -> Result<Saved, Error> {
        let Self { account, facts, invoice, contents, next } = self;
        let subscription = &account.subscription;
        let outcome = store::invoice::insert_draft_in_tx(tx, invoice, contents).await?;
        let (to, state) =
            next.map_or((subscription.next_period, SubscriptionState::Ended), |next| (next, SubscriptionState::Active));
        let from = subscription.next_period.start;
        // Compare-and-set on the period: whoever billed it first has moved the subscription on already.
        store::subscription::advance_in_tx(tx, subscription.organisation_id, subscription.id, from, &to, state).await?;
        store::billing_run::done_in_tx(tx, &run_key(subscription), run.now).await?;
        if matches!(outcome, DraftOutcome::Inserted) {
            trail.push(finalise_invoice::drafted(&run.by, invoice, run.now));
        }
        match outcome {
            DraftOutcome::Exists(_) => Ok(Saved::Existing),
            DraftOutcome::Inserted if invoice.period.end + run.grace <= run.now => {
                let issue = Issue { invoice, facts, issuer: &account.issuer, now: run.now };
                let issued = finalise_invoice::issue_in_tx(tx, &issue).await?;
                trail.push(finalise_invoice::finalised(&run.by, invoice, &issued, run.now));
                Ok(Saved::Issued)
            }
            DraftOutcome::Inserted => Ok(Saved::Drafted),
        }
    }
}

/// Freezes what the invoice says besides numbers.
pub(super) async fn facts(app: &App, account: &Account, rated: &Rated) -> Result<InvoiceFacts, NotRated> {
    let units = app
        .catalogue
        .units(&app.store, rated.draft.lines.iter().filter_map(|line| line.metric_code.as_deref()))
        .await?;
    Ok(InvoiceFacts::of(account, rated, units))
}

fn draft(account: &Account, rated: &Rated, now: DateTime<Utc>) -> Invoice {
    let nothing = Money::zero(rated.draft.currency);
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
        paid: nothing,
        credited: nothing,
        refunded: nothing,
        issued_at: None,
        due_at: None,
        version: 1,
        pdf_key: None,
        pdf_sha256: None,
        template_fallback: None,
        created_at: to_microseconds(now),
    }
}
