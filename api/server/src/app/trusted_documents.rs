//! The documents of the operator's own front ends: registered when a front end is built, run by their digest, removed when
//! no copy of it is in use any more. Whether a text is a good document is judged before it comes here.
//!
//! Registering the same text again finds it there and changes nothing.

use billing::ids::TrustedDocumentId;
use chrono::{DateTime, Duration, Utc};
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{App, fresh, to_microseconds};
use crate::error::Error;
use crate::store;
use crate::store::trusted_document::TrustedDocument;
use crate::viewer::{Permission, Viewer};

/// Documents in one registration.
pub const MOST_DOCUMENTS: usize = 250;

/// How long a document is believed to be registered without asking the database again. One removed on another node ends
/// there within this time; on this node at once.
const BELIEVED_SECONDS: i64 = 30;

/// Bytes of text that are remembered; past that the memory is emptied.
const REMEMBERED_BYTES: usize = 16 << 20;

/// Documents that were asked for lately, by their digest.
#[derive(Default)]
pub struct DocumentMemory {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    bytes: usize,
    texts: HashMap<String, (Arc<str>, DateTime<Utc>)>,
}

impl DocumentMemory {
    fn recall(&self, digest: &str, now: DateTime<Utc>) -> Option<Arc<str>> {
        self.lock().texts.get(digest).filter(|(_, until)| now < *until).map(|(text, _)| Arc::clone(text))
    }

    fn remember(&self, digest: String, text: Arc<str>, until: DateTime<Utc>) {
        let mut kept = self.lock();
        if kept.bytes + text.len() > REMEMBERED_BYTES {
            *kept = Kept::default();
        }
        let size = text.len();
        if kept.texts.insert(digest, (text, until)).is_none() {
            kept.bytes += size;
        }
    }

    fn forget(&self, digest: &str) {
        let mut kept = self.lock();
        if let Some((text, _)) = kept.texts.remove(digest) {
            kept.bytes -= text.len();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A document to be registered.
pub struct NewDocument {
    /// What people call it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Registers documents, all or none, and answers them in their order.
pub async fn register(
    app: &App,
    viewer: &Viewer,
    new: Vec<NewDocument>,
    now: DateTime<Utc>,
) -> Result<Vec<TrustedDocument>, Error> {
    viewer.require(Permission::PluginsWrite)?;
    let mut digests = Vec::with_capacity(new.len());
    let mut seen = HashSet::new();
    let mut documents = Vec::with_capacity(new.len());
    for (index, NewDocument { name, text }) in new.into_iter().enumerate() {
        if name.trim().is_empty() || name.len() > 200 {
            let words = "name must have 1 to 200 characters, so that people can tell documents apart.";
            return Err(Error::invalid("BAD_NAME", words).at([
                "documents".to_owned(),
                index.to_string(),
                "name".to_owned(),
            ]));
        }
        let digest = hex::encode(Sha256::digest(text.as_bytes()));
        digests.push(digest.clone());
        if seen.insert(digest.clone()) {
            let (registered_by, created_at) = (viewer.key_id, to_microseconds(now));
            documents.push(TrustedDocument { id: fresh(), digest, text, name, registered_by, created_at });
        }
    }
    let tx = app.store.begin().await?;
    store::trusted_document::insert_in_tx(&tx, &documents).await?;
    tx.commit().await?;
    let found = store::trusted_document::find_by_digests(&app.store, &digests).await?;
    let by_digest: HashMap<_, _> = found.into_iter().map(|found| (found.digest.clone(), found)).collect();
    // The same text twice is one document, and is answered twice.
    let answer = digests.iter().map(|digest| by_digest.get(digest).cloned());
    answer.collect::<Option<_>>().ok_or_else(|| {
        Error::conflict("VERSION_CONFLICT", "A document was removed at the same moment. Register them again.")
    })
}

/// Removes a document: from then on nobody can run it by its digest.
pub async fn remove(app: &App, viewer: &Viewer, id: TrustedDocumentId) -> Result<TrustedDocument, Error> {
    viewer.require(Permission::PluginsWrite)?;
    let missing = || Error::not_found("NOT_FOUND", format!("There is no trusted document {id}.")).at(["id"]);
    let document = store::trusted_document::find(&app.store, id).await?.ok_or_else(missing)?;
    let tx = app.store.begin().await?;
    let removed = store::trusted_document::remove_in_tx(&tx, id).await?;
    tx.commit().await?;
    app.documents.forget(&document.digest);
    if removed { Ok(document) } else { Err(missing()) }
}

/// The text with this digest, if it is registered.
pub async fn text(app: &App, digest: &str, now: DateTime<Utc>) -> Result<Option<Arc<str>>, Error> {
    if let Some(text) = app.documents.recall(digest, now) {
        return Ok(Some(text));
    }
    let Some(found) = store::trusted_document::find_by_digest(&app.store, digest).await? else {
        app.documents.forget(digest);
        return Ok(None);
    };
    let text: Arc<str> = found.text.into();
    app.documents.remember(found.digest, Arc::clone(&text), now + Duration::seconds(BELIEVED_SECONDS));
    Ok(Some(text))
}
