//! Legal entities of the operator that issue invoices (catalogue, no tenant).

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "issuing_entities")]
pub struct Model {
    /// Identity, a UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
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
    /// Tax model and its parameters.
    pub tax_regime: Json,
    /// `#rrggbb`.
    pub brand_colour: String,
    /// PNG or JPEG bytes.
    pub logo: Option<Vec<u8>>,
    /// What invoice numbers begin with; unique.
    pub invoice_prefix: String,
    /// Days between issue and due date.
    pub payment_terms_days: i32,
    /// Text at the foot of each page.
    pub footer: String,
    /// Raised by every change; compare-and-set guard.
    pub version: i32,
    /// When the row was written.
    pub created_at: DateTimeUtc,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
