//! Tenants.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "organisations")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// What people call it.
    pub name: String,
    /// Name as it stands on documents.
    pub legal_name: String,
    /// Address lines, a JSON array of strings.
    pub address: Json,
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
    /// State or province, where the tax law asks for it.
    pub region: Option<String>,
    /// Tax registration number.
    pub tax_id: Option<String>,
    /// Further tax facts, a JSON object of strings.
    pub tax_attributes: Json,
    /// IANA zone in which periods are cut.
    pub timezone: String,
    /// ISO 4217 code.
    pub currency: String,
    /// The issuing entity.
    pub issuing_entity_id: Uuid,
    /// Where invoices are sent.
    pub email: Option<String>,
    /// Number of the latest alert event.
    pub alert_sequence: i64,
    /// Ranges of addresses its keys may be used from, a JSON array of strings; empty for everywhere.
    pub ip_allow_list: Option<Json>,
    /// Raised by every change; compare-and-set guard.
    pub version: i32,
    /// When the row was written.
    pub created_at: DateTimeUtc,
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
