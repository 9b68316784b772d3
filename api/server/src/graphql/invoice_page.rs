//! What the invoices of one page share: whatever one of them needs is read for all, once, in one statement.
//!
//! A loader gathers keys for a moment and sends what has come by then. A page knows all its keys from the start, and
//! what the selection is sure to ask for it reads along with the invoices, over the same connection.

use async_graphql::Context;
use billing::ids::{InvoiceId, OrganisationId};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::OnceCell;

use super::fault::Fault;
use crate::app::App;
use crate::error::Error;
use crate::store::invoice::{self as records, InCurrency, InvoiceTax, Line};
use crate::store::organisation::{self, Organisation};
use crate::store::{Conn, Reading};

/// The invoices of a page, and what was read for them.
pub(super) struct InvoicePage {
    app: Arc<App>,
    organisation_id: OrganisationId,
    invoices: Vec<InCurrency>,
    lines: OnceCell<Lines>,
    taxes: OnceCell<Taxes>,
    organisation: OnceCell<Option<Organisation>>,
}

type Lines = HashMap<InvoiceId, Vec<Arc<Line>>>;
type Taxes = HashMap<InvoiceId, Vec<InvoiceTax>>;

/// What a selection asks of each invoice and no row of an invoice has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    lines: bool,
    taxes: bool,
    organisation: bool,
}

impl Wanted {
    /// Of a field that answers with a connection of invoices.
    pub(super) fn of(ctx: &Context<'_>) -> Self {
        let field = ctx.look_ahead();
        let (nodes, items) = (field.field("nodes"), field.field("edges").field("node"));
        let has = |name: &str| nodes.field(name).exists() || items.field(name).exists();
        Self { lines: has("lines"), taxes: has("taxes"), organisation: has("organisation") }
    }
}

impl InvoicePage {
    /// Reads what is wanted; the rest is read when it is asked for after all.
    pub(super) async fn read(
        app: &Arc<App>,
        reading: &Reading,
        organisation_id: OrganisationId,
        invoices: &[records::Invoice],
        wanted: Wanted,
    ) -> Result<Arc<Self>, Error> {
        let page = Self {
            app: Arc::clone(app),
            organisation_id,
            invoices: invoices.iter().map(|invoice| (invoice.id, invoice.currency)).collect(),
            lines: OnceCell::new(),
            taxes: OnceCell::new(),
            organisation: OnceCell::new(),
        };
        if wanted.lines {
            page.lines.get_or_try_init(|| page.read_lines(reading)).await?;
        }
        if wanted.taxes {
            page.taxes.get_or_try_init(|| page.read_taxes(reading)).await?;
        }
        if wanted.organisation && !invoices.is_empty() {
            page.organisation.get_or_try_init(|| page.read_organisation(reading)).await?;
        }
        Ok(Arc::new(page))
    }

    pub(super) async fn lines(&self, id: InvoiceId) -> Result<&[Arc<Line>], Fault> {
        let lines = self.lines.get_or_try_init(|| self.read_lines(&self.app.store)).await?;
        Ok(lines.get(&id).map_or(&[], Vec::as_slice))
    }

    pub(super) async fn taxes(&self, id: InvoiceId) -> Result<&[InvoiceTax], Fault> {
        let taxes = self.taxes.get_or_try_init(|| self.read_taxes(&self.app.store)).await?;
        Ok(taxes.get(&id).map_or(&[], Vec::as_slice))
    }

    pub(super) async fn organisation(&self) -> Result<Option<Organisation>, Fault> {
        Ok(self.organisation.get_or_try_init(|| self.read_organisation(&self.app.store)).await?.clone())
    }

    async fn read_lines(&self, conn: &impl Conn) -> Result<Lines, Error> {
        let lines = records::lines_for_many(conn, self.organisation_id, &self.invoices).await?;
        let shared = |lines: Vec<Line>| lines.into_iter().map(Arc::new).collect();
        Ok(lines.into_iter().map(|(id, lines)| (id, shared(lines))).collect())
    }

    async fn read_taxes(&self, conn: &impl Conn) -> Result<Taxes, Error> {
        records::taxes_for_many(conn, self.organisation_id, &self.invoices).await
    }

    async fn read_organisation(&self, conn: &impl Conn) -> Result<Option<Organisation>, Error> {
        organisation::find(conn, self.organisation_id).await
    }
}
