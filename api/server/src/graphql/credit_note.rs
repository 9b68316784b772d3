//! Credit notes: documents that take back a part of an invoice.

use async_graphql::{Context, ID, Object};
use billing::ids::{CreditNoteId, OrganisationId};
use std::sync::Arc;

use super::access::{Call, Need, enter, linked, loaders};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter};
use super::cursor::List;
use super::fault::{Result, nullable};
use super::ident::{parse_id, show_id, unknown};
use super::invoice::Invoice;
use super::money::Money;
use super::scalar::Instant;
use crate::error::Error;
use crate::store::credit_note as records;
use crate::viewer::Permission;

/// What fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("creditNote", Permission::PaymentsRead),
    Need::query("creditNotes", Permission::PaymentsRead),
    Need::field("CreditNote.invoice", Permission::InvoicesRead),
];

/// A part of an invoice taken back.
pub(super) struct CreditNote(pub(super) records::CreditNote);

/// A credit note: takes back a part of an issued invoice, net and each tax in proportion. It never changes.
#[Object]
impl CreditNote {
    /// Its id, `crn_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// The id of the invoice.
    async fn invoice_id(&self) -> ID {
        show_id(self.0.invoice_id)
    }

    /// The invoice; null for keys that may not read invoices.
    async fn invoice(&self, ctx: &Context<'_>) -> Option<Result<Invoice>> {
        linked(ctx, "CreditNote.invoice", async {
            Ok(loaders(ctx)?.load_one((self.0.organisation_id, self.0.invoice_id)).await?.map(Invoice::alone))
        })
        .await
    }

    /// The number on the document, without gaps for each issuing entity.
    async fn number(&self) -> &str {
        &self.0.number
    }

    /// Without taxes.
    async fn net(&self) -> Money {
        self.0.parts.net.into()
    }

    /// The taxes taken back, in the order of the invoice's.
    async fn taxes(&self) -> Vec<Money> {
        self.0.parts.taxes.iter().copied().map(Into::into).collect()
    }

    /// With taxes.
    async fn total(&self) -> Money {
        self.0.total.into()
    }

    /// Why.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// When it was issued.
    async fn issued_at(&self) -> Instant {
        self.0.issued_at.into()
    }
}

/// One of an organisation.
pub(super) async fn find(
    call: &Call<'_>,
    organisation: OrganisationId,
    id: CreditNoteId,
) -> Result<Option<CreditNote>, Error> {
    Ok(records::find(&call.app.store, organisation, id).await?.map(CreditNote))
}

#[derive(Default)]
pub(super) struct CreditNoteQuery;

#[Object]
impl CreditNoteQuery {
    /// One credit note. NOT_FOUND when it does not exist or is not yours.
    async fn credit_note(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
        #[graphql(desc = "Its organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
    ) -> Option<Result<CreditNote>> {
        nullable(async {
            let call = enter(ctx)?;
            let organisation = call.organisation(organisation_id.as_ref())?;
            let id = parse_id(&id, "id")?;
            Ok(Some(find(&call, organisation, id).await?.ok_or_else(|| unknown("credit note", id))?))
        })
        .await
    }

    /// The credit notes of an organisation, newest first.
    async fn credit_notes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
        #[graphql(desc = "Only of this invoice.")] invoice_id: Option<ID>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<CreditNote>> {
        let call = enter(ctx)?;
        let organisation = call.organisation(organisation_id.as_ref())?;
        let invoice = invoice_id.as_ref().map(|id| parse_id(id, "invoiceId")).transpose()?;
        let list = List::of("creditNotes", (organisation, &invoice));
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        let rows = records::page(&app.store, organisation, invoice, &page).await?;
        let count = counter(move || {
            let app = Arc::clone(&app);
            async move { records::count_capped(&app.store, organisation, invoice, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, CreditNote))
    }
}
