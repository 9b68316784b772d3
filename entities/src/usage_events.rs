//! Usage facts; never updated, never deleted.

use sea_orm::entity::prelude::*;

use crate::Exact;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_events")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// First 16 bytes of the SHA-256 of the transaction id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub transaction_digest: Vec<u8>,
    /// The sender's id of the event.
    pub transaction_id: String,
    /// The project.
    pub project_id: Uuid,
    /// The metric.
    pub metric_id: Uuid,
    /// When it happened, in the words of the sender.
    pub occurred_at: DateTimeUtc,
    /// When we took it in.
    pub recorded_at: DateTimeUtc,
    /// The measured value.
    #[sea_orm(column_type = "Decimal(None)", nullable)]
    pub value: Option<Exact>,
    /// Properties, a JSON object.
    pub properties: Option<Json>,
    /// Digest of the whole content; tells a repeat from a conflict.
    pub content_digest: Vec<u8>,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
