//! Money that came outside every gateway: recorded once, and settling the invoices that are named, in that order.

use billing::ids::{InvoiceId, OrganisationId, PaymentId};
use billing::money::Money;
use billing::payment::PaymentState;
use chrono::{DateTime, Utc};
use std::collections::HashMap;

use super::audit::{self, Action, Changes, Subject};
use super::catalogue::missing;
use super::collect_payment::{find, new_payment};
use super::idempotency::Once;
use super::settle_payment::settle_invoice_in_tx;
use super::{App, to_microseconds};
use crate::error::Error;
use crate::store;
use crate::store::audit::SubjectType;
use crate::store::payment::{self, GatewayName, Payment, PaymentMethod};
use crate::viewer::{Permission, Viewer};

/// Invoices that one payment may settle at most.
const MOST_INVOICES: usize = 100;

/// Characters of a bank's reference.
const LONGEST_REFERENCE: usize = 200;

/// What came.
pub struct Received<'a> {
    /// From whom.
    pub organisation: OrganisationId,
    /// How much.
    pub amount: Money,
    /// How.
    pub method: PaymentMethod,
    /// What the bank statement says.
    pub reference: Option<&'a str>,
    /// When.
    pub received_at: DateTime<Utc>,
    /// What it settles, the first first.
    pub invoices: &'a [InvoiceId],
    /// The client's key for this money.
    pub key: &'a str,
}

/// Records money; the same key again answers the payment it made, and that it did.
pub async fn record(
    app: &App,
    viewer: &Viewer,
    received: &Received<'_>,
    now: DateTime<Utc>,
) -> Result<(Payment, bool), Error> {
    viewer.require(Permission::PaymentsRecord)?;
    check(received, now)?;
    let invoices: Vec<String> = received.invoices.iter().map(ToString::to_string).collect();
    let parts = [
        &received.amount.to_string(),
        received.method.as_str(),
        received.reference.unwrap_or_default(),
        &received.received_at.to_rfc3339(),
        &invoices.join(" "),
    ];
    let once = Once::new(received.organisation, "paymentRecord", received.key, &parts)?;
    if let Some(made) = once.repeated(app).await? {
        return Ok((find(app, received.organisation, PaymentId::from_uuid(made)).await?, true));
    }
    match write(app, viewer, received, &once, now).await {
        Ok(payment) => Ok((payment, false)),
        // Whoever was faster with the same key has recorded it.
        Err(error) => match once.repeated(app).await? {
            Some(made) => Ok((find(app, received.organisation, PaymentId::from_uuid(made)).await?, true)),
            None => Err(error),
        },
    }
}

fn check(received: &Received<'_>, now: DateTime<Utc>) -> Result<(), Error> {
    if received.amount.minor <= 0 {
        let words = "Record money that came, more than zero; money that goes back is a refund.";
        return Err(Error::invalid("BAD_AMOUNT", words).at(["amount"]));
    }
    if received.received_at > now {
        return Err(Error::invalid("BAD_TIME", "Money is recorded when it has come, not before.").at(["receivedAt"]));
    }
    if received.reference.is_some_and(|text| text.chars().count() > LONGEST_REFERENCE) {
        let words = format!("Use at most {LONGEST_REFERENCE} characters.");
        return Err(Error::invalid("BAD_REFERENCE", words).at(["reference"]));
    }
    if received.invoices.len() > MOST_INVOICES {
        let words = format!("Name at most {MOST_INVOICES} invoices.");
        return Err(Error::invalid("BAD_COUNT", words).at(["invoiceIds"]));
    }
    Ok(())
}

async fn write(
    app: &App,
    viewer: &Viewer,
    received: &Received<'_>,
    once: &Once,
    now: DateTime<Utc>,
) -> Result<Payment, Error> {
    let organisation = received.organisation;
    let tx = app.store.begin().await?;
    // Locked in the order of their ids, settled in the order they were named.
    let mut ids = received.invoices.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut invoices = HashMap::with_capacity(ids.len());
    for id in ids {
        let invoice = store::invoice::lock_in_tx(&tx, organisation, id).await?;
        let invoice = invoice.ok_or_else(|| missing("invoice", &id, "invoiceIds"))?;
        if invoice.currency != received.amount.currency {
            let words =
                format!("The invoice {id} is in {}; it cannot be settled by {}.", invoice.currency, received.amount);
            return Err(Error::invalid("CURRENCY_MISMATCH", words).at(["invoiceIds"]));
        }
        invoices.insert(id, invoice);
    }
    let mut payment = new_payment(organisation, None, GatewayName::Offline, received.method, received.amount, now);
    payment.state = PaymentState::Captured;
    payment.captured = received.amount;
    payment.reference = received.reference.map(str::to_owned);
    payment.received_at = Some(to_microseconds(received.received_at));
    payment::insert_in_tx(&tx, &payment).await?;
    for id in received.invoices {
        if let Some(invoice) = invoices.remove(id) {
            settle_invoice_in_tx(&tx, &mut payment, &invoice, now).await?;
        }
    }
    payment::update_in_tx(&tx, &mut payment).await?;
    once.take_in_tx(&tx, payment.id.uuid(), now).await?;
    let changes = Changes::new()
        .set("method", payment.method.as_str())
        .set("captured", payment.captured)
        .set("allocated", payment.allocated)
        .set_some("reference", payment.reference.as_deref());
    let subject = Subject::of_organisation(organisation, SubjectType::Payment, payment.id);
    audit::record_in_tx(&tx, viewer, Action::PaymentCreated, subject, changes, now).await?;
    tx.commit().await?;
    Ok(payment)
}
