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

/// What a tenant table lets a transaction see and write: the rows of the organisation it named, or of every one where
/// it said so. The settings are read once a statement (each is an InitPlan), and an absent one means no rows.
const OF_THE_TENANT: &str = "organisation_id = (SELECT NULLIF(current_setting('undash.organisation_id', true), '')::uuid) \
    OR (SELECT current_setting('undash.every_organisation', true) = 'on')";

/// Puts row-level security on tenant tables, for their owner too. SQLite has no such thing.
pub(crate) async fn isolate(manager: &SchemaManager<'_>, tables: &[&str]) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    for table in tables {
        let sql = format!(
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; \
             CREATE POLICY of_the_tenant ON {table} USING ({OF_THE_TENANT}) WITH CHECK ({OF_THE_TENANT})"
        );
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Takes row-level security off again.
pub(crate) async fn open_up(manager: &SchemaManager<'_>, tables: &[&str]) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    for table in tables {
        let sql = format!(
            "DROP POLICY of_the_tenant ON {table}; \
             ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"
        );
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Takes away the defaults that filled columns added to a table with rows: from then on every insert says its value.
/// SQLite cannot, and keeps them.
pub(crate) async fn forget_defaults(manager: &SchemaManager<'_>, table: &str, columns: &[&str]) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    for column in columns {
        let sql = format!("ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT");
        manager.get_connection().execute_unprepared(&sql).await?;
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
