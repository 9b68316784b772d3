//! Raw statements with `$1` placeholders, which both databases take.

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

/// `sql` with its values, for the database behind `db`.
pub(super) fn statement(db: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

/// What a row lock is called: SQLite has none and needs none, its writer is alone.
pub(super) fn lock_clause(db: &impl ConnectionTrait, clause: &'static str) -> &'static str {
    if db.get_database_backend() == DbBackend::Sqlite { "" } else { clause }
}
