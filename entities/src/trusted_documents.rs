//! GraphQL documents of the operator's front ends (registry, no tenant).

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "trusted_documents")]
pub struct Model {
    /// Identity, a UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// SHA-256 of the text, in lower-case hexadecimal; unique.
    pub digest: String,
    /// The document.
    pub text: String,
    /// What people call it.
    pub name: String,
    /// The key that registered it.
    pub registered_by: Uuid,
    /// When the row was written.
    pub created_at: DateTimeUtc,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
