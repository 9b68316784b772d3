//! Whose payment or refund a gateway's id names.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "gateway_references")]
pub struct Model {
    /// `RAZORPAY`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub gateway: String,
    /// The gateway's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub reference: String,
    /// The tenant.
    pub organisation_id: Uuid,
    /// `PAYMENT` or `REFUND`.
    pub kind: String,
    /// Ours.
    pub subject_id: Uuid,
}

/// It points to no table.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
