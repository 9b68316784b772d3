//! The installation itself: one row with the key that signs cursors, sessions and cached plugin code.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["CREATE TABLE installation (
        id {int} NOT NULL PRIMARY KEY CHECK (id = 1),
        signing_key {bytes} NOT NULL,
        created_at {ts} NOT NULL
    ){strict}"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        dialect::WHOLE_OR_NOT_AT_ALL
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::create(manager, TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::drop_tables(manager, &["installation"]).await
    }
}
