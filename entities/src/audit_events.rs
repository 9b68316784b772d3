//! The audit trail: what was done by whom, numbered without holes and chained by hashes per tenant.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub struct Model {
    /// The tenant; nil for the installation itself.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// Counted from 1 without holes within the chain.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    /// Identity, a UUIDv7.
    pub id: Uuid,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
    /// What kind of actor it was.
    pub actor_kind: String,
    /// The key it acted with.
    pub actor_key_id: Option<Uuid>,
    /// The session it acted in.
    pub actor_session_id: Option<String>,
    /// The role it had.
    pub actor_role: Option<String>,
    /// The address it came from.
    pub address: Option<String>,
    /// The request it belongs to.
    pub request_id: Option<String>,
    /// What was done.
    pub action: String,
    /// The kind of thing it was done to.
    pub subject_type: String,
    /// The thing, as the API shows its id.
    pub subject_id: Option<String>,
    /// What changed: a JSON list of `[field, before, after]`.
    pub changes: String,
    /// The hash of the row before it.
    pub previous_hash: Vec<u8>,
    /// The hash over all of it.
    pub hash: Vec<u8>,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
