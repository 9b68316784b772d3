//! What is done by the clock, once for all servers.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedules")]
pub struct Model {
    /// What is done.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// When it is due, or was when nobody was there.
    pub due_at: DateTimeUtc,
    /// Until when a worker is at it.
    pub claimed_until: Option<DateTimeUtc>,
    /// When it last ended well.
    pub done_at: Option<DateTimeUtc>,
    /// What went wrong last; none since it last ended well.
    pub last_error: Option<String>,
}

/// It points to no table.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
