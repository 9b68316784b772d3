//! Subscriptions and the register of their billing runs (a queue over all tenants, hence without references).

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &[
    "CREATE TABLE subscriptions (
        organisation_id {uuid} NOT NULL REFERENCES organisations (organisation_id),
        id {uuid} NOT NULL,
        plan_id {uuid} NOT NULL REFERENCES plans (id),
        plan_version_id {uuid} NOT NULL REFERENCES plan_versions (id),
        project_id {uuid},
        anchor {text} NOT NULL,
        starts_at {ts} NOT NULL,
        ends_at {ts},
        next_period_start {ts} NOT NULL,
        next_period_end {ts} NOT NULL,
        state {text} NOT NULL,
        version {int} NOT NULL,
        created_at {ts} NOT NULL,
        PRIMARY KEY (organisation_id, id),
        FOREIGN KEY (organisation_id, project_id) REFERENCES projects (organisation_id, id)
    ){strict}",
    "CREATE INDEX subscriptions_due ON subscriptions (state, next_period_end)",
    "CREATE INDEX subscriptions_of_plan ON subscriptions (plan_id)",
    "CREATE TABLE billing_runs (
        organisation_id {uuid} NOT NULL,
        subscription_id {uuid} NOT NULL,
        period_start {ts} NOT NULL,
        period_end {ts} NOT NULL,
        state {text} NOT NULL,
        attempts {int} NOT NULL,
        reason {text},
        next_attempt_at {ts} NOT NULL,
        updated_at {ts} NOT NULL,
        PRIMARY KEY (organisation_id, subscription_id, period_start)
    ){strict}",
    "CREATE INDEX billing_runs_waiting ON billing_runs (next_attempt_at) WHERE state IN ('DUE', 'HELD')",
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
        dialect::drop_tables(manager, &["billing_runs", "subscriptions"]).await
    }
}
