//! Reading totals, and counting them again from the facts.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::str::FromStr;

use billing::ids::{MetricId, OrganisationId, ProjectId};
use billing::metering::{MetricRef, Totals};
use billing::period::Interval;
use chrono::{DateTime, Utc};
use entities::usage_totals::{Column, Entity, Model};
use entities::{Exact, usage_events};
use rust_decimal::Decimal;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect,
    QueryTrait, Select,
};

use super::batch::overflow;
use super::events::stored;
use crate::error::Error;
use crate::store::column::micros;
use crate::store::connection::Conn;
use crate::store::fault::corrupt;

const TABLE: &str = "usage_totals";

/// Facts per read of a recount.
const RECOUNT_CHUNK: u64 = 5_000;

/// The totals of each metric over an interval, of one project or of all. A metric without usage has no entry.
///
/// The interval's ends must be quarter hours, as the ends of every billing period are: a bucket counts when it starts
/// within `[start, end)`.
///
/// # Errors
/// `Refused` when a total no longer fits 28 digits, `Unavailable`, or `Internal` for a corrupt row.
pub async fn totals(
    conn: &impl Conn,
    organisation: OrganisationId,
    metrics: &[MetricId],
    project: Option<ProjectId>,
    within: &Interval,
) -> Result<HashMap<MetricId, Totals>, Error> {
    let mut totals: HashMap<MetricId, Totals> = HashMap::with_capacity(metrics.len());
    for ((_, metric), part) in
        folded(&conn.tenant(organisation), select(organisation, metrics, project, within)).await?
    {
        add(totals.entry(metric).or_default(), &part)?;
    }
    Ok(totals)
}

/// The totals of each project and metric over an interval. A project without usage has no entry.
///
/// # Errors
/// As [`totals`].
pub async fn totals_by_project(
    conn: &impl Conn,
    organisation: OrganisationId,
    metrics: &[MetricId],
    within: &Interval,
) -> Result<HashMap<(ProjectId, MetricId), Totals>, Error> {
    Ok(folded(&conn.tenant(organisation), select(organisation, metrics, None, within)).await?.into_iter().collect())
}

/// The totals of a metric per quarter hour, ascending; quarter hours without usage are left out.
///
/// # Errors
/// As [`totals`].
pub async fn series(
    conn: &impl Conn,
    organisation: OrganisationId,
    metric: MetricId,
    project: Option<ProjectId>,
    within: &Interval,
) -> Result<Vec<(DateTime<Utc>, Totals)>, Error> {
    let mut buckets: BTreeMap<DateTime<Utc>, Totals> = BTreeMap::new();
    let rows = select(organisation, &[metric], project, within).all(&conn.tenant(organisation)).await?;
    for row in rows {
        add(buckets.entry(row.bucket_start).or_default(), &record(&row)?)?;
    }
    Ok(buckets.into_iter().collect())
}

/// The totals of a metric over an interval, counted again from the facts, of one project or of all. They equal
/// [`totals`] when the interval's ends are quarter hours, or something is wrong.
///
/// # Errors
/// As [`totals`].
pub async fn recount(
    conn: &impl Conn,
    organisation: OrganisationId,
    metric: MetricRef,
    project: Option<ProjectId>,
    within: &Interval,
) -> Result<Totals, Error> {
    use usage_events::{Column, Entity};
    let db = conn.tenant(organisation);
    let mut total = Totals::default();
    let mut last: Option<(DateTime<Utc>, Vec<u8>)> = None;
    loop {
        let mut select = Entity::find()
            .filter(Column::OrganisationId.eq(organisation.uuid()))
            .filter(Column::MetricId.eq(metric.id.uuid()))
            .filter(Column::OccurredAt.lt(micros(within.end)));
        if let Some(project) = project {
            select = select.filter(Column::ProjectId.eq(project.uuid()));
        }
        select = match &last {
            None => select.filter(Column::OccurredAt.gte(micros(within.start))),
            Some((at, digest)) => select.filter(super::events::after(*at, digest)),
        };
        let rows = select
            .order_by_asc(Column::OccurredAt)
            .order_by_asc(Column::TransactionDigest)
            .limit(RECOUNT_CHUNK)
            .all(&db)
            .await?;
        let Some(end) = rows.last() else { return Ok(total) };
        last = Some((end.occurred_at, end.transaction_digest.clone()));
        for row in rows {
            let event = stored(row)?.into_event(metric);
            add(&mut total, &Totals::of(&event))?;
        }
    }
}

/// One row for each project and metric, whatever the number of quarter hours: reading a row costs more than adding it.
async fn folded(
    db: &impl ConnectionTrait,
    quarter_hours: Select<Entity>,
) -> Result<Vec<((ProjectId, MetricId), Totals)>, Error> {
    let backend = db.get_database_backend();
    let parts = if backend == DbBackend::Sqlite { PARTS_SQLITE } else { PARTS_POSTGRES };
    let select = quarter_hours.select_only().column(Column::ProjectId).column(Column::MetricId).expr(Expr::cust(parts));
    let select = select.group_by(Column::ProjectId).group_by(Column::MetricId).build(backend);
    let read = |row: &QueryResult| {
        let key = (ProjectId::from_uuid(row.try_get_by_index(0)?), MetricId::from_uuid(row.try_get_by_index(1)?));
        let parts: String = row.try_get_by_index(2)?;
        Ok((key, sum_of_parts(&parts)?))
    };
    db.query_all_raw(select).await?.iter().map(read).collect()
}

const PARTS_POSTGRES: &str = "CONCAT_WS(',', SUM(event_count), TRIM_SCALE(SUM(value_sum)), \
    COALESCE(MIN(value_min)::text, ''), COALESCE(MAX(value_max)::text, ''), BIT_XOR(event_set_high), \
    BIT_XOR(event_set_low))";

// SQLite cannot add exact decimals: it hands over every quarter hour, in one text.
const PARTS_SQLITE: &str = "GROUP_CONCAT(event_count || ',' || value_sum || ',' || IFNULL(value_min, '') || ',' || \
    IFNULL(value_max, '') || ',' || event_set_high || ',' || event_set_low, ';')";

/// Adds up `count,sum,min,max,high,low;…`.
fn sum_of_parts(parts: &str) -> Result<Totals, Error> {
    let mut total = Totals::default();
    for part in parts.split(';') {
        let mut cells = part.split(',');
        let mut cell = |column| cells.next().ok_or_else(|| corrupt(TABLE, column, "missing"));
        let part = Totals {
            count: whole("event_count", cell("event_count")?)?,
            // PostgreSQL's sum may have more digits than a decimal has.
            sum: Decimal::from_str_exact(cell("value_sum")?).map_err(|cause| overflow().caused_by(cause))?,
            min: decimal("value_min", cell("value_min")?)?,
            max: decimal("value_max", cell("value_max")?)?,
            event_set: event_set(
                whole("event_set_high", cell("event_set_high")?)?,
                whole("event_set_low", cell("event_set_low")?)?,
            ),
        };
        add(&mut total, &part)?;
    }
    Ok(total)
}

fn whole<N: FromStr<Err: Display>>(column: &'static str, text: &str) -> Result<N, Error> {
    text.parse().map_err(|cause| corrupt(TABLE, column, cause))
}

/// A decimal, or none for an empty text.
fn decimal(column: &'static str, text: &str) -> Result<Option<Decimal>, Error> {
    let exact = || Decimal::from_str_exact(text).map_err(|cause| corrupt(TABLE, column, cause));
    (!text.is_empty()).then(exact).transpose()
}

fn add(total: &mut Totals, part: &Totals) -> Result<(), Error> {
    *total = total.merge(part).map_err(|cause| overflow().caused_by(cause))?;
    Ok(())
}

/// The two halves of an event-set digest, as the two columns keep them.
pub(super) fn halves(event_set: [u8; 16]) -> (i64, i64) {
    let whole = u128::from_be_bytes(event_set);
    // Bit patterns, not numbers: the sign carries no meaning.
    ((whole >> 64) as u64 as i64, whole as u64 as i64)
}

pub(super) fn event_set(high: i64, low: i64) -> [u8; 16] {
    (u128::from(high as u64) << 64 | u128::from(low as u64)).to_be_bytes()
}

pub(super) fn record(row: &Model) -> Result<Totals, Error> {
    Ok(Totals {
        count: u64::try_from(row.event_count).map_err(|cause| corrupt(TABLE, "event_count", cause))?,
        sum: row.value_sum.decimal(),
        min: row.value_min.map(Exact::decimal),
        max: row.value_max.map(Exact::decimal),
        event_set: event_set(row.event_set_high, row.event_set_low),
    })
}

fn select(
    organisation: OrganisationId,
    metrics: &[MetricId],
    project: Option<ProjectId>,
    within: &Interval,
) -> Select<Entity> {
    let select = Entity::find()
        .filter(Column::OrganisationId.eq(organisation.uuid()))
        .filter(Column::MetricId.is_in(metrics.iter().map(|id| id.uuid())))
        .filter(Column::BucketStart.gte(micros(within.start)))
        .filter(Column::BucketStart.lt(micros(within.end)));
    match project {
        Some(project) => select.filter(Column::ProjectId.eq(project.uuid())),
        None => select,
    }
}
