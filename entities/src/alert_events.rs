//! Thresholds crossed, numbered without holes per organisation.

use sea_orm::entity::prelude::*;

use crate::Exact;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alert_events")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// Counted from 1 without holes within the tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    /// Identity, a UUIDv7.
    pub id: Uuid,
    /// The rule.
    pub rule_id: Uuid,
    /// The subscription.
    pub subscription_id: Uuid,
    /// First instant of the period.
    pub period_start: DateTimeUtc,
    /// First instant after the period.
    pub period_end: DateTimeUtc,
    /// The threshold crossed.
    #[sea_orm(column_type = "Decimal(None)")]
    pub threshold: Exact,
    /// What was observed when it was crossed.
    #[sea_orm(column_type = "Decimal(None)")]
    pub observed: Exact,
    /// ISO 4217 code.
    pub currency: Option<String>,
    /// When it happened, in the words of the sender.
    pub occurred_at: DateTimeUtc,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its row in `alert_rules`.
    #[sea_orm(
        belongs_to = "super::alert_rules::Entity",
        from = "(Column::OrganisationId, Column::RuleId)",
        to = "(super::alert_rules::Column::OrganisationId, super::alert_rules::Column::Id)"
    )]
    AlertRules,
}

impl ActiveModelBehavior for ActiveModel {}
