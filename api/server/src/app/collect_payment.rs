//! Asking for the money of an invoice: a row first, then the gateway, as often as it takes.

use billing::ids::{InvoiceId, OrganisationId, PaymentId};
use billing::invoice::InvoiceState;
use billing::money::Money;
use billing::payment::PaymentState;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::audit::{self, Action, Actor, Changes, Subject};
use super::catalogue::missing;
use super::{App, fresh, to_microseconds};
use crate::error::Error;
use crate::gateway::{Ask, Opened, Outcome};
use crate::store::audit::SubjectType;
use crate::store::gateway_reference::{self, Referred};
use crate::store::outbox::NewJob;
use crate::store::payment::{self, Filter, GatewayName, Payment, PaymentMethod};
use crate::store::{self, Page, Tx};
use crate::viewer::{Permission, Viewer};

/// Topic of the outbox row that opens a payment at its gateway.
pub const OPEN_PAYMENT: &str = "payment.open";

/// How long whoever asked tries before a worker does.
const FIRST_TRY: TimeDelta = TimeDelta::seconds(30);

/// Asks for what is due of an invoice, by `method`. Asking again while the first can still be paid answers the same
/// payment: nobody is asked twice for the same money.
pub async fn create(
    app: &App,
    viewer: &Viewer,
    organisation: OrganisationId,
    invoice: InvoiceId,
    method: PaymentMethod,
    now: DateTime<Utc>,
) -> Result<Payment, Error> {
    viewer.require(Permission::PaymentsWrite)?;
    let tx = app.store.begin().await?;
    let id = match ask_in_tx(app, &tx, organisation, invoice, method, now).await? {
        Asked::Before(payment) => payment.id,
        Asked::Now(payment) => {
            let changes = Changes::new()
                .set("invoiceId", invoice)
                .set("method", payment.method.as_str())
                .set("amount", payment.amount);
            let subject = Subject::of_organisation(organisation, SubjectType::Payment, payment.id);
            audit::record_in_tx(&tx, viewer, Action::PaymentCreated, subject, changes, now).await?;
            payment.id
        }
    };
    tx.commit().await?;
    // Whoever asked wants to pay now. When this try fails, the job goes on with it.
    match open(app, organisation, id, false, now).await {
        Ok(payment) => Ok(payment),
        Err(error) => {
            tracing::warn!(payment = %id, error = ?error, "a payment could not be opened at once; it is tried again");
            find(app, organisation, id).await
        }
    }
}

enum Asked {
    Before(Payment),
    Now(Payment),
}

async fn ask_in_tx(
    app: &App,
    tx: &Tx,
    organisation: OrganisationId,
    id: InvoiceId,
    method: PaymentMethod,
    now: DateTime<Utc>,
) -> Result<Asked, Error> {
    let invoice = store::invoice::lock_in_tx(tx, organisation, id).await?;
    let invoice = invoice.ok_or_else(|| missing("invoice", &id, "invoiceId"))?;
    let due = invoice.due()?;
    if !matches!(invoice.state, InvoiceState::Open | InvoiceState::Uncollectible) || due.minor <= 0 {
        let words = format!("The invoice is {} and {due} is due; there is nothing to pay.", invoice.state);
        return Err(Error::refused("NOTHING_DUE", words).at(["invoiceId"]));
    }
    app.gateways
        .named(GatewayName::Razorpay)?
        .takes(due)
        .map_err(|declined| Error::refused("AMOUNT_NOT_PAYABLE", declined.words).at(["invoiceId"]))?;
    let states = vec![PaymentState::Requested, PaymentState::Pending, PaymentState::Failed];
    let filter = Filter { states, invoice_id: Some(id) };
    let open = payment::page(tx, organisation, &filter, &Page::first(store::MAX_PAGE)).await?.items;
    if let Some(before) = open.into_iter().find(|payment| payment.method == method && payment.amount == due) {
        return Ok(Asked::Before(before));
    }
    let payment = new_payment(organisation, Some(id), GatewayName::Razorpay, method, due, now);
    payment::insert_in_tx(tx, &payment).await?;
    let job = NewJob {
        id: fresh(),
        organisation_id: Some(organisation),
        topic: OPEN_PAYMENT.to_owned(),
        payload: json!({"paymentId": payment.id.to_string()}),
        dedupe_key: Some(job_key(payment.id)),
        available_at: now + FIRST_TRY,
    };
    store::outbox::enqueue_in_tx(tx, &job, now).await?;
    Ok(Asked::Now(payment))
}

/// The job that opens a payment.
fn job_key(payment: PaymentId) -> String {
    format!("{OPEN_PAYMENT}/{payment}")
}

/// A payment of which nothing has come.
pub(super) fn new_payment(
    organisation: OrganisationId,
    invoice: Option<InvoiceId>,
    gateway: GatewayName,
    method: PaymentMethod,
    amount: Money,
    now: DateTime<Utc>,
) -> Payment {
    let nothing = Money::zero(amount.currency);
    Payment {
        organisation_id: organisation,
        id: fresh(),
        invoice_id: invoice,
        gateway,
        method,
        state: PaymentState::Requested,
        amount,
        captured: nothing,
        allocated: nothing,
        disputed: nothing,
        gateway_order_id: None,
        gateway_link_id: None,
        gateway_payment_id: None,
        pay_url: None,
        decline_code: None,
        decline_words: None,
        fee: None,
        fee_tax: None,
        reference: None,
        received_at: None,
        checked_at: None,
        version: 1,
        created_at: to_microseconds(now),
    }
}

/// The payment, or words.
pub async fn find(app: &App, organisation: OrganisationId, id: PaymentId) -> Result<Payment, Error> {
    payment::find(&app.store, organisation, id).await?.ok_or_else(|| missing("payment", &id, "id"))
}

/// Opens a payment at its gateway, unless that is done. `again` when it may have been tried before: the gateway is
/// then searched for what that try made. A second run finds it open and changes nothing.
pub async fn open(
    app: &App,
    organisation: OrganisationId,
    id: PaymentId,
    again: bool,
    now: DateTime<Utc>,
) -> Result<Payment, Error> {
    let payment = find(app, organisation, id).await?;
    if payment.state != PaymentState::Requested {
        return Ok(payment);
    }
    let invoice = match payment.invoice_id {
        Some(invoice) => store::invoice::find(&app.store, organisation, invoice).await?,
        None => None,
    };
    let number = invoice.and_then(|invoice| invoice.number).unwrap_or_default();
    let ask = Ask {
        key: id.to_string(),
        amount: payment.amount,
        description: format!("Invoice {number}"),
        owner: owner(organisation, id),
        again,
    };
    let gateway = app.gateways.named(payment.gateway)?;
    let outcome = match payment.method {
        PaymentMethod::Link => gateway.open_link(&ask).await,
        _ => gateway.open_order(&ask).await,
    };
    match outcome {
        Outcome::Done(opened) => opened_in_tx(app, organisation, id, opened, now).await,
        Outcome::Declined(declined) => {
            let tx = app.store.begin().await?;
            let mut payment = lock(&tx, organisation, id).await?;
            payment.state = payment.state.after(PaymentState::Cancelled);
            (payment.decline_code, payment.decline_words) = (Some(declined.code), Some(declined.words));
            store::outbox::fulfil_in_tx(&tx, &job_key(id), now).await?;
            save_in_tx(&tx, audit::actor(store::audit::ActorKind::Worker), &mut payment, PaymentState::Requested, now)
                .await?;
            tx.commit().await?;
            Ok(payment)
        }
        Outcome::Unknown(why) => Err(Error::unavailable(
            "GATEWAY_UNKNOWN",
            "The payment gateway did not say what it did; it is asked again with the same key.",
        )
        .caused_by(why)),
    }
}

async fn opened_in_tx(
    app: &App,
    organisation: OrganisationId,
    id: PaymentId,
    opened: Opened,
    now: DateTime<Utc>,
) -> Result<Payment, Error> {
    let tx = app.store.begin().await?;
    let mut payment = lock(&tx, organisation, id).await?;
    let before = payment.state;
    payment.state = before.after(PaymentState::Pending);
    payment.pay_url = opened.pay_url;
    gateway_reference::note_in_tx(&tx, payment.gateway, &opened.id, Referred::Payment(organisation, id)).await?;
    match payment.method {
        PaymentMethod::Link => payment.gateway_link_id = Some(opened.id),
        _ => payment.gateway_order_id = Some(opened.id),
    }
    store::outbox::fulfil_in_tx(&tx, &job_key(id), now).await?;
    save_in_tx(&tx, audit::actor(store::audit::ActorKind::Worker), &mut payment, before, now).await?;
    tx.commit().await?;
    Ok(payment)
}

pub(super) async fn lock(tx: &Tx, organisation: OrganisationId, id: PaymentId) -> Result<Payment, Error> {
    payment::lock_in_tx(tx, organisation, id).await?.ok_or_else(|| missing("payment", &id, "id"))
}

/// Writes a locked payment and tells of its new state.
pub(super) async fn save_in_tx(
    tx: &Tx,
    by: Actor,
    payment: &mut Payment,
    before: PaymentState,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    payment::update_in_tx(tx, payment).await?;
    let changes = Changes::new()
        .changed("state", before, payment.state)
        .set_some("gatewayPaymentId", payment.gateway_payment_id.as_deref())
        .set("captured", payment.captured)
        .set("allocated", payment.allocated)
        .set_some("declineCode", payment.decline_code.as_deref());
    let subject = Subject::of_organisation(payment.organisation_id, SubjectType::Payment, payment.id);
    audit::record_in_tx(tx, by, Action::PaymentMoved, subject, changes, now).await
}

/// What travels with each payment through the gateway and back.
pub(super) fn owner(organisation: OrganisationId, payment: PaymentId) -> String {
    format!("{organisation}/{payment}")
}

/// Whose payment that is.
pub(super) fn owned(owner: &str) -> Option<(OrganisationId, PaymentId)> {
    let (organisation, payment) = owner.split_once('/')?;
    Some((organisation.parse().ok()?, payment.parse().ok()?))
}
