//! API keys: found by the digest of their secret; the secret itself is never here.

use billing::ids::{ApiKeyId, OrganisationId, ProjectId, RoleId};
use chrono::{DateTime, Utc};
use entities::api_keys::{Column, Entity, Model};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, IntoActiveModel, PaginatorTrait as _, QueryFilter, QuerySelect, Select,
};

use super::column::{from_json, micros, to_json};
use super::connection::{Conn, Store, Tx};
use super::fault::corrupt;
use super::page::{self, Cursor, Keyed, Page, PageOf};
use crate::error::Error;

const OPERATOR: &str = "OPERATOR";
const ORGANISATION: &str = "ORGANISATION";
const PROJECT: &str = "PROJECT";
const TABLE: &str = "api_keys";

/// What stands for a role in a key whose role is a row of its own.
pub const CUSTOM: &str = "CUSTOM";

/// How far a key reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyScope {
    /// The operator's catalogue and every organisation.
    Operator,
    /// One organisation.
    Organisation(OrganisationId),
    /// One project of one organisation.
    Project(OrganisationId, ProjectId),
}

impl KeyScope {
    /// The organisation it is confined to, if any.
    #[must_use]
    pub fn organisation(self) -> Option<OrganisationId> {
        match self {
            Self::Operator => None,
            Self::Organisation(organisation) | Self::Project(organisation, _) => Some(organisation),
        }
    }

    /// The project it is confined to, if any.
    #[must_use]
    pub fn project(self) -> Option<ProjectId> {
        match self {
            Self::Project(_, project) => Some(project),
            Self::Operator | Self::Organisation(_) => None,
        }
    }
}

/// An API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its identity.
    pub id: ApiKeyId,
    /// The first characters of the secret, for recognition.
    pub prefix: String,
    /// The digest of the secret; unique.
    pub hash: Vec<u8>,
    /// How far it reaches.
    pub scope: KeyScope,
    /// What it may do there; the viewer knows the words.
    pub role: String,
    /// The custom role, where `role` is [`CUSTOM`].
    pub role_id: Option<RoleId>,
    /// Ranges of addresses it may be used from; empty for everywhere.
    pub ip_allow_list: Vec<String>,
    /// What people call it.
    pub name: String,
    /// From then on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// Since then it is refused.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute or so.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Whether it runs nothing but trusted documents.
    pub trusted_documents_only: bool,
    /// Raised by each update; 1 at first.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Keyed for ApiKey {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.created_at, id: self.id.uuid() }
    }
}

/// Adds one.
///
/// # Errors
/// `Conflict` for a known hash, `Unavailable`, `Internal`.
pub async fn insert_in_tx(tx: &Tx, key: &ApiKey) -> Result<(), Error> {
    let (scope, project) = match key.scope {
        KeyScope::Operator => (OPERATOR, None),
        KeyScope::Organisation(_) => (ORGANISATION, None),
        KeyScope::Project(_, project) => (PROJECT, Some(project.uuid())),
    };
    let row = Model {
        id: key.id.uuid(),
        prefix: key.prefix.clone(),
        hash: key.hash.clone(),
        scope: scope.to_owned(),
        organisation_id: key.scope.organisation().map(|id| id.uuid()),
        project_id: project,
        role: key.role.clone(),
        role_id: key.role_id.map(|id| id.uuid()),
        ip_allow_list: Some(to_json(&key.ip_allow_list)?),
        name: key.name.clone(),
        expires_at: key.expires_at.map(micros),
        revoked_at: key.revoked_at.map(micros),
        last_used_at: key.last_used_at.map(micros),
        trusted_documents_only: key.trusted_documents_only.then_some(1),
        version: Some(key.version),
        created_at: micros(key.created_at),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(&tx.shared()).await?;
    Ok(())
}

/// One by the digest of its secret, revoked and expired ones too: the caller decides with its clock.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_by_hash(conn: &impl Conn, hash: &[u8]) -> Result<Option<ApiKey>, Error> {
    Entity::find().filter(Column::Hash.eq(hash)).one(&conn.shared()).await?.map(record).transpose()
}

/// One by identity; the caller compares its scope with the viewer's.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find(conn: &impl Conn, id: ApiKeyId) -> Result<Option<ApiKey>, Error> {
    Entity::find_by_id(id.uuid()).one(&conn.shared()).await?.map(record).transpose()
}

/// Changes the name and the addresses of one that still has `version`; answers whether it had.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn update_in_tx(tx: &Tx, key: &ApiKey) -> Result<bool, Error> {
    let result = Entity::update_many()
        .col_expr(Column::Name, Expr::value(key.name.as_str()))
        .col_expr(Column::IpAllowList, Expr::value(to_json(&key.ip_allow_list)?))
        .col_expr(Column::Version, Expr::value(key.version + 1))
        .filter(Column::Id.eq(key.id.uuid()))
        .filter(Column::Version.eq(key.version))
        .exec(&tx.shared())
        .await?;
    Ok(result.rows_affected == 1)
}

/// How many keys that still work have the role.
///
/// # Errors
/// `Unavailable`.
pub async fn count_living_with_role(conn: &impl Conn, role: RoleId, now: DateTime<Utc>) -> Result<u64, Error> {
    let living = Condition::any().add(Column::ExpiresAt.is_null()).add(Column::ExpiresAt.gt(micros(now)));
    let keys = Entity::find().filter(Column::RoleId.eq(role.uuid())).filter(Column::RevokedAt.is_null()).filter(living);
    Ok(keys.count(&conn.shared()).await?)
}

/// Revokes it for ever; answers whether it was not revoked before.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn revoke_in_tx(tx: &Tx, id: ApiKeyId, now: DateTime<Utc>) -> Result<bool, Error> {
    let result = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(micros(now)))
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::RevokedAt.is_null())
        .exec(&tx.shared())
        .await?;
    Ok(result.rows_affected == 1)
}

/// Notes that it was used; call it rarely (once a minute is plenty), it is a write of its own.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn touch(store: &Store, id: ApiKeyId, now: DateTime<Utc>) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(micros(now)))
        .filter(Column::Id.eq(id.uuid()))
        .exec(&store.writer())
        .await?;
    Ok(())
}

/// A page of an organisation's keys (its projects' included), or of the operator's own when `organisation` is absent.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn page(
    conn: &impl Conn,
    organisation: Option<OrganisationId>,
    page: &Page,
) -> Result<PageOf<ApiKey>, Error> {
    page::fetch(&conn.shared(), of(organisation), Column::CreatedAt, Column::Id, page, record).await
}

/// How many an organisation (or the operator) has, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_capped(conn: &impl Conn, organisation: Option<OrganisationId>, cap: u64) -> Result<u64, Error> {
    page::count_capped(&conn.shared(), of(organisation), cap).await
}

/// Whether any operator key was ever made; the first start makes one when not.
///
/// # Errors
/// `Unavailable`.
pub async fn any_operator_exists(conn: &impl Conn) -> Result<bool, Error> {
    let id: Option<uuid::Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Scope.eq(OPERATOR))
        .limit(1)
        .into_tuple()
        .one(&conn.shared())
        .await?;
    Ok(id.is_some())
}

fn of(organisation: Option<OrganisationId>) -> Select<Entity> {
    match organisation {
        Some(organisation) => Entity::find().filter(Column::OrganisationId.eq(organisation.uuid())),
        None => Entity::find().filter(Column::Scope.eq(OPERATOR)),
    }
}

fn record(row: Model) -> Result<ApiKey, Error> {
    let organisation = row.organisation_id.map(OrganisationId::from_uuid);
    let project = row.project_id.map(ProjectId::from_uuid);
    let scope = match (row.scope.as_str(), organisation, project) {
        (OPERATOR, None, None) => KeyScope::Operator,
        (ORGANISATION, Some(organisation), None) => KeyScope::Organisation(organisation),
        (PROJECT, Some(organisation), Some(project)) => KeyScope::Project(organisation, project),
        _ => return Err(corrupt("api_keys", "scope", format!("{} does not fit its references", row.scope))),
    };
    Ok(ApiKey {
        id: ApiKeyId::from_uuid(row.id),
        prefix: row.prefix,
        hash: row.hash,
        scope,
        role: row.role,
        role_id: row.role_id.map(RoleId::from_uuid),
        ip_allow_list: row
            .ip_allow_list
            .map_or_else(|| Ok(Vec::new()), |list| from_json(TABLE, "ip_allow_list", list))?,
        name: row.name,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
        last_used_at: row.last_used_at,
        trusted_documents_only: row.trusted_documents_only == Some(1),
        version: row.version.unwrap_or(1),
        created_at: row.created_at,
    })
}
