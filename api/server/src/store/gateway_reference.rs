//! Whose payment or refund a gateway's id names: news from a gateway knows no tenant.

use billing::ids::{OrganisationId, PaymentId, RefundId};
use entities::gateway_references::{Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, TryInsertResult};

use super::connection::{Conn, Tx};
use super::fault::corrupt;
use super::payment::GatewayName;
use crate::error::Error;

/// What a gateway's id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Referred {
    /// A payment: by its order, its link, or a payment of either.
    Payment(OrganisationId, PaymentId),
    /// A refund.
    Refund(OrganisationId, RefundId),
}

/// What an id names, if it is known.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find(conn: &impl Conn, gateway: GatewayName, reference: &str) -> Result<Option<Referred>, Error> {
    let row = Entity::find()
        .filter(Column::Gateway.eq(gateway.as_str()))
        .filter(Column::Reference.eq(reference))
        .one(&conn.shared())
        .await?;
    row.map(|row| {
        let organisation = OrganisationId::from_uuid(row.organisation_id);
        match row.kind.as_str() {
            "PAYMENT" => Ok(Referred::Payment(organisation, PaymentId::from_uuid(row.subject_id))),
            "REFUND" => Ok(Referred::Refund(organisation, RefundId::from_uuid(row.subject_id))),
            other => Err(corrupt("gateway_references", "kind", format!("unknown kind {other:?}"))),
        }
    })
    .transpose()
}

/// Notes what an id names, unless that is known; answers whether it was news. An id never changes its meaning.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn note_in_tx(tx: &Tx, gateway: GatewayName, reference: &str, referred: Referred) -> Result<bool, Error> {
    let (organisation, kind, subject) = match referred {
        Referred::Payment(organisation, payment) => (organisation, "PAYMENT", payment.uuid()),
        Referred::Refund(organisation, refund) => (organisation, "REFUND", refund.uuid()),
    };
    let row = Model {
        gateway: gateway.as_str().to_owned(),
        reference: reference.to_owned(),
        organisation_id: organisation.uuid(),
        kind: kind.to_owned(),
        subject_id: subject,
    };
    let result = Entity::insert(row.into_active_model())
        .on_conflict_do_nothing_on([Column::Gateway, Column::Reference])
        .exec_without_returning(&tx.shared())
        .await?;
    Ok(matches!(result, TryInsertResult::Inserted(1)))
}
