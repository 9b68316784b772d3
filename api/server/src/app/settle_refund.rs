//! Sending a refund, and what a gateway tells of it. Worker, webhook and sweep end in [`settle`] or, for a refund that
//! nobody asked for here, in [`import`]; a second telling, a late one, or two at once change nothing.
//!
//! Lock order: invoice, payment, refund.

use billing::ids::{OrganisationId, PaymentId, RefundId};
use billing::money::Money;
use billing::refund::RefundState;
use chrono::{DateTime, Utc};

use super::audit::{self, Action, Changes, Subject};
use super::collect_payment::lock;
use super::request_refund::{New, find, free_money};
use super::send_mail::{self, About};
use super::{App, to_microseconds};
use crate::error::Error;
use crate::gateway::{Declined, Outcome, RefundSighting, Return};
use crate::store;
use crate::store::audit::{ActorKind, SubjectType};
use crate::store::gateway_reference::{self, Referred};
use crate::store::invoice::Settlement;
use crate::store::refund::RefundOrigin;

/// What became known of a refund.
pub enum Told {
    /// The gateway has it.
    Seen(RefundSighting),
    /// The gateway will not do it.
    Refused(Declined),
    /// The gateway was asked and said nothing.
    Unanswered,
}

/// Asks the gateway, with the same key at every try. A second run finds the refund further on, or asks again and is
/// told of the same refund.
pub async fn send(app: &App, organisation: OrganisationId, id: RefundId, now: DateTime<Utc>) -> Result<(), Error> {
    let refund = find(app, organisation, id).await?;
    if !matches!(refund.state, RefundState::Requested | RefundState::Unknown) {
        return Ok(());
    }
    let payment = super::collect_payment::find(app, organisation, refund.payment_id).await?;
    let wanted = Return {
        key: id.to_string(),
        payment_id: payment.gateway_payment_id.unwrap_or_else(|| payment.id.to_string()),
        amount: refund.amount,
    };
    match app.gateways.named(payment.gateway)?.refund(&wanted).await {
        Outcome::Done(seen) => settle(app, organisation, id, Told::Seen(seen), now).await,
        Outcome::Declined(declined) => settle(app, organisation, id, Told::Refused(declined), now).await,
        Outcome::Unknown(why) => {
            settle(app, organisation, id, Told::Unanswered, now).await?;
            Err(Error::unavailable(
                "GATEWAY_UNKNOWN",
                "The payment gateway did not say what it did; it is asked again with the same key.",
            )
            .caused_by(why))
        }
    }
}

/// Takes in what became known of a refund that was asked for here.
pub async fn settle(
    app: &App,
    organisation: OrganisationId,
    id: RefundId,
    told: Told,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let known = find(app, organisation, id).await?;
    let gateway = super::collect_payment::find(app, organisation, known.payment_id).await?.gateway;
    let tx = app.store.begin().await?;
    let invoice = match known.invoice_id {
        Some(invoice) => store::invoice::lock_in_tx(&tx, organisation, invoice).await?,
        None => None,
    };
    lock(&tx, organisation, known.payment_id).await?;
    let refund = store::refund::lock_in_tx(&tx, organisation, id).await?;
    let mut refund = refund.ok_or_else(|| Error::internal(format!("the refund {id} is gone")))?;
    let before = refund.clone();
    match told {
        Told::Seen(seen) => {
            refund.state = refund.state.after(seen.state);
            gateway_reference::note_in_tx(&tx, gateway, &seen.id, Referred::Refund(organisation, id)).await?;
            refund.gateway_refund_id = Some(seen.id);
            refund.bank_reference = seen.bank_reference.or(refund.bank_reference);
            if refund.state == RefundState::Failed && refund.failure.is_none() {
                refund.failure = Some("The bank sent the money back to the gateway.".to_owned());
            }
        }
        // A refund that the gateway has is not undone by a later no to the same question.
        Told::Refused(declined) if refund.gateway_refund_id.is_none() => {
            refund.state = refund.state.after(RefundState::Failed);
            refund.failure = Some(declined.to_string());
        }
        Told::Refused(_) => {}
        Told::Unanswered => refund.state = refund.state.after(RefundState::Unknown),
    }
    if refund.state >= RefundState::Succeeded && refund.state != before.state {
        refund.settled_at = Some(to_microseconds(now));
    }
    if refund == before {
        return Ok(());
    }
    store::refund::update_in_tx(&tx, &mut refund).await?;
    if let Some(invoice) = invoice.filter(|_| before.state.is_reserved() && !refund.state.is_reserved()) {
        // The credit note stays; what it took off the invoice is owed to the organisation until it is sent again.
        let settlement = Settlement { refunded: -refund.invoiced.minor, ..Settlement::default() };
        store::invoice::settle_in_tx(&tx, organisation, invoice.id, settlement, invoice.state).await?;
    }
    if refund.state == RefundState::Succeeded && before.state != RefundState::Succeeded {
        send_mail::order_in_tx(&tx, organisation, About::Refund(id), now).await?;
    }
    let changes = Changes::new()
        .changed("state", before.state, refund.state)
        .moved("gatewayRefundId", before.gateway_refund_id.as_deref(), refund.gateway_refund_id.as_deref())
        .moved("failure", before.failure.as_deref(), refund.failure.as_deref());
    let subject = Subject::of_organisation(organisation, SubjectType::Refund, id);
    audit::record_in_tx(&tx, audit::actor(ActorKind::Worker), Action::RefundMoved, subject, changes, now).await?;
    tx.commit().await
}

/// Takes in a refund that was made at the gateway: from its dashboard, by itself after three days, by a dispute.
pub async fn import(
    app: &App,
    organisation: OrganisationId,
    payment: PaymentId,
    seen: &RefundSighting,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let settles = store::payment::allocations(&app.store, organisation, payment).await?;
    let tx = app.store.begin().await?;
    // One that settles several invoices cannot say which of them is meant: the first is credited as far as it goes.
    let invoice = match settles.first() {
        Some(part) => store::invoice::lock_in_tx(&tx, organisation, part.invoice_id).await?,
        None => None,
    };
    let payment = lock(&tx, organisation, payment).await?;
    let earlier = store::refund::of_payment(&tx, organisation, payment.id).await?;
    if let Some(known) = earlier.iter().find(|refund| refund.gateway_refund_id.as_deref() == Some(&seen.id)) {
        drop(tx);
        return settle(app, organisation, known.id, Told::Seen(seen.clone()), now).await;
    }
    let free = free_money(&payment, &earlier)?;
    let invoiced = match &invoice {
        Some(invoice) => {
            let left = invoice.paid.checked_sub(invoice.refunded).map_err(Error::internal)?;
            (seen.amount.minor - free.minor).clamp(0, left.minor.max(0))
        }
        None => 0,
    };
    let new = New {
        payment: &payment,
        invoice: invoice.as_ref(),
        amount: seen.amount,
        invoiced: Money::new(invoiced, seen.amount.currency),
        reason: "Refunded at the payment gateway".to_owned(),
        origin: RefundOrigin::Gateway,
        by: audit::actor(ActorKind::Worker),
        now,
    };
    let (refund, trail) = new.insert_in_tx(&tx, seen.state, Some(seen.id.clone())).await?;
    let referred = Referred::Refund(organisation, refund.id);
    gateway_reference::note_in_tx(&tx, payment.gateway, &seen.id, referred).await?;
    audit::record_all_in_tx(&tx, &[trail]).await?;
    tx.commit().await
}
