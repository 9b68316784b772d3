//! What is done by the clock: one row each, whose lease makes one worker of all servers the one that does it.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["CREATE TABLE schedules (
        name {text} NOT NULL PRIMARY KEY,
        due_at {ts} NOT NULL,
        claimed_until {ts},
        done_at {ts},
        last_error {text}
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
        dialect::drop_tables(manager, &["schedules"]).await
    }
}
