//! One text per table for both databases: the words that differ are written `{uuid}`, `{ts}` and so on.
//!
//! SQLite tables are STRICT, so that a floating-point number can never enter a decimal column; decimals are TEXT there
//! because its REAL loses digits.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

const WORDS: [(&str, &str, &str); 9] = [
    // word, PostgreSQL, SQLite
    ("{uuid}", "uuid", "BLOB"),
    ("{text}", "text", "TEXT"),
    ("{ts}", "timestamptz", "TEXT"),
    ("{dec}", "numeric", "TEXT"),
    ("{json}", "jsonb", "TEXT"),
    ("{bytes}", "bytea", "BLOB"),
    ("{i64}", "bigint", "INTEGER"),
    ("{int}", "integer", "INTEGER"),
    ("{strict}", "", " STRICT"),
];

fn spell(statement: &str, backend: DbBackend) -> String {
    WORDS.iter().fold(statement.to_owned(), |text, (word, postgres, sqlite)| {
        text.replace(word, if backend == DbBackend::Sqlite { sqlite } else { postgres })
    })
}

/// Each migration runs in a transaction, on SQLite too (it is not the default there): a process killed half-way leaves
/// nothing behind that the next start would stumble over.
pub(crate) const WHOLE_OR_NOT_AT_ALL: Option<bool> = Some(true);

/// Runs every statement, in order, in the words of the connected database.
pub(crate) async fn create(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        let statement = spell(statement, manager.get_database_backend());
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}

/// Drops the named tables, in order.
pub(crate) async fn drop_tables(manager: &SchemaManager<'_>, tables: &[&'static str]) -> Result<(), DbErr> {
    for table in tables {
        manager.drop_table(Table::drop().table(*table).to_owned()).await?;
    }
    Ok(())
}
