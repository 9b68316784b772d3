//! Which invoice took which number (registry, no tenant).

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice_numbers")]
pub struct Model {
    /// The issuing entity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub issuing_entity_id: Uuid,
    /// The number on the document.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: String,
    /// The tenant.
    pub organisation_id: Uuid,
    /// The invoice.
    pub invoice_id: Uuid,
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
