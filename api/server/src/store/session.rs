//! One stretch of work on a PostgreSQL connection: a transaction bound to a tenant, begun when its first statement comes.
//!
//! Beginning late lets the begin and the scope travel together, and a transaction that says nothing costs nothing. A
//! statement whose caller went away takes its connection with it: the server notices the closed socket and stops.

use std::fmt;
use std::time::Duration;

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::PgTransactionManager;
use sea_orm::sqlx::{self, AssertSqlSafe, Executor as _, PgConnection, PgPool, Postgres, SqlSafeStr as _};
use sea_orm::{ConnAcquireErr, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Values};
use sea_query_sqlx::SqlxValues;
use sqlx_core::transaction::TransactionManager as _;
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use super::scope::Scope;

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Each statement is a transaction of its own, in nobody's scope: shared tables.
    Single,
    /// A transaction that only reads; it ends when the session is dropped.
    Reading,
    /// A transaction that is committed, or rolled back when the session is dropped.
    Writing,
}

/// See the head of the file.
pub(super) struct Session {
    pool: PgPool,
    kind: Kind,
    /// The scope it begins in.
    scope: Scope,
    /// How long a statement may take, where that differs from what the pool's connections say.
    patience: Option<Duration>,
    state: Mutex<State>,
}

enum State {
    Fresh,
    Open(Held, Scope),
    /// A statement failed or was abandoned; nothing of the transaction remains.
    Lost,
}

impl Session {
    pub(super) fn new(pool: &PgPool, kind: Kind, scope: Scope, patience: Option<Duration>) -> Self {
        Self { pool: pool.clone(), kind, scope, patience, state: Mutex::new(State::Fresh) }
    }

    pub(super) async fn execute(&self, scope: Option<Scope>, statement: &Statement) -> Result<ExecResult, DbErr> {
        let mut state = self.state.lock().await;
        let (mut held, scope) = self.ready(&mut state, scope).await?;
        let outcome = query(statement).execute(held.busy()?).await;
        let done = self.settle(&mut state, held, scope, outcome).await?;
        Ok(done.into())
    }

    pub(super) async fn execute_text(&self, scope: Option<Scope>, sql: &str) -> Result<ExecResult, DbErr> {
        let mut state = self.state.lock().await;
        let (mut held, scope) = self.ready(&mut state, scope).await?;
        let outcome = held.busy()?.execute(AssertSqlSafe(sql.to_owned())).await;
        let done = self.settle(&mut state, held, scope, outcome).await?;
        Ok(done.into())
    }

    pub(super) async fn one(&self, scope: Option<Scope>, statement: &Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut state = self.state.lock().await;
        let (mut held, scope) = self.ready(&mut state, scope).await?;
        let outcome = query(statement).fetch_optional(held.busy()?).await;
        let row = self.settle(&mut state, held, scope, outcome).await?;
        Ok(row.map(Into::into))
    }

    pub(super) async fn all(&self, scope: Option<Scope>, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut state = self.state.lock().await;
        let (mut held, scope) = self.ready(&mut state, scope).await?;
        let outcome = query(statement).fetch_all(held.busy()?).await;
        let rows = self.settle(&mut state, held, scope, outcome).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Makes everything durable; a transaction that said nothing has nothing to keep.
    pub(super) async fn commit(self) -> Result<(), DbErr> {
        match self.state.into_inner() {
            State::Fresh => Ok(()),
            State::Open(held, _) => held.commit().await,
            State::Lost => Err(lost()),
        }
    }

    /// The connection, in the scope that the next statement wants. Until [`Session::settle`] the state says *lost*, so
    /// that a failed or abandoned statement can never be followed by another one on a fresh transaction.
    async fn ready(&self, state: &mut State, wanted: Option<Scope>) -> Result<(Held, Scope), DbErr> {
        match std::mem::replace(state, State::Lost) {
            State::Fresh => {
                let scope = wanted.unwrap_or(self.scope);
                let mut held = Held::new(self.pool.acquire().await.map_err(not_acquired)?);
                if self.kind != Kind::Single || self.patience.is_some() {
                    held.begin(scope.begin(self.kind == Kind::Reading, self.patience)).await?;
                }
                Ok((held, scope))
            }
            State::Open(mut held, current) => {
                let scope = wanted.unwrap_or(current);
                if scope != current {
                    held.say(scope.switch()).await?;
                }
                Ok((held, scope))
            }
            State::Lost => Err(lost()),
        }
    }

    /// Keeps the connection for the next statement, or lets it go: after a failure nothing of the transaction remains.
    async fn settle<T>(
        &self,
        state: &mut State,
        mut held: Held,
        scope: Scope,
        outcome: Result<T, sqlx::Error>,
    ) -> Result<T, DbErr> {
        // After anything but an answer of the server, nobody knows what the connection is in the middle of.
        held.busy = outcome.as_ref().is_err_and(|error| error.as_database_error().is_none());
        let done = outcome.map_err(failed)?;
        *state = if self.kind == Kind::Single {
            held.commit().await?;
            State::Fresh
        } else {
            State::Open(held, scope)
        };
        Ok(done)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A connection that goes back to the pool clean, or not at all.
struct Held {
    connection: Option<PoolConnection<Postgres>>,
    /// Whether the server may be working on something.
    busy: bool,
}

impl Held {
    fn new(connection: PoolConnection<Postgres>) -> Self {
        Self { connection: Some(connection), busy: false }
    }

    /// The connection, from now on with something to do.
    fn busy(&mut self) -> Result<&mut PgConnection, DbErr> {
        self.busy = true;
        self.connection.as_deref_mut().ok_or_else(lost)
    }

    async fn begin(&mut self, sql: String) -> Result<(), DbErr> {
        PgTransactionManager::begin(self.busy()?, Some(AssertSqlSafe(sql).into_sql_str())).await.map_err(failed)?;
        self.busy = false;
        Ok(())
    }

    /// Ends the transaction, if there is one.
    async fn commit(mut self) -> Result<(), DbErr> {
        PgTransactionManager::commit(self.busy()?).await.map_err(failed)?;
        self.busy = false;
        Ok(())
    }

    async fn say(&mut self, sql: String) -> Result<(), DbErr> {
        self.busy()?.execute(AssertSqlSafe(sql)).await.map_err(failed)?;
        self.busy = false;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if self.busy || Handle::try_current().is_err() {
            drop(connection.detach());
            return;
        }
        // Travels with the question whether the connection is well, which the pool asks before it takes it back.
        PgTransactionManager::start_rollback(&mut connection);
    }
}

fn query(statement: &Statement) -> sqlx::query::Query<'_, Postgres, SqlxValues> {
    let values = statement.values.clone().unwrap_or_else(|| Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

fn failed(cause: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(cause.into()))
}

fn not_acquired(cause: sqlx::Error) -> DbErr {
    match cause {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        cause => DbErr::Conn(RuntimeErr::SqlxError(cause.into())),
    }
}

fn lost() -> DbErr {
    DbErr::Custom("an earlier statement of the transaction failed or was abandoned".to_owned())
}
