//! Organisations, their projects, and the keys that open them (keys are a registry: found by hash before a tenant is known).

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &[
    "CREATE TABLE organisations (
        organisation_id {uuid} NOT NULL PRIMARY KEY,
        name {text} NOT NULL,
        legal_name {text} NOT NULL,
        address {json} NOT NULL,
        country {text} NOT NULL,
        region {text},
        tax_id {text},
        tax_attributes {json} NOT NULL,
        timezone {text} NOT NULL,
        currency {text} NOT NULL,
        issuing_entity_id {uuid} NOT NULL REFERENCES issuing_entities (id),
        email {text},
        alert_sequence {i64} NOT NULL,
        version {int} NOT NULL,
        created_at {ts} NOT NULL
    ){strict}",
    "CREATE TABLE projects (
        organisation_id {uuid} NOT NULL REFERENCES organisations (organisation_id),
        id {uuid} NOT NULL,
        code {text} NOT NULL,
        name {text} NOT NULL,
        created_at {ts} NOT NULL,
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, code)
    ){strict}",
    "CREATE TABLE api_keys (
        id {uuid} NOT NULL PRIMARY KEY,
        prefix {text} NOT NULL,
        hash {bytes} NOT NULL UNIQUE,
        scope {text} NOT NULL,
        organisation_id {uuid},
        project_id {uuid},
        role {text} NOT NULL,
        name {text} NOT NULL,
        expires_at {ts},
        revoked_at {ts},
        last_used_at {ts},
        created_at {ts} NOT NULL
    ){strict}",
    "CREATE INDEX api_keys_of_organisation ON api_keys (organisation_id, created_at, id)",
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
        dialect::drop_tables(manager, &["api_keys", "projects", "organisations"]).await
    }
}
