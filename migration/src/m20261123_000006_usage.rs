//! Usage: facts keyed by the digest of their transaction id, totals per quarter hour, rejections, and who changed.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &[
    // The hot table: no foreign keys, the smallest unique key that deduplicates for ever, one index for reading.
    "CREATE TABLE usage_events (
        organisation_id {uuid} NOT NULL,
        transaction_digest {bytes} NOT NULL,
        transaction_id {text} NOT NULL,
        project_id {uuid} NOT NULL,
        metric_id {uuid} NOT NULL,
        occurred_at {ts} NOT NULL,
        recorded_at {ts} NOT NULL,
        value {dec},
        properties {json},
        content_digest {bytes} NOT NULL,
        PRIMARY KEY (organisation_id, transaction_digest)
    ){strict}",
    "CREATE INDEX usage_events_of_metric ON usage_events (organisation_id, metric_id, occurred_at)",
    "CREATE TABLE usage_totals (
        organisation_id {uuid} NOT NULL,
        metric_id {uuid} NOT NULL,
        project_id {uuid} NOT NULL,
        bucket_start {ts} NOT NULL,
        event_count {i64} NOT NULL,
        value_sum {dec} NOT NULL,
        value_min {dec},
        value_max {dec},
        event_set_high {i64} NOT NULL,
        event_set_low {i64} NOT NULL,
        PRIMARY KEY (organisation_id, metric_id, project_id, bucket_start)
    ){strict}",
    "CREATE TABLE usage_rejections (
        organisation_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        body {text} NOT NULL,
        body_digest {bytes} NOT NULL,
        project_id {uuid},
        transaction_id {text},
        field {text} NOT NULL,
        code {text} NOT NULL,
        message {text} NOT NULL,
        recorded_at {ts} NOT NULL,
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, body_digest)
    ){strict}",
    "CREATE INDEX usage_rejections_by_time ON usage_rejections (organisation_id, recorded_at, id)",
    "CREATE TABLE usage_changes (
        organisation_id {uuid} NOT NULL PRIMARY KEY,
        revision {i64} NOT NULL,
        evaluated {i64} NOT NULL,
        claimed_until {ts},
        changed_at {ts} NOT NULL
    ){strict}",
    "CREATE INDEX usage_changes_waiting ON usage_changes (changed_at) WHERE revision > evaluated",
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
        dialect::drop_tables(manager, &["usage_changes", "usage_rejections", "usage_totals", "usage_events"]).await
    }
}
