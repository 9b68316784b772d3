//! From what a client sent to a document's text: the text itself, the digest of a trusted document, or
//! the digest of one it sent before (automatic persisted queries).
//!
//! Trusted documents are a security boundary, because their texts come from the owner; the texts a
//! client registered itself only save bandwidth and are looked at like any other.

mod memory;

use std::future::Future;

use async_graphql::Value;
use futures_util::future::BoxFuture;
use sha2::{Digest as _, Sha256};

pub(crate) use self::memory::Memory;
use crate::{Authenticator, Denied, code, envelope::Envelope, envelope::bad, failure::Failure, transport::Shared};

/// The documents the owner of the schema has approved, such as those its own front end was built with.
pub trait TrustedDocuments: Send + Sync + 'static {
    /// Whoever is calling; the same as `Authenticator::Identity`.
    type Identity: Send + Sync + 'static;

    /// The text whose SHA-256 is `digest`, in lower-case hexadecimal; `None` if there is none for this
    /// caller. The digest of the text that is returned is checked.
    ///
    /// # Errors
    /// [`Denied::Unavailable`] when the documents cannot be reached.
    fn find(
        &self,
        identity: &Self::Identity,
        digest: &str,
    ) -> impl Future<Output = Result<Option<String>, Denied>> + Send;
}

/// [`TrustedDocuments`] with its future boxed.
pub(crate) trait AnyDocuments<I>: Send + Sync {
    fn find<'a>(&'a self, identity: &'a I, digest: &'a str) -> BoxFuture<'a, Result<Option<String>, Denied>>;
}

impl<D: TrustedDocuments> AnyDocuments<D::Identity> for D {
    fn find<'a>(&'a self, identity: &'a D::Identity, digest: &'a str) -> BoxFuture<'a, Result<Option<String>, Denied>> {
        Box::pin(TrustedDocuments::find(self, identity, digest))
    }
}

/// The SHA-256 of a document's text.
pub(crate) type Digest = [u8; 32];

/// A document's text, and under which digest to keep it once it has proved to be one.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) text: String,
    pub(crate) keep: Option<Digest>,
}

/// Finds the text a request means.
pub(crate) async fn find<E, A: Authenticator>(
    shared: &Shared<E, A>,
    identity: &A::Identity,
    envelope: &mut Envelope,
) -> Result<Found, Failure> {
    let query = envelope.query.take();
    if let Some(id) = envelope.document_id.take() {
        if query.is_some() {
            return Err(bad("Send either `query` or `documentId`, not both."));
        }
        return trusted(shared, identity, &id).await;
    }
    if shared.authenticator.trusted_documents_only(identity) {
        return Err(Failure::new(
            code::TRUSTED_DOCUMENT_REQUIRED,
            "This key runs trusted documents only. Send `documentId` instead of `query`.",
        ));
    }
    match (persisted(envelope)?, query) {
        (None, Some(text)) => Ok(Found { text, keep: None }),
        (None, None) => Err(bad("The entry `query` is missing. It holds the GraphQL document as a string.")),
        (Some(_), _) if shared.settings.persisted_query_bytes == 0 => {
            Err(Failure::new(code::PERSISTED_QUERY_NOT_SUPPORTED, "PersistedQueryNotSupported"))
        }
        (Some(digest), Some(text)) => match digest == digest_of(&text) {
            true => Ok(Found { text, keep: Some(digest) }),
            false => Err(Failure::new(
                code::PERSISTED_QUERY_HASH_MISMATCH,
                "The entry `sha256Hash` is not the SHA-256 of `query`. Hash the exact text that is sent.",
            )),
        },
        (Some(digest), None) => {
            let text = shared.memory.get(&shared.authenticator.document_class(identity), &digest);
            let text = text.ok_or_else(|| {
                // Clients compare these very words, so they are not a sentence.
                Failure::new(code::PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
            })?;
            Ok(Found { text, keep: None })
        }
    }
}

async fn trusted<E, A: Authenticator>(
    shared: &Shared<E, A>,
    identity: &A::Identity,
    id: &str,
) -> Result<Found, Failure> {
    let digest = id.strip_prefix("sha256:").and_then(read_digest).ok_or_else(|| {
        bad("The entry `documentId` is `sha256:` and the document's SHA-256 in 64 hexadecimal digits.")
    })?;
    let hex = hex::encode(digest);
    let found = match &shared.documents {
        Some(documents) => documents.find(identity, &hex).await?,
        None => None,
    };
    match found {
        Some(text) if digest_of(&text) == digest => Ok(Found { text, keep: None }),
        Some(_) => {
            tracing::error!(digest = %hex, "a trusted document is not the text of its digest");
            Err(Failure::new(code::UNAVAILABLE, "This trusted document cannot be used right now."))
        }
        None => Err(Failure::new(
            code::TRUSTED_DOCUMENT_NOT_FOUND,
            "There is no trusted document of this `documentId`. Register it, or send `query`.",
        )),
    }
}

/// `extensions.persistedQuery`, if it is there.
fn persisted(envelope: &Envelope) -> Result<Option<Digest>, Failure> {
    let Some(Value::Object(entries)) = envelope.extensions.get("persistedQuery") else {
        return Ok(None);
    };
    if entries.get("version") != Some(&Value::from(1)) {
        return Err(bad("The only version of `extensions.persistedQuery` spoken here is 1."));
    }
    match entries.get("sha256Hash") {
        Some(Value::String(hash)) => read_digest(hash).map(Some),
        _ => None,
    }
    .ok_or_else(|| bad("The entry `extensions.persistedQuery.sha256Hash` is a SHA-256 in 64 hexadecimal digits."))
}

fn read_digest(hex: &str) -> Option<Digest> {
    let mut digest = Digest::default();
    hex::decode_to_slice(hex, &mut digest).ok().map(|()| digest)
}

fn digest_of(text: &str) -> Digest {
    Sha256::digest(text.as_bytes()).into()
}
