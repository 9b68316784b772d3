//! Custom roles (registry: read together with a key, before a tenant is known).

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "roles")]
pub struct Model {
    /// Identity, a UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The tenant; absent for a role of the operator.
    pub organisation_id: Option<Uuid>,
    /// What people call it.
    pub name: String,
    /// Names of permissions, a JSON array of strings.
    pub permissions: Json,
    /// Raised by every change; compare-and-set guard.
    pub version: i32,
    /// When the row was written.
    pub created_at: DateTimeUtc,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
