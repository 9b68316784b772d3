//! The GraphQL documents that the operator's own front ends were built with, and keys that run nothing else.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE trusted_documents (
        id {uuid} NOT NULL PRIMARY KEY,
        digest {text} NOT NULL UNIQUE,
        text {text} NOT NULL,
        name {text} NOT NULL,
        registered_by {uuid} NOT NULL,
        created_at {ts} NOT NULL
    ){strict}",
    "CREATE INDEX trusted_documents_by_age ON trusted_documents (created_at, id)",
    // 1 or nothing: SQLite's strict tables know no truth values, and keys made before have none.
    "ALTER TABLE api_keys ADD COLUMN trusted_documents_only {int}",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        dialect::WHOLE_OR_NOT_AT_ALL
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::create(manager, STATEMENTS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("ALTER TABLE api_keys DROP COLUMN trusted_documents_only").await?;
        dialect::drop_tables(manager, &["trusted_documents"]).await
    }
}
