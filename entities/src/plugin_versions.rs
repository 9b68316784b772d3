//! Immutable versions of plugins (catalogue, no tenant).

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plugin_versions")]
pub struct Model {
    /// Identity, a UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The plugin.
    pub plugin_id: Uuid,
    /// Number within its series, counted from 1.
    pub number: i32,
    /// `sha256:` and the hex digest of the bytes.
    pub digest: String,
    /// What the inspection and rehearsal found, as JSON.
    pub report: Json,
    /// When the row was written.
    pub created_at: DateTimeUtc,
}

/// The tables a row points to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its row in `plugins`.
    #[sea_orm(belongs_to = "super::plugins::Entity", from = "Column::PluginId", to = "super::plugins::Column::Id")]
    Plugins,
    /// Its row in `plugin_components`.
    #[sea_orm(
        belongs_to = "super::plugin_components::Entity",
        from = "Column::Digest",
        to = "super::plugin_components::Column::Digest"
    )]
    PluginComponents,
}

impl ActiveModelBehavior for ActiveModel {}
