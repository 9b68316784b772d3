//! From a key to a [`Viewer`]. Keys are random and long, so one SHA-256 is enough to store them, and
//! looking one up by its hash leaks nothing a clock could measure.

use billing::ids::ApiKeyId;
use chrono::{DateTime, Duration, Utc};
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::audit::{self, Action, Changes, Subject};
use super::refusals::Refusal;
use super::{App, to_microseconds};
use crate::error::Error;
use crate::store::audit::SubjectType;
use crate::store::{self, Store, api_key::ApiKey};
use crate::viewer::Viewer;

/// How long a key that was found valid is believed without asking the database again. A key revoked
/// on another node ends there within this time; on this node at once.
const BELIEVED_SECONDS: i64 = 5;

/// Keys remembered at most; past that the memory is emptied, which costs one lookup each.
const REMEMBERED_KEYS: usize = 10_000;

/// Pairs of key and network remembered at most.
const REMEMBERED_PLACES: usize = 100_000;

/// Keys by their hash, each with the moment until which it is believed.
type Seen = HashMap<[u8; 32], (Viewer, DateTime<Utc>)>;

/// Keys seen lately.
#[derive(Default)]
pub struct KeyMemory {
    seen: Mutex<Seen>,
    /// From where keys were used; every pair has its row.
    places: Mutex<HashSet<(ApiKeyId, IpAddr)>>,
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

    fn was_used_from(&self, key: ApiKeyId, network: IpAddr) -> bool {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).contains(&(key, network))
    }

    fn remember_place(&self, key: ApiKeyId, network: IpAddr) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= REMEMBERED_PLACES {
            places.clear();
        }
        places.insert((key, network));
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

/// Who presents `key`, from `address`. Every refusal says the same, so that keys cannot be told apart by probing.
pub async fn authenticate(app: &App, key: &str, address: Option<IpAddr>, now: DateTime<Utc>) -> Result<Viewer, Error> {
    let hash = hash(key);
    let mut viewer = match app.keys.recall(&hash, now) {
        Some(viewer) => viewer,
        None => look_up(app, hash, address, now).await?,
    };
    viewer.address = address;
    if let Some(address) = address {
        notice_place(app, &viewer, address, now).await?;
    }
    Ok(viewer)
}

async fn look_up(app: &App, hash: [u8; 32], address: Option<IpAddr>, now: DateTime<Utc>) -> Result<Viewer, Error> {
    let found = store::api_key::find_by_hash(&app.store, &hash).await?;
    let found = match found {
        Some(found) if is_valid(&found, now) => found,
        other => {
            app.refusals.note(Refusal::of_key(other.as_ref(), address), now);
            return Err(refused());
        }
    };
    let viewer = Viewer {
        key_id: found.id,
        scope: found.scope,
        role: found.role.parse()?,
        trusted_documents_only: found.trusted_documents_only,
        address: None,
        request_id: None,
    };
    let believed = now + Duration::seconds(BELIEVED_SECONDS);
    app.keys.remember(hash, &viewer, found.expires_at.map_or(believed, |end| end.min(believed)));
    if found.last_used_at.is_none_or(|last| now - last > Duration::minutes(1)) {
        store::api_key::touch(&app.store, found.id, now).await?;
    }
    Ok(viewer)
}

/// The first use of a key from a network is told in the audit trail, once for ever: memory answers first, then the
/// rows, and of any number of requests at once one inserts.
async fn notice_place(app: &App, viewer: &Viewer, address: IpAddr, now: DateTime<Utc>) -> Result<(), Error> {
    let (key, network) = (viewer.key_id, network(address));
    if app.keys.was_used_from(key, network) {
        return Ok(());
    }
    let shown = show_network(network);
    if !store::api_key_address::is_known(&app.store, key, &shown).await? {
        let tx = app.store.begin().await?;
        if store::api_key_address::insert_in_tx(&tx, key, &shown, to_microseconds(now)).await? {
            let subject = Subject::named(viewer.own_organisation(), SubjectType::ApiKey, key.to_string());
            let changes = Changes::new().set("network", &shown);
            audit::record_in_tx(&tx, viewer, Action::ApiKeyUsedFromNewAddress, subject, changes, now).await?;
        }
        tx.commit().await?;
    }
    app.keys.remember_place(key, network);
    Ok(())
}

/// What counts as one place: an IPv4 address, or the half of an IPv6 address that names a network; the other half
/// changes every day by itself.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address @ IpAddr::V4(_) => address,
    }
}

/// The network as recorded.
pub fn show_network(network: IpAddr) -> String {
    match network {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{address}/64"),
    }
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
