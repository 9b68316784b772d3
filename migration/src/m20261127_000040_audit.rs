//! The audit trail: a chain of rows per organisation and one of the installation, whose id is nil; and the addresses a
//! key was used from.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

// No foreign key to `organisations`: the installation's chain belongs to none, and a trail outlives what it tells of.
const TABLES: &[&str] = &[
    "CREATE TABLE audit_heads (
        organisation_id {uuid} NOT NULL PRIMARY KEY,
        sequence {i64} NOT NULL,
        hash {bytes} NOT NULL
    ){strict}",
    "CREATE TABLE audit_events (
        organisation_id {uuid} NOT NULL,
        sequence {i64} NOT NULL,
        id {uuid} NOT NULL,
        recorded_at {ts} NOT NULL,
        actor_kind {text} NOT NULL,
        actor_key_id {uuid},
        actor_session_id {text},
        actor_role {text},
        address {text},
        request_id {text},
        action {text} NOT NULL,
        subject_type {text} NOT NULL,
        subject_id {text},
        changes {text} NOT NULL,
        previous_hash {bytes} NOT NULL,
        hash {bytes} NOT NULL,
        PRIMARY KEY (organisation_id, sequence),
        UNIQUE (organisation_id, id)
    ){strict}",
    "CREATE INDEX audit_events_by_subject ON audit_events (organisation_id, subject_id, sequence)",
    "CREATE TABLE api_key_addresses (
        key_id {uuid} NOT NULL REFERENCES api_keys (id),
        network {text} NOT NULL,
        first_used_at {ts} NOT NULL,
        PRIMARY KEY (key_id, network)
    ){strict}",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        dialect::WHOLE_OR_NOT_AT_ALL
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::create(manager, TABLES).await?;
        dialect::isolate(manager, &["audit_heads", "audit_events"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::drop_tables(manager, &["api_key_addresses", "audit_events", "audit_heads"]).await
    }
}
