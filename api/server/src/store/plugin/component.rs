//! Plugin bytes by digest. Registering the same bytes twice is one row.

use chrono::{DateTime, Utc};
use entities::plugin_components::{Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::PluginKind;
use crate::error::Error;
use crate::store::column::{micros, parsed};
use crate::store::connection::{Conn, Tx};

/// What is known of plugin bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// `sha256:` and the hex digest of the bytes.
    pub digest: String,
    /// What they do.
    pub kind: PluginKind,
    /// The contract world they implement.
    pub world: String,
    /// How many bytes.
    pub size: i64,
    /// When they were first registered.
    pub created_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Meta {
    digest: String,
    kind: String,
    world: String,
    size: i64,
    created_at: DateTime<Utc>,
}

const META: [Column; 5] = [Column::Digest, Column::Kind, Column::World, Column::Size, Column::CreatedAt];

/// Registers bytes; `bytes` must be what `component.digest` names. A second registration is a no-op.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn insert_component_in_tx(tx: &Tx, component: &Component, bytes: &[u8]) -> Result<(), Error> {
    let row = Model {
        digest: component.digest.clone(),
        kind: component.kind.as_str().to_owned(),
        world: component.world.clone(),
        bytes: bytes.to_vec(),
        size: component.size,
        created_at: micros(component.created_at),
    };
    Entity::insert(row.into_active_model())
        .on_conflict_do_nothing_on([Column::Digest])
        .exec_without_returning(&tx.shared())
        .await?;
    Ok(())
}

/// What is known of the bytes with a digest.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn component(conn: &impl Conn, digest: &str) -> Result<Option<Component>, Error> {
    let select = Entity::find().select_only().columns(META).filter(Column::Digest.eq(digest));
    select.into_model::<Meta>().one(&conn.shared()).await?.map(record).transpose()
}

/// What is known of all bytes ever registered, oldest first.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn components(conn: &impl Conn) -> Result<Vec<Component>, Error> {
    let select = Entity::find().select_only().columns(META).order_by_asc(Column::CreatedAt);
    select.into_model::<Meta>().all(&conn.shared()).await?.into_iter().map(record).collect()
}

/// The bytes with a digest.
///
/// # Errors
/// `Unavailable`.
pub async fn component_bytes(conn: &impl Conn, digest: &str) -> Result<Option<Vec<u8>>, Error> {
    let select = Entity::find().select_only().column(Column::Bytes).filter(Column::Digest.eq(digest));
    Ok(select.into_tuple().one(&conn.shared()).await?)
}

fn record(row: Meta) -> Result<Component, Error> {
    Ok(Component {
        kind: parsed("plugin_components", "kind", &row.kind)?,
        digest: row.digest,
        world: row.world,
        size: row.size,
        created_at: row.created_at,
    })
}
