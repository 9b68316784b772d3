//! Projects of an organisation: records ⇄ rows.

use billing::ids::{OrganisationId, ProjectId};
use chrono::{DateTime, Utc};
use entities::projects::{Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Select};

use super::column::micros;
use super::connection::{Conn, Tx};
use super::page::{self, Cursor, Keyed, Page, PageOf};
use crate::error::Error;

/// A project; every usage event belongs to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// The tenant.
    pub organisation_id: OrganisationId,
    /// Its identity.
    pub id: ProjectId,
    /// Short name, unique within the organisation.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Keyed for Project {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.created_at, id: self.id.uuid() }
    }
}

/// Adds one; a taken code is a `Conflict` (see [`super::is_taken`]).
///
/// # Errors
/// `Conflict`, `Invalid` for an unknown organisation, `Unavailable`, `Internal`.
pub async fn insert_in_tx(tx: &Tx, project: &Project) -> Result<(), Error> {
    let row = Model {
        organisation_id: project.organisation_id.uuid(),
        id: project.id.uuid(),
        code: project.code.clone(),
        name: project.name.clone(),
        created_at: micros(project.created_at),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(&tx.tenant(project.organisation_id)).await?;
    Ok(())
}

/// One by identity.
///
/// # Errors
/// `Unavailable`.
pub async fn find(conn: &impl Conn, organisation: OrganisationId, id: ProjectId) -> Result<Option<Project>, Error> {
    Ok(of(organisation).filter(Column::Id.eq(id.uuid())).one(&conn.tenant(organisation)).await?.map(record))
}

/// Several by identity, in no particular order; unknown ones are left out.
///
/// # Errors
/// `Unavailable`.
pub async fn find_many(
    conn: &impl Conn,
    organisation: OrganisationId,
    ids: &[ProjectId],
) -> Result<Vec<Project>, Error> {
    let ids = ids.iter().map(|id| id.uuid());
    let rows = of(organisation).filter(Column::Id.is_in(ids)).all(&conn.tenant(organisation)).await?;
    Ok(rows.into_iter().map(record).collect())
}

/// One by code.
///
/// # Errors
/// `Unavailable`.
pub async fn find_by_code(
    conn: &impl Conn,
    organisation: OrganisationId,
    code: &str,
) -> Result<Option<Project>, Error> {
    Ok(of(organisation).filter(Column::Code.eq(code)).one(&conn.tenant(organisation)).await?.map(record))
}

/// All of an organisation, oldest first; what ingestion keeps in memory.
///
/// # Errors
/// `Unavailable`.
pub async fn list(conn: &impl Conn, organisation: OrganisationId) -> Result<Vec<Project>, Error> {
    let rows = of(organisation)
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .all(&conn.tenant(organisation))
        .await?;
    Ok(rows.into_iter().map(record).collect())
}

/// A page of an organisation's projects.
///
/// # Errors
/// `Unavailable`.
pub async fn page(conn: &impl Conn, organisation: OrganisationId, page: &Page) -> Result<PageOf<Project>, Error> {
    page::fetch(&conn.tenant(organisation), of(organisation), Column::CreatedAt, Column::Id, page, |row| {
        Ok(record(row))
    })
    .await
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

fn record(row: Model) -> Project {
    Project {
        organisation_id: OrganisationId::from_uuid(row.organisation_id),
        id: ProjectId::from_uuid(row.id),
        code: row.code,
        name: row.name,
        created_at: row.created_at,
    }
}
