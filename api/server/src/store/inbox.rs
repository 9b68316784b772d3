//! The inbox: what gateways told, word for word, under the id they gave it. A job of the outbox follows each row.

use chrono::{DateTime, Utc};
use entities::inbox::{Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, TryInsertResult};

use super::column::micros;
use super::connection::{Conn, Tx};
use super::payment::GatewayName;
use crate::error::Error;

/// Something a gateway told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Who.
    pub gateway: GatewayName,
    /// The gateway's id of the event.
    pub event_id: String,
    /// Its name, for example `payment.captured`.
    pub event: String,
    /// The whole body, as it was signed.
    pub body: String,
}

/// Keeps it; answers whether it was news.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn keep_in_tx(tx: &Tx, told: &Told, now: DateTime<Utc>) -> Result<bool, Error> {
    let row = Model {
        gateway: told.gateway.as_str().to_owned(),
        event_id: told.event_id.clone(),
        event: told.event.clone(),
        body: told.body.clone(),
        received_at: micros(now),
    };
    let result = Entity::insert(row.into_active_model())
        .on_conflict_do_nothing_on([Column::Gateway, Column::EventId])
        .exec_without_returning(&tx.shared())
        .await?;
    Ok(matches!(result, TryInsertResult::Inserted(1)))
}

/// What was told under an id.
///
/// # Errors
/// `Unavailable`.
pub async fn find(conn: &impl Conn, gateway: GatewayName, event_id: &str) -> Result<Option<Told>, Error> {
    let row = Entity::find()
        .filter(Column::Gateway.eq(gateway.as_str()))
        .filter(Column::EventId.eq(event_id))
        .one(&conn.shared())
        .await?;
    Ok(row.map(|row| Told { gateway, event_id: row.event_id, event: row.event, body: row.body }))
}
