//! What the invoices of one page share: whatever one of them needs is read for all, once, in one statement.
//!
//! A loader gathers keys for a moment and sends what has come by then. A page knows all its keys from the start, and
//! what the selection is sure to ask for it reads along with the invoices, over the same connection.

use async_graphql::{Context, Items};
use billing::ids::{InvoiceId, OrganisationId};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::OnceCell;

use super::fault::Fault;
use super::invoice_line::{InvoiceLine, NOT_IN_BRIEF};
use crate::app::App;
use crate::error::Error;
use crate::store::invoice::{self, InCurrency, Invoice, InvoiceTax, Line, LineBrief};
use crate::store::organisation::{self, Organisation};
use crate::store::{Conn, JsonText, Reading};

/// The invoices of a page, and what was read for them.
pub(super) struct InvoicePage {
    app: Arc<App>,
    organisation_id: OrganisationId,
    invoices: Vec<InCurrency>,
    briefs: OnceCell<Below<Arc<LineBrief>>>,
    lines: OnceCell<Below<Arc<Line>>>,
    taxes: OnceCell<Below<InvoiceTax>>,
    facts: OnceCell<HashMap<InvoiceId, JsonText>>,
    organisation: OnceCell<Option<Arc<Organisation>>>,
}

type Below<T> = HashMap<InvoiceId, Vec<T>>;

/// What a selection asks of each invoice that is not in the row of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    briefs: bool,
    lines: bool,
    taxes: bool,
    facts: bool,
    organisation: bool,
}

impl Wanted {
    /// Of a field that answers with a connection of invoices.
    pub(super) fn of(ctx: &Context<'_>) -> Self {
        let field = ctx.look_ahead();
        let items = [field.field("nodes"), field.field("edges").field("node")];
        let has = |name: &str| items.iter().any(|item| item.field(name).exists());
        let lines = items.iter().any(|item| {
            let lines = item.field("lines");
            NOT_IN_BRIEF.iter().any(|name| lines.field(name).exists())
        });
        Self {
            briefs: has("lines") && !lines,
            lines,
            taxes: has("taxes"),
            facts: ["seller", "buyer", "notes"].into_iter().any(has),
            organisation: has("organisation"),
        }
    }
}

impl InvoicePage {
    /// Reads what is wanted; the rest is read when it is asked for after all.
    pub(super) async fn read(
        app: &Arc<App>,
        reading: &Reading,
        organisation_id: OrganisationId,
        invoices: &[Invoice],
        wanted: Wanted,
    ) -> Result<Arc<Self>, Error> {
        let page = Self {
            app: Arc::clone(app),
            organisation_id,
            invoices: invoices.iter().map(|invoice| (invoice.id, invoice.currency)).collect(),
            briefs: OnceCell::new(),
            lines: OnceCell::new(),
            taxes: OnceCell::new(),
            facts: OnceCell::new(),
            organisation: OnceCell::new(),
        };
        if wanted.briefs {
            page.briefs.get_or_try_init(|| page.read_briefs(reading)).await?;
        }
        if wanted.lines {
            page.lines.get_or_try_init(|| page.read_lines(reading)).await?;
        }
        if wanted.taxes {
            page.taxes.get_or_try_init(|| page.read_taxes(reading)).await?;
        }
        if wanted.facts {
            page.facts.get_or_try_init(|| page.read_facts(reading)).await?;
        }
        if wanted.organisation && !invoices.is_empty() {
            page.organisation.get_or_try_init(|| page.read_organisation(reading)).await?;
        }
        Ok(Arc::new(page))
    }

    /// The lines of one of them, whole where they have been read so.
    pub(super) async fn lines(page: &Arc<Self>, id: InvoiceId) -> Result<Items<InvoiceLine>, Fault> {
        if let Some(lines) = page.lines.get() {
            return Ok(lines.get(&id).into_iter().flatten().cloned().map(InvoiceLine::Whole).collect());
        }
        let briefs = had(&page.briefs, || page.read_briefs(&page.app.store)).await?;
        let brief = |(place, brief): (usize, &Arc<LineBrief>)| InvoiceLine::Brief {
            brief: Arc::clone(brief),
            page: Arc::clone(page),
            invoice: id,
            place,
        };
        Ok(briefs.get(&id).into_iter().flatten().enumerate().map(brief).collect())
    }

    /// One line of one of them.
    pub(super) async fn line(&self, id: InvoiceId, place: usize) -> Result<&Line, Fault> {
        let lines = had(&self.lines, || self.read_lines(&self.app.store)).await?;
        let line = lines.get(&id).and_then(|lines| lines.get(place));
        let gone = || Error::conflict("INVOICE_CHANGED", "The invoice was changed while it was read. Ask again.");
        Ok(line.ok_or_else(gone)?)
    }

    pub(super) async fn taxes(&self, id: InvoiceId) -> Result<&[InvoiceTax], Fault> {
        let taxes = had(&self.taxes, || self.read_taxes(&self.app.store)).await?;
        Ok(taxes.get(&id).map_or(&[], Vec::as_slice))
    }

    pub(super) async fn facts(&self, id: InvoiceId) -> Result<Option<JsonText>, Fault> {
        Ok(had(&self.facts, || self.read_facts(&self.app.store)).await?.get(&id).cloned())
    }

    pub(super) async fn organisation(&self) -> Result<Option<Arc<Organisation>>, Fault> {
        Ok(had(&self.organisation, || self.read_organisation(&self.app.store)).await?.clone())
    }

    async fn read_briefs(&self, conn: &impl Conn) -> Result<Below<Arc<LineBrief>>, Error> {
        Ok(shared(invoice::briefs_for_many(conn, self.organisation_id, &self.invoices).await?))
    }

    async fn read_lines(&self, conn: &impl Conn) -> Result<Below<Arc<Line>>, Error> {
        Ok(shared(invoice::lines_for_many(conn, self.organisation_id, &self.invoices).await?))
    }

    async fn read_taxes(&self, conn: &impl Conn) -> Result<Below<InvoiceTax>, Error> {
        invoice::taxes_for_many(conn, self.organisation_id, &self.invoices).await
    }

    async fn read_facts(&self, conn: &impl Conn) -> Result<HashMap<InvoiceId, JsonText>, Error> {
        let ids: Vec<InvoiceId> = self.invoices.iter().map(|(id, _)| *id).collect();
        invoice::facts_for_many(conn, self.organisation_id, &ids).await
    }

    async fn read_organisation(&self, conn: &impl Conn) -> Result<Option<Arc<Organisation>>, Error> {
        Ok(organisation::find(conn, self.organisation_id).await?.map(Arc::new))
    }
}

/// What a cell has, or gets now. Reading is the exception and its future large, so it is made only then.
async fn had<T, F>(cell: &OnceCell<T>, read: impl FnOnce() -> F) -> Result<&T, Fault>
where
    F: Future<Output = Result<T, Error>>,
{
    match cell.get() {
        Some(value) => Ok(value),
        None => Ok(Box::pin(cell.get_or_try_init(read)).await?),
    }
}

fn shared<T>(below: Below<T>) -> Below<Arc<T>> {
    below.into_iter().map(|(id, items)| (id, items.into_iter().map(Arc::new).collect())).collect()
}
