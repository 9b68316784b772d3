//! Dead letters: how many tries an effect has, and why somebody let one be. A replay adds tries instead of counting anew,
//! so that a late answer of an earlier life can never pass for one of this life.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const STATEMENTS: &[&str] = &[
    "ALTER TABLE outbox ADD COLUMN attempt_limit {int}",
    "ALTER TABLE outbox ADD COLUMN discarded_at {ts}",
    "ALTER TABLE outbox ADD COLUMN discard_reason {text}",
    "CREATE INDEX outbox_by_time ON outbox (created_at, id)",
];

const UNDO: &[&str] = &[
    "DROP INDEX outbox_by_time",
    "ALTER TABLE outbox DROP COLUMN discard_reason",
    "ALTER TABLE outbox DROP COLUMN discarded_at",
    "ALTER TABLE outbox DROP COLUMN attempt_limit",
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
        dialect::create(manager, UNDO).await
    }
}
