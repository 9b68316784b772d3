//! What the next invoice of a subscription would be, calculated now and stored nowhere.

use async_graphql::{Context, ID, Object, SimpleObject};
use billing::money::Money as Amount;

use super::access::{Need, enter};
use super::fault::{Result, nullable};
use super::ident::parse_id;
use super::invoice_line::{InvoiceLine, InvoiceTax};
use super::money::{CurrencyCode, Money};
use super::scalar::Instant;
use super::subscription::Subscription;
use super::time::DateTimeInterval;
use crate::app::preview_invoice::{Preview, preview};
use crate::error::Error;
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[Need::query("invoicePreview", Permission::InvoicesRead)];

/// What the next invoice of a subscription would be if its period ended now. It has no number and may change until then.
#[derive(SimpleObject)]
struct InvoicePreview {
    /// The subscription it would bill.
    subscription: Subscription,
    /// The period it would bill.
    period: DateTimeInterval,
    /// When it was calculated.
    calculated_at: Instant,
    /// The currency of every amount.
    currency: CurrencyCode,
    /// The lines.
    lines: Vec<InvoiceLine>,
    /// The taxes.
    taxes: Vec<InvoiceTax>,
    /// Sentences that the law would want on the document.
    notes: Vec<String>,
    /// The sum of the lines.
    subtotal: Money,
    /// The sum of the taxes.
    tax: Money,
    /// What would be due.
    total: Money,
}

#[derive(Default)]
pub(super) struct InvoicePreviewQuery;

#[Object]
impl InvoicePreviewQuery {
    /// What the next invoice of a subscription would be if its period ended now, priced as the invoice will be.
    async fn invoice_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The subscription.")] subscription_id: ID,
        #[graphql(desc = "Its organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
    ) -> Option<Result<InvoicePreview>> {
        nullable(async {
            let call = enter(ctx)?;
            let organisation = call.organisation(organisation_id.as_ref())?;
            let found =
                preview(call.app, call.viewer, organisation, parse_id(&subscription_id, "subscriptionId")?, call.now)
                    .await?;
            Ok(Some(InvoicePreview::of(found, call.now.into())?))
        })
        .await
    }
}

impl InvoicePreview {
    fn of(preview: Preview, calculated_at: Instant) -> Result<Self, Error> {
        let draft = preview.rated.draft;
        let mut shares = vec![Amount::zero(draft.currency); draft.lines.len()];
        for (place, part) in draft.taxes.components.iter().flat_map(|tax| &tax.per_line) {
            if let Some(share) = shares.get_mut(*place as usize) {
                *share = share.checked_add(*part).map_err(Error::internal)?;
            }
        }
        Ok(Self {
            subscription: Subscription(preview.account.subscription),
            period: preview.period.into(),
            calculated_at,
            currency: CurrencyCode(draft.currency),
            lines: draft.lines.into_iter().zip(shares).map(|(line, tax)| InvoiceLine::preview(line, tax)).collect(),
            taxes: draft.taxes.components.iter().map(InvoiceTax::preview).collect(),
            notes: draft.taxes.notes,
            subtotal: preview.rated.totals.subtotal.into(),
            tax: preview.rated.totals.tax.into(),
            total: preview.rated.totals.total.into(),
        })
    }
}
