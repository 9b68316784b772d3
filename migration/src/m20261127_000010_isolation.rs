//! Row-level security on every tenant table: a statement that forgets the tenant finds nothing.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TENANT_TABLES: &[&str] = &[
    "organisations",
    "projects",
    "subscriptions",
    "usage_events",
    "usage_totals",
    "usage_rejections",
    "invoices",
    "invoice_lines",
    "invoice_taxes",
    "plugin_calls",
    "alert_rules",
    "alert_events",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        dialect::WHOLE_OR_NOT_AT_ALL
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::isolate(manager, TENANT_TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::open_up(manager, TENANT_TABLES).await
    }
}
