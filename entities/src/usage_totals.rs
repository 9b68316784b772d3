//! Running totals per quarter hour, raised in the transaction that saves the facts.

use sea_orm::entity::prelude::*;

use crate::Exact;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_totals")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// The metric.
    #[sea_orm(primary_key, auto_increment = false)]
    pub metric_id: Uuid,
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: Uuid,
    /// First instant of the quarter hour.
    #[sea_orm(primary_key, auto_increment = false)]
    pub bucket_start: DateTimeUtc,
    /// Number of events.
    pub event_count: i64,
    /// Sum of values.
    #[sea_orm(column_type = "Decimal(None)")]
    pub value_sum: Exact,
    /// Least value.
    #[sea_orm(column_type = "Decimal(None)", nullable)]
    pub value_min: Option<Exact>,
    /// Greatest value.
    #[sea_orm(column_type = "Decimal(None)", nullable)]
    pub value_max: Option<Exact>,
    /// High half of the digest of the set of events.
    pub event_set_high: i64,
    /// Low half of the digest of the set of events.
    pub event_set_low: i64,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
