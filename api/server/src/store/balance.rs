//! What is kept beside its rows, against the rows: sums of money that a statement can count again.

use billing::ids::OrganisationId;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::connection::Conn;
use super::statement::statement;
use crate::error::Error;

/// A sum that its rows do not give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imbalance {
    /// Which sum, in words.
    pub sum: String,
    /// Of what, the id behind the public one.
    pub of: Uuid,
    /// What is kept, in minor units.
    pub kept: i64,
    /// What the rows give, in minor units.
    pub counted: i64,
}

const PARTS: &str = "\
    SELECT 'what payments settle of the invoice' AS sum, i.id AS id, i.paid_minor AS kept, \
        CAST(COALESCE((SELECT SUM(a.amount_minor) FROM payment_allocations a \
            WHERE a.organisation_id = i.organisation_id AND a.invoice_id = i.id), 0) AS BIGINT) AS counted \
        FROM invoices i WHERE i.organisation_id = $1 \
    UNION ALL SELECT 'what credit notes take off the invoice', i.id, i.credited_minor, \
        CAST(COALESCE((SELECT SUM(n.total_minor) FROM credit_notes n \
            WHERE n.organisation_id = i.organisation_id AND n.invoice_id = i.id), 0) AS BIGINT) \
        FROM invoices i WHERE i.organisation_id = $1 \
    UNION ALL SELECT 'what goes back of the invoice', i.id, i.refunded_minor, \
        CAST(COALESCE((SELECT SUM(r.invoiced_minor) FROM refunds r \
            WHERE r.organisation_id = i.organisation_id AND r.invoice_id = i.id AND r.state <> 'FAILED'), 0) AS BIGINT) \
        FROM invoices i WHERE i.organisation_id = $1 \
    UNION ALL SELECT 'what the payment settles', p.id, p.allocated_minor, \
        CAST(COALESCE((SELECT SUM(a.amount_minor) FROM payment_allocations a \
            WHERE a.organisation_id = p.organisation_id AND a.payment_id = p.id), 0) AS BIGINT) \
        FROM payments p WHERE p.organisation_id = $1";

const OVERDRAWN: &str = "\
    SELECT 'what came of the payment, exceeded by what goes back' AS sum, p.id AS id, p.captured_minor AS kept, \
        CAST(COALESCE((SELECT SUM(r.amount_minor) FROM refunds r \
            WHERE r.organisation_id = p.organisation_id AND r.payment_id = p.id AND r.state <> 'FAILED'), 0) AS BIGINT) \
        AS counted FROM payments p WHERE p.organisation_id = $1";

/// The sums of an organisation that differ from their rows, and payments of which more goes back than came.
///
/// # Errors
/// `Unavailable`.
pub async fn imbalances(conn: &impl Conn, organisation: OrganisationId) -> Result<Vec<Imbalance>, Error> {
    let db = conn.tenant(organisation);
    let mut found = Vec::new();
    for (parts, wrong) in [(PARTS, "kept <> counted"), (OVERDRAWN, "counted > kept")] {
        let sql = format!("SELECT sum, id, kept, counted FROM ({parts}) sums WHERE {wrong} ORDER BY id, sum");
        for row in db.query_all_raw(statement(&db, &sql, vec![organisation.uuid().into()])).await? {
            found.push(Imbalance {
                sum: row.try_get_by_index(0)?,
                of: row.try_get_by_index(1)?,
                kept: row.try_get_by_index(2)?,
                counted: row.try_get_by_index(3)?,
            });
        }
    }
    Ok(found)
}
