//! Plans and their immutable versions: records ⇄ rows.

use billing::ids::{PlanId, PlanVersionId};
use billing::rating::PlanTerms;
use chrono::{DateTime, Utc};
use entities::{plan_versions, plans};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use super::column::micros;
use super::connection::{Conn, Tx};
use super::page::{self, Cursor, Keyed, Page, PageOf};
use super::plan_terms::{from_terms_json, to_terms_json};
use crate::error::Error;

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its identity.
    pub id: PlanId,
    /// Short name; unique.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// An immutable version of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanVersion {
    /// Its identity.
    pub id: PlanVersionId,
    /// The plan.
    pub plan_id: PlanId,
    /// Counted from 1 within the plan.
    pub number: i32,
    /// Prices and fees; they also hold the currency.
    pub terms: PlanTerms,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Keyed for Plan {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.created_at, id: self.id.uuid() }
    }
}

/// Adds a plan without versions; a taken code is a `Conflict` (see [`super::is_taken`]).
///
/// # Errors
/// `Conflict`, `Unavailable`, `Internal`.
pub async fn insert_in_tx(tx: &Tx, plan: &Plan) -> Result<(), Error> {
    let row = plans::Model {
        id: plan.id.uuid(),
        code: plan.code.clone(),
        name: plan.name.clone(),
        created_at: micros(plan.created_at),
    };
    plans::Entity::insert(row.into_active_model()).exec_without_returning(&tx.shared()).await?;
    Ok(())
}

/// Adds the next version of a plan and answers it. Two at once: one of them is a `Conflict` and may be tried again.
///
/// # Errors
/// `Conflict`, `Invalid` for an unknown plan, `Unavailable`, `Internal`.
pub async fn insert_version_in_tx(
    tx: &Tx,
    id: PlanVersionId,
    plan: PlanId,
    terms: &PlanTerms,
    now: DateTime<Utc>,
) -> Result<PlanVersion, Error> {
    let latest = latest_version(tx, plan).await?;
    let number = latest.map_or(1, |version| version.number + 1);
    let row = plan_versions::Model {
        id: id.uuid(),
        plan_id: plan.uuid(),
        number,
        currency: terms.currency.code().to_owned(),
        terms: to_terms_json(terms)?,
        created_at: micros(now),
    };
    plan_versions::Entity::insert(row.into_active_model()).exec_without_returning(&tx.shared()).await?;
    Ok(PlanVersion { id, plan_id: plan, number, terms: terms.clone(), created_at: micros(now) })
}

/// One by identity.
///
/// # Errors
/// `Unavailable`.
pub async fn find(conn: &impl Conn, id: PlanId) -> Result<Option<Plan>, Error> {
    Ok(plans::Entity::find_by_id(id.uuid()).one(&conn.shared()).await?.map(record))
}

/// Several by identity, in no particular order; unknown ones are left out.
///
/// # Errors
/// `Unavailable`.
pub async fn find_many(conn: &impl Conn, ids: &[PlanId]) -> Result<Vec<Plan>, Error> {
    let ids = ids.iter().map(|id| id.uuid());
    let rows = plans::Entity::find().filter(plans::Column::Id.is_in(ids)).all(&conn.shared()).await?;
    Ok(rows.into_iter().map(record).collect())
}

/// One by code.
///
/// # Errors
/// `Unavailable`.
pub async fn find_by_code(conn: &impl Conn, code: &str) -> Result<Option<Plan>, Error> {
    Ok(plans::Entity::find().filter(plans::Column::Code.eq(code)).one(&conn.shared()).await?.map(record))
}

/// A page of all plans.
///
/// # Errors
/// `Unavailable`.
pub async fn page(conn: &impl Conn, page: &Page) -> Result<PageOf<Plan>, Error> {
    page::fetch(&conn.shared(), plans::Entity::find(), plans::Column::CreatedAt, plans::Column::Id, page, |row| {
        Ok(record(row))
    })
    .await
}

/// How many there are, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_capped(conn: &impl Conn, cap: u64) -> Result<u64, Error> {
    page::count_capped(&conn.shared(), plans::Entity::find(), cap).await
}

/// One version by identity.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn version(conn: &impl Conn, id: PlanVersionId) -> Result<Option<PlanVersion>, Error> {
    plan_versions::Entity::find_by_id(id.uuid()).one(&conn.shared()).await?.map(version_record).transpose()
}

/// Several versions by identity, in no particular order; unknown ones are left out.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn versions_many(conn: &impl Conn, ids: &[PlanVersionId]) -> Result<Vec<PlanVersion>, Error> {
    let ids = ids.iter().map(|id| id.uuid());
    let rows = plan_versions::Entity::find().filter(plan_versions::Column::Id.is_in(ids)).all(&conn.shared()).await?;
    rows.into_iter().map(version_record).collect()
}

/// The latest version of a plan.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn latest_version(conn: &impl Conn, plan: PlanId) -> Result<Option<PlanVersion>, Error> {
    plan_versions::Entity::find()
        .filter(plan_versions::Column::PlanId.eq(plan.uuid()))
        .order_by_desc(plan_versions::Column::Number)
        .one(&conn.shared())
        .await?
        .map(version_record)
        .transpose()
}

/// All versions of a plan, newest first.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn versions(conn: &impl Conn, plan: PlanId) -> Result<Vec<PlanVersion>, Error> {
    let rows = plan_versions::Entity::find()
        .filter(plan_versions::Column::PlanId.eq(plan.uuid()))
        .order_by_desc(plan_versions::Column::Number)
        .all(&conn.shared())
        .await?;
    rows.into_iter().map(version_record).collect()
}

fn record(row: plans::Model) -> Plan {
    Plan { id: PlanId::from_uuid(row.id), code: row.code, name: row.name, created_at: row.created_at }
}

fn version_record(row: plan_versions::Model) -> Result<PlanVersion, Error> {
    Ok(PlanVersion {
        id: PlanVersionId::from_uuid(row.id),
        plan_id: PlanId::from_uuid(row.plan_id),
        number: row.number,
        terms: from_terms_json(row.terms)?,
        created_at: row.created_at,
    })
}
