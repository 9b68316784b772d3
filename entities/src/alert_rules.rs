//! When to warn about cost or quantity.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alert_rules")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// Identity, a UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// `COST` or `QUANTITY`.
    pub subject: String,
    /// The metric.
    pub metric_id: Option<Uuid>,
    /// The subscription.
    pub subscription_id: Uuid,
    /// Thresholds, a JSON array of decimal strings.
    pub thresholds: Json,
    /// When the rule was switched off.
    pub disabled_at: Option<DateTimeUtc>,
    /// Raised by every change; compare-and-set guard.
    pub version: i32,
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
    /// Its row in `metrics`.
    #[sea_orm(belongs_to = "super::metrics::Entity", from = "Column::MetricId", to = "super::metrics::Column::Id")]
    Metrics,
    /// Its row in `subscriptions`.
    #[sea_orm(
        belongs_to = "super::subscriptions::Entity",
        from = "(Column::OrganisationId, Column::SubscriptionId)",
        to = "(super::subscriptions::Column::OrganisationId, super::subscriptions::Column::Id)"
    )]
    Subscriptions,
}

impl ActiveModelBehavior for ActiveModel {}
