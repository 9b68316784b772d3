//! Raw statements with `$1` placeholders, which both databases take.

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use uuid::Uuid;

/// `sql` with its values, for the database behind `db`.
pub(super) fn statement(db: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

/// What a row lock is called: SQLite has none and needs none, its writer is alone.
pub(super) fn lock_clause(db: &impl ConnectionTrait, clause: &'static str) -> &'static str {
    if db.get_database_backend() == DbBackend::Sqlite { "" } else { clause }
}

/// `column` is one of `ids`, with the values that go at `$place` and after: on PostgreSQL one list, whatever its length,
/// so that a prepared statement fits every page.
pub(super) fn is_among(db: &impl ConnectionTrait, column: &str, place: usize, ids: &[Uuid]) -> (String, Vec<Value>) {
    if db.get_database_backend() == DbBackend::Sqlite {
        let places: Vec<String> = (place..place + ids.len()).map(|place| format!("${place}")).collect();
        return (format!("{column} IN ({})", places.join(", ")), ids.iter().map(|id| (*id).into()).collect());
    }
    let list = ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(",");
    let condition = format!("{column} = ANY(CAST((SELECT CAST(${place} AS uuid[])) AS uuid[]))");
    (condition, vec![format!("{{{list}}}").into()])
}
