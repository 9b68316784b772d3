//! Uploads announced, received or expired (no tenant).

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plugin_uploads")]
pub struct Model {
    /// Identity, a UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The name the uploader gave.
    pub filename: String,
    /// Size in bytes.
    pub size: i64,
    /// Hex digest announced by the uploader.
    pub sha256: String,
    /// The bytes.
    pub bytes: Option<Vec<u8>>,
    /// From then on it is refused.
    pub expires_at: DateTimeUtc,
    /// When all bytes had arrived.
    pub received_at: Option<DateTimeUtc>,
    /// When the row was written.
    pub created_at: DateTimeUtc,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
