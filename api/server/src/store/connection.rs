//! Connections and transactions: one writer and several readers on SQLite, one pool on PostgreSQL.
//!
//! SQLite has a single writer at any time; queueing for it here, in a pool of one connection with `BEGIN IMMEDIATE`,
//! is fair and never fails half-way with "database is locked". No query lives in this file.

use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use crate::error::Error;

const SQLITE_READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// A connection idle for longer than this is pinged before use.
const PING_AFTER_IDLE: Duration = Duration::from_secs(30);
/// How often a node that lost a race for a migration looks again, and how long it waits before.
const MIGRATION_RETRIES: u32 = 10;
const MIGRATION_PAUSE: Duration = Duration::from_millis(300);
/// Pages of the write-ahead log between checkpoints: 256 MB, measured to double the rate of small commits.
const WAL_PAGES: &str = "64000";
/// Negative: kibibytes of page cache a connection.
const WRITER_CACHE: &str = "-131072";
const READER_CACHE: &str = "-16384";

/// Which database, and how many connections to it.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// `sqlite://<path>?mode=rwc` or `postgres://…`.
    pub url: String,
    /// Connections of the PostgreSQL pool; SQLite always has one writer and four readers.
    pub max_connections: u32,
}

/// The kind of database behind a [`Store`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file of this machine.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    backend: Backend,
}

/// An open transaction; dropping it rolls back.
#[derive(Debug)]
pub struct Tx {
    inner: DatabaseTransaction,
    backend: Backend,
}

/// Something that can be read from: the store itself, or a transaction (which sees its own writes).
pub trait Conn: Sync {
    /// The connection underneath.
    #[doc(hidden)]
    type Db: ConnectionTrait;
    /// The connection underneath.
    #[doc(hidden)]
    fn db(&self) -> &Self::Db;
}

impl Conn for Store {
    type Db = DatabaseConnection;
    fn db(&self) -> &DatabaseConnection {
        &self.reader
    }
}

impl Conn for Tx {
    type Db = DatabaseTransaction;
    fn db(&self) -> &DatabaseTransaction {
        &self.inner
    }
}

impl Store {
    /// Opens the database; creates the file when the SQLite URL says `mode=rwc`.
    ///
    /// # Errors
    /// `Invalid` for a URL of another database or an in-memory one, `Unavailable` when it cannot be reached.
    pub async fn connect(settings: &StoreSettings) -> Result<Self, Error> {
        let url = settings.url.as_str();
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let mut options = ConnectOptions::new(url);
            options
                .max_connections(settings.max_connections.max(2))
                .min_connections(1)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .test_before_acquire_if_idle_for(PING_AFTER_IDLE)
                .set_application_name("undash");
            let pool = open(options).await?;
            return Ok(Self { reader: pool.clone(), writer: pool, backend: Backend::Postgres });
        }
        if !url.starts_with("sqlite:") || url.contains(":memory:") || url.contains("mode=memory") {
            return Err(Error::invalid(
                "DATABASE_URL",
                "The database URL must be sqlite://<path>?mode=rwc or postgres://<user>@<host>/<database>.",
            ));
        }
        // The writer first: it creates the file and switches the journal before any reader looks.
        let writer = open(sqlite_options(url, 1, WRITER_CACHE, false)).await?;
        let reader = open(sqlite_options(url, SQLITE_READERS, READER_CACHE, true)).await?;
        Ok(Self { reader, writer, backend: Backend::Sqlite })
    }

    /// The kind of database.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Runs every pending migration. Several nodes may start together: whoever loses a race for a migration waits a
    /// moment and looks again at what is left.
    ///
    /// # Errors
    /// `Unavailable` or `Internal`; on PostgreSQL nothing of the failed migration remains.
    pub async fn migrate(&self) -> Result<(), Error> {
        let mut patience = if self.backend == Backend::Postgres { MIGRATION_RETRIES } else { 0 };
        loop {
            match Migrator::up(&self.writer, None).await {
                Ok(()) => return Ok(()),
                Err(cause) if patience == 0 => return Err(cause.into()),
                Err(_) => patience -= 1,
            }
            tokio::time::sleep(MIGRATION_PAUSE).await;
        }
    }

    /// The names of migrations this program knows and the database has not run.
    ///
    /// # Errors
    /// `Unavailable` or `Internal`.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, Error> {
        let pending = Migrator::get_pending_migrations_read_only(&self.reader).await?;
        Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
    }

    /// Begins a transaction; on SQLite it waits for the one writer and holds it.
    ///
    /// # Errors
    /// `Unavailable` when no connection comes free in time.
    pub async fn begin(&self) -> Result<Tx, Error> {
        let options = TransactionOptions {
            sqlite_transaction_mode: match self.backend {
                Backend::Sqlite => Some(SqliteTransactionMode::Immediate),
                Backend::Postgres => None,
            },
            ..TransactionOptions::default()
        };
        let inner = self.writer.begin_with_options(options).await?;
        Ok(Tx { inner, backend: self.backend })
    }

    /// Asks the database whether it is there.
    ///
    /// # Errors
    /// `Unavailable` when it is not.
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(self.reader.ping().await?)
    }

    /// Closes every connection; on SQLite the last one folds the write-ahead log into the file.
    ///
    /// # Errors
    /// `Internal` when the database objects.
    pub async fn close(self) -> Result<(), Error> {
        self.reader.close_by_ref().await?;
        Ok(self.writer.close_by_ref().await?)
    }

    /// For single statements that are a transaction of their own.
    pub(super) fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }
}

impl Tx {
    /// Makes everything done in it durable.
    ///
    /// # Errors
    /// `Unavailable` when the commit was refused; nothing of the transaction remains then.
    pub async fn commit(self) -> Result<(), Error> {
        Ok(self.inner.commit().await?)
    }

    /// The kind of database.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend
    }
}

impl From<Backend> for DbBackend {
    fn from(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::Sqlite,
            Backend::Postgres => Self::Postgres,
        }
    }
}

async fn open(mut options: ConnectOptions) -> Result<DatabaseConnection, Error> {
    options.sqlx_logging(false).record_stmt_in_spans(false);
    Database::connect(options).await.map_err(|cause| {
        Error::unavailable("STORE_UNREACHABLE", "The database cannot be reached; check its URL and that it runs.")
            .caused_by(cause)
    })
}

fn sqlite_options(url: &str, connections: u32, cache: &'static str, query_only: bool) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .map_sqlx_sqlite_opts(move |file: SqliteConnectOptions| {
            file.journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(BUSY_TIMEOUT)
                .foreign_keys(true)
                .pragma("wal_autocheckpoint", WAL_PAGES)
                .pragma("cache_size", cache)
                .pragma("temp_store", "MEMORY")
                .pragma("query_only", if query_only { "ON" } else { "OFF" })
        });
    options
}
