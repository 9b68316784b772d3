//! From a key to a [`Viewer`]. Keys are random and long, so one SHA-256 is enough to store them, and
//! looking one up by its hash leaks nothing a clock could measure.

use billing::ids::ApiKeyId;
use chrono::{DateTime, Duration, Utc};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::App;
use crate::error::Error;
use crate::store::{self, Store, api_key::ApiKey};
use crate::viewer::Viewer;

/// How long a key that was found valid is believed without asking the database again. A key revoked
/// on another node ends there within this time; on this node at once.
const BELIEVED_SECONDS: i64 = 5;

/// Keys remembered at most; past that the memory is emptied, which costs one lookup each.
const REMEMBERED_KEYS: usize = 10_000;

/// Keys by their hash, each with the moment until which it is believed.
type Seen = HashMap<[u8; 32], (Viewer, DateTime<Utc>)>;

/// Keys seen lately.
#[derive(Default)]
pub struct KeyMemory {
    seen: Mutex<Seen>,
}

impl KeyMemory {
    /// Forgets a key at once.
    pub fn forget(&self, key: ApiKeyId) {
        self.lock().retain(|_, (viewer, _)| viewer.key_id != key);
    }

    fn recall(&self, hash: &[u8; 32], now: DateTime<Utc>) -> Option<Viewer> {
        self.lock().get(hash).filter(|(_, until)| now < *until).map(|(viewer, _)| viewer.clone())
    }

    fn remember(&self, hash: [u8; 32], viewer: &Viewer, until: DateTime<Utc>) {
        let mut seen = self.lock();
        if seen.len() >= REMEMBERED_KEYS {
            seen.clear();
        }
        seen.insert(hash, (viewer.clone(), until));
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is stored of a key.
pub fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// Whether `key` was found valid a moment ago, which costs no look at the database.
pub fn remembers(app: &App, key: &str, now: DateTime<Utc>) -> bool {
    app.keys.recall(&hash(key), now).is_some()
}

/// Who presents `key`. Every refusal says the same, so that keys cannot be told apart by probing.
pub async fn authenticate(app: &App, key: &str, now: DateTime<Utc>) -> Result<Viewer, Error> {
    let hash = hash(key);
    if let Some(viewer) = app.keys.recall(&hash, now) {
        return Ok(viewer);
    }
    let found = store::api_key::find_by_hash(&app.store, &hash)
        .await?
        .filter(|found| is_valid(found, now))
        .ok_or_else(refused)?;
    let viewer = Viewer {
        key_id: found.id,
        scope: found.scope,
        role: found.role.parse()?,
        trusted_documents_only: found.trusted_documents_only,
    };
    let believed = now + Duration::seconds(BELIEVED_SECONDS);
    app.keys.remember(hash, &viewer, found.expires_at.map_or(believed, |end| end.min(believed)));
    if found.last_used_at.is_none_or(|last| now - last > Duration::minutes(1)) {
        store::api_key::touch(&app.store, found.id, now).await?;
    }
    Ok(viewer)
}

/// Whether a viewer's key is still good, for connections that outlive a request.
pub async fn still_valid(store: &Store, viewer: &Viewer, now: DateTime<Utc>) -> Result<bool, Error> {
    Ok(store::api_key::find(store, viewer.key_id).await?.is_some_and(|key| is_valid(&key, now)))
}

fn is_valid(key: &ApiKey, now: DateTime<Utc>) -> bool {
    key.revoked_at.is_none() && key.expires_at.is_none_or(|end| now < end)
}

fn refused() -> Error {
    Error::unauthenticated(
        "UNAUTHENTICATED",
        "This API key is unknown, expired or revoked. Send a valid one as `Authorization: Bearer …`.",
    )
}
