//! Alert events: thresholds crossed, numbered without holes per organisation so that a subscriber can replay exactly
//! what it missed.

use billing::ids::{AlertEventId, AlertRuleId, OrganisationId, SubscriptionId};
use billing::money::Currency;
use billing::period::Interval;
use chrono::{DateTime, Utc};
use entities::Exact;
use entities::alert_events::{Column, Entity, Model};
use rust_decimal::Decimal;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::column::{currency, interval, micros};
use super::connection::{Conn, Tx};
use super::fault::corrupt;
use super::statement::{lock_clause, statement};
use crate::error::Error;

const TABLE: &str = "alert_events";

/// A threshold that was crossed, before it has a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAlertEvent {
    /// The tenant.
    pub organisation_id: OrganisationId,
    /// Its identity.
    pub id: AlertEventId,
    /// The rule.
    pub rule_id: AlertRuleId,
    /// The subscription whose period was watched.
    pub subscription_id: SubscriptionId,
    /// The period.
    pub period: Interval,
    /// The threshold that was crossed.
    pub threshold: Decimal,
    /// What was observed.
    pub observed: Decimal,
    /// The currency of both numbers for a cost; absent for a quantity.
    pub currency: Option<Currency>,
    /// When it was noticed.
    pub occurred_at: DateTime<Utc>,
}

/// A threshold that was crossed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertEvent {
    /// Counted from 1 within the organisation, without holes.
    pub sequence: i64,
    /// What happened.
    pub event: NewAlertEvent,
}

/// Appends an event, unless its rule already fired at that threshold in that period. A second run appends nothing.
///
/// The organisation's row is locked first: then the check holds until the commit, and a number is never burnt.
///
/// # Errors
/// `NotFound` for an unknown organisation, `Invalid` for an unknown rule, `Unavailable`, `Internal`.
pub async fn append_in_tx(tx: &Tx, event: &NewAlertEvent) -> Result<Option<AlertEvent>, Error> {
    let db = tx.tenant(event.organisation_id);
    let organisation = event.organisation_id.uuid();
    let lock = format!(
        "SELECT alert_sequence FROM organisations WHERE organisation_id = $1{}",
        lock_clause(&db, " FOR NO KEY UPDATE"),
    );
    let row = db.query_one_raw(statement(&db, &lock, vec![organisation.into()])).await?;
    let Some(row) = row else {
        return Err(Error::not_found("NOT_FOUND", format!("There is no organisation {}.", event.organisation_id)));
    };
    let sequence: i64 = row.try_get_by_index::<i64>(0)? + 1;
    let fired = fired_thresholds(tx, event.organisation_id, event.rule_id, event.period.start).await?;
    if fired.contains(&event.threshold) {
        return Ok(None);
    }
    let raise = "UPDATE organisations SET alert_sequence = $2 WHERE organisation_id = $1";
    db.execute_raw(statement(&db, raise, vec![organisation.into(), sequence.into()])).await?;
    let row = Model {
        organisation_id: organisation,
        sequence,
        id: event.id.uuid(),
        rule_id: event.rule_id.uuid(),
        subscription_id: event.subscription_id.uuid(),
        period_start: micros(event.period.start),
        period_end: micros(event.period.end),
        threshold: Exact::new(event.threshold),
        observed: Exact::new(event.observed),
        currency: event.currency.map(|currency| currency.code().to_owned()),
        occurred_at: micros(event.occurred_at),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(&db).await?;
    Ok(Some(AlertEvent { sequence, event: event.clone() }))
}

/// One by identity.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find(
    conn: &impl Conn,
    organisation: OrganisationId,
    id: AlertEventId,
) -> Result<Option<AlertEvent>, Error> {
    of(organisation)
        .filter(Column::Id.eq(id.uuid()))
        .one(&conn.tenant(organisation))
        .await?
        .as_ref()
        .map(record)
        .transpose()
}

/// Events after `sequence` (0 for all), in order, at most `limit`.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn page_after(
    conn: &impl Conn,
    organisation: OrganisationId,
    sequence: i64,
    limit: u32,
) -> Result<Vec<AlertEvent>, Error> {
    let rows = of(organisation)
        .filter(Column::Sequence.gt(sequence))
        .order_by_asc(Column::Sequence)
        .limit(u64::from(limit))
        .all(&conn.tenant(organisation))
        .await?;
    rows.iter().map(record).collect()
}

/// Events before `sequence` (from the latest when absent), newest first, at most `limit`.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn page_before(
    conn: &impl Conn,
    organisation: OrganisationId,
    sequence: Option<i64>,
    limit: u32,
) -> Result<Vec<AlertEvent>, Error> {
    let rows = of(organisation)
        .filter(Column::Sequence.lt(sequence.unwrap_or(i64::MAX)))
        .order_by_desc(Column::Sequence)
        .limit(u64::from(limit))
        .all(&conn.tenant(organisation))
        .await?;
    rows.iter().map(record).collect()
}

/// The number of the latest event, 0 before the first.
///
/// # Errors
/// `Unavailable`.
pub async fn latest_sequence(conn: &impl Conn, organisation: OrganisationId) -> Result<i64, Error> {
    edge(conn, organisation, of(organisation).order_by_desc(Column::Sequence)).await
}

/// The number of the oldest event that is still there, 0 when there is none.
///
/// # Errors
/// `Unavailable`.
pub async fn oldest_sequence(conn: &impl Conn, organisation: OrganisationId) -> Result<i64, Error> {
    edge(conn, organisation, of(organisation).order_by_asc(Column::Sequence)).await
}

/// The thresholds at which a rule fired in a period.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn fired_thresholds(
    conn: &impl Conn,
    organisation: OrganisationId,
    rule: AlertRuleId,
    period_start: DateTime<Utc>,
) -> Result<Vec<Decimal>, Error> {
    let thresholds: Vec<Exact> = of(organisation)
        .select_only()
        .column(Column::Threshold)
        .filter(Column::RuleId.eq(rule.uuid()))
        .filter(Column::PeriodStart.eq(micros(period_start)))
        .into_tuple()
        .all(&conn.tenant(organisation))
        .await?;
    Ok(thresholds.into_iter().map(Exact::decimal).collect())
}

async fn edge(conn: &impl Conn, organisation: OrganisationId, select: Select<Entity>) -> Result<i64, Error> {
    let sequence: Option<i64> =
        select.select_only().column(Column::Sequence).limit(1).into_tuple().one(&conn.tenant(organisation)).await?;
    Ok(sequence.unwrap_or(0))
}

fn of(organisation: OrganisationId) -> Select<Entity> {
    Entity::find().filter(Column::OrganisationId.eq(organisation.uuid()))
}

fn record(row: &Model) -> Result<AlertEvent, Error> {
    if row.sequence < 1 {
        return Err(corrupt(TABLE, "sequence", row.sequence));
    }
    Ok(AlertEvent {
        sequence: row.sequence,
        event: NewAlertEvent {
            organisation_id: OrganisationId::from_uuid(row.organisation_id),
            id: AlertEventId::from_uuid(row.id),
            rule_id: AlertRuleId::from_uuid(row.rule_id),
            subscription_id: SubscriptionId::from_uuid(row.subscription_id),
            period: interval(TABLE, "period_end", row.period_start, row.period_end)?,
            threshold: row.threshold.decimal(),
            observed: row.observed.decimal(),
            currency: row.currency.as_deref().map(|code| currency(TABLE, code)).transpose()?,
            occurred_at: row.occurred_at,
        },
    })
}
