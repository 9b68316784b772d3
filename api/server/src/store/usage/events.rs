//! Reading usage facts.

use billing::decimal;
use billing::ids::{MetricId, OrganisationId, ProjectId};
use billing::metering::{MetricRef, PropertyValue, UsageEvent, transaction_digest};
use chrono::{DateTime, Utc};
use entities::usage_events::{Column, Entity, Model};
use rust_decimal::Decimal;
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::error::Error;
use crate::store::column::{digest, micros};
use crate::store::connection::Conn;
use crate::store::fault::corrupt;
use crate::store::page::{Cursor, Keyed, Page, PageOf};

const TABLE: &str = "usage_events";

/// A fact as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// The tenant.
    pub organisation_id: OrganisationId,
    /// The sender's id of the event.
    pub transaction_id: String,
    /// The digest of it, the fact's key.
    pub transaction_digest: [u8; 16],
    /// The metric.
    pub metric_id: MetricId,
    /// The project.
    pub project_id: ProjectId,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When we took it in.
    pub recorded_at: DateTime<Utc>,
    /// The measured value.
    pub value: Option<Decimal>,
    /// Names and values, sorted by name.
    pub properties: Vec<(String, PropertyValue)>,
    /// The digest of the whole content.
    pub content_digest: [u8; 16],
}

impl StoredEvent {
    /// The event it was made from, given how its metric aggregates.
    #[must_use]
    pub fn into_event(self, metric: MetricRef) -> UsageEvent {
        UsageEvent {
            transaction_id: self.transaction_id,
            metric,
            project_id: self.project_id,
            occurred_at: self.occurred_at,
            value: self.value,
            properties: self.properties,
        }
    }
}

impl Keyed for StoredEvent {
    /// Its place by when it happened; the transaction digest stands in for the identity.
    fn cursor(&self) -> Cursor {
        Cursor { at: self.occurred_at, id: Uuid::from_bytes(self.transaction_digest) }
    }
}

/// Which facts of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// Of these metrics; name all that may be seen, none gives nothing (facts are indexed by metric).
    pub metrics: Vec<MetricId>,
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// That happened at or after.
    pub occurred_from: Option<DateTime<Utc>>,
    /// That happened before.
    pub occurred_until: Option<DateTime<Utc>>,
}

/// A page of an organisation's facts, the latest happening first.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn events_page(
    conn: &impl Conn,
    organisation: OrganisationId,
    filter: &EventFilter,
    page: &Page,
) -> Result<PageOf<StoredEvent>, Error> {
    // One short index scan per metric, merged here: an order over several metrics has no index.
    let db = conn.tenant(organisation);
    let mut events: Vec<StoredEvent> = Vec::new();
    for metric in &filter.metrics {
        let mut select = Entity::find()
            .filter(Column::OrganisationId.eq(organisation.uuid()))
            .filter(Column::MetricId.eq(metric.uuid()));
        if let Some(project) = filter.project_id {
            select = select.filter(Column::ProjectId.eq(project.uuid()));
        }
        if let Some(from) = filter.occurred_from {
            select = select.filter(Column::OccurredAt.gte(micros(from)));
        }
        if let Some(until) = filter.occurred_until {
            select = select.filter(Column::OccurredAt.lt(micros(until)));
        }
        if let Some(condition) = key_beyond(page) {
            select = select.filter(condition);
        }
        let rows = select
            .order_by(Column::OccurredAt, page.order())
            .order_by(Column::TransactionDigest, page.order())
            .limit(page.limit())
            .all(&db)
            .await?;
        for row in rows {
            events.push(stored(row)?);
        }
    }
    events.sort_by_key(|event| (event.occurred_at, event.transaction_digest));
    if !page.backward {
        events.reverse();
    }
    events.truncate(page.size() + 1);
    Ok(PageOf::of(events, page))
}

/// The fact with a transaction id.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_event(
    conn: &impl Conn,
    organisation: OrganisationId,
    transaction_id: &str,
) -> Result<Option<StoredEvent>, Error> {
    find_by_digest(conn, organisation, transaction_digest(transaction_id)).await
}

/// The fact with a digest of a transaction id.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_by_digest(
    conn: &impl Conn,
    organisation: OrganisationId,
    transaction_digest: [u8; 16],
) -> Result<Option<StoredEvent>, Error> {
    let key = (organisation.uuid(), transaction_digest.to_vec());
    Entity::find_by_id(key).one(&conn.tenant(organisation)).await?.map(stored).transpose()
}

fn key_beyond(page: &Page) -> Option<SimpleExpr> {
    let cursor = page.after?;
    // The digest column holds bytes, not a uuid.
    let here = Expr::tuple([Column::OccurredAt.into_expr(), Column::TransactionDigest.into_expr()]);
    let there = Expr::tuple([Expr::value(cursor.at), Expr::value(cursor.id.as_bytes().to_vec())]);
    Some(if page.backward { here.gt(there) } else { here.lt(there) })
}

/// Facts after a place, in ascending order.
pub(super) fn after(at: DateTime<Utc>, transaction_digest: &[u8]) -> SimpleExpr {
    let here = Expr::tuple([Column::OccurredAt.into_expr(), Column::TransactionDigest.into_expr()]);
    here.gt(Expr::tuple([Expr::value(at), Expr::value(transaction_digest.to_vec())]))
}

/// The properties as the JSON text both databases keep: texts as strings, numbers as exact literals.
pub(super) fn properties_json(event: &UsageEvent) -> Result<Option<String>, Error> {
    if event.properties.is_empty() {
        return Ok(None);
    }
    let mut json = String::with_capacity(32 * event.properties.len());
    for (index, (name, value)) in event.properties.iter().enumerate() {
        json.push(if index == 0 { '{' } else { ',' });
        json.push_str(&serde_json::to_string(name).map_err(Error::internal)?);
        json.push(':');
        match value {
            PropertyValue::Text(text) => json.push_str(&serde_json::to_string(text).map_err(Error::internal)?),
            PropertyValue::Number(number) => json.push_str(&decimal::canonical(*number)),
            PropertyValue::Bool(truth) => json.push_str(if *truth { "true" } else { "false" }),
        }
    }
    json.push('}');
    Ok(Some(json))
}

pub(super) fn stored(row: Model) -> Result<StoredEvent, Error> {
    Ok(StoredEvent {
        organisation_id: OrganisationId::from_uuid(row.organisation_id),
        transaction_digest: digest(TABLE, "transaction_digest", &row.transaction_digest)?,
        content_digest: digest(TABLE, "content_digest", &row.content_digest)?,
        transaction_id: row.transaction_id,
        metric_id: MetricId::from_uuid(row.metric_id),
        project_id: ProjectId::from_uuid(row.project_id),
        occurred_at: row.occurred_at,
        recorded_at: row.recorded_at,
        value: row.value.map(entities::Exact::decimal),
        properties: row.properties.map(properties).transpose()?.unwrap_or_default(),
    })
}

fn properties(json: serde_json::Value) -> Result<Vec<(String, PropertyValue)>, Error> {
    let serde_json::Value::Object(object) = json else {
        return Err(corrupt(TABLE, "properties", "not an object"));
    };
    let property = |(name, value): (String, serde_json::Value)| {
        let value = match value {
            serde_json::Value::String(text) => PropertyValue::Text(text),
            serde_json::Value::Bool(truth) => PropertyValue::Bool(truth),
            serde_json::Value::Number(number) => {
                let number = decimal::parse_json_number(&number.to_string());
                PropertyValue::Number(number.map_err(|cause| corrupt(TABLE, "properties", cause))?)
            }
            _ => return Err(corrupt(TABLE, "properties", format!("{name} is neither text, number nor flag"))),
        };
        Ok((name, value))
    };
    let mut properties = object.into_iter().map(property).collect::<Result<Vec<_>, Error>>()?;
    properties.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(properties)
}
