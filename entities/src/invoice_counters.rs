//! The next number of each invoice series (registry, no tenant).

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice_counters")]
pub struct Model {
    /// The issuing entity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub issuing_entity_id: Uuid,
    /// Name of the series.
    #[sea_orm(primary_key, auto_increment = false)]
    pub series: String,
    /// The number that will be given next.
    pub next: i64,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its row in `issuing_entities`.
    #[sea_orm(
        belongs_to = "super::issuing_entities::Entity",
        from = "Column::IssuingEntityId",
        to = "super::issuing_entities::Column::Id"
    )]
    IssuingEntities,
}

impl ActiveModelBehavior for ActiveModel {}
