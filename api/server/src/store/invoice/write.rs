//! Writing invoices: every write is a compare-and-set or an insert that a unique key makes harmless to repeat.

use billing::ids::{InvoiceId, IssuingEntityId, OrganisationId};
use billing::invoice::InvoiceState;
use chrono::{DateTime, Utc};
use entities::invoices::{Column, Entity};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, TryInsertResult, UpdateMany};

use super::contents::{delete_contents_in_tx, insert_contents_in_tx};
use super::number::register_in_tx;
use super::read::find_by_period;
use super::record::{Contents, Invoice, row};
use crate::error::Error;
use crate::store::column::{micros, storable};
use crate::store::connection::{Conn, Tx};

/// What became of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftOutcome {
    /// It was saved.
    Inserted,
    /// The period already has this invoice; nothing was written.
    Exists(InvoiceId),
}

/// What turns a draft into an open invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finalisation {
    /// The tenant.
    pub organisation_id: OrganisationId,
    /// The draft.
    pub id: InvoiceId,
    /// The version that was decided on.
    pub version: i32,
    /// Who issues it.
    pub issuing_entity_id: IssuingEntityId,
    /// The number on the document, made from [`super::take_number_in_tx`].
    pub number: String,
    /// When it is issued.
    pub issued_at: DateTime<Utc>,
    /// When it is due.
    pub due_at: DateTime<Utc>,
}

/// A rendered document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdf {
    /// Name of the file.
    pub key: String,
    /// Hex digest of the file.
    pub sha256: String,
    /// Why the standard template was used instead of the chosen one.
    pub template_fallback: Option<String>,
}

/// Saves a draft with its contents, unless the subscription's period already has an invoice of the kind. Two workers
/// billing one period: one inserts, the other is told which invoice exists.
///
/// # Errors
/// `Invalid` for an unknown subscription or plugin digest, `Unavailable`, `Internal`.
pub async fn insert_draft_in_tx(tx: &Tx, invoice: &Invoice, contents: &Contents) -> Result<DraftOutcome, Error> {
    let period = [Column::OrganisationId, Column::SubscriptionId, Column::PeriodStart, Column::Kind];
    let result = Entity::insert(row(invoice, &contents.facts).into_active_model())
        .on_conflict_do_nothing_on(period)
        .exec_without_returning(&tx.tenant(invoice.organisation_id))
        .await?;
    if matches!(result, TryInsertResult::Inserted(1)) {
        insert_contents_in_tx(tx, invoice.organisation_id, invoice.id, contents).await?;
        return Ok(DraftOutcome::Inserted);
    }
    let existing =
        find_by_period(tx, invoice.organisation_id, invoice.subscription_id, invoice.kind, invoice.period.start)
            .await?;
    match existing {
        Some(existing) => Ok(DraftOutcome::Exists(existing.id)),
        // The other transaction's row is committed by now, so this means it was deleted meanwhile.
        None => Err(Error::conflict("INVOICE_CHANGED", "The invoice of this period changed; try again.")),
    }
}

/// Replaces amounts, facts and contents of a draft that still has `invoice.version`; answers whether it had. The
/// stored version is then one higher.
///
/// # Errors
/// `Invalid` for an unknown plugin digest, `Unavailable`, `Internal`.
pub async fn replace_contents_in_tx(tx: &Tx, invoice: &Invoice, contents: &Contents) -> Result<bool, Error> {
    let result = of(invoice.organisation_id, invoice.id)
        .col_expr(Column::SubtotalMinor, Expr::value(invoice.subtotal.minor))
        .col_expr(Column::TaxMinor, Expr::value(invoice.tax.minor))
        .col_expr(Column::TotalMinor, Expr::value(invoice.total.minor))
        .col_expr(Column::Facts, Expr::value(contents.facts.clone()))
        .col_expr(Column::Version, Expr::value(invoice.version + 1))
        .filter(Column::State.eq(InvoiceState::Draft.as_str()))
        .filter(Column::Version.eq(invoice.version))
        .exec(&tx.tenant(invoice.organisation_id))
        .await?;
    if result.rows_affected != 1 {
        return Ok(false);
    }
    delete_contents_in_tx(tx, invoice.organisation_id, invoice.id).await?;
    insert_contents_in_tx(tx, invoice.organisation_id, invoice.id, contents).await?;
    Ok(true)
}

/// Issues a draft that still has the version decided on, and registers its number. Answers `false` when it is no such
/// draft any more: the caller must then roll back, so that the number it took is given back.
///
/// # Errors
/// `Conflict` for a number used twice, `Unavailable`, `Internal`.
pub async fn finalise_in_tx(tx: &Tx, finalisation: &Finalisation) -> Result<bool, Error> {
    let result = of(finalisation.organisation_id, finalisation.id)
        .col_expr(Column::State, Expr::value(InvoiceState::Open.as_str()))
        .col_expr(Column::Number, Expr::value(finalisation.number.as_str()))
        .col_expr(Column::IssuedAt, Expr::value(micros(finalisation.issued_at)))
        .col_expr(Column::DueAt, Expr::value(micros(finalisation.due_at)))
        .col_expr(Column::Version, Expr::value(finalisation.version + 1))
        .filter(Column::IssuingEntityId.eq(finalisation.issuing_entity_id.uuid()))
        .filter(Column::State.eq(InvoiceState::Draft.as_str()))
        .filter(Column::Version.eq(finalisation.version))
        .exec(&tx.tenant(finalisation.organisation_id))
        .await?;
    if result.rows_affected != 1 {
        return Ok(false);
    }
    let Finalisation { organisation_id, id, issuing_entity_id, number, .. } = finalisation;
    register_in_tx(tx, *issuing_entity_id, number, *organisation_id, *id).await?;
    Ok(true)
}

/// Moves an issued invoice from one state to another; answers whether it was in the first.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn move_state_in_tx(
    tx: &Tx,
    organisation: OrganisationId,
    id: InvoiceId,
    from: InvoiceState,
    to: InvoiceState,
) -> Result<bool, Error> {
    let result = of(organisation, id)
        .col_expr(Column::State, Expr::value(to.as_str()))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::State.eq(from.as_str()))
        .exec(&tx.tenant(organisation))
        .await?;
    Ok(result.rows_affected == 1)
}

/// What moves between an invoice and the money around it, in minor units of its currency; negative to take back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Settlement {
    /// What payments settle of it.
    pub paid: i64,
    /// What credit notes take back of it.
    pub credited: i64,
    /// What goes back of the payments.
    pub refunded: i64,
}

/// Adds to what is settled of an invoice that is locked, and moves it to `state`.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn settle_in_tx(
    tx: &Tx,
    organisation: OrganisationId,
    id: InvoiceId,
    settlement: Settlement,
    state: InvoiceState,
) -> Result<(), Error> {
    of(organisation, id)
        .col_expr(Column::PaidMinor, Expr::col(Column::PaidMinor).add(settlement.paid))
        .col_expr(Column::CreditedMinor, Expr::col(Column::CreditedMinor).add(settlement.credited))
        .col_expr(Column::RefundedMinor, Expr::col(Column::RefundedMinor).add(settlement.refunded))
        .col_expr(Column::State, Expr::value(state.as_str()))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .exec(&tx.tenant(organisation))
        .await?;
    Ok(())
}

/// Notes the rendered document of an issued invoice; answers whether there was one. Rendering again is harmless: the
/// same invoice gives the same file.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn set_pdf_in_tx(tx: &Tx, organisation: OrganisationId, id: InvoiceId, pdf: &Pdf) -> Result<bool, Error> {
    let result = of(organisation, id)
        .col_expr(Column::PdfKey, Expr::value(pdf.key.as_str()))
        .col_expr(Column::PdfSha256, Expr::value(pdf.sha256.as_str()))
        .col_expr(Column::TemplateFallback, Expr::value(pdf.template_fallback.as_deref().map(storable)))
        .filter(Column::State.ne(InvoiceState::Draft.as_str()))
        .exec(&tx.tenant(organisation))
        .await?;
    Ok(result.rows_affected == 1)
}

fn of(organisation: OrganisationId, id: InvoiceId) -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::OrganisationId.eq(organisation.uuid())).filter(Column::Id.eq(id.uuid()))
}
