//! Effects that still have to leave the database (queue over all tenants).

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// Identity, a UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The tenant.
    pub organisation_id: Option<Uuid>,
    /// What has to be done.
    pub topic: String,
    /// What it needs, as JSON.
    pub payload: Json,
    /// At most one row carries it, for ever.
    pub dedupe_key: Option<String>,
    /// When the row was written.
    pub created_at: DateTimeUtc,
    /// Not before this instant.
    pub available_at: DateTimeUtc,
    /// How often it was tried.
    pub attempts: i32,
    /// A worker holds the row until then.
    pub claimed_until: Option<DateTimeUtc>,
    /// When it was done.
    pub done_at: Option<DateTimeUtc>,
    /// When it was given up.
    pub dead_at: Option<DateTimeUtc>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// How often it may be tried.
    pub attempt_limit: Option<i32>,
    /// When somebody let it be.
    pub discarded_at: Option<DateTimeUtc>,
    /// Why.
    pub discard_reason: Option<String>,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
