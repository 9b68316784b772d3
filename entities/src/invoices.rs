//! Invoices; once issued only their state moves.

use sea_orm::entity::prelude::*;

use crate::JsonText;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoices")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// Identity, a UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The subscription.
    pub subscription_id: Uuid,
    /// The issuing entity.
    pub issuing_entity_id: Uuid,
    /// Its kind, in upper case.
    pub kind: String,
    /// First instant of the period.
    pub period_start: DateTimeUtc,
    /// First instant after the period.
    pub period_end: DateTimeUtc,
    /// Its state, in upper case.
    pub state: String,
    /// The number on the document; absent while it is a draft.
    pub number: Option<String>,
    /// ISO 4217 code.
    pub currency: String,
    /// Sum of lines before tax, in minor units.
    pub subtotal_minor: i64,
    /// Tax, in minor units.
    pub tax_minor: i64,
    /// Subtotal and tax, in minor units.
    pub total_minor: i64,
    /// What payments have settled of it.
    pub paid_minor: i64,
    /// What credit notes have taken back of it.
    pub credited_minor: i64,
    /// What went back of the payments, or is on its way.
    pub refunded_minor: i64,
    /// When it was issued.
    pub issued_at: Option<DateTimeUtc>,
    /// When it is due.
    pub due_at: Option<DateTimeUtc>,
    /// Names, addresses and texts frozen for the document, as JSON.
    #[sea_orm(column_type = "Json")]
    pub facts: JsonText,
    /// Raised by every change; compare-and-set guard.
    pub version: i32,
    /// Name of the rendered file.
    pub pdf_key: Option<String>,
    /// Hex digest of the rendered file.
    pub pdf_sha256: Option<String>,
    /// Why the standard template was used instead of the chosen one.
    pub template_fallback: Option<String>,
    /// When the row was written.
    pub created_at: DateTimeUtc,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its row in `organisations`.
    #[sea_orm(
        belongs_to = "super::organisations::Entity",
        from = "Column::OrganisationId",
        to = "super::organisations::Column::OrganisationId"
    )]
    Organisations,
    /// Its row in `issuing_entities`.
    #[sea_orm(
        belongs_to = "super::issuing_entities::Entity",
        from = "Column::IssuingEntityId",
        to = "super::issuing_entities::Column::Id"
    )]
    IssuingEntities,
    /// Its row in `subscriptions`.
    #[sea_orm(
        belongs_to = "super::subscriptions::Entity",
        from = "(Column::OrganisationId, Column::SubscriptionId)",
        to = "(super::subscriptions::Column::OrganisationId, super::subscriptions::Column::Id)"
    )]
    Subscriptions,
}

impl ActiveModelBehavior for ActiveModel {}
