//! Money going back: reserved under the lock of its payment, together with the credit note that takes the same amount
//! off the invoice, before anybody asks the gateway.
//!
//! Any number of callers at once never reserve more than was captured: the payment's row is locked while what is left is
//! counted. Lock order: invoice, payment.

use billing::credit_note::Parts;
use billing::ids::{InvoiceId, OrganisationId, PaymentId, RefundId};
use billing::money::Money;
use billing::refund::{RefundState, Refundable};
use chrono::{DateTime, Utc};
use serde_json::json;

use super::audit::{self, Action, Actor, Changes, Subject};
use super::catalogue::missing;
use super::collect_payment::lock;
use super::idempotency::Once;
use super::{App, fresh, to_microseconds};
use crate::error::Error;
use crate::store::audit::{NewAuditEvent, SubjectType};
use crate::store::credit_note::CreditNote;
use crate::store::invoice::{Invoice, Settlement};
use crate::store::outbox::NewJob;
use crate::store::payment::Payment;
use crate::store::refund::{Refund, RefundOrigin};
use crate::store::{self, Tx};
use crate::viewer::{Permission, Viewer};

/// Topic of the outbox row that sends a refund.
pub const SEND_REFUND: &str = "refund.send";

/// The series of numbers of an issuing entity's credit notes.
const SERIES: &str = "credit-note";

/// Characters of a reason.
const LONGEST_REASON: usize = 500;

/// What is to go back.
pub struct Wanted<'a> {
    /// Whose payment.
    pub organisation: OrganisationId,
    /// The payment.
    pub payment: PaymentId,
    /// How much; all that is left when absent.
    pub amount: Option<Money>,
    /// Which invoice is credited, where the payment settles several.
    pub invoice: Option<InvoiceId>,
    /// Why; it stands on the credit note.
    pub reason: &'a str,
    /// The client's key for this refund.
    pub key: &'a str,
}

/// Reserves a refund; the same key again answers the refund it made, and that it did.
pub async fn request(
    app: &App,
    viewer: &Viewer,
    wanted: &Wanted<'_>,
    now: DateTime<Utc>,
) -> Result<(Refund, bool), Error> {
    viewer.require(Permission::RefundsWrite)?;
    let reason = wanted.reason.trim();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        let words = format!("Say in 1 to {LONGEST_REASON} characters why; it stands on the credit note.");
        return Err(Error::invalid("BAD_REASON", words).at(["reason"]));
    }
    let parts = [
        &wanted.payment.to_string(),
        &wanted.amount.map(|amount| amount.to_string()).unwrap_or_default(),
        &wanted.invoice.map(|id| id.to_string()).unwrap_or_default(),
        reason,
    ];
    let once = Once::new(wanted.organisation, "refundCreate", wanted.key, &parts)?;
    if let Some(made) = once.repeated(app).await? {
        return Ok((find(app, wanted.organisation, RefundId::from_uuid(made)).await?, true));
    }
    match reserve(app, viewer, wanted, &once, now).await {
        Ok(refund) => {
            app.bus.work_written();
            Ok((refund, false))
        }
        // Whoever was faster with the same key may have left nothing to refund: what it made is the answer.
        Err(error) => match once.repeated(app).await? {
            Some(made) => Ok((find(app, wanted.organisation, RefundId::from_uuid(made)).await?, true)),
            None => Err(error),
        },
    }
}

/// The refund, or words.
pub async fn find(app: &App, organisation: OrganisationId, id: RefundId) -> Result<Refund, Error> {
    store::refund::find(&app.store, organisation, id).await?.ok_or_else(|| missing("refund", &id, "id"))
}

async fn reserve(
    app: &App,
    viewer: &Viewer,
    wanted: &Wanted<'_>,
    once: &Once,
    now: DateTime<Utc>,
) -> Result<Refund, Error> {
    let organisation = wanted.organisation;
    let settles = store::payment::allocations(&app.store, organisation, wanted.payment).await?;
    let invoice_id = match (wanted.invoice, settles.as_slice()) {
        (Some(named), all) if all.iter().any(|part| part.invoice_id == named) => Some(named),
        (Some(_), _) => {
            let words = "The payment does not settle this invoice.";
            return Err(Error::refused("NOT_SETTLED_BY_PAYMENT", words).at(["invoiceId"]));
        }
        (None, []) => None,
        (None, [one]) => Some(one.invoice_id),
        (None, _) => {
            let words = "The payment settles several invoices. Name the one to credit.";
            return Err(Error::refused("INVOICE_NEEDED", words).at(["invoiceId"]));
        }
    };
    let tx = app.store.begin().await?;
    let invoice = match invoice_id {
        Some(id) => store::invoice::lock_in_tx(&tx, organisation, id).await?,
        None => None,
    };
    let payment = lock(&tx, organisation, wanted.payment).await.map_err(|error| error.at(["paymentId"]))?;
    let earlier = store::refund::of_payment(&tx, organisation, payment.id).await?;
    let refundable = refundable(&payment, &earlier)?;
    let amount = match wanted.amount {
        Some(amount) => amount,
        None => refundable.left().map_err(Error::internal)?,
    };
    refundable.allow(amount).map_err(|refused| Error::refused("NOT_REFUNDABLE", refused.to_string()).at(["amount"]))?;
    let free = free_money(&payment, &earlier)?;
    let mut new = New {
        payment: &payment,
        invoice: invoice.as_ref(),
        amount,
        invoiced: Money::new((amount.minor - free.minor).max(0), amount.currency),
        reason: wanted.reason.trim().to_owned(),
        origin: RefundOrigin::Request,
        by: viewer.into(),
        now,
    };
    if let Some(invoice) = &invoice {
        let left = invoice.paid.checked_sub(invoice.refunded).map_err(Error::internal)?;
        if new.invoiced.minor > left.minor {
            let words = format!("{left} of this invoice was paid and has not gone back.");
            return Err(Error::refused("NOT_REFUNDABLE", words).at(["amount"]));
        }
    } else {
        new.invoiced = Money::zero(amount.currency);
    }
    let (refund, trail) = new.insert_in_tx(&tx, RefundState::Requested, None).await?;
    let job = NewJob {
        id: fresh(),
        organisation_id: Some(organisation),
        topic: SEND_REFUND.to_owned(),
        payload: json!({"refundId": refund.id.to_string()}),
        dedupe_key: Some(format!("{SEND_REFUND}/{}", refund.id)),
        available_at: now,
    };
    store::outbox::enqueue_in_tx(&tx, &job, now).await?;
    once.take_in_tx(&tx, refund.id.uuid(), now).await?;
    audit::record_all_in_tx(&tx, &[trail]).await?;
    tx.commit().await?;
    Ok(refund)
}

/// What bounds further refunds of a locked payment.
pub(super) fn refundable(payment: &Payment, refunds: &[Refund]) -> Result<Refundable, Error> {
    let reserved = refunds.iter().filter(|refund| refund.state.is_reserved()).map(|refund| refund.amount);
    let reserved = Money::sum(payment.captured.currency, reserved).map_err(Error::internal)?;
    Ok(Refundable { captured: payment.captured, reserved, disputed: payment.disputed })
}

/// Money of a payment that settles nothing and is not on its way back: it goes first, no document is about it.
pub(super) fn free_money(payment: &Payment, refunds: &[Refund]) -> Result<Money, Error> {
    let returned: i64 = refunds
        .iter()
        .filter(|refund| refund.state.is_reserved())
        .map(|refund| refund.amount.minor - refund.invoiced.minor)
        .sum();
    Ok(Money::new((payment.captured.minor - payment.allocated.minor - returned).max(0), payment.captured.currency))
}

/// A refund about to be written. Its payment and its invoice are locked.
pub(super) struct New<'a> {
    pub(super) payment: &'a Payment,
    pub(super) invoice: Option<&'a Invoice>,
    pub(super) amount: Money,
    pub(super) invoiced: Money,
    pub(super) reason: String,
    pub(super) origin: RefundOrigin,
    pub(super) by: Actor,
    pub(super) now: DateTime<Utc>,
}

impl New<'_> {
    /// Writes it with its credit note, and takes the money off the invoice; answers what the audit trail is to say.
    pub(super) async fn insert_in_tx(
        &self,
        tx: &Tx,
        state: RefundState,
        gateway_refund_id: Option<String>,
    ) -> Result<(Refund, NewAuditEvent), Error> {
        let organisation = self.payment.organisation_id;
        let mut note = None;
        if let Some(invoice) = self.invoice.filter(|_| !self.invoiced.is_zero()) {
            let issued = self.credit_in_tx(tx, invoice).await?;
            let settlement = Settlement {
                credited: issued.as_ref().map_or(0, |note| note.total.minor),
                refunded: if state.is_reserved() { self.invoiced.minor } else { 0 },
                ..Settlement::default()
            };
            store::invoice::settle_in_tx(tx, organisation, invoice.id, settlement, invoice.state).await?;
            note = issued;
        }
        let refund = Refund {
            organisation_id: organisation,
            id: fresh(),
            payment_id: self.payment.id,
            invoice_id: self.invoice.filter(|_| !self.invoiced.is_zero()).map(|invoice| invoice.id),
            credit_note_id: note.as_ref().map(|note: &CreditNote| note.id),
            origin: self.origin,
            state,
            amount: self.amount,
            invoiced: self.invoiced,
            reason: self.reason.clone(),
            gateway_refund_id,
            bank_reference: None,
            failure: None,
            checked_at: None,
            settled_at: (state >= RefundState::Succeeded).then(|| to_microseconds(self.now)),
            version: 1,
            created_at: to_microseconds(self.now),
        };
        store::refund::insert_in_tx(tx, &refund).await?;
        let changes = Changes::new()
            .set("paymentId", refund.payment_id)
            .set("state", state)
            .set("amount", refund.amount)
            .set("reason", &refund.reason)
            .set_some("creditNoteId", refund.credit_note_id)
            .set_some("creditNoteNumber", note.as_ref().map(|note| &note.number))
            .set_some("creditNoteTotal", note.as_ref().map(|note| note.total));
        let subject = Subject::of_organisation(organisation, SubjectType::Refund, refund.id);
        Ok((refund, audit::row(&self.by, Action::RefundRequested, subject, changes, self.now)))
    }

    /// The document: as much of the refund as the invoice still has uncredited. A refund made elsewhere may exceed that.
    async fn credit_in_tx(&self, tx: &Tx, invoice: &Invoice) -> Result<Option<CreditNote>, Error> {
        let left = invoice.total.checked_sub(invoice.credited).map_err(Error::internal)?;
        let amount = Money::new(self.invoiced.minor.min(left.minor), self.invoiced.currency);
        if amount.minor <= 0 {
            return Ok(None);
        }
        let charged = store::invoice::taxes_for_many(tx, invoice.organisation_id, &[(invoice.id, invoice.currency)])
            .await?
            .remove(&invoice.id)
            .unwrap_or_default();
        let mut rest = Parts { net: invoice.subtotal, taxes: charged.into_iter().map(|tax| tax.amount).collect() };
        for note in store::credit_note::of_invoice(tx, invoice.organisation_id, invoice.id).await? {
            rest = rest.without(&note.parts).map_err(Error::internal)?;
        }
        let parts = rest.credit(amount).map_err(|refused| Error::refused("NOT_CREDITABLE", refused.to_string()))?;
        let issuer = store::issuing_entity::find(tx, invoice.issuing_entity_id).await?;
        let issuer = issuer.ok_or_else(|| Error::internal("the issuing entity of an invoice is gone"))?;
        let counter = store::invoice::take_number_in_tx(tx, issuer.id, SERIES).await?;
        let note = CreditNote {
            organisation_id: invoice.organisation_id,
            id: fresh(),
            invoice_id: invoice.id,
            number: format!("{}-CN-{counter:06}", issuer.invoice_prefix),
            parts,
            total: amount,
            reason: self.reason.clone(),
            issued_at: to_microseconds(self.now),
        };
        store::credit_note::insert_in_tx(tx, &note).await?;
        Ok(Some(note))
    }
}
