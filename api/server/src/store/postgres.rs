//! The PostgreSQL side of the store: the pool that the server works with, and the connection that changes the schema.
//!
//! The pool's connections are a role that row-level security binds. Migrations are run by the login itself, on a
//! connection made for them: it sees every organisation, waits longer for a statement and not long for a lock.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgPool};
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};

use super::connection::{ACQUIRE_TIMEOUT, StoreSettings, not_a_database_url, unreachable};
use super::database_role as role;
use super::scope::Scope;
use super::session::{Kind, Session};
use crate::error::{Error, ErrorKind};

/// A connection idle for longer than this is pinged before use.
const PING_AFTER_IDLE: Duration = Duration::from_secs(30);
/// How often a node that lost a race for a migration looks again, and how long it waits before.
const MIGRATION_RETRIES: u32 = 10;
const MIGRATION_PAUSE: Duration = Duration::from_millis(300);
/// An index over years of usage takes its time. Whoever waits for a table's lock makes everyone else wait behind it.
const OWNER: &str = "SET statement_timeout = '6h'; SET lock_timeout = '5s'; SET undash.every_organisation = 'on'";

tokio::task_local! {
    static UNHURRIED: ();
}

/// Runs work that nobody waits for at the other end of a request (billing, verification, queues): PostgreSQL gives each
/// of its statements the longer time of [`StoreSettings::unhurried_timeout`].
pub async fn unhurried<F: Future>(work: F) -> F::Output {
    UNHURRIED.scope((), work).await
}

/// A PostgreSQL database. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Postgres {
    pool: PgPool,
    login: Arc<PgConnectOptions>,
    statement_timeout: Duration,
    unhurried_timeout: Duration,
}

impl Postgres {
    /// Says hello once; the pool's own connections are made when they are needed, after the migrations.
    pub(super) async fn connect(settings: &StoreSettings) -> Result<Self, Error> {
        let login: PgConnectOptions =
            settings.url.parse().map_err(|cause: sea_orm::sqlx::Error| not_a_database_url().caused_by(cause))?;
        let login = login.application_name("undash").disable_statement_logging();
        login.connect().await.map_err(unreachable)?.close().await.map_err(unreachable)?;
        let statement_timeout = settings.statement_timeout;
        let pool = PgPoolOptions::new()
            .max_connections(settings.max_connections.max(2))
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(|connection, known| {
                Box::pin(async move { Ok(known.idle_for < PING_AFTER_IDLE || connection.ping().await.is_ok()) })
            })
            .after_connect(move |connection, _| Box::pin(role::prepare(connection, statement_timeout)))
            .connect_lazy_with(login.clone());
        Ok(Self { pool, login: Arc::new(login), statement_timeout, unhurried_timeout: settings.unhurried_timeout })
    }

    pub(super) fn session(&self, kind: Kind, scope: Scope) -> Session {
        let patience = UNHURRIED.try_with(|()| self.unhurried_timeout).ok();
        Session::new(&self.pool, kind, scope, patience)
    }

    /// The login itself, for changing the schema.
    pub(super) async fn owner(&self) -> Result<DatabaseConnection, Error> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_connect(|connection, _| Box::pin(async move { connection.execute(OWNER).await.map(drop) }))
            .connect_with(self.login.as_ref().clone())
            .await
            .map_err(unreachable)?;
        Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
    }

    /// Runs what is pending, then sees to the role. Whoever loses a race for a migration waits a moment and looks again.
    pub(super) async fn migrate(&self) -> Result<(), Error> {
        let mut patience = MIGRATION_RETRIES;
        loop {
            match self.migrate_once().await {
                Ok(()) => break,
                Err(cause) if patience == 0 || cause.kind == ErrorKind::Refused => return Err(cause),
                Err(_) => patience -= 1,
            }
            tokio::time::sleep(MIGRATION_PAUSE).await;
        }
        role::prove(&self.login, self.statement_timeout).await
    }

    async fn migrate_once(&self) -> Result<(), Error> {
        let owner = self.owner().await?;
        // A login that owns nothing may still start a server on a database that is up to date.
        if !Migrator::get_pending_migrations_read_only(&owner).await?.is_empty() {
            Migrator::up(&owner, None).await?;
        }
        owner.close().await?;
        let mut connection = self.login.connect().await.map_err(unreachable)?;
        role::ensure(&mut connection).await?;
        connection.close().await.map_err(unreachable)
    }

    pub(super) async fn ping(&self) -> Result<(), Error> {
        let mut connection = self.pool.acquire().await.map_err(unreachable)?;
        connection.ping().await.map_err(unreachable)
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}
