//! Whose a thing is, for the operator, who may look at everything and names a thing by its id alone.

use billing::ids::OrganisationId;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::connection::Conn;
use super::statement::statement;
use crate::error::Error;

/// A kind of thing that belongs to an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owned {
    /// A project.
    Project,
    /// A subscription.
    Subscription,
    /// An invoice.
    Invoice,
    /// A payment.
    Payment,
    /// A refund.
    Refund,
    /// A credit note.
    CreditNote,
    /// An alert rule.
    AlertRule,
    /// An alert event.
    AlertEvent,
    /// A rejected usage event.
    Rejection,
}

impl Owned {
    fn table(self) -> &'static str {
        match self {
            Self::Project => "projects",
            Self::Subscription => "subscriptions",
            Self::Invoice => "invoices",
            Self::Payment => "payments",
            Self::Refund => "refunds",
            Self::CreditNote => "credit_notes",
            Self::AlertRule => "alert_rules",
            Self::AlertEvent => "alert_events",
            Self::Rejection => "usage_rejections",
        }
    }
}

/// The organisation that a thing belongs to. Every key of a tenant's table begins with the organisation, so each
/// organisation's part of it is asked once.
///
/// # Errors
/// `Unavailable`.
pub async fn owner_of(conn: &impl Conn, kind: Owned, id: Uuid) -> Result<Option<OrganisationId>, Error> {
    let sql = format!(
        "SELECT t.organisation_id FROM organisations o CROSS JOIN {} t \
         WHERE t.organisation_id = o.organisation_id AND t.id = $1 LIMIT 1",
        kind.table(),
    );
    let db = conn.every_organisation();
    let row = db.query_one_raw(statement(&db, &sql, vec![id.into()])).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.map(OrganisationId::from_uuid))
}
