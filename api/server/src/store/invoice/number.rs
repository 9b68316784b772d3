//! Gapless invoice numbers: one counter row per issuing entity and series, taken in the finalising transaction.
//!
//! The counter's row stays locked until the commit; a transaction that rolls back gives its number back.

use billing::ids::{InvoiceId, IssuingEntityId, OrganisationId};
use entities::invoice_numbers::{Column, Entity, Model};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::error::Error;
use crate::store::connection::{Conn, Tx};
use crate::store::fault::corrupt;
use crate::store::statement::statement;

const TAKE: &str = "INSERT INTO invoice_counters (issuing_entity_id, series, next) VALUES ($1, $2, 2) \
    ON CONFLICT (issuing_entity_id, series) DO UPDATE SET next = invoice_counters.next + 1 RETURNING next - 1";

/// The next number of a series, counted from 1.
///
/// Take it as late as possible: every other finalisation of the series waits until this transaction ends. When the
/// transaction does not issue the invoice after all, it must roll back, or the number is lost.
///
/// # Errors
/// `Invalid` for an unknown issuing entity, `Unavailable`, `Internal`.
pub async fn take_number_in_tx(tx: &Tx, issuing_entity: IssuingEntityId, series: &str) -> Result<i64, Error> {
    let values = vec![issuing_entity.uuid().into(), series.into()];
    let db = tx.shared();
    let row = db.query_one_raw(statement(&db, TAKE, values)).await?;
    let row = row.ok_or_else(|| corrupt("invoice_counters", "next", "the upsert returned nothing"))?;
    Ok(row.try_get_by_index(0)?)
}

/// Whose invoice carries a number of an issuing entity.
///
/// # Errors
/// `Unavailable`.
pub async fn find_by_number(
    conn: &impl Conn,
    issuing_entity: IssuingEntityId,
    number: &str,
) -> Result<Option<(OrganisationId, InvoiceId)>, Error> {
    let row = Entity::find()
        .filter(Column::IssuingEntityId.eq(issuing_entity.uuid()))
        .filter(Column::Number.eq(number))
        .one(&conn.shared())
        .await?;
    Ok(row.map(|row| (OrganisationId::from_uuid(row.organisation_id), InvoiceId::from_uuid(row.invoice_id))))
}

/// Notes which invoice carries a number; a number used twice is a `Conflict`.
pub(super) async fn register_in_tx(
    tx: &Tx,
    issuing_entity: IssuingEntityId,
    number: &str,
    organisation: OrganisationId,
    invoice: InvoiceId,
) -> Result<(), Error> {
    let row = Model {
        issuing_entity_id: issuing_entity.uuid(),
        number: number.to_owned(),
        organisation_id: organisation.uuid(),
        invoice_id: invoice.uuid(),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(&tx.shared()).await?;
    Ok(())
}
