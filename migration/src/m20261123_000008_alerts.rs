//! Alert rules and the events they raised, numbered without holes per organisation.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &[
    "CREATE TABLE alert_rules (
        organisation_id {uuid} NOT NULL REFERENCES organisations (organisation_id),
        id {uuid} NOT NULL,
        name {text} NOT NULL,
        subject {text} NOT NULL,
        metric_id {uuid} REFERENCES metrics (id),
        subscription_id {uuid} NOT NULL,
        thresholds {json} NOT NULL,
        disabled_at {ts},
        version {int} NOT NULL,
        created_at {ts} NOT NULL,
        PRIMARY KEY (organisation_id, id),
        FOREIGN KEY (organisation_id, subscription_id) REFERENCES subscriptions (organisation_id, id)
    ){strict}",
    "CREATE INDEX alert_rules_by_time ON alert_rules (organisation_id, created_at, id)",
    "CREATE TABLE alert_events (
        organisation_id {uuid} NOT NULL,
        sequence {i64} NOT NULL,
        id {uuid} NOT NULL,
        rule_id {uuid} NOT NULL,
        subscription_id {uuid} NOT NULL,
        period_start {ts} NOT NULL,
        period_end {ts} NOT NULL,
        threshold {dec} NOT NULL,
        observed {dec} NOT NULL,
        currency {text},
        occurred_at {ts} NOT NULL,
        PRIMARY KEY (organisation_id, sequence),
        UNIQUE (organisation_id, id),
        UNIQUE (organisation_id, rule_id, period_start, threshold),
        FOREIGN KEY (organisation_id, rule_id) REFERENCES alert_rules (organisation_id, id)
    ){strict}",
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
        dialect::drop_tables(manager, &["alert_events", "alert_rules"]).await
    }
}
