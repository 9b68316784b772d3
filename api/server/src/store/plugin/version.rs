//! Plugins by name and their immutable versions.

use billing::ids::{PluginId, PluginVersionId};
use chrono::{DateTime, Utc};
use entities::{plugin_versions, plugins};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::PluginKind;
use crate::error::Error;
use crate::store::column::{micros, parsed};
use crate::store::connection::{Conn, Tx};
use crate::store::page::{self, Cursor, Keyed, Page, PageOf};

/// A plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugin {
    /// Its identity.
    pub id: PluginId,
    /// Its name; unique.
    pub name: String,
    /// What it does.
    pub kind: PluginKind,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// An immutable version of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginVersion {
    /// Its identity.
    pub id: PluginVersionId,
    /// The plugin.
    pub plugin_id: PluginId,
    /// Counted from 1 within the plugin.
    pub number: i32,
    /// Its bytes.
    pub digest: String,
    /// What inspection and rehearsal found.
    pub report: serde_json::Value,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Keyed for Plugin {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.created_at, id: self.id.uuid() }
    }
}

/// Adds a plugin without versions; a taken name is a `Conflict`.
///
/// # Errors
/// `Conflict`, `Unavailable`, `Internal`.
pub async fn insert_in_tx(tx: &Tx, plugin: &Plugin) -> Result<(), Error> {
    let row = plugins::Model {
        id: plugin.id.uuid(),
        name: plugin.name.clone(),
        kind: plugin.kind.as_str().to_owned(),
        created_at: micros(plugin.created_at),
    };
    plugins::Entity::insert(row.into_active_model()).exec_without_returning(&tx.shared()).await?;
    Ok(())
}

/// Adds the next version of a plugin and answers it; its bytes must be registered. Two at once: one of them is a
/// `Conflict` and may be tried again.
///
/// # Errors
/// `Conflict`, `Invalid` for an unknown plugin or digest, `Unavailable`, `Internal`.
pub async fn insert_version_in_tx(
    tx: &Tx,
    id: PluginVersionId,
    plugin: PluginId,
    digest: &str,
    report: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<PluginVersion, Error> {
    let latest: Option<i32> = plugin_versions::Entity::find()
        .select_only()
        .column(plugin_versions::Column::Number)
        .filter(plugin_versions::Column::PluginId.eq(plugin.uuid()))
        .order_by_desc(plugin_versions::Column::Number)
        .into_tuple()
        .one(&tx.shared())
        .await?;
    let row = plugin_versions::Model {
        id: id.uuid(),
        plugin_id: plugin.uuid(),
        number: latest.unwrap_or(0) + 1,
        digest: digest.to_owned(),
        report,
        created_at: micros(now),
    };
    plugin_versions::Entity::insert(row.clone().into_active_model()).exec_without_returning(&tx.shared()).await?;
    Ok(version_record(row))
}

/// One by identity.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find(conn: &impl Conn, id: PluginId) -> Result<Option<Plugin>, Error> {
    plugins::Entity::find_by_id(id.uuid()).one(&conn.shared()).await?.map(record).transpose()
}

/// Several by identity, in no particular order; unknown ones are left out.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_many(conn: &impl Conn, ids: &[PluginId]) -> Result<Vec<Plugin>, Error> {
    let ids = ids.iter().map(|id| id.uuid());
    let rows = plugins::Entity::find().filter(plugins::Column::Id.is_in(ids)).all(&conn.shared()).await?;
    rows.into_iter().map(record).collect()
}

/// One by name.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_by_name(conn: &impl Conn, name: &str) -> Result<Option<Plugin>, Error> {
    plugins::Entity::find().filter(plugins::Column::Name.eq(name)).one(&conn.shared()).await?.map(record).transpose()
}

/// A page of all plugins.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn page(conn: &impl Conn, page: &Page) -> Result<PageOf<Plugin>, Error> {
    page::fetch(&conn.shared(), plugins::Entity::find(), plugins::Column::CreatedAt, plugins::Column::Id, page, record)
        .await
}

/// How many there are, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_capped(conn: &impl Conn, cap: u64) -> Result<u64, Error> {
    page::count_capped(&conn.shared(), plugins::Entity::find(), cap).await
}

/// All versions of a plugin, newest first.
///
/// # Errors
/// `Unavailable`.
pub async fn versions(conn: &impl Conn, plugin: PluginId) -> Result<Vec<PluginVersion>, Error> {
    let rows = plugin_versions::Entity::find()
        .filter(plugin_versions::Column::PluginId.eq(plugin.uuid()))
        .order_by_desc(plugin_versions::Column::Number)
        .all(&conn.shared())
        .await?;
    Ok(rows.into_iter().map(version_record).collect())
}

/// All versions with a digest, of any plugin, oldest first.
///
/// # Errors
/// `Unavailable`.
pub async fn versions_of_digest(conn: &impl Conn, digest: &str) -> Result<Vec<PluginVersion>, Error> {
    let rows = plugin_versions::Entity::find()
        .filter(plugin_versions::Column::Digest.eq(digest))
        .order_by_asc(plugin_versions::Column::CreatedAt)
        .all(&conn.shared())
        .await?;
    Ok(rows.into_iter().map(version_record).collect())
}

/// One version by identity.
///
/// # Errors
/// `Unavailable`.
pub async fn find_version(conn: &impl Conn, id: PluginVersionId) -> Result<Option<PluginVersion>, Error> {
    Ok(plugin_versions::Entity::find_by_id(id.uuid()).one(&conn.shared()).await?.map(version_record))
}

/// Several versions by identity, in no particular order; unknown ones are left out.
///
/// # Errors
/// `Unavailable`.
pub async fn find_versions_many(conn: &impl Conn, ids: &[PluginVersionId]) -> Result<Vec<PluginVersion>, Error> {
    let ids = ids.iter().map(|id| id.uuid());
    let rows =
        plugin_versions::Entity::find().filter(plugin_versions::Column::Id.is_in(ids)).all(&conn.shared()).await?;
    Ok(rows.into_iter().map(version_record).collect())
}

fn record(row: plugins::Model) -> Result<Plugin, Error> {
    Ok(Plugin {
        id: PluginId::from_uuid(row.id),
        kind: parsed("plugins", "kind", &row.kind)?,
        name: row.name,
        created_at: row.created_at,
    })
}

fn version_record(row: plugin_versions::Model) -> PluginVersion {
    PluginVersion {
        id: PluginVersionId::from_uuid(row.id),
        plugin_id: PluginId::from_uuid(row.plugin_id),
        number: row.number,
        digest: row.digest,
        report: row.report,
        created_at: row.created_at,
    }
}
