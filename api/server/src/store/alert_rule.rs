//! Alert rules: records ⇄ rows.

use billing::alert::AlertSubject;
use billing::decimal;
use billing::ids::{AlertRuleId, MetricId, OrganisationId, SubscriptionId};
use chrono::{DateTime, Utc};
use entities::alert_rules::{Column, Entity, Model};
use rust_decimal::Decimal;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Select};

use super::column::{from_json, micros, to_json};
use super::connection::{Conn, Tx};
use super::fault::corrupt;
use super::page::{self, Cursor, Keyed, Page, PageOf};
use super::parameters::number;
use crate::error::Error;

const TABLE: &str = "alert_rules";

/// When to warn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRule {
    /// The tenant.
    pub organisation_id: OrganisationId,
    /// Its identity.
    pub id: AlertRuleId,
    /// What people call it.
    pub name: String,
    /// What is watched: the cost, or the quantity of a metric.
    pub subject: AlertSubject,
    /// Whose current period is watched.
    pub subscription_id: SubscriptionId,
    /// Ascending; in major units of the subscription's currency, or in units of the metric.
    pub thresholds: Vec<Decimal>,
    /// Since then it is not evaluated.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Raised by each change; 1 at first.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Keyed for AlertRule {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.created_at, id: self.id.uuid() }
    }
}

/// Adds one.
///
/// # Errors
/// `Invalid` for an unknown subscription or metric, `Unavailable`, `Internal`.
pub async fn insert_in_tx(tx: &Tx, rule: &AlertRule) -> Result<(), Error> {
    let row = Model {
        organisation_id: rule.organisation_id.uuid(),
        id: rule.id.uuid(),
        name: rule.name.clone(),
        subject: rule.subject.as_str().to_owned(),
        metric_id: match rule.subject {
            AlertSubject::Cost => None,
            AlertSubject::Quantity(metric) => Some(metric.uuid()),
        },
        subscription_id: rule.subscription_id.uuid(),
        thresholds: thresholds_json(&rule.thresholds)?,
        disabled_at: rule.disabled_at.map(micros),
        version: rule.version,
        created_at: micros(rule.created_at),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(&tx.tenant(rule.organisation_id)).await?;
    Ok(())
}

/// Replaces name, thresholds and the switch of one that still has `rule.version`; answers whether it had. The stored
/// version is then one higher. Subject and subscription never change.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn update_in_tx(tx: &Tx, rule: &AlertRule) -> Result<bool, Error> {
    let result = Entity::update_many()
        .col_expr(Column::Name, Expr::value(rule.name.as_str()))
        .col_expr(Column::Thresholds, Expr::value(thresholds_json(&rule.thresholds)?))
        .col_expr(Column::DisabledAt, Expr::value(rule.disabled_at.map(micros)))
        .col_expr(Column::Version, Expr::value(rule.version + 1))
        .filter(Column::OrganisationId.eq(rule.organisation_id.uuid()))
        .filter(Column::Id.eq(rule.id.uuid()))
        .filter(Column::Version.eq(rule.version))
        .exec(&tx.tenant(rule.organisation_id))
        .await?;
    Ok(result.rows_affected == 1)
}

/// One by identity.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find(conn: &impl Conn, organisation: OrganisationId, id: AlertRuleId) -> Result<Option<AlertRule>, Error> {
    of(organisation).filter(Column::Id.eq(id.uuid())).one(&conn.tenant(organisation)).await?.map(record).transpose()
}

/// Several by identity, in no particular order; unknown ones are left out.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_many(
    conn: &impl Conn,
    organisation: OrganisationId,
    ids: &[AlertRuleId],
) -> Result<Vec<AlertRule>, Error> {
    let rows = of(organisation)
        .filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())))
        .all(&conn.tenant(organisation))
        .await?;
    rows.into_iter().map(record).collect()
}

/// Those of an organisation that are not disabled, oldest first; what the alert worker evaluates.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn list_enabled(conn: &impl Conn, organisation: OrganisationId) -> Result<Vec<AlertRule>, Error> {
    let rows = of(organisation)
        .filter(Column::DisabledAt.is_null())
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .all(&conn.tenant(organisation))
        .await?;
    rows.into_iter().map(record).collect()
}

/// A page of an organisation's rules.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn page(conn: &impl Conn, organisation: OrganisationId, page: &Page) -> Result<PageOf<AlertRule>, Error> {
    page::fetch(&conn.tenant(organisation), of(organisation), Column::CreatedAt, Column::Id, page, record).await
}

/// How many an organisation has, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_capped(conn: &impl Conn, organisation: OrganisationId, cap: u64) -> Result<u64, Error> {
    page::count_capped(&conn.tenant(organisation), of(organisation), cap).await
}

fn of(organisation: OrganisationId) -> Select<Entity> {
    Entity::find().filter(Column::OrganisationId.eq(organisation.uuid()))
}

fn thresholds_json(thresholds: &[Decimal]) -> Result<serde_json::Value, Error> {
    to_json(&thresholds.iter().copied().map(decimal::canonical).collect::<Vec<_>>())
}

fn record(row: Model) -> Result<AlertRule, Error> {
    let texts: Vec<String> = from_json(TABLE, "thresholds", row.thresholds)?;
    Ok(AlertRule {
        organisation_id: OrganisationId::from_uuid(row.organisation_id),
        id: AlertRuleId::from_uuid(row.id),
        name: row.name,
        subject: match (row.subject.as_str(), row.metric_id) {
            ("COST", None) => AlertSubject::Cost,
            ("QUANTITY", Some(metric)) => AlertSubject::Quantity(MetricId::from_uuid(metric)),
            _ => return Err(corrupt(TABLE, "subject", format!("{:?} does not fit its metric", row.subject))),
        },
        subscription_id: SubscriptionId::from_uuid(row.subscription_id),
        thresholds: texts.iter().map(|text| number(TABLE, text)).collect::<Result<_, _>>()?,
        disabled_at: row.disabled_at,
        version: row.version,
        created_at: row.created_at,
    })
}
