//! Where each key was used from: a row the first time, so that a new place is noticed once.

use billing::ids::ApiKeyId;
use chrono::{DateTime, Utc};
use entities::api_key_addresses::{Column, Entity, Model};
use sea_orm::{EntityTrait, IntoActiveModel, TryInsertResult};

use super::column::micros;
use super::connection::{Conn, Tx};
use crate::error::Error;

/// Whether the key was used from the network before.
///
/// # Errors
/// `Unavailable`.
pub async fn is_known(conn: &impl Conn, key: ApiKeyId, network: &str) -> Result<bool, Error> {
    Ok(Entity::find_by_id((key.uuid(), network.to_owned())).one(&conn.shared()).await?.is_some())
}

/// Notes that the key was used from the network; answers whether that is new.
///
/// # Errors
/// `Invalid` for an unknown key, `Unavailable`, `Internal`.
pub async fn insert_in_tx(tx: &Tx, key: ApiKeyId, network: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let row = Model { key_id: key.uuid(), network: network.to_owned(), first_used_at: micros(now) };
    let result = Entity::insert(row.into_active_model())
        .on_conflict_do_nothing_on([Column::KeyId, Column::Network])
        .exec_without_returning(&tx.shared())
        .await?;
    Ok(matches!(result, TryInsertResult::Inserted(1)))
}
