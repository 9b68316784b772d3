//! The store on real databases: SQLite always, PostgreSQL where it is installed. Each test gets databases of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod alerts;
mod audit;
mod builders;
mod catalogue;
mod exact;
mod invoices;
mod isolation;
mod money;
mod nouns;
mod patience;
mod plugins;
mod queues;
mod usage;
mod usage_concurrency;

use std::sync::atomic::{AtomicU32, Ordering};

use super::{Backend, Store, StoreSettings};
use crate::error::Error;

static NEXT: AtomicU32 = AtomicU32::new(0);

pub(super) struct TestDatabase {
    pub(super) store: Store,
    directory: Option<tempfile::TempDir>,
    postgres: Option<String>,
}

/// A migrated database of each kind that is at hand.
pub(super) async fn databases() -> Vec<TestDatabase> {
    let mut databases = vec![sqlite().await];
    databases.extend(postgres().await);
    databases
}

pub(super) async fn sqlite() -> TestDatabase {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", directory.path().join("store.db").display());
    let store = connect(url).await;
    TestDatabase { store, directory: Some(directory), postgres: None }
}

pub(super) async fn postgres() -> Option<TestDatabase> {
    let server = throwaway::server()?;
    let name = format!("undash_store_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    server.create(&name, None).await;
    let store = connect(server.url(&name)).await;
    Some(TestDatabase { store, directory: None, postgres: Some(name) })
}

impl TestDatabase {
    pub(super) fn is_sqlite(&self) -> bool {
        self.store.backend() == Backend::Sqlite
    }

    /// Another store on the same PostgreSQL database.
    pub(super) async fn again(&self, change: impl FnOnce(&mut StoreSettings)) -> Result<Store, Error> {
        let mut settings = StoreSettings::new(throwaway::server().unwrap().url(self.postgres.as_ref().unwrap()));
        change(&mut settings);
        Store::connect(&settings).await
    }

    /// Closes and removes it; a test that panics leaves it behind for inspection.
    pub(super) async fn finish(self) {
        self.store.close().await.unwrap();
        if let (Some(name), Some(server)) = (self.postgres, throwaway::server()) {
            server.remove(&name).await;
        }
        if let Some(directory) = self.directory {
            directory.close().unwrap();
        }
    }
}

async fn connect(url: String) -> Store {
    let store = Store::connect(&StoreSettings::new(url)).await.unwrap();
    assert!(!store.pending_migrations().await.unwrap().is_empty());
    store.migrate().await.unwrap();
    assert!(store.pending_migrations().await.unwrap().is_empty());
    store
}

#[tokio::test]
async fn other_urls_are_refused() {
    for url in ["", "mysql://x", "sqlite::memory:", "sqlite://x?mode=memory"] {
        let refused = Store::connect(&StoreSettings::new(url)).await;
        assert_eq!(refused.unwrap_err().code, "DATABASE_URL", "{url}");
    }
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing() {
    for database in databases().await {
        let store = &database.store;
        let tx = store.begin().await.unwrap();
        let metric = builders::metric("calls", billing::metering::Aggregation::Sum);
        super::metric::insert_in_tx(&tx, &metric).await.unwrap();
        assert_eq!(super::metric::find(&tx, metric.id).await.unwrap(), Some(metric.clone()));
        drop(tx);
        assert_eq!(super::metric::find(store, metric.id).await.unwrap(), None);
        store.ping().await.unwrap();
        database.finish().await;
    }
}
