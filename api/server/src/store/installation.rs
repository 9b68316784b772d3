//! The installation's own row: the key that signs cursors, sessions and cached plugin code.

use chrono::{DateTime, Utc};
use entities::installation::{Column, Entity, Model};
use sea_orm::{EntityTrait, IntoActiveModel};

use super::column::micros;
use super::connection::{Conn, Tx};
use super::fault::corrupt;
use crate::error::Error;

/// The signing key, 32 bytes; `proposed` becomes it when the installation has none yet.
///
/// Two nodes starting together both get the key of the one that came first.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn signing_key_in_tx(tx: &Tx, proposed: [u8; 32], now: DateTime<Utc>) -> Result<[u8; 32], Error> {
    let row = Model { id: 1, signing_key: proposed.to_vec(), created_at: micros(now) };
    Entity::insert(row.into_active_model())
        .on_conflict_do_nothing_on([Column::Id])
        .exec_without_returning(&tx.shared())
        .await?;
    signing_key(tx).await?.ok_or_else(|| corrupt("installation", "id", "the row is missing"))
}

/// The signing key, 32 bytes, when there is one already.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn signing_key(conn: &impl Conn) -> Result<Option<[u8; 32]>, Error> {
    let Some(row) = Entity::find_by_id(1).one(&conn.shared()).await? else { return Ok(None) };
    let key = row.signing_key.try_into();
    key.map(Some).map_err(|_| corrupt("installation", "signing_key", "not 32 bytes"))
}
