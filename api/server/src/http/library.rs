//! Where the GraphQL transport finds trusted documents.

use chrono::Utc;
use std::sync::Arc;
use transport::{Denied, TrustedDocuments};

use crate::app::App;
use crate::app::trusted_documents;
use crate::http::identity::denied;
use crate::viewer::Viewer;

/// The registered documents, the same for everybody.
pub(super) struct Library {
    app: Arc<App>,
}

impl Library {
    pub(super) fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

impl TrustedDocuments for Library {
    type Identity = Viewer;

    async fn find(&self, _viewer: &Viewer, digest: &str) -> Result<Option<String>, Denied> {
        let found = trusted_documents::text(&self.app, digest, Utc::now()).await.map_err(denied)?;
        Ok(found.map(|text| text.as_ref().to_owned()))
    }
}
