//! What a query is asked through: a connection of either database, in a scope.

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
};

use super::scope::Scope;
use super::session::Session;
use super::tally::note;

/// A connection in a scope; [`Conn`](super::Conn) gives it.
#[derive(Debug)]
#[expect(private_interfaces, reason = "only the store looks inside")]
pub enum Db<'a> {
    /// The readers or the writer of SQLite.
    Sqlite(&'a DatabaseConnection),
    /// A transaction on SQLite.
    SqliteTx(&'a DatabaseTransaction),
    /// A session of its own on PostgreSQL.
    Own(Session),
    /// A transaction on PostgreSQL, and the scope its statements are to have; the current one when absent.
    Within(&'a Session, Option<Scope>),
}

#[async_trait]
impl ConnectionTrait for Db<'_> {
    fn get_database_backend(&self) -> DbBackend {
        match self {
            Self::Sqlite(_) | Self::SqliteTx(_) => DbBackend::Sqlite,
            Self::Own(_) | Self::Within(..) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        note(&statement.sql);
        match self {
            Self::Sqlite(connection) => connection.execute_raw(statement).await,
            Self::SqliteTx(transaction) => transaction.execute_raw(statement).await,
            Self::Own(session) => session.execute(None, &statement).await,
            Self::Within(session, scope) => session.execute(*scope, &statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        note(sql);
        match self {
            Self::Sqlite(connection) => connection.execute_unprepared(sql).await,
            Self::SqliteTx(transaction) => transaction.execute_unprepared(sql).await,
            Self::Own(session) => session.execute_text(None, sql).await,
            Self::Within(session, scope) => session.execute_text(*scope, sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        note(&statement.sql);
        match self {
            Self::Sqlite(connection) => connection.query_one_raw(statement).await,
            Self::SqliteTx(transaction) => transaction.query_one_raw(statement).await,
            Self::Own(session) => session.one(None, &statement).await,
            Self::Within(session, scope) => session.one(*scope, &statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        note(&statement.sql);
        match self {
            Self::Sqlite(connection) => connection.query_all_raw(statement).await,
            Self::SqliteTx(transaction) => transaction.query_all_raw(statement).await,
            Self::Own(session) => session.all(None, &statement).await,
            Self::Within(session, scope) => session.all(*scope, &statement).await,
        }
    }
}
