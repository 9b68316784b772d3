//! Invoices: what was billed, as it was frozen.

use async_graphql::{Context, Enum, ID, InputObject, Items, Object, SimpleObject};
use billing::ids::{InvoiceId, OrganisationId};
use std::sync::Arc;

use super::access::{Call, Need, enter, linked, loaders};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter};
use super::cursor::List;
use super::fault::{Result, nullable};
use super::ident::{parse_id, show_id, unknown};
use super::invoice_line::{InvoiceLine, InvoiceParty, InvoiceTax};
use super::invoice_page::{InvoicePage, Wanted};
use super::issuing_entity::IssuingEntity;
use super::loader::{FactsOf, LinesOf, TaxesOf};
use super::money::{CurrencyCode, Money};
use super::organisation::Organisation;
use super::scalar::Instant;
use super::subscription::Subscription;
use super::time::{DateTimeInterval, DateTimeRange};
use crate::app::invoice_contents::InvoiceFacts;
use crate::app::invoice_document;
use crate::error::Error;
use crate::store::invoice as records;
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("invoice", Permission::InvoicesRead),
    Need::query("invoices", Permission::InvoicesRead),
    Need::field("Invoice.organisation", Permission::OrganisationsRead),
    Need::field("Invoice.subscription", Permission::SubscriptionsRead),
    Need::field("Invoice.issuingEntity", Permission::IssuersRead),
];

/// An invoice, alone or on a page.
pub(super) struct Invoice {
    row: records::Invoice,
    page: Option<Arc<InvoicePage>>,
}

impl Invoice {
    /// One that was not read with others.
    pub(super) fn alone(row: records::Invoice) -> Self {
        Self { row, page: None }
    }

    fn billed(&self) -> records::InCurrency {
        (self.row.id, self.row.currency)
    }

    async fn facts(&self, ctx: &Context<'_>) -> Result<InvoiceFacts> {
        let (organisation, id) = (self.row.organisation_id, self.row.id);
        let facts = match &self.page {
            Some(page) => page.facts(id).await?,
            None => loaders(ctx)?.load_one(FactsOf((organisation, id))).await?,
        };
        let facts = facts.ok_or_else(|| Error::internal(format!("the invoice {id} is gone")))?;
        Ok(InvoiceFacts::from_json(&facts)?)
    }
}

/// An invoice. Once it is issued only its state moves; names, addresses and prices stay as they were.
#[Object]
impl Invoice {
    /// Its id, `inv_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.row.id)
    }

    /// Who is billed, as of today; null for keys that may not read organisations. `buyer` has what the document says.
    async fn organisation(&self, ctx: &Context<'_>) -> Option<Result<Organisation>> {
        linked(ctx, "Invoice.organisation", async {
            let organisation = match &self.page {
                Some(page) => page.organisation().await?.map(Organisation::from),
                None => loaders(ctx)?.load_one(self.row.organisation_id).await?.map(Organisation::from),
            };
            Ok(organisation)
        })
        .await
    }

    /// The subscription it bills; null for keys that may not read subscriptions.
    async fn subscription(&self, ctx: &Context<'_>) -> Option<Result<Subscription>> {
        linked(ctx, "Invoice.subscription", async {
            Ok(loaders(ctx)?.load_one((self.row.organisation_id, self.row.subscription_id)).await?.map(Subscription))
        })
        .await
    }

    /// Who issues it, as of today; null for keys that may not read issuing entities. `seller` has what the document says.
    async fn issuing_entity(&self, ctx: &Context<'_>) -> Option<Result<IssuingEntity>> {
        linked(ctx, "Invoice.issuingEntity", async {
            Ok(loaders(ctx)?.load_one(self.row.issuing_entity_id).await?.map(IssuingEntity))
        })
        .await
    }

    /// The number on the document; null while it is a draft. It is never used again, not even when the invoice is void.
    async fn number(&self) -> Option<&str> {
        self.row.number.as_deref()
    }

    /// Where it stands.
    async fn state(&self) -> InvoiceState {
        self.row.state.into()
    }

    /// The billing period.
    async fn period(&self) -> DateTimeInterval {
        self.row.period.into()
    }

    /// The currency of every amount.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.row.currency)
    }

    /// The sum of the lines.
    async fn subtotal(&self) -> Money {
        self.row.subtotal.into()
    }

    /// The sum of the taxes.
    async fn tax(&self) -> Money {
        self.row.tax.into()
    }

    /// Subtotal and tax.
    async fn total(&self) -> Money {
        self.row.total.into()
    }

    /// What payments have settled of it.
    async fn amount_paid(&self) -> Money {
        self.row.paid.into()
    }

    /// What credit notes have taken back of it.
    async fn amount_credited(&self) -> Money {
        self.row.credited.into()
    }

    /// What went back of its payments, or is on its way.
    async fn amount_refunded(&self) -> Money {
        self.row.refunded.into()
    }

    /// What is still to be paid; below zero when the organisation is owed something, as after a refund that failed.
    async fn amount_due(&self) -> Result<Money> {
        Ok(self.row.due()?.into())
    }

    /// When it was issued; null while it is a draft.
    async fn issued_at(&self) -> Option<Instant> {
        self.row.issued_at.map(Instant)
    }

    /// When it is due; null while it is a draft.
    async fn due_at(&self) -> Option<Instant> {
        self.row.due_at.map(Instant)
    }

    /// Who sells, as the document says.
    async fn seller(&self, ctx: &Context<'_>) -> Result<InvoiceParty> {
        Ok(self.facts(ctx).await?.seller.into())
    }

    /// Who buys, as the document says.
    async fn buyer(&self, ctx: &Context<'_>) -> Result<InvoiceParty> {
        Ok(self.facts(ctx).await?.buyer.into())
    }

    /// Sentences that the law wants on the document.
    async fn notes(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        Ok(self.facts(ctx).await?.notes)
    }

    /// Its lines, in the order of the document.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Items<InvoiceLine>> {
        if let Some(page) = &self.page {
            return InvoicePage::lines(page, self.row.id).await;
        }
        let lines = loaders(ctx)?.load_one(LinesOf((self.row.organisation_id, self.billed()))).await?;
        Ok(lines.unwrap_or_default().into_iter().map(InvoiceLine::whole).collect())
    }

    /// Its taxes, in the order of the document.
    async fn taxes(&self, ctx: &Context<'_>) -> Result<Items<InvoiceTax>> {
        if let Some(page) = &self.page {
            return Ok(page.taxes(self.row.id).await?.iter().map(InvoiceTax::of).collect());
        }
        let taxes = loaders(ctx)?.load_one(TaxesOf((self.row.organisation_id, self.billed()))).await?;
        Ok(taxes.unwrap_or_default().iter().map(InvoiceTax::of).collect())
    }

    /// A link to its PDF that needs no key and ends after a while; null while it is a draft.
    async fn pdf(&self, ctx: &Context<'_>) -> Option<Result<InvoicePdf>> {
        nullable(async {
            if !self.row.state.is_issued() {
                return Ok(None);
            }
            let call = Call::within(ctx)?;
            let link =
                invoice_document::link(call.app, call.viewer, self.row.organisation_id, self.row.id, call.now).await?;
            Ok(Some(InvoicePdf { url: link.url, expires_at: link.expires_at.into() }))
        })
        .await
    }

    /// Why the standard template arranged the document instead of the chosen one; null when that did not happen.
    async fn template_fallback(&self) -> Option<&str> {
        self.row.template_fallback.as_deref()
    }

    /// Raised by each change of contents or state; 1 at first.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// When its draft was made.
    async fn created_at(&self) -> Instant {
        self.row.created_at.into()
    }
}

/// A link to a PDF.
#[derive(SimpleObject)]
struct InvoicePdf {
    /// Where to get it, without a key.
    url: String,
    /// Until when; ask for a new link after that.
    expires_at: Instant,
}

/// Where an invoice stands. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "billing::invoice::InvoiceState")]
pub(super) enum InvoiceState {
    /// Without a number; calculated anew until it is issued.
    Draft,
    /// Issued and due.
    Open,
    /// Issued and settled.
    Paid,
    /// Issued in error and taken back; keeps its number.
    Void,
    /// Issued, and given up on.
    Uncollectible,
}

/// Which invoices. Everything that is given must hold.
#[derive(InputObject, Default)]
struct InvoiceFilter {
    /// By where they stand.
    state: Option<InvoiceStateFilter>,
    /// By when they were issued; drafts were not.
    issued_at: Option<DateTimeRange>,
    /// Only of this subscription.
    subscription_id: Option<ID>,
}

/// Which states.
#[derive(InputObject)]
struct InvoiceStateFilter {
    /// Any of these; any state at all when empty.
    #[graphql(name = "in")]
    any_of: Vec<InvoiceState>,
}

impl InvoiceFilter {
    fn read(self) -> Result<records::Filter, Error> {
        Ok(records::Filter {
            states: self.state.map(|state| state.any_of.into_iter().map(Into::into).collect()).unwrap_or_default(),
            issued_from: self.issued_at.and_then(|range| range.gte).map(|at| at.0),
            issued_until: self.issued_at.and_then(|range| range.lt).map(|at| at.0),
            subscription_id: self.subscription_id.as_ref().map(|id| parse_id(id, "subscriptionId")).transpose()?,
        })
    }
}

#[derive(Default)]
pub(super) struct InvoiceQuery;

#[Object]
impl InvoiceQuery {
    /// One invoice. NOT_FOUND when it does not exist or is not yours.
    async fn invoice(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
        #[graphql(desc = "Its organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
    ) -> Option<Result<Invoice>> {
        nullable(async {
            let call = enter(ctx)?;
            let organisation = call.organisation(organisation_id.as_ref())?;
            let id = parse_id(&id, "id")?;
            Ok(Some(find(&call, organisation, id).await?.ok_or_else(|| unknown("invoice", id))?))
        })
        .await
    }

    /// The invoices of an organisation, newest first.
    async fn invoices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
        #[graphql(desc = "Only these.")] filter: Option<InvoiceFilter>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Invoice>> {
        let call = enter(ctx)?;
        let organisation = call.organisation(organisation_id.as_ref())?;
        let filter = filter.unwrap_or_default().read()?;
        let list = List::of("invoices", (organisation, &filter));
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        let reading = app.store.reading();
        let rows = records::page(&reading, organisation, &filter, &page).await?;
        let page = InvoicePage::read(&app, &reading, organisation, &rows.items, Wanted::of(ctx)).await?;
        drop(reading);
        let count = counter(move || {
            let (app, filter) = (Arc::clone(&app), filter.clone());
            async move { records::count_capped(&app.store, organisation, &filter, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, |row| Invoice { row, page: Some(Arc::clone(&page)) }))
    }
}

/// One of an organisation.
pub(super) async fn find(
    call: &Call<'_>,
    organisation: OrganisationId,
    id: InvoiceId,
) -> Result<Option<Invoice>, Error> {
    Ok(records::find(&call.app.store, organisation, id).await?.map(Invoice::alone))
}
