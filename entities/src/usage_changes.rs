//! Organisations whose usage changed since alerts were last evaluated (queue over all tenants).

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_changes")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// Raised by every batch saved.
    pub revision: i64,
    /// The revision alerts were evaluated at.
    pub evaluated: i64,
    /// A worker holds the row until then.
    pub claimed_until: Option<DateTimeUtc>,
    /// When usage last changed.
    pub changed_at: DateTimeUtc,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
