//! Keys under which a mutation was performed: the row that keeps a repeat from doing it again.

use billing::ids::OrganisationId;
use chrono::{DateTime, Utc};
use entities::mutation_keys::{Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use super::column::micros;
use super::connection::{Conn, Tx};
use crate::error::Error;

/// What a key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Performed {
    /// SHA-256 of what was asked for.
    pub digest: Vec<u8>,
    /// What it made.
    pub subject_id: Uuid,
}

/// What was performed under a key.
///
/// # Errors
/// `Unavailable`.
pub async fn find(
    conn: &impl Conn,
    organisation: OrganisationId,
    field: &str,
    key: &str,
) -> Result<Option<Performed>, Error> {
    let row = Entity::find()
        .filter(Column::OrganisationId.eq(organisation.uuid()))
        .filter(Column::Field.eq(field))
        .filter(Column::Key.eq(key))
        .one(&conn.tenant(organisation))
        .await?;
    Ok(row.map(|row| Performed { digest: row.digest, subject_id: row.subject_id }))
}

/// Takes a key for the mutation that this transaction performs.
///
/// # Errors
/// `Conflict` (see [`is_taken`](super::is_taken)) when another transaction took it: roll back, then [`find`] what it
/// made. `Unavailable`, `Internal`.
pub async fn take_in_tx(
    tx: &Tx,
    organisation: OrganisationId,
    field: &str,
    key: &str,
    performed: &Performed,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let row = Model {
        organisation_id: organisation.uuid(),
        field: field.to_owned(),
        key: key.to_owned(),
        digest: performed.digest.clone(),
        subject_id: performed.subject_id,
        created_at: micros(now),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(&tx.tenant(organisation)).await?;
    Ok(())
}
