//! Events that were refused, kept for inspection and replay.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_rejections")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// Identity, a UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The event as it was sent.
    pub body: String,
    /// First 16 bytes of the SHA-256 of the body.
    pub body_digest: Vec<u8>,
    /// The project.
    pub project_id: Option<Uuid>,
    /// The sender's id of the event.
    pub transaction_id: Option<String>,
    /// The field that was refused.
    pub field: String,
    /// Short stable name.
    pub code: String,
    /// Why, in words.
    pub message: String,
    /// When we took it in.
    pub recorded_at: DateTimeUtc,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
