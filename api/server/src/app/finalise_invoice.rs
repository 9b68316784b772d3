//! From draft to issued: rate once more, take the number, freeze, and order the document.
//!
//! One compare-and-set decides: of any number of callers one finalises, the others find it done. The
//! number is taken in the same transaction, so a lost race or a crash leaves no gap.

use billing::ids::{InvoiceId, OrganisationId};
use billing::invoice::{InvoiceCommand, InvoiceState, Transition, next};
use chrono::{DateTime, Days, Utc};
use serde_json::json;

use super::catalogue::missing;
use super::invoice_contents::{InvoiceFacts, contents};
use super::period_bill::facts;
use super::rate_period::{NotRated, account, rate};
use super::{App, fresh, tenants, to_microseconds};
use crate::error::Error;
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
            finalise_draft(app, invoice, now).await?;
            app.bus.work_written();
            // Whoever lost the race finds the invoice that won.
            find(app, organisation, id).await
        }
    }
}

/// Takes an issued invoice back. It keeps its number.
pub async fn void(app: &App, viewer: &Viewer, organisation: OrganisationId, id: InvoiceId) -> Result<Invoice, Error> {
    viewer.require(Permission::InvoicesWrite)?;
    let invoice = find(app, organisation, id).await?;
    match next(invoice.state, InvoiceCommand::Void)
        .map_err(|refused| Error::refused("INVALID_STATE", format!("{refused}.")))?
    {
        Transition::Already => Ok(invoice),
        Transition::Moved(to) => {
            let tx = app.store.begin().await?;
            if !store::invoice::move_state_in_tx(&tx, organisation, id, invoice.state, to).await? {
                return Err(Error::conflict(
                    "VERSION_CONFLICT",
                    "The invoice was changed at the same moment. Look at it, then try again.",
                ));
            }
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
pub async fn finalise_draft(app: &App, mut invoice: Invoice, now: DateTime<Utc>) -> Result<bool, NotRated> {
    let account = account(app, invoice.organisation_id, invoice.subscription_id).await?;
    let full = tenants::full_period(
        &account.subscription,
        &account.version.terms,
        account.organisation.timezone,
        invoice.period.start,
    );
    let rated = rate(app, &account, invoice.period, &full, invoice.period.end).await?;
    let facts = facts(app, &account, &rated).await?;
    invoice.facts = facts.to_json()?;
    (invoice.subtotal, invoice.tax, invoice.total) = (rated.totals.subtotal, rated.totals.tax, rated.totals.total);

    let tx = app.store.begin().await?;
    if !store::invoice::replace_contents_in_tx(&tx, &invoice, &contents(&rated)?).await? {
        return Ok(false);
    }
    invoice.version += 1;
    issue_in_tx(&tx, &Issue { invoice: &invoice, facts: &facts, issuer: &account.issuer, now }).await?;
    tx.commit().await?;
    Ok(true)
}

/// What is issued, when.
pub(super) struct Issue<'a> {
    pub(super) invoice: &'a Invoice,
    pub(super) facts: &'a InvoiceFacts,
    pub(super) issuer: &'a IssuingEntity,
    pub(super) now: DateTime<Utc>,
}

/// Gives a draft of this transaction its number and orders its document.
pub(super) async fn issue_in_tx(tx: &Tx, issue: &Issue<'_>) -> Result<(), Error> {
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
        facts: invoice.facts.clone(),
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
    Ok(())
}
