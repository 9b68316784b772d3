//! Which plugin version is active for which target from when (no tenant).

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plugin_activations")]
pub struct Model {
    /// Identity, a UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Its kind, in upper case.
    pub kind: String,
    /// `PLAN`, `ISSUING_ENTITY` or `ORGANISATION`.
    pub target_kind: String,
    /// Identity of the target.
    pub target_id: Uuid,
    /// The plugin version.
    pub plugin_version_id: Uuid,
    /// Active for periods from this instant.
    pub effective_from: DateTimeUtc,
    /// When the row was written.
    pub created_at: DateTimeUtc,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its row in `plugin_versions`.
    #[sea_orm(
        belongs_to = "super::plugin_versions::Entity",
        from = "Column::PluginVersionId",
        to = "super::plugin_versions::Column::Id"
    )]
    PluginVersions,
}

impl ActiveModelBehavior for ActiveModel {}
