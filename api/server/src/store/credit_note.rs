//! Credit notes: records ⇄ rows. A note is issued when it is written and never changes.

use billing::credit_note::Parts;
use billing::ids::{CreditNoteId, InvoiceId, OrganisationId};
use billing::money::Money;
use chrono::{DateTime, Utc};
use entities::credit_notes::{Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Select};

use super::column::{currency, from_json, micros, money, storable, to_json};
use super::connection::{Conn, Tx};
use super::page::{self, Cursor, Keyed, Page, PageOf};
use crate::error::Error;

const TABLE: &str = "credit_notes";

/// A document that takes back a part of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditNote {
    /// The tenant.
    pub organisation_id: OrganisationId,
    /// Its identity.
    pub id: CreditNoteId,
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// The number on the document.
    pub number: String,
    /// Net, and each tax in the order of the invoice.
    pub parts: Parts,
    /// The sum of the parts.
    pub total: Money,
    /// Why.
    pub reason: String,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
}

impl Keyed for CreditNote {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.issued_at, id: self.id.uuid() }
    }
}

/// Adds one.
///
/// # Errors
/// `Invalid` for an unknown invoice, `Unavailable`, `Internal`.
pub async fn insert_in_tx(tx: &Tx, note: &CreditNote) -> Result<(), Error> {
    let row = Model {
        organisation_id: note.organisation_id.uuid(),
        id: note.id.uuid(),
        invoice_id: note.invoice_id.uuid(),
        number: note.number.clone(),
        currency: note.total.currency.code().to_owned(),
        net_minor: note.parts.net.minor,
        total_minor: note.total.minor,
        tax_minors: to_json(&note.parts.taxes.iter().map(|tax| tax.minor).collect::<Vec<_>>())?,
        reason: storable(&note.reason),
        issued_at: micros(note.issued_at),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(&tx.tenant(note.organisation_id)).await?;
    Ok(())
}

/// One by identity.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find(
    conn: &impl Conn,
    organisation: OrganisationId,
    id: CreditNoteId,
) -> Result<Option<CreditNote>, Error> {
    of(organisation).filter(Column::Id.eq(id.uuid())).one(&conn.tenant(organisation)).await?.map(record).transpose()
}

/// Several by identity, in no particular order; unknown ones are left out.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_many(
    conn: &impl Conn,
    organisation: OrganisationId,
    ids: &[CreditNoteId],
) -> Result<Vec<CreditNote>, Error> {
    let select = of(organisation).filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
    select.all(&conn.tenant(organisation)).await?.into_iter().map(record).collect()
}

/// All of an invoice, oldest first.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn of_invoice(
    conn: &impl Conn,
    organisation: OrganisationId,
    invoice: InvoiceId,
) -> Result<Vec<CreditNote>, Error> {
    let select = of(organisation).filter(Column::InvoiceId.eq(invoice.uuid()));
    let rows = select.order_by_asc(Column::IssuedAt).order_by_asc(Column::Id).all(&conn.tenant(organisation)).await?;
    rows.into_iter().map(record).collect()
}

/// A page of an organisation's credit notes; of one invoice where it is named.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn page(
    conn: &impl Conn,
    organisation: OrganisationId,
    invoice: Option<InvoiceId>,
    page: &Page,
) -> Result<PageOf<CreditNote>, Error> {
    let select = filtered(organisation, invoice);
    page::fetch(&conn.tenant(organisation), select, Column::IssuedAt, Column::Id, page, record).await
}

/// How many there are, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_capped(
    conn: &impl Conn,
    organisation: OrganisationId,
    invoice: Option<InvoiceId>,
    cap: u64,
) -> Result<u64, Error> {
    page::count_capped(&conn.tenant(organisation), filtered(organisation, invoice), cap).await
}

fn of(organisation: OrganisationId) -> Select<Entity> {
    Entity::find().filter(Column::OrganisationId.eq(organisation.uuid()))
}

fn filtered(organisation: OrganisationId, invoice: Option<InvoiceId>) -> Select<Entity> {
    match invoice {
        Some(invoice) => of(organisation).filter(Column::InvoiceId.eq(invoice.uuid())),
        None => of(organisation),
    }
}

fn record(row: Model) -> Result<CreditNote, Error> {
    let currency = currency(TABLE, &row.currency)?;
    let taxes: Vec<i64> = from_json(TABLE, "tax_minors", row.tax_minors)?;
    Ok(CreditNote {
        organisation_id: OrganisationId::from_uuid(row.organisation_id),
        id: CreditNoteId::from_uuid(row.id),
        invoice_id: InvoiceId::from_uuid(row.invoice_id),
        number: row.number,
        parts: Parts {
            net: money(row.net_minor, currency),
            taxes: taxes.into_iter().map(|minor| money(minor, currency)).collect(),
        },
        total: money(row.total_minor, currency),
        reason: row.reason,
        issued_at: row.issued_at,
    })
}
