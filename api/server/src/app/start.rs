//! Starting: open the database, bring it up to date, start the sandbox, register the standard guests.
//!
//! Everything here may run at every start and on several nodes at once; the second run changes nothing.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use plugin_host::{CacheSettings, HostSettings};
use rand::Rng as _;
use sha2::Sha256;
use std::sync::{Arc, OnceLock};

use super::audit::{self, Action, Changes, Subject};
use super::usage_gate::UsageGate;
use super::{App, to_microseconds};
use crate::bus::Bus;
use crate::config::Settings;
use crate::error::Error;
use crate::files::Files;
use crate::gateway::Gateways;
use crate::limiter::Limiter;
use crate::links::Signer;
use crate::metrics::Metrics;
use crate::plugin::{Plugins, STANDARD, world};
use crate::sessions::SessionSigner;
use crate::store::audit::{ActorKind, SubjectType};
use crate::store::plugin::Component;
use crate::store::{self, Store, StoreSettings};

impl App {
    /// Opens everything the settings name. The database must be migrated, or empty.
    pub async fn start(settings: Settings, now: DateTime<Utc>) -> Result<Arc<Self>, Error> {
        let metrics = Metrics::new();
        let limiter = Limiter::new(&settings, metrics.clone())?;
        // Where files of multipart requests lie while they are read.
        std::fs::create_dir_all(settings.data_dir.join("uploads")).map_err(Error::internal)?;
        let files = Files::open(settings.data_dir.join("files"))?;
        let store = Store::connect(&store_settings(&settings)).await?;
        store.migrate().await?;
        let key = signing_key(&store, now).await?;
        let plugins = Plugins::start(HostSettings {
            threads: settings.plugin_threads,
            queue: settings.plugin_queue,
            cache: Some(CacheSettings {
                dir: settings.data_dir.join("compiled"),
                key: derived(&key, "compiled plugins"),
            }),
            ..HostSettings::default()
        })
        .map_err(Error::internal)?;
        register_standard(&store, now).await?;
        Ok(Arc::new(Self {
            usage: UsageGate::start(&store),
            store,
            plugins,
            bus: Bus::default(),
            files,
            gateways: Gateways::new(&settings)?,
            post: super::send_mail::Post::new(&settings)?,
            signer: Signer::new(derived(&key, "links")),
            limiter,
            metrics,
            documents: super::trusted_documents::DocumentMemory::default(),
            refusals: super::refusals::Refusals::default(),
            sessions: SessionSigner::new(derived(&key, "session tokens")),
            keys: super::key_memory::KeyMemory::default(),
            catalogue: super::catalogue::CatalogueCache::default(),
            address: OnceLock::new(),
            settings,
        }))
    }
}

/// What the settings say about the database.
pub fn store_settings(settings: &Settings) -> StoreSettings {
    StoreSettings {
        url: settings.database(),
        max_connections: settings.database_connections,
        statement_timeout: settings.database_statement_timeout,
        unhurried_timeout: settings.database_background_timeout,
    }
}

async fn signing_key(store: &Store, now: DateTime<Utc>) -> Result<[u8; 32], Error> {
    if let Some(key) = store::installation::signing_key(store).await? {
        return Ok(key);
    }
    let mut proposed = [0; 32];
    rand::rng().fill_bytes(&mut proposed);
    let tx = store.begin().await?;
    let key = store::installation::signing_key_in_tx(&tx, proposed, to_microseconds(now)).await?;
    tx.commit().await?;
    Ok(key)
}

/// A key of its own for each use, so that one leaking says nothing of the others.
fn derived(key: &[u8; 32], purpose: &str) -> [u8; 32] {
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut code = Hmac::<Sha256>::new(&block.into());
    code.update(purpose.as_bytes());
    code.finalize().into_bytes().into()
}

/// The bytes of the standard guests go into the database, so that an invoice they priced can be
/// computed again after the binary has moved on.
async fn register_standard(store: &Store, now: DateTime<Utc>) -> Result<(), Error> {
    let mut unknown = Vec::new();
    for guest in &STANDARD {
        if store::plugin::component(store, guest.digest()).await?.is_none() {
            unknown.push(guest);
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let tx = store.begin().await?;
    let (server, mut trail) = (audit::actor(ActorKind::Server), Vec::new());
    for guest in unknown {
        let component = Component {
            digest: guest.digest().to_owned(),
            kind: guest.kind,
            world: world(guest.kind).to_owned(),
            size: guest.bytes.len() as i64,
            created_at: to_microseconds(now),
        };
        store::plugin::insert_component_in_tx(&tx, &component, guest.bytes).await?;
        let changes = Changes::new().set("kind", guest.kind.as_str()).set("size", guest.bytes.len());
        let subject = Subject::named(None, SubjectType::PluginComponent, component.digest);
        trail.push(audit::row(&server, Action::StandardPluginRegistered, subject, changes, now));
    }
    audit::record_all_in_tx(&tx, &trail).await?;
    tx.commit().await
}
