//! Which organisation is billed by which plan version, and its next period.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subscriptions")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// Identity, a UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The plan.
    pub plan_id: Uuid,
    /// The plan version.
    pub plan_version_id: Uuid,
    /// The project.
    pub project_id: Option<Uuid>,
    /// `CALENDAR` or `ANNIVERSARY`.
    pub anchor: String,
    /// First instant of the subscription.
    pub starts_at: DateTimeUtc,
    /// First instant after the subscription.
    pub ends_at: Option<DateTimeUtc>,
    /// First instant of the next period to bill.
    pub next_period_start: DateTimeUtc,
    /// First instant after the next period to bill.
    pub next_period_end: DateTimeUtc,
    /// Its state, in upper case.
    pub state: String,
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
    /// Its row in `plans`.
    #[sea_orm(belongs_to = "super::plans::Entity", from = "Column::PlanId", to = "super::plans::Column::Id")]
    Plans,
    /// Its row in `plan_versions`.
    #[sea_orm(
        belongs_to = "super::plan_versions::Entity",
        from = "Column::PlanVersionId",
        to = "super::plan_versions::Column::Id"
    )]
    PlanVersions,
    /// Its row in `projects`.
    #[sea_orm(
        belongs_to = "super::projects::Entity",
        from = "(Column::OrganisationId, Column::ProjectId)",
        to = "(super::projects::Column::OrganisationId, super::projects::Column::Id)"
    )]
    Projects,
}

impl ActiveModelBehavior for ActiveModel {}
