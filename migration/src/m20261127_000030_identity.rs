//! Custom roles, and from which addresses a key or an organisation may be used. Roles are a registry beside the keys:
//! they are read before a tenant is known, and the operator has some of its own.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

// The new columns have no defaults, as everywhere: a key or an organisation from before has no list, which is an empty
// one. Names are unique among the operator's roles and among those of each organisation; NULLs are never equal, hence two
// indexes.
const STATEMENTS: &[&str] = &[
    "CREATE TABLE roles (
        id {uuid} NOT NULL PRIMARY KEY,
        organisation_id {uuid},
        name {text} NOT NULL,
        permissions {json} NOT NULL,
        version {int} NOT NULL,
        created_at {ts} NOT NULL
    ){strict}",
    "CREATE UNIQUE INDEX roles_by_name ON roles (organisation_id, name)",
    "CREATE UNIQUE INDEX roles_of_operator_by_name ON roles (name) WHERE organisation_id IS NULL",
    "ALTER TABLE api_keys ADD COLUMN role_id {uuid}",
    "ALTER TABLE api_keys ADD COLUMN ip_allow_list {json}",
    "ALTER TABLE api_keys ADD COLUMN version {int}",
    "CREATE INDEX api_keys_by_role ON api_keys (role_id)",
    "ALTER TABLE organisations ADD COLUMN ip_allow_list {json}",
    "UPDATE api_keys SET version = 1",
];

const UNDO: &[&str] = &[
    "ALTER TABLE organisations DROP COLUMN ip_allow_list",
    "DROP INDEX api_keys_by_role",
    "ALTER TABLE api_keys DROP COLUMN version",
    "ALTER TABLE api_keys DROP COLUMN ip_allow_list",
    "ALTER TABLE api_keys DROP COLUMN role_id",
    "DROP TABLE roles",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        dialect::WHOLE_OR_NOT_AT_ALL
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::create(manager, STATEMENTS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::create(manager, UNDO).await
    }
}
