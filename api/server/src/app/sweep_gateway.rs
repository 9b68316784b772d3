//! Asking the gateway about what it has not told: payments that may have been paid, refunds that may have gone through.
//! What it answers ends where its webhooks end.

use chrono::{DateTime, TimeDelta, Utc};

use super::settle_refund::{Told, import, send, settle as settle_told};
use super::{App, settle_payment};
use crate::error::Error;
use crate::gateway::{Outcome, Sighting};
use crate::store;
use crate::store::payment::{GatewayName, Payment};
use crate::store::refund::Refund;
use billing::payment::PaymentState;
use billing::refund::RefundState;

/// Things asked about in one sweep.
const BATCH: u64 = 50;

/// A bank may answer for three days, a payer may pay a link for months: asked about for so long.
const DAYS: i64 = 190;

/// How long something rests between two questions.
const REST: TimeDelta = TimeDelta::minutes(15);

/// Asks about what was last heard of before `now - rest`; tells how many things that were. One that cannot be asked
/// about holds up no other.
pub async fn sweep(app: &App, rest: TimeDelta, now: DateTime<Utc>) -> Result<usize, Error> {
    let gateway = GatewayName::Razorpay;
    if app.gateways.named(gateway).is_err() {
        return Ok(0);
    }
    let payments = store::payment::to_ask(&app.store, gateway, now - TimeDelta::days(DAYS), now - rest, BATCH).await?;
    let refunds = store::refund::to_ask(&app.store, now - rest, BATCH).await?;
    // Noted before anybody is asked, so that one that cannot be asked about takes its turn again and not every turn.
    if payments.is_empty() && refunds.is_empty() {
        return Ok(0);
    }
    let tx = app.store.begin().await?;
    for payment in &payments {
        store::payment::checked_in_tx(&tx, payment.organisation_id, payment.id, now).await?;
    }
    for refund in &refunds {
        store::refund::checked_in_tx(&tx, refund.organisation_id, refund.id, now).await?;
    }
    tx.commit().await?;
    for payment in &payments {
        if let Err(error) = ask_payment(app, payment, now).await {
            tracing::warn!(payment = %payment.id, error = ?error, "the gateway could not be asked about a payment");
        }
    }
    for refund in &refunds {
        if let Err(error) = ask_refund(app, refund, now).await {
            tracing::warn!(refund = %refund.id, error = ?error, "the gateway could not be asked about a refund");
        }
    }
    Ok(payments.len() + refunds.len())
}

/// The sweep of the worker.
pub async fn due(app: &App, now: DateTime<Utc>) -> Result<usize, Error> {
    sweep(app, REST, now).await
}

async fn ask_payment(app: &App, payment: &Payment, now: DateTime<Utc>) -> Result<(), Error> {
    let gateway = app.gateways.named(payment.gateway)?;
    let (organisation, id) = (payment.organisation_id, payment.id);
    let seen = match (&payment.gateway_link_id, &payment.gateway_order_id) {
        (Some(link), _) => {
            let (state, seen) = answered(gateway.link(link).await)?;
            settle_payment::heard(app, organisation, id, state, now).await?;
            seen
        }
        (None, Some(order)) => answered(gateway.payments_of_order(order).await)?,
        // Not open yet: its job is at it.
        (None, None) => return Ok(()),
    };
    for seen in in_order(seen) {
        settle_payment::settle(app, organisation, id, &seen, now).await?;
        if seen.state == PaymentState::Authorised {
            let captured = answered(gateway.capture(&seen.id, seen.amount).await)?;
            settle_payment::settle(app, organisation, id, &captured, now).await?;
        }
    }
    Ok(())
}

/// What failed first, what is captured last.
fn in_order(mut seen: Vec<Sighting>) -> Vec<Sighting> {
    seen.sort_by_key(|seen| seen.state);
    seen
}

async fn ask_refund(app: &App, refund: &Refund, now: DateTime<Utc>) -> Result<(), Error> {
    let (organisation, id) = (refund.organisation_id, refund.id);
    if refund.state == RefundState::Unknown {
        // The same question with the same key finds out.
        return send(app, organisation, id, now).await;
    }
    let payment = super::collect_payment::find(app, organisation, refund.payment_id).await?;
    let Some(gateway_payment) = &payment.gateway_payment_id else { return Ok(()) };
    for seen in answered(app.gateways.named(payment.gateway)?.refunds_of(gateway_payment).await)? {
        if seen.key.as_deref() == Some(&id.to_string()) || refund.gateway_refund_id.as_ref() == Some(&seen.id) {
            settle_told(app, organisation, id, Told::Seen(seen), now).await?;
        } else if seen.key.as_deref().is_none_or(|key| !key.starts_with("rfn_")) {
            import(app, organisation, payment.id, &seen, now).await?;
        }
    }
    Ok(())
}

fn answered<T>(outcome: Outcome<T>) -> Result<T, Error> {
    match outcome {
        Outcome::Done(answer) => Ok(answer),
        Outcome::Declined(declined) => Err(Error::refused("GATEWAY_DECLINED", declined.to_string())),
        Outcome::Unknown(why) => {
            Err(Error::unavailable("GATEWAY_UNKNOWN", "The payment gateway did not answer.").caused_by(why))
        }
    }
}
