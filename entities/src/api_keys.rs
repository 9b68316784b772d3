//! Keys by hash (registry: found before a tenant is known).

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    /// Identity, a UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// First characters of the secret, for recognition.
    pub prefix: String,
    /// Digest of the secret.
    pub hash: Vec<u8>,
    /// `OPERATOR`, `ORGANISATION` or `PROJECT`.
    pub scope: String,
    /// The tenant.
    pub organisation_id: Option<Uuid>,
    /// The project.
    pub project_id: Option<Uuid>,
    /// What the key may do within its scope.
    pub role: String,
    /// The custom role, where `role` says `CUSTOM`.
    pub role_id: Option<Uuid>,
    /// Ranges of addresses it may be used from, a JSON array of strings; empty for everywhere.
    pub ip_allow_list: Option<Json>,
    /// What people call it.
    pub name: String,
    /// From then on it is refused.
    pub expires_at: Option<DateTimeUtc>,
    /// When the key was revoked.
    pub revoked_at: Option<DateTimeUtc>,
    /// When the key was last used, roughly.
    pub last_used_at: Option<DateTimeUtc>,
    /// 1 when it runs nothing but trusted documents, else nothing.
    pub trusted_documents_only: Option<i32>,
    /// Raised by every change; compare-and-set guard.
    pub version: Option<i32>,
    /// When the row was written.
    pub created_at: DateTimeUtc,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
