//! Trusted documents: the operations that the operator's own front ends were built with, run by the digest of their text.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use billing::ids::TrustedDocumentId;
use std::sync::Arc;

use super::access::{Call, Need, enter};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter};
use super::cursor::List;
use super::document_check::DocumentCheck;
use super::fault::Result;
use super::ident::{parse_id, show_id};
use super::scalar::Instant;
use super::user_error::{UserError, payload};
use crate::app::trusted_documents::{self, MOST_DOCUMENTS, NewDocument};
use crate::error::Error;
use crate::limits::transport_settings;
use crate::store::trusted_document as records;
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("trustedDocuments", Permission::PluginsRead),
    Need::mutation("trustedDocumentRegister", Permission::PluginsWrite),
    Need::mutation("trustedDocumentRemove", Permission::PluginsWrite),
];

/// A document that may be run by its digest.
pub(super) struct TrustedDocument(pub(super) records::TrustedDocument);

/// A GraphQL document of one of the operator's front ends. Any key runs it by its `documentId`; a key that is limited to
/// trusted documents runs nothing else.
#[Object]
impl TrustedDocument {
    /// Its id, `tdo_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// What a request sends as `documentId` instead of `query`: `sha256:` and the digest of the text.
    async fn document_id(&self) -> String {
        format!("sha256:{}", self.0.digest)
    }

    /// The text.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The key that registered it.
    async fn registered_by_key_id(&self) -> ID {
        show_id(self.0.registered_by)
    }

    /// When it was registered.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }
}

#[derive(Default)]
pub(super) struct TrustedDocumentQuery;

#[Object]
impl TrustedDocumentQuery {
    /// The trusted documents, newest first.
    async fn trusted_documents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<TrustedDocument>> {
        let call = enter(ctx)?;
        let list = List::of("trustedDocuments", ());
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        let rows = records::page(&app.store, &page).await?;
        let count = counter(move || {
            let app = Arc::clone(&app);
            async move { records::count_capped(&app.store, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, TrustedDocument))
    }
}

/// Which documents are trusted from now on.
#[derive(InputObject)]
struct TrustedDocumentRegisterInput {
    /// The documents, 1 to 250. One that is registered already stays as it is.
    documents: Vec<TrustedDocumentInput>,
}

/// A document to trust.
#[derive(InputObject)]
struct TrustedDocumentInput {
    /// What people call it, 1 to 200 characters; usually the name of its operation.
    name: String,
    /// The text, byte for byte as its digest was taken. It has one operation, within `apiLimits` and valid against this
    /// schema.
    text: String,
}

/// What `trustedDocumentRegister` answers.
#[derive(SimpleObject)]
struct TrustedDocumentRegisterPayload {
    /// The documents in the order of the input; empty when there are errors.
    trusted_documents: Vec<TrustedDocument>,
    /// Why nothing was done; empty on success.
    errors: Vec<UserError>,
}

/// Which document is removed.
#[derive(InputObject)]
struct TrustedDocumentRemoveInput {
    /// Its id.
    id: ID,
}

payload! {
    /// What `trustedDocumentRemove` answers.
    TrustedDocumentRemovePayload {
        /// The document that was removed; null when there are errors.
        trusted_document: TrustedDocument
    }
}

#[derive(Default)]
pub(super) struct TrustedDocumentMutation;

#[Object]
impl TrustedDocumentMutation {
    /// Registers the documents that a front end was built with. Registering them again changes nothing.
    async fn trusted_document_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The documents.")] input: TrustedDocumentRegisterInput,
    ) -> Result<TrustedDocumentRegisterPayload> {
        let call = enter(ctx)?;
        Ok(match register(&call, input.documents).await {
            Ok(documents) => TrustedDocumentRegisterPayload {
                trusted_documents: documents.into_iter().map(TrustedDocument).collect(),
                errors: Vec::new(),
            },
            Err(error) => {
                TrustedDocumentRegisterPayload { trusted_documents: Vec::new(), errors: vec![UserError::of(error)?] }
            }
        })
    }

    /// Removes a document that no front end in use sends any more. Other servers of the installation may run it for half
    /// a minute.
    async fn trusted_document_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: TrustedDocumentRemoveInput,
    ) -> Result<TrustedDocumentRemovePayload> {
        let call = enter(ctx)?;
        let removed = match parse_id(&input.id, "id") {
            Ok(id) => trusted_documents::remove(call.app, call.viewer, id, call.now).await.map(TrustedDocument),
            Err(error) => Err(error),
        };
        TrustedDocumentRemovePayload::answer(removed)
    }
}

async fn register(
    call: &Call<'_>,
    documents: Vec<TrustedDocumentInput>,
) -> Result<Vec<records::TrustedDocument>, Error> {
    if documents.is_empty() || documents.len() > MOST_DOCUMENTS {
        let words = format!("{} documents; register 1 to {MOST_DOCUMENTS} at a time.", documents.len());
        return Err(Error::invalid("OUT_OF_RANGE", words).at(["documents"]));
    }
    let check = DocumentCheck::new(&transport_settings(&call.app.settings))?;
    for (index, document) in documents.iter().enumerate() {
        check.check(&document.text).await.map_err(|words| {
            let words = format!("The document `{}` would not run: {words}", document.name);
            Error::invalid("BAD_DOCUMENT", words).at(["documents", &index.to_string(), "text"])
        })?;
    }
    let new = documents.into_iter().map(|document| NewDocument { name: document.name, text: document.text });
    trusted_documents::register(call.app, call.viewer, new.collect(), call.now).await
}

/// One that the caller may see, for `node`.
pub(super) async fn find(call: &Call<'_>, id: TrustedDocumentId) -> Result<Option<TrustedDocument>, Error> {
    Ok(records::find(&call.app.store, id).await?.map(TrustedDocument))
}
