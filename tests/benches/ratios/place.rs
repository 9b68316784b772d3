//! Where ingestion is measured: a real server of this process on a fresh database, and beside it a second fresh
//! database with the same tables, which the driver alone writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use billing::metering::Aggregation;
use chrono::Utc;
use tempfile::TempDir;
use undash::app::App;
use undash::config::{Secret, Settings};
use undash::http::Server;
use undash::store::{Store, StoreSettings};

use crate::Outcome;
use crate::arguments::Arguments;
use crate::clock::Stopwatch;
use crate::postgres::Postgres;
use crate::raw::Raw;
use crate::tenants::{self, Tenant};
use crate::workload::{Batch, Workload};

/// Organisations that send usage at the same time.
const TENANTS: usize = 8;

/// Which database.
pub(crate) enum Engine<'a> {
    Sqlite,
    Postgres(&'a Postgres),
}

/// The databases this run measures.
pub(crate) struct Engines {
    sqlite: bool,
    postgres: Option<Result<Postgres, String>>,
}

impl Engines {
    /// Starts PostgreSQL when a section needs it.
    pub(crate) async fn start(arguments: &Arguments) -> Outcome<Self> {
        use crate::arguments::Section;
        let needed = arguments.wants(Section::Ingestion) || arguments.wants(Section::Growth);
        let wanted = needed && arguments.postgres;
        let postgres = tokio::task::spawn_blocking(move || wanted.then(Postgres::start)).await?;
        Ok(Self { sqlite: arguments.sqlite, postgres })
    }

    /// Each of them with its name; the reason instead where there is none.
    pub(crate) fn all(&self) -> Vec<(&'static str, Result<Engine<'_>, String>)> {
        let sqlite = self.sqlite.then_some(("SQLite", Ok(Engine::Sqlite)));
        let postgres = self.postgres.as_ref().map(|server| match server {
            Ok(server) => ("PostgreSQL", Ok(Engine::Postgres(server))),
            Err(reason) => ("PostgreSQL", Err(reason.clone())),
        });
        sqlite.into_iter().chain(postgres).collect()
    }
}

/// A server, its tenants, and the yardstick beside it.
pub(crate) struct Place<'a> {
    pub(crate) server: Server,
    pub(crate) workload: Workload,
    pub(crate) raw: Raw,
    app: Arc<App>,
    engine: Engine<'a>,
    /// Removed at the end.
    _folder: TempDir,
}

impl<'a> Place<'a> {
    /// Starts from nothing.
    pub(crate) async fn open(engine: Engine<'a>) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("undash-bench-").tempdir()?;
        let sqlite = |name: &str| format!("sqlite://{}?mode=rwc", folder.path().join(name).display());
        let (server_url, raw_url) = match &engine {
            Engine::Sqlite => (sqlite("server.db"), sqlite("raw.db")),
            Engine::Postgres(server) => (server.database("undash_server").await?, server.database("undash_raw").await?),
        };
        let settings = Settings {
            data_dir: folder.path().to_owned(),
            database_url: Some(Secret::new(server_url)),
            listen: ([127, 0, 0, 1], 0).into(),
            ..Settings::default()
        };
        let app = App::start(settings, Utc::now()).await?;
        let issuer = tenants::issuer(&app).await?;
        let mut senders: Vec<Tenant> = Vec::with_capacity(TENANTS);
        for place in 0..TENANTS {
            senders.push(tenants::tenant(&app, issuer, &format!("Tenant {place}")).await?);
        }
        let metrics = vec![
            tenants::metric(&app, "context_tokens", Aggregation::Sum).await?,
            tenants::metric(&app, "generated_tokens", Aggregation::Sum).await?,
            tenants::metric(&app, "requests", Aggregation::Count).await?,
        ];
        // The product's own migrations make the yardstick's tables: the same keys and indexes by construction.
        let store = Store::connect(&StoreSettings::new(raw_url.clone())).await?;
        store.migrate().await?;
        store.close().await?;
        let raw = Raw::open(&raw_url).await?;
        let server = Server::start(Arc::clone(&app)).await?;
        Ok(Self { server, workload: Workload::new(senders, metrics), raw, app, engine, _folder: folder })
    }

    /// Saves batches through the store alone, with as many savers as the usage gate has.
    pub(crate) async fn save_in_store(&self, batches: &Arc<Vec<Batch>>) -> Outcome<()> {
        let next = Arc::new(AtomicUsize::new(0));
        let savers = match self.engine {
            Engine::Sqlite => 1,
            Engine::Postgres(_) => 2,
        };
        let savers: Vec<_> = (0..savers)
            .map(|_| tokio::spawn(save_all(self.app.store.clone(), Arc::clone(batches), Arc::clone(&next))))
            .collect();
        for saver in savers {
            saver.await??;
        }
        Ok(())
    }

    /// A stopwatch that also counts the database server's processor time.
    pub(crate) fn stopwatch(&self) -> Stopwatch {
        Stopwatch::start(match &self.engine {
            Engine::Sqlite => None,
            Engine::Postgres(server) => Some(server.process),
        })
    }

    /// Stops the server and forgets the databases.
    pub(crate) async fn close(self) -> Outcome<()> {
        self.server.stop().await?;
        self.raw.close().await?;
        drop(self.app);
        if let Engine::Postgres(server) = self.engine {
            server.forget("undash_server").await?;
            server.forget("undash_raw").await?;
        }
        Ok(())
    }
}

async fn save_all(store: Store, batches: Arc<Vec<Batch>>, next: Arc<AtomicUsize>) -> Outcome<()> {
    while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
        let tx = store.begin().await?;
        undash::store::usage::save_batch_in_tx(&tx, &batch.usage).await?;
        tx.commit().await?;
    }
    Ok(())
}
