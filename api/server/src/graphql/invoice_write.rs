//! Issuing an invoice and taking one back. Both may be repeated: the second time finds it done.

use async_graphql::{Context, ID, InputObject, Object};

use super::access::{Call, Need, enter};
use super::fault::Result;
use super::ident::parse_id;
use super::invoice::Invoice;
use super::user_error::payload;
use crate::app::finalise_invoice;
use crate::error::Error;
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::mutation("invoiceFinalize", Permission::InvoicesWrite),
    Need::mutation("invoiceVoid", Permission::InvoicesWrite),
];

/// Which draft is issued.
#[derive(InputObject)]
struct InvoiceFinalizeInput {
    /// Its organisation; a key of the operator must name it.
    organisation_id: Option<ID>,
    /// Its id.
    id: ID,
}

/// Which invoice is taken back.
#[derive(InputObject)]
struct InvoiceVoidInput {
    /// Its organisation; a key of the operator must name it.
    organisation_id: Option<ID>,
    /// Its id.
    id: ID,
}

payload! {
    /// What `invoiceFinalize` answers.
    InvoiceFinalizePayload {
        /// The issued invoice with its number; null when there are errors.
        invoice: Invoice
    }
}

payload! {
    /// What `invoiceVoid` answers.
    InvoiceVoidPayload {
        /// The void invoice; null when there are errors.
        invoice: Invoice
    }
}

#[derive(Default)]
pub(super) struct InvoiceMutation;

#[Object]
impl InvoiceMutation {
    /// Issues a draft whose period is over: it is calculated once more, gets the next number and never changes again.
    /// Issuing it again answers the same invoice.
    async fn invoice_finalize(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: InvoiceFinalizeInput,
    ) -> Result<InvoiceFinalizePayload> {
        let call = enter(ctx)?;
        InvoiceFinalizePayload::answer(finalise(&call, input).await)
    }

    /// Takes an issued invoice back. It keeps its number. Taking it back again changes nothing.
    async fn invoice_void(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: InvoiceVoidInput,
    ) -> Result<InvoiceVoidPayload> {
        let call = enter(ctx)?;
        InvoiceVoidPayload::answer(void(&call, input).await)
    }
}

async fn finalise(call: &Call<'_>, input: InvoiceFinalizeInput) -> Result<Invoice, Error> {
    let organisation = call.organisation(input.organisation_id.as_ref())?;
    finalise_invoice::finalise(call.app, call.viewer, organisation, parse_id(&input.id, "id")?, call.now)
        .await
        .map(Invoice::alone)
}

async fn void(call: &Call<'_>, input: InvoiceVoidInput) -> Result<Invoice, Error> {
    let organisation = call.organisation(input.organisation_id.as_ref())?;
    finalise_invoice::void(call.app, call.viewer, organisation, parse_id(&input.id, "id")?, call.now)
        .await
        .map(Invoice::alone)
}
