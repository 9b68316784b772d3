//! The operator's catalogue: who issues invoices, what is measured, and the plans (reference tables, no tenant).

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &[
    "CREATE TABLE issuing_entities (
        id {uuid} NOT NULL PRIMARY KEY,
        name {text} NOT NULL,
        legal_name {text} NOT NULL,
        address {json} NOT NULL,
        country {text} NOT NULL,
        region {text},
        tax_id {text},
        tax_regime {json} NOT NULL,
        brand_colour {text} NOT NULL,
        logo {bytes},
        invoice_prefix {text} NOT NULL UNIQUE,
        payment_terms_days {int} NOT NULL,
        footer {text} NOT NULL,
        version {int} NOT NULL,
        created_at {ts} NOT NULL
    ){strict}",
    "CREATE TABLE metrics (
        id {uuid} NOT NULL PRIMARY KEY,
        code {text} NOT NULL UNIQUE,
        name {text} NOT NULL,
        unit {text} NOT NULL,
        aggregation {text} NOT NULL,
        created_at {ts} NOT NULL
    ){strict}",
    "CREATE TABLE plans (
        id {uuid} NOT NULL PRIMARY KEY,
        code {text} NOT NULL UNIQUE,
        name {text} NOT NULL,
        created_at {ts} NOT NULL
    ){strict}",
    "CREATE TABLE plan_versions (
        id {uuid} NOT NULL PRIMARY KEY,
        plan_id {uuid} NOT NULL REFERENCES plans (id),
        number {int} NOT NULL,
        currency {text} NOT NULL,
        terms {json} NOT NULL,
        created_at {ts} NOT NULL,
        UNIQUE (plan_id, number)
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
        dialect::drop_tables(manager, &["plan_versions", "plans", "metrics", "issuing_entities"]).await
    }
}
