//! What gateways told, word for word, under the id they gave it: a second telling is no news.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbox")]
pub struct Model {
    /// `RAZORPAY`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub gateway: String,
    /// The gateway's id of the event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: String,
    /// Its name, for example `payment.captured`.
    pub event: String,
    /// The whole body, as it was signed.
    pub body: String,
    /// When it came.
    pub received_at: DateTimeUtc,
}

/// It points to no table.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
