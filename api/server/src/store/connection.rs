//! Connections and transactions: one writer and several readers on SQLite, one pool on PostgreSQL.
//!
//! SQLite has a single writer at any time; queueing for it here, in a pool of one connection with `BEGIN IMMEDIATE`,
//! is fair and never fails half-way with "database is locked". No query lives in this file.

use std::time::Duration;

use billing::ids::OrganisationId;
use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

use super::db::Db;
use super::postgres::Postgres;
use super::scope::Scope;
use super::session::{Kind, Session};
use crate::error::Error;

const SQLITE_READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
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
    /// How long PostgreSQL may work on one statement of a request.
    pub statement_timeout: Duration,
    /// The same for work that nobody waits for at the other end of a request, see [`unhurried`](super::unhurried).
    pub unhurried_timeout: Duration,
}

impl StoreSettings {
    /// A database at `url`, and the defaults.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 16,
            statement_timeout: Duration::from_secs(10),
            unhurried_timeout: Duration::from_secs(300),
        }
    }
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
    inner: Inner,
}

#[derive(Clone, Debug)]
enum Inner {
    Sqlite { reader: DatabaseConnection, writer: DatabaseConnection },
    Postgres(Postgres),
}

/// An open transaction; dropping it rolls back. On PostgreSQL it takes a connection with its first statement.
#[derive(Debug)]
pub struct Tx {
    inner: InnerTx,
}

#[derive(Debug)]
enum InnerTx {
    Sqlite(DatabaseTransaction),
    Postgres(Session),
}

/// Several queries that follow each other at once: on PostgreSQL they share a connection and its scope. It holds the
/// connection from its first statement until it is dropped: never keep one while asking elsewhere.
#[derive(Debug)]
pub struct Reading {
    inner: InnerReading,
}

#[derive(Debug)]
enum InnerReading {
    Sqlite(DatabaseConnection),
    Postgres(Session),
}

/// Something that can be asked: the store itself, or a transaction (which sees its own writes).
///
/// A query says whose rows it is about, and PostgreSQL shows it no others. On SQLite, which has no row-level security,
/// all three are the same connection. What they give outside a transaction holds a connection from its first statement
/// until it is dropped: never keep one while asking for another.
pub trait Conn: Sync {
    /// For tenant tables, one organisation's rows.
    #[doc(hidden)]
    fn tenant(&self, organisation: OrganisationId) -> Db<'_> {
        self.scoped(Some(Scope::Tenant(organisation)))
    }

    /// For tenant tables, what spans organisations by nature: queues, the operator's lists, verification.
    #[doc(hidden)]
    fn every_organisation(&self) -> Db<'_> {
        self.scoped(Some(Scope::Everyone))
    }

    /// For tenant tables, the rows of these organisations: one's when they are all the same.
    #[doc(hidden)]
    fn organisations(&self, organisations: impl IntoIterator<Item = OrganisationId>) -> Db<'_>
    where
        Self: Sized,
    {
        self.scoped(Some(Scope::of(organisations)))
    }

    /// For shared tables. A tenant table asked through it has no rows, or those of the scope the transaction is in.
    #[doc(hidden)]
    fn shared(&self) -> Db<'_> {
        self.scoped(None)
    }

    #[doc(hidden)]
    #[expect(private_interfaces, reason = "only the store implements and calls it")]
    fn scoped(&self, scope: Option<Scope>) -> Db<'_>;
}

impl Conn for Store {
    #[expect(private_interfaces, reason = "only the store calls it")]
    fn scoped(&self, scope: Option<Scope>) -> Db<'_> {
        match &self.inner {
            Inner::Sqlite { reader, .. } => Db::Sqlite(reader),
            Inner::Postgres(postgres) => Db::Own(match scope {
                Some(scope) => postgres.session(Kind::Reading, scope),
                None => postgres.session(Kind::Single, Scope::Nobody),
            }),
        }
    }
}

impl Conn for Tx {
    #[expect(private_interfaces, reason = "only the store calls it")]
    fn scoped(&self, scope: Option<Scope>) -> Db<'_> {
        match &self.inner {
            InnerTx::Sqlite(inner) => Db::SqliteTx(inner),
            InnerTx::Postgres(session) => Db::Within(session, scope),
        }
    }
}

impl Conn for Reading {
    #[expect(private_interfaces, reason = "only the store calls it")]
    fn scoped(&self, scope: Option<Scope>) -> Db<'_> {
        match &self.inner {
            InnerReading::Sqlite(reader) => Db::Sqlite(reader),
            InnerReading::Postgres(session) => Db::Within(session, scope),
        }
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
            return Ok(Self { inner: Inner::Postgres(Postgres::connect(settings).await?) });
        }
        if !url.starts_with("sqlite:") || url.contains(":memory:") || url.contains("mode=memory") {
            return Err(not_a_database_url());
        }
        // The writer first: it creates the file and switches the journal before any reader looks.
        let writer = open(sqlite_options(url, 1, WRITER_CACHE, false)).await?;
        let reader = open(sqlite_options(url, SQLITE_READERS, READER_CACHE, true)).await?;
        Ok(Self { inner: Inner::Sqlite { reader, writer } })
    }

    /// The kind of database.
    #[must_use]
    pub fn backend(&self) -> Backend {
        match &self.inner {
            Inner::Sqlite { .. } => Backend::Sqlite,
            Inner::Postgres(_) => Backend::Postgres,
        }
    }

    /// Runs every pending migration, and on PostgreSQL sees to the role that the server works as. Several nodes may
    /// start together.
    ///
    /// # Errors
    /// `Refused` when the server could bypass row-level security, `Unavailable` or `Internal`; on PostgreSQL nothing of
    /// a failed migration remains.
    pub async fn migrate(&self) -> Result<(), Error> {
        match &self.inner {
            Inner::Sqlite { writer, .. } => Ok(Migrator::up(writer, None).await?),
            Inner::Postgres(postgres) => postgres.migrate().await,
        }
    }

    /// The names of migrations this program knows and the database has not run.
    ///
    /// # Errors
    /// `Unavailable` or `Internal`.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, Error> {
        let pending = match &self.inner {
            Inner::Sqlite { reader, .. } => Migrator::get_pending_migrations_read_only(reader).await?,
            Inner::Postgres(postgres) => {
                let owner = postgres.owner().await?;
                let pending = Migrator::get_pending_migrations_read_only(&owner).await?;
                owner.close().await?;
                pending
            }
        };
        Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
    }

    /// Begins a transaction; on SQLite it waits for the one writer and holds it.
    ///
    /// # Errors
    /// `Unavailable` when no connection comes free in time.
    pub async fn begin(&self) -> Result<Tx, Error> {
        let inner = match &self.inner {
            Inner::Sqlite { writer, .. } => {
                let options = TransactionOptions {
                    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                    ..TransactionOptions::default()
                };
                InnerTx::Sqlite(writer.begin_with_options(options).await?)
            }
            Inner::Postgres(postgres) => InnerTx::Postgres(postgres.session(Kind::Writing, Scope::Nobody)),
        };
        Ok(Tx { inner })
    }

    /// For several queries in a row.
    #[must_use]
    pub fn reading(&self) -> Reading {
        let inner = match &self.inner {
            Inner::Sqlite { reader, .. } => InnerReading::Sqlite(reader.clone()),
            Inner::Postgres(postgres) => InnerReading::Postgres(postgres.session(Kind::Reading, Scope::Nobody)),
        };
        Reading { inner }
    }

    /// Asks the database whether it is there.
    ///
    /// # Errors
    /// `Unavailable` when it is not.
    pub async fn ping(&self) -> Result<(), Error> {
        match &self.inner {
            Inner::Sqlite { reader, .. } => Ok(reader.ping().await?),
            Inner::Postgres(postgres) => postgres.ping().await,
        }
    }

    /// Closes every connection; on SQLite the last one folds the write-ahead log into the file.
    ///
    /// # Errors
    /// `Internal` when the database objects.
    pub async fn close(self) -> Result<(), Error> {
        match self.inner {
            Inner::Sqlite { reader, writer } => {
                reader.close().await?;
                Ok(writer.close().await?)
            }
            Inner::Postgres(postgres) => {
                postgres.close().await;
                Ok(())
            }
        }
    }

    /// For single statements on shared tables that are a transaction of their own.
    pub(super) fn writer(&self) -> Db<'_> {
        match &self.inner {
            Inner::Sqlite { writer, .. } => Db::Sqlite(writer),
            Inner::Postgres(postgres) => Db::Own(postgres.session(Kind::Single, Scope::Nobody)),
        }
    }

    /// A connection that may change the schema; on PostgreSQL as the login itself.
    #[cfg(test)]
    pub(super) async fn owner(&self) -> Result<DatabaseConnection, Error> {
        match &self.inner {
            Inner::Sqlite { writer, .. } => Ok(writer.clone()),
            Inner::Postgres(postgres) => postgres.owner().await,
        }
    }
}

impl Tx {
    /// Makes everything done in it durable.
    ///
    /// # Errors
    /// `Unavailable` when the commit was refused; nothing of the transaction remains then.
    pub async fn commit(self) -> Result<(), Error> {
        match self.inner {
            InnerTx::Sqlite(inner) => Ok(inner.commit().await?),
            InnerTx::Postgres(session) => Ok(session.commit().await?),
        }
    }

    /// The kind of database.
    #[must_use]
    pub fn backend(&self) -> Backend {
        match &self.inner {
            InnerTx::Sqlite(_) => Backend::Sqlite,
            InnerTx::Postgres(_) => Backend::Postgres,
        }
    }
}

pub(super) fn not_a_database_url() -> Error {
    Error::invalid(
        "DATABASE_URL",
        "The database URL must be sqlite://<path>?mode=rwc or postgres://<user>@<host>/<database>.",
    )
}

pub(super) fn unreachable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::unavailable("STORE_UNREACHABLE", "The database cannot be reached; check its URL and that it runs.")
        .caused_by(cause)
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
    Database::connect(options).await.map_err(unreachable)
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
