//! What a gateway tells of a payment becomes a state, and its money settles an invoice. Worker, webhook and sweep end
//! here; a second telling, a late one, or two at once change nothing.
//!
//! Lock order: invoice, payment.

use billing::ids::{OrganisationId, PaymentId};
use billing::invoice::InvoiceState;
use billing::money::Money;
use billing::payment::{PaymentState, allocate};
use chrono::{DateTime, Utc};

use super::audit::{self, Action, Changes, Subject};
use super::collect_payment::{find, lock, new_payment, save_in_tx};
use super::send_mail::{self, About};
use super::{App, to_microseconds};
use crate::error::Error;
use crate::gateway::Sighting;
use crate::store::audit::{ActorKind, SubjectType};
use crate::store::gateway_reference::{self, Referred};
use crate::store::invoice::{Invoice, Settlement};
use crate::store::payment::{self, Allocation, Payment, PaymentMethod};
use crate::store::{self, Tx};

/// Takes in what was seen of a payment.
pub async fn settle(
    app: &App,
    organisation: OrganisationId,
    id: PaymentId,
    seen: &Sighting,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let invoice_id = find(app, organisation, id).await?.invoice_id;
    let tx = app.store.begin().await?;
    let invoice = match invoice_id {
        Some(invoice) => store::invoice::lock_in_tx(&tx, organisation, invoice).await?,
        None => None,
    };
    let mut payment = lock(&tx, organisation, id).await?;
    let is_other = payment.gateway_payment_id.as_ref().is_some_and(|known| *known != seen.id);
    if is_other && payment.state >= PaymentState::Authorised {
        // The order is paid. A decline of another attempt says nothing any more, but money is money.
        if seen.state == PaymentState::Captured {
            take_unasked_in_tx(&tx, &payment, seen, now).await?;
            tx.commit().await?;
        }
        return Ok(());
    }
    let before = payment.clone();
    observe(&mut payment, seen);
    gateway_reference::note_in_tx(&tx, payment.gateway, &seen.id, Referred::Payment(organisation, id)).await?;
    if let Some(order) = &seen.order_id {
        gateway_reference::note_in_tx(&tx, payment.gateway, order, Referred::Payment(organisation, id)).await?;
    }
    if payment.state == PaymentState::Captured && before.state != PaymentState::Captured {
        payment.captured = seen.amount;
        payment.received_at = Some(to_microseconds(now));
        if let Some(invoice) = invoice {
            settle_invoice_in_tx(&tx, &mut payment, &invoice, now).await?;
        }
        send_mail::order_in_tx(&tx, organisation, About::Payment(id), now).await?;
    }
    if payment == before {
        // Only what names it may be new.
        return tx.commit().await;
    }
    save_in_tx(&tx, audit::actor(ActorKind::Worker), &mut payment, before.state, now).await?;
    tx.commit().await
}

/// Takes in where a payment stands when no payment of the gateway was seen: its link has expired, for example.
pub async fn heard(
    app: &App,
    organisation: OrganisationId,
    id: PaymentId,
    state: PaymentState,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let tx = app.store.begin().await?;
    let mut payment = lock(&tx, organisation, id).await?;
    let before = payment.state;
    payment.state = before.after(state);
    if payment.state == before {
        return Ok(());
    }
    save_in_tx(&tx, audit::actor(ActorKind::Worker), &mut payment, before, now).await?;
    tx.commit().await
}

/// What a payment is after a sighting of it: never less than before.
fn observe(payment: &mut Payment, seen: &Sighting) {
    let state = payment.state.after(seen.state);
    if seen.state < payment.state && payment.gateway_payment_id.is_some() {
        // Old news of it; only what the gateway keeps may be told late.
        payment.fee = payment.fee.or(seen.fee);
        payment.fee_tax = payment.fee_tax.or(seen.fee_tax);
        return;
    }
    payment.state = state;
    payment.gateway_payment_id = Some(seen.id.clone());
    payment.gateway_order_id = payment.gateway_order_id.take().or_else(|| seen.order_id.clone());
    payment.fee = seen.fee.or(payment.fee);
    payment.fee_tax = seen.fee_tax.or(payment.fee_tax);
    match (state, &seen.decline) {
        (PaymentState::Failed, Some(decline)) => {
            payment.decline_code = Some(decline.code.clone());
            payment.decline_words = Some(decline.words.clone());
        }
        (PaymentState::Authorised | PaymentState::Captured, _) => {
            (payment.decline_code, payment.decline_words) = (None, None);
        }
        _ => {}
    }
}

/// Lets what is left of a payment settle what is due of an invoice; both are locked, the payment is not yet written.
pub(super) async fn settle_invoice_in_tx(
    tx: &Tx,
    payment: &mut Payment,
    invoice: &Invoice,
    now: DateTime<Utc>,
) -> Result<Money, Error> {
    let nothing = Money::zero(payment.captured.currency);
    if invoice.currency != payment.captured.currency
        || !matches!(invoice.state, InvoiceState::Open | InvoiceState::Uncollectible)
    {
        return Ok(nothing);
    }
    let free = payment.captured.checked_sub(payment.allocated).map_err(Error::internal)?;
    let due = invoice.due()?;
    let (shares, _) = allocate(free, &[due]).map_err(Error::internal)?;
    let share = shares.first().copied().unwrap_or(nothing);
    if share.is_zero() {
        return Ok(share);
    }
    let organisation = payment.organisation_id;
    let allocation = Allocation { payment_id: payment.id, invoice_id: invoice.id, minor: share.minor };
    payment.allocated = payment.allocated.checked_add(share).map_err(Error::internal)?;
    payment::allocate_in_tx(tx, organisation, allocation, now).await?;
    let state = if share == due { InvoiceState::Paid } else { invoice.state };
    let settlement = Settlement { paid: share.minor, ..Settlement::default() };
    store::invoice::settle_in_tx(tx, organisation, invoice.id, settlement, state).await?;
    Ok(share)
}

/// Money that nobody asked for: a second payment of a paid order. It belongs to the organisation and settles nothing
/// until somebody says what, or it goes back.
async fn take_unasked_in_tx(tx: &Tx, of: &Payment, seen: &Sighting, now: DateTime<Utc>) -> Result<(), Error> {
    let organisation = of.organisation_id;
    if payment::find_by_gateway_payment(tx, organisation, &seen.id).await?.is_some() {
        return Ok(());
    }
    let mut payment = new_payment(organisation, None, of.gateway, PaymentMethod::Unasked, seen.amount, now);
    gateway_reference::note_in_tx(tx, of.gateway, &seen.id, Referred::Payment(organisation, payment.id)).await?;
    payment.state = PaymentState::Captured;
    payment.captured = seen.amount;
    payment.gateway_payment_id = Some(seen.id.clone());
    payment.gateway_order_id = seen.order_id.clone();
    (payment.fee, payment.fee_tax) = (seen.fee, seen.fee_tax);
    payment.received_at = Some(to_microseconds(now));
    payment::insert_in_tx(tx, &payment).await?;
    let changes = Changes::new().set("method", payment.method.as_str()).set("captured", payment.captured);
    let subject = Subject::of_organisation(organisation, SubjectType::Payment, payment.id);
    audit::record_in_tx(tx, audit::actor(ActorKind::Worker), Action::PaymentCreated, subject, changes, now).await
}
