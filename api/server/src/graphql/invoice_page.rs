//! What the invoices of one page share: whatever one of them needs is read for all, once, in one statement.
//!
//! A loader gathers keys for a moment and sends what has come by then; on a busy machine that is half a page. A page
//! knows all its keys from the start.

use billing::ids::{InvoiceId, OrganisationId};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::OnceCell;

use super::fault::Fault;
use crate::app::App;
use crate::store::invoice::{self as records, InvoiceTax, Line};
use crate::store::organisation::{self, Organisation};

/// The invoices of a page, and what was read for them.
pub(super) struct InvoicePage {
    app: Arc<App>,
    organisation_id: OrganisationId,
    ids: Vec<InvoiceId>,
    lines: OnceCell<HashMap<InvoiceId, Vec<Arc<Line>>>>,
    taxes: OnceCell<HashMap<InvoiceId, Vec<InvoiceTax>>>,
    organisation: OnceCell<Option<Organisation>>,
}

impl InvoicePage {
    pub(super) fn of(app: &Arc<App>, organisation_id: OrganisationId, invoices: &[records::Invoice]) -> Arc<Self> {
        Arc::new(Self {
            app: Arc::clone(app),
            organisation_id,
            ids: invoices.iter().map(|invoice| invoice.id).collect(),
            lines: OnceCell::new(),
            taxes: OnceCell::new(),
            organisation: OnceCell::new(),
        })
    }

    pub(super) async fn lines(&self, id: InvoiceId) -> Result<&[Arc<Line>], Fault> {
        let read = || async {
            let lines = records::lines_for_many(&self.app.store, self.organisation_id, &self.ids).await?;
            let shared = |lines: Vec<Line>| lines.into_iter().map(Arc::new).collect();
            Ok::<_, Fault>(lines.into_iter().map(|(id, lines)| (id, shared(lines))).collect())
        };
        Ok(self.lines.get_or_try_init(read).await?.get(&id).map_or(&[], Vec::as_slice))
    }

    pub(super) async fn taxes(&self, id: InvoiceId) -> Result<&[InvoiceTax], Fault> {
        let read = || records::taxes_for_many(&self.app.store, self.organisation_id, &self.ids);
        Ok(self.taxes.get_or_try_init(read).await?.get(&id).map_or(&[], Vec::as_slice))
    }

    pub(super) async fn organisation(&self) -> Result<Option<Organisation>, Fault> {
        let read = || organisation::find(&self.app.store, self.organisation_id);
        Ok(self.organisation.get_or_try_init(read).await?.clone())
    }
}
