//! Plugins: the bytes by digest, their named versions, uploads under way, and what is active where from when.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &[
    "CREATE TABLE plugin_components (
        digest {text} NOT NULL PRIMARY KEY,
        kind {text} NOT NULL,
        world {text} NOT NULL,
        bytes {bytes} NOT NULL,
        size {i64} NOT NULL,
        created_at {ts} NOT NULL
    ){strict}",
    "CREATE TABLE plugins (
        id {uuid} NOT NULL PRIMARY KEY,
        name {text} NOT NULL UNIQUE,
        kind {text} NOT NULL,
        created_at {ts} NOT NULL
    ){strict}",
    "CREATE TABLE plugin_versions (
        id {uuid} NOT NULL PRIMARY KEY,
        plugin_id {uuid} NOT NULL REFERENCES plugins (id),
        number {int} NOT NULL,
        digest {text} NOT NULL REFERENCES plugin_components (digest),
        report {json} NOT NULL,
        created_at {ts} NOT NULL,
        UNIQUE (plugin_id, number)
    ){strict}",
    "CREATE TABLE plugin_uploads (
        id {uuid} NOT NULL PRIMARY KEY,
        filename {text} NOT NULL,
        size {i64} NOT NULL,
        sha256 {text} NOT NULL,
        bytes {bytes},
        expires_at {ts} NOT NULL,
        received_at {ts},
        created_at {ts} NOT NULL
    ){strict}",
    "CREATE TABLE plugin_activations (
        id {uuid} NOT NULL PRIMARY KEY,
        kind {text} NOT NULL,
        target_kind {text} NOT NULL,
        target_id {uuid} NOT NULL,
        plugin_version_id {uuid} NOT NULL REFERENCES plugin_versions (id),
        effective_from {ts} NOT NULL,
        created_at {ts} NOT NULL,
        UNIQUE (kind, target_kind, target_id, effective_from)
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
            &["plugin_activations", "plugin_uploads", "plugin_versions", "plugins", "plugin_components"],
        )
        .await
    }
}
