//! What is below an invoice: lines, taxes, guest calls.

use std::collections::HashMap;

use billing::decimal;
use billing::ids::{InvoiceId, MetricId, OrganisationId, SubscriptionId};
use billing::money::Currency;
use billing::rating::PriceStep;
use chrono::{DateTime, Utc};
use entities::{Exact, invoice_lines, invoice_taxes, plugin_calls};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter, QueryOrder};
use sea_orm::{FromQueryResult, IntoSimpleExpr, QueryResult, Select};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::record::{Contents, InvoiceTax, Line, PluginCall};
use crate::error::Error;
use crate::store::column::{currency, digest, from_json, interval, micros, money, parsed, storable, to_json};
use crate::store::connection::{Conn, Tx};
use crate::store::fault::corrupt;
use crate::store::parameters::number;
use crate::store::statement::statement;

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

/// Everything below one invoice; empty when there is no such invoice.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn contents(conn: &impl Conn, organisation: OrganisationId, id: InvoiceId) -> Result<Contents, Error> {
    Ok(Contents {
        lines: lines_for_many(conn, organisation, &[id]).await?.remove(&id).unwrap_or_default(),
        taxes: taxes_for_many(conn, organisation, &[id]).await?.remove(&id).unwrap_or_default(),
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
    ids: &[InvoiceId],
) -> Result<HashMap<InvoiceId, Vec<Line>>, Error> {
    let mut lines: HashMap<InvoiceId, Vec<Line>> = HashMap::new();
    for (row, currency) in below_invoices::<invoice_lines::Model>(conn, LINES, organisation, ids).await? {
        lines.entry(InvoiceId::from_uuid(row.invoice_id)).or_default().push(line(row, currency)?);
    }
    Ok(lines)
}

const BILLED_FOR: &str = "SELECT l.*, i.currency FROM invoice_lines l \
    JOIN invoices i ON i.organisation_id = l.organisation_id AND i.id = l.invoice_id \
    WHERE l.organisation_id = $1 AND i.subscription_id = $2 AND l.charge_code = $3 AND l.service_start = $4 \
    AND i.state IN ('OPEN', 'PAID', 'UNCOLLECTIBLE')";

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
    let rows = db.query_all_raw(statement(&db, BILLED_FOR, values)).await?;
    let read = |row: &QueryResult| {
        let (row, currency) = with_currency::<invoice_lines::Model>(row, LINES)?;
        line(row, currency)
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
    ids: &[InvoiceId],
) -> Result<HashMap<InvoiceId, Vec<InvoiceTax>>, Error> {
    let mut taxes: HashMap<InvoiceId, Vec<InvoiceTax>> = HashMap::new();
    for (row, currency) in below_invoices::<invoice_taxes::Model>(conn, TAXES, organisation, ids).await? {
        taxes.entry(InvoiceId::from_uuid(row.invoice_id)).or_default().push(InvoiceTax {
            code: row.code,
            name: row.name,
            rate_percent: row.rate_percent.decimal(),
            base: money(row.base_minor, currency),
            amount: money(row.amount_minor, currency),
        });
    }
    Ok(taxes)
}

/// The rows of `table` below some invoices, in their order, each with the invoice's currency.
async fn below_invoices<M: FromQueryResult>(
    conn: &impl Conn,
    table: &'static str,
    organisation: OrganisationId,
    ids: &[InvoiceId],
) -> Result<Vec<(M, Currency)>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (2..ids.len() + 2).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT t.*, i.currency FROM {table} t \
         JOIN invoices i ON i.organisation_id = t.organisation_id AND i.id = t.invoice_id \
         WHERE t.organisation_id = $1 AND t.invoice_id IN ({}) ORDER BY t.invoice_id, t.position",
        places.join(", "),
    );
    let values = std::iter::once(organisation.uuid()).chain(ids.iter().map(|id| id.uuid())).map(Into::into).collect();
    let db = conn.tenant(organisation);
    let rows = db.query_all_raw(statement(&db, &sql, values)).await?;
    rows.iter().map(|row| with_currency(row, table)).collect()
}

fn with_currency<M: FromQueryResult>(row: &QueryResult, table: &'static str) -> Result<(M, Currency), Error> {
    let code: String = row.try_get("", "currency")?;
    Ok((M::from_query_result(row, "")?, currency(table, &code)?))
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
        steps: to_json(&line.steps.iter().map(step).collect::<Vec<_>>())?,
        call_position: line.call_position.map(i32::try_from).transpose().map_err(Error::internal)?,
    })
}

fn line(row: invoice_lines::Model, currency: Currency) -> Result<Line, Error> {
    let steps: Vec<StepRow> = from_json(LINES, "steps", row.steps)?;
    let step = |step: StepRow| {
        Ok(PriceStep {
            quantity: number(LINES, &step.quantity)?,
            unit_amount: number(LINES, &step.unit_amount)?,
            amount: number(LINES, &step.amount)?,
            label: step.label,
        })
    };
    let unsigned = |count: i64| u64::try_from(count).map_err(|cause| corrupt(LINES, "event_count", cause));
    let index = |index: i32| u32::try_from(index).map_err(|cause| corrupt(LINES, "call_position", cause));
    Ok(Line {
        kind: parsed(LINES, "kind", &row.kind)?,
        metric_id: row.metric_id.map(MetricId::from_uuid),
        metric_code: row.metric_code,
        charge_code: row.charge_code,
        description: row.description,
        quantity: row.quantity.map(Exact::decimal),
        event_count: row.event_count.map(unsigned).transpose()?,
        event_set: row.event_set.map(|set| digest(LINES, "event_set", &set)).transpose()?,
        amount_exact: row.amount_exact.decimal(),
        amount: money(row.amount_minor, currency),
        tax: money(row.tax_minor, currency),
        service_period: interval(LINES, "service_end", row.service_start, row.service_end)?,
        steps: steps.into_iter().map(step).collect::<Result<_, Error>>()?,
        call_position: row.call_position.map(index).transpose()?,
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
