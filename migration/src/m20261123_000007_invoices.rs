//! Invoices with their lines, taxes and the plugin calls that priced them; and the two tables that make numbers gapless.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &[
    "CREATE TABLE invoices (
        organisation_id {uuid} NOT NULL REFERENCES organisations (organisation_id),
        id {uuid} NOT NULL,
        subscription_id {uuid} NOT NULL,
        issuing_entity_id {uuid} NOT NULL REFERENCES issuing_entities (id),
        kind {text} NOT NULL,
        period_start {ts} NOT NULL,
        period_end {ts} NOT NULL,
        state {text} NOT NULL,
        number {text},
        currency {text} NOT NULL,
        subtotal_minor {i64} NOT NULL,
        tax_minor {i64} NOT NULL,
        total_minor {i64} NOT NULL,
        issued_at {ts},
        due_at {ts},
        facts {json} NOT NULL,
        version {int} NOT NULL,
        pdf_key {text},
        pdf_sha256 {text},
        template_fallback {text},
        created_at {ts} NOT NULL,
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, subscription_id, period_start, kind),
        FOREIGN KEY (organisation_id, subscription_id) REFERENCES subscriptions (organisation_id, id)
    ){strict}",
    "CREATE INDEX invoices_by_time ON invoices (organisation_id, created_at, id)",
    "CREATE INDEX invoices_by_state ON invoices (organisation_id, state)",
    "CREATE TABLE invoice_lines (
        organisation_id {uuid} NOT NULL,
        invoice_id {uuid} NOT NULL,
        position {int} NOT NULL,
        kind {text} NOT NULL,
        metric_id {uuid},
        metric_code {text},
        charge_code {text} NOT NULL,
        description {text} NOT NULL,
        quantity {dec},
        event_count {i64},
        event_set {bytes},
        amount_exact {dec} NOT NULL,
        amount_minor {i64} NOT NULL,
        tax_minor {i64} NOT NULL,
        service_start {ts} NOT NULL,
        service_end {ts} NOT NULL,
        steps {json} NOT NULL,
        call_position {int},
        PRIMARY KEY (organisation_id, invoice_id, position),
        FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoices (organisation_id, id)
    ){strict}",
    "CREATE TABLE invoice_taxes (
        organisation_id {uuid} NOT NULL,
        invoice_id {uuid} NOT NULL,
        position {int} NOT NULL,
        code {text} NOT NULL,
        name {text} NOT NULL,
        rate_percent {dec} NOT NULL,
        base_minor {i64} NOT NULL,
        amount_minor {i64} NOT NULL,
        PRIMARY KEY (organisation_id, invoice_id, position),
        FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoices (organisation_id, id)
    ){strict}",
    "CREATE TABLE plugin_calls (
        organisation_id {uuid} NOT NULL,
        invoice_id {uuid} NOT NULL,
        position {int} NOT NULL,
        kind {text} NOT NULL,
        digest {text} NOT NULL REFERENCES plugin_components (digest),
        world {text} NOT NULL,
        fingerprint {text} NOT NULL,
        input {text} NOT NULL,
        input_digest {text} NOT NULL,
        output {text} NOT NULL,
        fuel {i64} NOT NULL,
        PRIMARY KEY (organisation_id, invoice_id, position),
        FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoices (organisation_id, id)
    ){strict}",
    "CREATE TABLE invoice_counters (
        issuing_entity_id {uuid} NOT NULL REFERENCES issuing_entities (id),
        series {text} NOT NULL,
        next {i64} NOT NULL,
        PRIMARY KEY (issuing_entity_id, series)
    ){strict}",
    "CREATE TABLE invoice_numbers (
        issuing_entity_id {uuid} NOT NULL REFERENCES issuing_entities (id),
        number {text} NOT NULL,
        organisation_id {uuid} NOT NULL,
        invoice_id {uuid} NOT NULL,
        PRIMARY KEY (issuing_entity_id, number)
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
        dialect::drop_tables(
            manager,
            &["invoice_numbers", "invoice_counters", "plugin_calls", "invoice_taxes", "invoice_lines", "invoices"],
        )
        .await
    }
}
