//! Metrics, what is measured: records ⇄ rows.

use billing::ids::MetricId;
use billing::metering::{Aggregation, MetricRef};
use chrono::{DateTime, Utc};
use entities::metrics::{Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use super::column::{micros, parsed};
use super::connection::{Conn, Tx};
use super::page::{self, Cursor, Keyed, Page, PageOf};
use crate::error::Error;

/// Something that is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its identity.
    pub id: MetricId,
    /// What events call it; unique.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Unit of measure, for people.
    pub unit: String,
    /// How events become one quantity; never changes.
    pub aggregation: Aggregation,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Metric {
    /// What metering needs of it.
    #[must_use]
    pub fn reference(&self) -> MetricRef {
        MetricRef { id: self.id, aggregation: self.aggregation }
    }
}

impl Keyed for Metric {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.created_at, id: self.id.uuid() }
    }
}

/// Adds one; a taken code is a `Conflict` (see [`super::is_taken`]).
///
/// # Errors
/// `Conflict`, `Unavailable`, `Internal`.
pub async fn insert_in_tx(tx: &Tx, metric: &Metric) -> Result<(), Error> {
    let row = Model {
        id: metric.id.uuid(),
        code: metric.code.clone(),
        name: metric.name.clone(),
        unit: metric.unit.clone(),
        aggregation: metric.aggregation.as_str().to_owned(),
        created_at: micros(metric.created_at),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(&tx.shared()).await?;
    Ok(())
}

/// One by identity.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find(conn: &impl Conn, id: MetricId) -> Result<Option<Metric>, Error> {
    Entity::find_by_id(id.uuid()).one(&conn.shared()).await?.map(record).transpose()
}

/// Several by identity, in no particular order; unknown ones are left out.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_many(conn: &impl Conn, ids: &[MetricId]) -> Result<Vec<Metric>, Error> {
    let ids = ids.iter().map(|id| id.uuid());
    Entity::find().filter(Column::Id.is_in(ids)).all(&conn.shared()).await?.into_iter().map(record).collect()
}

/// One by code.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_by_code(conn: &impl Conn, code: &str) -> Result<Option<Metric>, Error> {
    Entity::find().filter(Column::Code.eq(code)).one(&conn.shared()).await?.map(record).transpose()
}

/// All of them, oldest first; what ingestion keeps in memory.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn list(conn: &impl Conn) -> Result<Vec<Metric>, Error> {
    let rows = Entity::find().order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(&conn.shared()).await?;
    rows.into_iter().map(record).collect()
}

/// A page of all metrics.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn page(conn: &impl Conn, page: &Page) -> Result<PageOf<Metric>, Error> {
    page::fetch(&conn.shared(), Entity::find(), Column::CreatedAt, Column::Id, page, record).await
}

/// How many there are, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_capped(conn: &impl Conn, cap: u64) -> Result<u64, Error> {
    page::count_capped(&conn.shared(), Entity::find(), cap).await
}

fn record(row: Model) -> Result<Metric, Error> {
    Ok(Metric {
        id: MetricId::from_uuid(row.id),
        aggregation: parsed("metrics", "aggregation", &row.aggregation)?,
        code: row.code,
        name: row.name,
        unit: row.unit,
        created_at: row.created_at,
    })
}
