//! Plugin bytes by digest, kept for ever so that old invoices can be replayed.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plugin_components")]
pub struct Model {
    /// `sha256:` and the hex digest of the bytes.
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: String,
    /// Its kind, in upper case.
    pub kind: String,
    /// The contract world the bytes implement.
    pub world: String,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Size in bytes.
    pub size: i64,
    /// When the row was written.
    pub created_at: DateTimeUtc,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
