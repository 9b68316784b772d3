//! What is below an invoice: lines, taxes, guest calls.

use std::collections::HashMap;

use billing::decimal;
use billing::ids::{InvoiceId, MetricId, OrganisationId, SubscriptionId};
use billing::money::Currency;
use billing::rating::PriceStep;
use chrono::{DateTime, Utc};
use entities::{Exact, JsonText, invoice_lines, invoice_taxes, plugin_calls};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter, QueryOrder};
use sea_orm::{IntoSimpleExpr, QueryResult, Select};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::record::{Contents, Invoice, InvoiceTax, Line, LineBrief, PluginCall};
use crate::error::Error;
use crate::store::cells::Cells;
use crate::store::column::{currency, digest, from_text, interval, micros, money, parsed, storable, to_json};
use crate::store::connection::{Conn, Tx};
use crate::store::fault::corrupt;
use crate::store::parameters::number;
use crate::store::statement::{is_among, statement};

const LINES: &str = "invoice_lines";
const TAXES: &str = "invoice_taxes";
const CALLS: &str = "plugin_calls";

/// Rows per statement; a line has 18 columns, and 32,766 parameters is SQLite's limit.
const CHUNK: usize = 200;

#[derive(Serialize, Deserialize)]
struct StepRow {
    label: String,
    quantity: String,
    unit_amount: String,
    amount: String,
}

/// An invoice and the currency of what is below it.
pub type InCurrency = (InvoiceId, Currency);

/// Everything below one invoice; empty when there is no such invoice.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn contents(conn: &impl Conn, invoice: &Invoice) -> Result<Contents, Error> {
    let (organisation, id) = (invoice.organisation_id, invoice.id);
    let billed = [(id, invoice.currency)];
    Ok(Contents {
        facts: facts_for_many(conn, organisation, &[id]).await?.remove(&id).unwrap_or_default(),
        lines: lines_for_many(conn, organisation, &billed).await?.remove(&id).unwrap_or_default(),
        taxes: taxes_for_many(conn, organisation, &billed).await?.remove(&id).unwrap_or_default(),
        calls: calls(conn, organisation, id).await?,
    })
}

/// The lines of several invoices, each list in its order. An invoice without lines has no entry.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn lines_for_many(
    conn: &impl Conn,
    organisation: OrganisationId,
    invoices: &[InCurrency],
) -> Result<HashMap<InvoiceId, Vec<Line>>, Error> {
    below_invoices(conn, (LINES, LINE_COLUMNS), organisation, invoices, line).await
}

/// The same, as a list shows them.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn briefs_for_many(
    conn: &impl Conn,
    organisation: OrganisationId,
    invoices: &[InCurrency],
) -> Result<HashMap<InvoiceId, Vec<LineBrief>>, Error> {
    below_invoices(conn, (LINES, BRIEF_COLUMNS), organisation, invoices, brief).await
}

/// The frozen names, addresses and texts of several invoices.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn facts_for_many(
    conn: &impl Conn,
    organisation: OrganisationId,
    ids: &[InvoiceId],
) -> Result<HashMap<InvoiceId, JsonText>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let db = conn.tenant(organisation);
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let (is_wanted, ids) = is_among(&db, "id", 2, &ids);
    let sql = format!("SELECT id, facts FROM invoices WHERE organisation_id = $1 AND {is_wanted}");
    let values = std::iter::once(organisation.uuid().into()).chain(ids).collect();
    let read = |row: &QueryResult| {
        let mut cells = Cells::of(row);
        Ok((InvoiceId::from_uuid(cells.take()?), cells.take()?))
    };
    db.query_all_raw(statement(&db, &sql, values)).await?.iter().map(read).collect()
}

/// What the issued invoices of a subscription, void ones left out, have billed of a charge for the service period that
/// starts at `service_start`.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn billed_for(
    conn: &impl Conn,
    organisation: OrganisationId,
    subscription: SubscriptionId,
    charge_code: &str,
    service_start: DateTime<Utc>,
) -> Result<Vec<Line>, Error> {
    let values =
        vec![organisation.uuid().into(), subscription.uuid().into(), charge_code.into(), micros(service_start).into()];
    let db = conn.tenant(organisation);
    let sql = format!(
        "SELECT i.currency, {LINE_COLUMNS} FROM invoice_lines t \
         JOIN invoices i ON i.organisation_id = t.organisation_id AND i.id = t.invoice_id \
         WHERE t.organisation_id = $1 AND i.subscription_id = $2 AND t.charge_code = $3 AND t.service_start = $4 \
         AND i.state IN ('OPEN', 'PAID', 'UNCOLLECTIBLE')"
    );
    let rows = db.query_all_raw(statement(&db, &sql, values)).await?;
    let read = |row: &QueryResult| {
        let mut cells = Cells::of(row);
        let currency = currency("invoices", &cells.take::<String>()?)?;
        line(&mut cells, currency)
    };
    rows.iter().map(read).collect()
}

/// The taxes of several invoices, each list in its order. An invoice without taxes has no entry.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn taxes_for_many(
    conn: &impl Conn,
    organisation: OrganisationId,
    invoices: &[InCurrency],
) -> Result<HashMap<InvoiceId, Vec<InvoiceTax>>, Error> {
    below_invoices(conn, (TAXES, TAX_COLUMNS), organisation, invoices, tax).await
}

/// What `read` makes of the columns of a table below some invoices, for each of them in its order.
async fn below_invoices<T>(
    conn: &impl Conn,
    (table, columns): (&str, &str),
    organisation: OrganisationId,
    invoices: &[InCurrency],
    read: impl Fn(&mut Cells<'_>, Currency) -> Result<T, Error>,
) -> Result<HashMap<InvoiceId, Vec<T>>, Error> {
    let mut below: HashMap<InvoiceId, Vec<T>> = HashMap::with_capacity(invoices.len());
    if invoices.is_empty() {
        return Ok(below);
    }
    let db = conn.tenant(organisation);
    let ids: Vec<Uuid> = invoices.iter().map(|(id, _)| id.uuid()).collect();
    let (is_wanted, ids) = is_among(&db, "t.invoice_id", 2, &ids);
    let sql = format!(
        "SELECT t.invoice_id, {columns} FROM {table} t WHERE t.organisation_id = $1 AND {is_wanted} ORDER BY t.position"
    );
    let values = std::iter::once(organisation.uuid().into()).chain(ids).collect();
    let currencies: HashMap<InvoiceId, Currency> = invoices.iter().copied().collect();
    for row in db.query_all_raw(statement(&db, &sql, values)).await? {
        let mut cells = Cells::of(&row);
        let id = InvoiceId::from_uuid(cells.take()?);
        if let Some(currency) = currencies.get(&id) {
            below.entry(id).or_default().push(read(&mut cells, *currency)?);
        }
    }
    Ok(below)
}

/// The guest calls behind an invoice, in their order.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn calls(conn: &impl Conn, organisation: OrganisationId, id: InvoiceId) -> Result<Vec<PluginCall>, Error> {
    use plugin_calls::{Column, Entity};
    let select = Entity::find().order_by_asc(Column::Position);
    let rows = below(select, Column::OrganisationId, Column::InvoiceId, organisation, &[id])
        .all(&conn.tenant(organisation))
        .await?;
    rows.into_iter().map(plugin_call).collect()
}

/// One guest call behind an invoice.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn call(
    conn: &impl Conn,
    organisation: OrganisationId,
    id: InvoiceId,
    position: u32,
) -> Result<Option<PluginCall>, Error> {
    let Ok(position) = i32::try_from(position) else { return Ok(None) };
    let key = (organisation.uuid(), id.uuid(), position);
    plugin_calls::Entity::find_by_id(key).one(&conn.tenant(organisation)).await?.map(plugin_call).transpose()
}

pub(super) async fn insert_contents_in_tx(
    tx: &Tx,
    organisation: OrganisationId,
    id: InvoiceId,
    contents: &Contents,
) -> Result<(), Error> {
    let key = (organisation.uuid(), id.uuid());
    let calls = contents.calls.iter().enumerate().map(|(index, call)| call_row(key, index, call));
    insert_all::<plugin_calls::Entity, _>(tx, organisation, calls.collect::<Result<_, _>>()?).await?;
    let lines = contents.lines.iter().enumerate().map(|(index, line)| line_row(key, index, line));
    insert_all::<invoice_lines::Entity, _>(tx, organisation, lines.collect::<Result<_, _>>()?).await?;
    let taxes = contents.taxes.iter().enumerate().map(|(index, tax)| tax_row(key, index, tax));
    insert_all::<invoice_taxes::Entity, _>(tx, organisation, taxes.collect::<Result<_, _>>()?).await
}

pub(super) async fn delete_contents_in_tx(tx: &Tx, organisation: OrganisationId, id: InvoiceId) -> Result<(), Error> {
    let db = tx.tenant(organisation);
    for table in [LINES, TAXES, CALLS] {
        let sql = format!("DELETE FROM {table} WHERE organisation_id = $1 AND invoice_id = $2");
        let values = vec![organisation.uuid().into(), id.uuid().into()];
        db.execute_raw(statement(&db, &sql, values)).await?;
    }
    Ok(())
}

async fn insert_all<E, A>(tx: &Tx, organisation: OrganisationId, rows: Vec<E::Model>) -> Result<(), Error>
where
    E: EntityTrait,
    E::Model: ModelTrait<Entity = E> + IntoActiveModel<A>,
    A: sea_orm::ActiveModelTrait<Entity = E>,
{
    for chunk in rows.chunks(CHUNK) {
        E::insert_many(chunk.iter().cloned().map(IntoActiveModel::into_active_model))
            .exec_without_returning(&tx.tenant(organisation))
            .await?;
    }
    Ok(())
}

fn below<E: EntityTrait>(
    select: Select<E>,
    tenant: impl ColumnTrait,
    invoice: impl ColumnTrait + IntoSimpleExpr,
    organisation: OrganisationId,
    ids: &[InvoiceId],
) -> Select<E> {
    select.filter(tenant.eq(organisation.uuid())).filter(invoice.is_in(ids.iter().map(|id| id.uuid())))
}

fn place(index: usize) -> Result<i32, Error> {
    i32::try_from(index).map_err(Error::internal)
}

fn line_row(key: (Uuid, Uuid), index: usize, line: &Line) -> Result<invoice_lines::Model, Error> {
    let step = |step: &PriceStep| StepRow {
        label: storable(&step.label),
        quantity: decimal::canonical(step.quantity),
        unit_amount: decimal::canonical(step.unit_amount),
        amount: decimal::canonical(step.amount),
    };
    Ok(invoice_lines::Model {
        organisation_id: key.0,
        invoice_id: key.1,
        position: place(index)?,
        kind: line.kind.as_str().to_owned(),
        metric_id: line.metric_id.map(|id| id.uuid()),
        metric_code: line.metric_code.clone(),
        charge_code: line.charge_code.clone(),
        description: line.description.clone(),
        quantity: line.quantity.map(Exact::new),
        event_count: line.event_count.map(i64::try_from).transpose().map_err(Error::internal)?,
        event_set: line.event_set.map(|set| set.to_vec()),
        amount_exact: Exact::new(line.amount_exact),
        amount_minor: line.amount.minor,
        tax_minor: line.tax.minor,
        service_start: micros(line.service_period.start),
        service_end: micros(line.service_period.end),
        steps: JsonText::new(&to_json(&line.steps.iter().map(step).collect::<Vec<_>>())?),
        call_position: line.call_position.map(i32::try_from).transpose().map_err(Error::internal)?,
    })
}

/// What [`line`] reads, in its order.
const LINE_COLUMNS: &str = "t.kind, t.metric_id, t.metric_code, t.charge_code, t.description, t.quantity, \
    t.event_count, t.event_set, t.amount_exact, t.amount_minor, t.tax_minor, t.service_start, t.service_end, t.steps, \
    t.call_position";

fn line(cells: &mut Cells<'_>, currency: Currency) -> Result<Line, Error> {
    let unsigned = |count: i64| u64::try_from(count).map_err(|cause| corrupt(LINES, "event_count", cause));
    let index = |index: i32| u32::try_from(index).map_err(|cause| corrupt(LINES, "call_position", cause));
    Ok(Line {
        kind: parsed(LINES, "kind", &cells.take::<String>()?)?,
        metric_id: cells.take::<Option<Uuid>>()?.map(MetricId::from_uuid),
        metric_code: cells.take()?,
        charge_code: cells.take()?,
        description: cells.take()?,
        quantity: cells.take::<Option<Exact>>()?.map(Exact::decimal),
        event_count: cells.take::<Option<i64>>()?.map(unsigned).transpose()?,
        event_set: cells.take::<Option<Vec<u8>>>()?.map(|set| digest(LINES, "event_set", &set)).transpose()?,
        amount_exact: cells.take::<Exact>()?.decimal(),
        amount: money(cells.take()?, currency),
        tax: money(cells.take()?, currency),
        service_period: interval(LINES, "service_end", cells.take()?, cells.take()?)?,
        steps: steps(&cells.take()?)?,
        call_position: cells.take::<Option<i32>>()?.map(index).transpose()?,
    })
}

/// What [`brief`] reads, in its order.
const BRIEF_COLUMNS: &str = "t.charge_code, t.description, t.quantity, t.amount_minor, t.tax_minor";

fn brief(cells: &mut Cells<'_>, currency: Currency) -> Result<LineBrief, Error> {
    Ok(LineBrief {
        charge_code: cells.take()?,
        description: cells.take()?,
        quantity: cells.take::<Option<Exact>>()?.map(Exact::decimal),
        amount: money(cells.take()?, currency),
        tax: money(cells.take()?, currency),
    })
}

fn steps(json: &JsonText) -> Result<Vec<PriceStep>, Error> {
    let step = |step: StepRow| {
        Ok(PriceStep {
            quantity: number(LINES, &step.quantity)?,
            unit_amount: number(LINES, &step.unit_amount)?,
            amount: number(LINES, &step.amount)?,
            label: step.label,
        })
    };
    from_text::<Vec<StepRow>>(LINES, "steps", json)?.into_iter().map(step).collect()
}

/// What [`tax`] reads, in its order.
const TAX_COLUMNS: &str = "t.code, t.name, t.rate_percent, t.base_minor, t.amount_minor";

fn tax(cells: &mut Cells<'_>, currency: Currency) -> Result<InvoiceTax, Error> {
    Ok(InvoiceTax {
        code: cells.take()?,
        name: cells.take()?,
        rate_percent: cells.take::<Exact>()?.decimal(),
        base: money(cells.take()?, currency),
        amount: money(cells.take()?, currency),
    })
}

fn tax_row(key: (Uuid, Uuid), index: usize, tax: &InvoiceTax) -> Result<invoice_taxes::Model, Error> {
    Ok(invoice_taxes::Model {
        organisation_id: key.0,
        invoice_id: key.1,
        position: place(index)?,
        code: tax.code.clone(),
        name: tax.name.clone(),
        rate_percent: Exact::new(tax.rate_percent),
        base_minor: tax.base.minor,
        amount_minor: tax.amount.minor,
    })
}

fn call_row(key: (Uuid, Uuid), index: usize, call: &PluginCall) -> Result<plugin_calls::Model, Error> {
    Ok(plugin_calls::Model {
        organisation_id: key.0,
        invoice_id: key.1,
        position: place(index)?,
        kind: call.kind.as_str().to_owned(),
        digest: call.digest.clone(),
        world: call.world.clone(),
        fingerprint: call.fingerprint.clone(),
        input: call.input.clone(),
        input_digest: call.input_digest.clone(),
        output: call.output.clone(),
        fuel: i64::try_from(call.fuel).map_err(Error::internal)?,
    })
}

fn plugin_call(row: plugin_calls::Model) -> Result<PluginCall, Error> {
    Ok(PluginCall {
        kind: parsed(CALLS, "kind", &row.kind)?,
        digest: row.digest,
        world: row.world,
        fingerprint: row.fingerprint,
        input: row.input,
        input_digest: row.input_digest,
        output: row.output,
        fuel: u64::try_from(row.fuel).map_err(|cause| corrupt(CALLS, "fuel", cause))?,
    })
}
