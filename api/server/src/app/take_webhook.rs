//! What Razorpay tells: kept as it came, answered at once, taken in later as often as it takes.

use billing::ids::{OrganisationId, PaymentId};
use chrono::{DateTime, Utc};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::audit::{self, Action, Changes, Subject};
use super::collect_payment::{lock, owned};
use super::settle_refund::{Told, import};
use super::{App, fresh, settle_payment, settle_refund};
use crate::error::Error;
use crate::gateway::{News, Outcome, RefundSighting, Sighting, razorpay};
use crate::store;
use crate::store::audit::{ActorKind, SubjectType};
use crate::store::gateway_reference::{self, Referred};
use crate::store::outbox::NewJob;
use crate::store::payment::GatewayName;

/// Topic of the outbox row that takes in what a gateway told.
pub const TAKE_WEBHOOK: &str = "webhook.take";

const RAZORPAY: GatewayName = GatewayName::Razorpay;

/// Characters of an event's id that are kept.
const LONGEST_ID: usize = 200;

/// Keeps what was told. The same event again is answered alike and kept once.
///
/// # Errors
/// `Unauthenticated` without a signature of Razorpay's, `Invalid` for what is no event.
pub async fn receive(
    app: &App,
    body: &[u8],
    signature: Option<&str>,
    event_id: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let razorpay = app.gateways.razorpay()?;
    if !razorpay.has_webhook_secret() {
        let words = "Webhooks are refused until the operator sets `razorpay_webhook_secret`.";
        return Err(Error::refused("NO_WEBHOOK_SECRET", words));
    }
    if !signature.is_some_and(|signature| razorpay.is_signed(body, signature)) {
        let words = "`X-Razorpay-Signature` is not the HMAC-SHA256 of the body under the webhook secret, in hex.";
        return Err(Error::unauthenticated("BAD_SIGNATURE", words));
    }
    let is_event = |why: String| Error::invalid("BAD_EVENT", format!("The body is no event: {why}."));
    let text = std::str::from_utf8(body).map_err(|error| is_event(error.to_string()))?;
    let event = razorpay::event_name(text).map_err(is_event)?;
    // An event without an id is told apart by what it says.
    let id = event_id.filter(|id| !id.is_empty() && id.len() <= LONGEST_ID);
    let event_id = id.map_or_else(|| format!("sha256:{}", hex::encode(Sha256::digest(body))), str::to_owned);
    let told = store::inbox::Told { gateway: RAZORPAY, event_id, event, body: text.to_owned() };
    let tx = app.store.begin().await?;
    if store::inbox::keep_in_tx(&tx, &told, now).await? {
        let job = NewJob {
            id: fresh(),
            organisation_id: None,
            topic: TAKE_WEBHOOK.to_owned(),
            payload: json!({"eventId": told.event_id, "event": told.event}),
            dedupe_key: Some(format!("{TAKE_WEBHOOK}/{}", told.event_id)),
            available_at: now,
        };
        store::outbox::enqueue_in_tx(&tx, &job, now).await?;
    }
    tx.commit().await?;
    app.bus.work_written();
    Ok(())
}

/// Takes in what was told under an id. What is about something nobody knows yet is an error, so that it is tried again.
pub async fn take(app: &App, event_id: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let told = store::inbox::find(&app.store, RAZORPAY, event_id).await?;
    let told = told.ok_or_else(|| Error::internal(format!("the event {event_id} is not in the inbox")))?;
    let unreadable =
        |why: String| Error::internal(format!("the event {event_id} ({}) cannot be read: {why}", told.event));
    match razorpay::news(&told.body).map_err(unreadable)? {
        News::Payment(seen) => take_payment(app, &seen, now).await,
        News::Link(link, state, seen) => {
            let Some(Referred::Payment(organisation, payment)) =
                gateway_reference::find(&app.store, RAZORPAY, &link).await?
            else {
                return Err(unknown("link", &link));
            };
            settle_payment::heard(app, organisation, payment, state, now).await?;
            match seen {
                Some(seen) => settle_payment::settle(app, organisation, payment, &seen, now).await,
                None => Ok(()),
            }
        }
        News::Refund(seen) => take_refund(app, &seen, now).await,
        News::Dispute(dispute) => take_dispute(app, &dispute, now).await,
        News::Other => Ok(()),
    }
}

async fn take_payment(app: &App, seen: &Sighting, now: DateTime<Utc>) -> Result<(), Error> {
    let (organisation, payment) = payment_of(app, seen).await?.ok_or_else(|| unknown("payment", &seen.id))?;
    settle_payment::settle(app, organisation, payment, seen, now).await
}

/// Whose payment was seen: by its order, by its own id, by what we wrote into its notes.
async fn payment_of(app: &App, seen: &Sighting) -> Result<Option<(OrganisationId, PaymentId)>, Error> {
    for reference in seen.order_id.iter().chain([&seen.id]) {
        if let Some(Referred::Payment(organisation, payment)) =
            gateway_reference::find(&app.store, RAZORPAY, reference).await?
        {
            return Ok(Some((organisation, payment)));
        }
    }
    let Some((organisation, payment)) = seen.owner.as_deref().and_then(owned) else { return Ok(None) };
    Ok(store::payment::find(&app.store, organisation, payment).await?.map(|found| (found.organisation_id, found.id)))
}

async fn take_refund(app: &App, seen: &RefundSighting, now: DateTime<Utc>) -> Result<(), Error> {
    if let Some(Referred::Refund(organisation, refund)) =
        gateway_reference::find(&app.store, RAZORPAY, &seen.id).await?
    {
        return settle_refund::settle(app, organisation, refund, Told::Seen(seen.clone()), now).await;
    }
    let (organisation, payment) = payer(app, &seen.payment_id).await?;
    // The answer to our own question may still be on its way: the key says that it is ours.
    if let Some(ours) = seen.key.as_deref().and_then(|key| key.parse().ok())
        && store::refund::find(&app.store, organisation, ours).await?.is_some()
    {
        return settle_refund::settle(app, organisation, ours, Told::Seen(seen.clone()), now).await;
    }
    import(app, organisation, payment, seen, now).await
}

/// The payment whose money a gateway's payment is.
async fn payer(app: &App, gateway_payment: &str) -> Result<(OrganisationId, PaymentId), Error> {
    let Some(Referred::Payment(organisation, payment)) =
        gateway_reference::find(&app.store, RAZORPAY, gateway_payment).await?
    else {
        return Err(unknown("payment", gateway_payment));
    };
    // A second payment of one order has a row of its own.
    let own = store::payment::find_by_gateway_payment(&app.store, organisation, gateway_payment).await?;
    Ok((organisation, own.map_or(payment, |own| own.id)))
}

/// A dispute is asked about, so that it does not matter in which order its events come.
async fn take_dispute(app: &App, id: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let dispute = match app.gateways.named(RAZORPAY)?.dispute(id).await {
        Outcome::Done(dispute) => dispute,
        Outcome::Declined(declined) => {
            return Err(Error::internal(format!("the dispute {id} cannot be read: {declined}")));
        }
        Outcome::Unknown(why) => {
            return Err(Error::unavailable("GATEWAY_UNKNOWN", "The payment gateway did not answer.").caused_by(why));
        }
    };
    let (organisation, payment) = payer(app, &dispute.payment_id).await?;
    let tx = app.store.begin().await?;
    let mut payment = lock(&tx, organisation, payment).await?;
    let before = payment.disputed;
    if before == dispute.held {
        return Ok(());
    }
    payment.disputed = dispute.held;
    store::payment::update_in_tx(&tx, &mut payment).await?;
    let changes = Changes::new().changed("disputed", before, payment.disputed).set("disputeId", id);
    let subject = Subject::of_organisation(organisation, SubjectType::Payment, payment.id);
    audit::record_in_tx(&tx, audit::actor(ActorKind::Worker), Action::PaymentMoved, subject, changes, now).await?;
    tx.commit().await
}

fn unknown(noun: &str, id: &str) -> Error {
    Error::not_found("NOT_FOUND", format!("Nobody here knows the {noun} {id} yet."))
}
