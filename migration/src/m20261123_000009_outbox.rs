//! The outbox: every effect that leaves the database is a row here first (a queue over all tenants).

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &[
    "CREATE TABLE outbox (
        id {uuid} NOT NULL PRIMARY KEY,
        organisation_id {uuid},
        topic {text} NOT NULL,
        payload {json} NOT NULL,
        dedupe_key {text} UNIQUE,
        created_at {ts} NOT NULL,
        available_at {ts} NOT NULL,
        attempts {int} NOT NULL,
        claimed_until {ts},
        done_at {ts},
        dead_at {ts},
        last_error {text}
    ){strict}",
    "CREATE INDEX outbox_waiting ON outbox (available_at, id) WHERE done_at IS NULL AND dead_at IS NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        dialect::WHOLE_OR_NOT_AT_ALL
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::create(manager, TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::drop_tables(manager, &["outbox"]).await
    }
}
