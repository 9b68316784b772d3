//! Custom roles: sets of permissions under a name, of the operator or of one organisation.

use billing::ids::{OrganisationId, RoleId};
use chrono::{DateTime, Utc};
use entities::roles::{Column, Entity, Model};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Select};

use super::column::{from_json, micros, to_json};
use super::connection::{Conn, Tx};
use super::page::{self, Cursor, Keyed, Page, PageOf};
use crate::error::Error;

/// A custom role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its identity.
    pub id: RoleId,
    /// Whose it is; absent for the operator's own.
    pub organisation_id: Option<OrganisationId>,
    /// What people call it; unique among the roles of its owner.
    pub name: String,
    /// Names of permissions; the viewer knows the words.
    pub permissions: Vec<String>,
    /// Raised by each update; 1 at first.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Keyed for Role {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.created_at, id: self.id.uuid() }
    }
}

/// Adds one.
///
/// # Errors
/// `Conflict` for a taken name, `Unavailable`, `Internal`.
pub async fn insert_in_tx(tx: &Tx, role: &Role) -> Result<(), Error> {
    let row = Model {
        id: role.id.uuid(),
        organisation_id: role.organisation_id.map(|id| id.uuid()),
        name: role.name.clone(),
        permissions: to_json(&role.permissions)?,
        version: role.version,
        created_at: micros(role.created_at),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(&tx.shared()).await?;
    Ok(())
}

/// Changes name and permissions of one that still has `role.version`; answers whether it had.
///
/// # Errors
/// `Conflict` for a taken name, `Unavailable`, `Internal`.
pub async fn update_in_tx(tx: &Tx, role: &Role) -> Result<bool, Error> {
    let result = Entity::update_many()
        .col_expr(Column::Name, Expr::value(role.name.as_str()))
        .col_expr(Column::Permissions, Expr::value(to_json(&role.permissions)?))
        .col_expr(Column::Version, Expr::value(role.version + 1))
        .filter(Column::Id.eq(role.id.uuid()))
        .filter(Column::Version.eq(role.version))
        .exec(&tx.shared())
        .await?;
    Ok(result.rows_affected == 1)
}

/// Keeps everybody else from changing or deleting it until the transaction ends; answers whether it is there. Whoever
/// gives it to a key and whoever deletes it call this first, so that neither misses the other.
///
/// # Errors
/// `Unavailable`.
pub async fn hold_in_tx(tx: &Tx, id: RoleId) -> Result<bool, Error> {
    let same = Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version))
        .filter(Column::Id.eq(id.uuid()))
        .exec(&tx.shared())
        .await?;
    Ok(same.rows_affected == 1)
}

/// Deletes one.
///
/// # Errors
/// `Unavailable`.
pub async fn delete_in_tx(tx: &Tx, id: RoleId) -> Result<(), Error> {
    Entity::delete_by_id(id.uuid()).exec(&tx.shared()).await?;
    Ok(())
}

/// One by identity; the caller compares its owner with the viewer's organisation.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find(conn: &impl Conn, id: RoleId) -> Result<Option<Role>, Error> {
    Entity::find_by_id(id.uuid()).one(&conn.shared()).await?.map(record).transpose()
}

/// Several by identity, in no particular order; unknown ones are left out.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_many(conn: &impl Conn, ids: &[RoleId]) -> Result<Vec<Role>, Error> {
    let ids = ids.iter().map(|id| id.uuid());
    Entity::find().filter(Column::Id.is_in(ids)).all(&conn.shared()).await?.into_iter().map(record).collect()
}

/// A page of an organisation's roles, or of the operator's own when `organisation` is absent.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn page(conn: &impl Conn, organisation: Option<OrganisationId>, page: &Page) -> Result<PageOf<Role>, Error> {
    page::fetch(&conn.shared(), of(organisation), Column::CreatedAt, Column::Id, page, record).await
}

/// How many an organisation (or the operator) has, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_capped(conn: &impl Conn, organisation: Option<OrganisationId>, cap: u64) -> Result<u64, Error> {
    page::count_capped(&conn.shared(), of(organisation), cap).await
}

fn of(organisation: Option<OrganisationId>) -> Select<Entity> {
    match organisation {
        Some(organisation) => Entity::find().filter(Column::OrganisationId.eq(organisation.uuid())),
        None => Entity::find().filter(Column::OrganisationId.is_null()),
    }
}

fn record(row: Model) -> Result<Role, Error> {
    Ok(Role {
        id: RoleId::from_uuid(row.id),
        organisation_id: row.organisation_id.map(OrganisationId::from_uuid),
        name: row.name,
        permissions: from_json("roles", "permissions", row.permissions)?,
        version: row.version,
        created_at: row.created_at,
    })
}
