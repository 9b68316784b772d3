//! Where each key was used from (registry: keys are found before a tenant is known).

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key_addresses")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_id: Uuid,
    /// An IPv4 address, or the first 64 bits of an IPv6 address.
    #[sea_orm(primary_key, auto_increment = false)]
    pub network: String,
    /// When the key was first used from there.
    pub first_used_at: DateTimeUtc,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its row in `api_keys`.
    #[sea_orm(belongs_to = "super::api_keys::Entity", from = "Column::KeyId", to = "super::api_keys::Column::Id")]
    ApiKeys,
}

impl ActiveModelBehavior for ActiveModel {}
