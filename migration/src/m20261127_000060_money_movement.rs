//! Money that comes and goes: payments and what they settle, refunds and the credit notes beside them, what gateways told.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const STATEMENTS: &[&str] = &[
    "ALTER TABLE invoices ADD COLUMN paid_minor {i64} NOT NULL DEFAULT 0",
    "ALTER TABLE invoices ADD COLUMN credited_minor {i64} NOT NULL DEFAULT 0",
    "ALTER TABLE invoices ADD COLUMN refunded_minor {i64} NOT NULL DEFAULT 0",
    "CREATE TABLE payments (
        organisation_id {uuid} NOT NULL REFERENCES organisations (organisation_id),
        id {uuid} NOT NULL,
        invoice_id {uuid},
        gateway {text} NOT NULL,
        method {text} NOT NULL,
        state {text} NOT NULL,
        currency {text} NOT NULL,
        amount_minor {i64} NOT NULL,
        captured_minor {i64} NOT NULL,
        allocated_minor {i64} NOT NULL,
        disputed_minor {i64} NOT NULL,
        gateway_order_id {text},
        gateway_link_id {text},
        gateway_payment_id {text},
        pay_url {text},
        decline_code {text},
        decline_words {text},
        fee_minor {i64},
        fee_tax_minor {i64},
        reference {text},
        received_at {ts},
        checked_at {ts},
        version {int} NOT NULL,
        created_at {ts} NOT NULL,
        PRIMARY KEY (organisation_id, id),
        CHECK (captured_minor >= 0 AND allocated_minor >= 0 AND allocated_minor <= captured_minor),
        FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoices (organisation_id, id)
    ){strict}",
    "CREATE INDEX payments_by_time ON payments (organisation_id, created_at, id)",
    "CREATE INDEX payments_by_invoice ON payments (organisation_id, invoice_id)",
    "CREATE UNIQUE INDEX payments_by_gateway_payment ON payments (organisation_id, gateway_payment_id)",
    "CREATE TABLE payment_allocations (
        organisation_id {uuid} NOT NULL,
        payment_id {uuid} NOT NULL,
        invoice_id {uuid} NOT NULL,
        amount_minor {i64} NOT NULL CHECK (amount_minor > 0),
        created_at {ts} NOT NULL,
        PRIMARY KEY (organisation_id, payment_id, invoice_id),
        FOREIGN KEY (organisation_id, payment_id) REFERENCES payments (organisation_id, id),
        FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoices (organisation_id, id)
    ){strict}",
    "CREATE INDEX payment_allocations_by_invoice ON payment_allocations (organisation_id, invoice_id)",
    "CREATE TABLE credit_notes (
        organisation_id {uuid} NOT NULL REFERENCES organisations (organisation_id),
        id {uuid} NOT NULL,
        invoice_id {uuid} NOT NULL,
        number {text} NOT NULL,
        currency {text} NOT NULL,
        net_minor {i64} NOT NULL,
        total_minor {i64} NOT NULL CHECK (total_minor > 0),
        tax_minors {json} NOT NULL,
        reason {text} NOT NULL,
        issued_at {ts} NOT NULL,
        PRIMARY KEY (organisation_id, id),
        FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoices (organisation_id, id)
    ){strict}",
    "CREATE INDEX credit_notes_by_time ON credit_notes (organisation_id, issued_at, id)",
    "CREATE INDEX credit_notes_by_invoice ON credit_notes (organisation_id, invoice_id)",
    "CREATE TABLE refunds (
        organisation_id {uuid} NOT NULL REFERENCES organisations (organisation_id),
        id {uuid} NOT NULL,
        payment_id {uuid} NOT NULL,
        invoice_id {uuid},
        credit_note_id {uuid},
        origin {text} NOT NULL,
        state {text} NOT NULL,
        currency {text} NOT NULL,
        amount_minor {i64} NOT NULL CHECK (amount_minor > 0),
        invoiced_minor {i64} NOT NULL,
        reason {text} NOT NULL,
        gateway_refund_id {text},
        bank_reference {text},
        failure {text},
        checked_at {ts},
        settled_at {ts},
        version {int} NOT NULL,
        created_at {ts} NOT NULL,
        PRIMARY KEY (organisation_id, id),
        FOREIGN KEY (organisation_id, payment_id) REFERENCES payments (organisation_id, id),
        FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoices (organisation_id, id),
        FOREIGN KEY (organisation_id, credit_note_id) REFERENCES credit_notes (organisation_id, id)
    ){strict}",
    "CREATE INDEX refunds_by_time ON refunds (organisation_id, created_at, id)",
    "CREATE INDEX refunds_by_payment ON refunds (organisation_id, payment_id)",
    "CREATE TABLE mutation_keys (
        organisation_id {uuid} NOT NULL REFERENCES organisations (organisation_id),
        field {text} NOT NULL,
        key {text} NOT NULL,
        digest {bytes} NOT NULL,
        subject_id {uuid} NOT NULL,
        created_at {ts} NOT NULL,
        PRIMARY KEY (organisation_id, field, key)
    ){strict}",
    "CREATE TABLE gateway_references (
        gateway {text} NOT NULL,
        reference {text} NOT NULL,
        organisation_id {uuid} NOT NULL,
        kind {text} NOT NULL,
        subject_id {uuid} NOT NULL,
        PRIMARY KEY (gateway, reference)
    ){strict}",
    "CREATE TABLE inbox (
        gateway {text} NOT NULL,
        event_id {text} NOT NULL,
        event {text} NOT NULL,
        body {text} NOT NULL,
        received_at {ts} NOT NULL,
        PRIMARY KEY (gateway, event_id)
    ){strict}",
    "CREATE INDEX inbox_by_time ON inbox (received_at)",
];

/// Added to what is there, which has seen no money.
const COLUMNS: &[&str] = &["paid_minor", "credited_minor", "refunded_minor"];

const TENANT_TABLES: &[&str] = &["payments", "payment_allocations", "credit_notes", "refunds", "mutation_keys"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        dialect::WHOLE_OR_NOT_AT_ALL
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::create(manager, STATEMENTS).await?;
        dialect::forget_defaults(manager, "invoices", COLUMNS).await?;
        dialect::isolate(manager, TENANT_TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            "inbox",
            "gateway_references",
            "mutation_keys",
            "refunds",
            "credit_notes",
            "payment_allocations",
            "payments",
        ];
        dialect::drop_tables(manager, &tables).await?;
        for column in COLUMNS {
            dialect::create(manager, &[&format!("ALTER TABLE invoices DROP COLUMN {column}")]).await?;
        }
        Ok(())
    }
}
