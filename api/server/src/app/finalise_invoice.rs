//! From draft to issued: rate once more, take the number, freeze, and order the document.
//!
//! One compare-and-set decides: of any number of callers one finalises, the others find it done. The
//! number is taken in the same transaction, so a lost race or a crash leaves no gap.

use billing::ids::{InvoiceId, OrganisationId};
use billing::invoice::{InvoiceCommand, InvoiceState, Transition, next};
use chrono::{DateTime, Days, Utc};
use serde_json::json;

use super::audit::{self, Action, Actor, Changes, Subject};
use super::catalogue::missing;
use super::invoice_contents::{InvoiceFacts, contents};
use super::period_bill::facts;
use super::rate_period::{NotRated, account, rate};
use super::{App, fresh, tenants, to_microseconds};
use crate::error::Error;
use crate::store::audit::{NewAuditEvent, SubjectType};
use crate::store::invoice::{Finalisation, Invoice};
use crate::store::issuing_entity::IssuingEntity;
use crate::store::outbox::NewJob;
use crate::store::{self, Tx};
use crate::viewer::{Permission, Viewer};

/// Topic of the outbox row that renders the document.
pub const RENDER_INVOICE: &str = "invoice.render";

/// The one series of numbers an issuing entity has until credit notes get their own.
const SERIES: &str = "invoice";

/// Issues an invoice. Doing it again answers the same invoice.
pub async fn finalise(
    app: &App,
    viewer: &Viewer,
    organisation: OrganisationId,
    id: InvoiceId,
    now: DateTime<Utc>,
) -> Result<Invoice, Error> {
    viewer.require(Permission::InvoicesWrite)?;
    let invoice = find(app, organisation, id).await?;
    match next(invoice.state, InvoiceCommand::Finalise)
        .map_err(|refused| Error::refused("INVALID_STATE", format!("{refused}.")))?
    {
        Transition::Already => Ok(invoice),
        Transition::Moved(_) => {
            if invoice.period.end > now {
                return Err(Error::refused(
                    "PERIOD_NOT_OVER",
                    format!(
                        "The period ends at {}. An invoice is issued after that; look at invoicePreview until then.",
                        invoice.period.end
                    ),
                ));
            }
            finalise_draft(app, viewer.into(), invoice, now).await?;
            app.bus.work_written();
            // Whoever lost the race finds the invoice that won.
            find(app, organisation, id).await
        }
    }
}

/// Takes an issued invoice back. It keeps its number.
pub async fn void(
    app: &App,
    viewer: &Viewer,
    organisation: OrganisationId,
    id: InvoiceId,
    now: DateTime<Utc>,
) -> Result<Invoice, Error> {
    viewer.require(Permission::InvoicesWrite)?;
    let invoice = find(app, organisation, id).await?;
    match next(invoice.state, InvoiceCommand::Void)
        .map_err(|refused| Error::refused("INVALID_STATE", format!("{refused}.")))?
    {
        Transition::Already => Ok(invoice),
        Transition::Moved(to) => {
            let tx = app.store.begin().await?;
            // Locked, so that no money comes in between.
            let held = store::invoice::lock_in_tx(&tx, organisation, id).await?;
            if held.is_some_and(|held| held.paid != held.refunded) {
                let words = "Payments settle the invoice. Refund them: the credit notes take it back.";
                return Err(Error::refused("INVOICE_HAS_MONEY", words));
            }
            if !store::invoice::move_state_in_tx(&tx, organisation, id, invoice.state, to).await? {
                return Err(Error::conflict(
                    "VERSION_CONFLICT",
                    "The invoice was changed at the same moment. Look at it, then try again.",
                ));
            }
            let changes = Changes::new().changed("state", invoice.state, to);
            let subject = Subject::of_organisation(organisation, SubjectType::Invoice, id);
            audit::record_in_tx(&tx, viewer, Action::InvoiceVoided, subject, changes, now).await?;
            tx.commit().await?;
            find(app, organisation, id).await
        }
    }
}

/// The invoice, or words.
pub async fn find(app: &App, organisation: OrganisationId, id: InvoiceId) -> Result<Invoice, Error> {
    store::invoice::find(&app.store, organisation, id).await?.ok_or_else(|| missing("invoice", &id, "id"))
}

/// Rates a draft once more, with the usage that came in since, and issues it; `false` when somebody else did first.
pub async fn finalise_draft(app: &App, by: Actor, mut invoice: Invoice, now: DateTime<Utc>) -> Result<bool, NotRated> {
    let drafted = invoice.total;
    let account = account(app, invoice.organisation_id, invoice.subscription_id).await?;
    let full = tenants::full_period(
        &account.subscription,
        &account.version.terms,
        account.organisation.timezone,
        invoice.period.start,
    );
    let rated = rate(app, &account, invoice.period, &full, invoice.period.end).await?;
    let facts = facts(app, &account, &rated).await?;
    (invoice.subtotal, invoice.tax, invoice.total) = (rated.totals.subtotal, rated.totals.tax, rated.totals.total);

    let tx = app.store.begin().await?;
    if !store::invoice::replace_contents_in_tx(&tx, &invoice, &contents(&rated, &facts)?).await? {
        return Ok(false);
    }
    invoice.version += 1;
    let issued = issue_in_tx(&tx, &Issue { invoice: &invoice, facts: &facts, issuer: &account.issuer, now }).await?;
    let changes = issued.changes().changed("total", drafted, invoice.total);
    audit::record_in_tx(&tx, by, Action::InvoiceFinalised, subject(&invoice), changes, now).await?;
    tx.commit().await?;
    Ok(true)
}

fn subject(invoice: &Invoice) -> Subject {
    Subject::of_organisation(invoice.organisation_id, SubjectType::Invoice, invoice.id)
}

/// The row that tells of a draft.
pub(super) fn drafted(by: &Actor, invoice: &Invoice, now: DateTime<Utc>) -> NewAuditEvent {
    let changes = Changes::new()
        .set("state", invoice.state)
        .set("subscriptionId", invoice.subscription_id)
        .set("period.start", audit::time(invoice.period.start))
        .set("period.end", audit::time(invoice.period.end))
        .set("subtotal", invoice.subtotal)
        .set("tax", invoice.tax)
        .set("total", invoice.total);
    audit::row(by, Action::InvoiceDrafted, subject(invoice), changes, now)
}

/// The row that tells of an invoice issued with the total it was drafted with.
pub(super) fn finalised(by: &Actor, invoice: &Invoice, issued: &Issued, now: DateTime<Utc>) -> NewAuditEvent {
    audit::row(by, Action::InvoiceFinalised, subject(invoice), issued.changes(), now)
}

/// What an invoice got when it was issued.
pub(super) struct Issued {
    number: String,
    issued_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
}

impl Issued {
    fn changes(&self) -> Changes {
        Changes::new()
            .changed("state", InvoiceState::Draft, InvoiceState::Open)
            .set("number", &self.number)
            .set("issuedAt", audit::time(self.issued_at))
            .set("dueAt", audit::time(self.due_at))
    }
}

/// What is issued, when.
pub(super) struct Issue<'a> {
    pub(super) invoice: &'a Invoice,
    pub(super) facts: &'a InvoiceFacts,
    pub(super) issuer: &'a IssuingEntity,
    pub(super) now: DateTime<Utc>,
}

/// Gives a draft of this transaction its number and orders its document.
pub(super) async fn issue_in_tx(tx: &Tx, issue: &Issue<'_>) -> Result<Issued, Error> {
    let Issue { invoice, facts, issuer, now } = *issue;
    debug_assert_eq!(invoice.state, InvoiceState::Draft);
    let counter = store::invoice::take_number_in_tx(tx, issuer.id, SERIES).await?;
    let days = Days::new(u64::from(facts.payment_terms_days.unsigned_abs()));
    let finalisation = Finalisation {
        organisation_id: invoice.organisation_id,
        id: invoice.id,
        version: invoice.version,
        issuing_entity_id: issuer.id,
        number: format!("{}-{counter:06}", issuer.invoice_prefix),
        issued_at: to_microseconds(now),
        due_at: to_microseconds(now.checked_add_days(days).unwrap_or(now)),
    };
    if !store::invoice::finalise_in_tx(tx, &finalisation).await? {
        return Err(Error::conflict(
            "VERSION_CONFLICT",
            "The invoice was changed at the same moment. Look at it, then try again.",
        ));
    }
    let job = NewJob {
        id: fresh(),
        organisation_id: Some(invoice.organisation_id),
        topic: RENDER_INVOICE.to_owned(),
        payload: json!({"invoiceId": invoice.id.to_string()}),
        dedupe_key: Some(format!("{RENDER_INVOICE}/{}", invoice.id)),
        available_at: now,
    };
    store::outbox::enqueue_in_tx(tx, &job, now).await?;
    Ok(Issued { number: finalisation.number, issued_at: finalisation.issued_at, due_at: finalisation.due_at })
}
