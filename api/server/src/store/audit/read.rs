//! Reading chains: pages for people, links in order for whoever verifies. A row that was tampered with is read as it
//! stands, so that the chain check can name it.

use billing::audit::{Change, Entry, Head, Link};
use billing::ids::{ApiKeyId, AuditEventId, OrganisationId};
use chrono::{DateTime, Utc};
use entities::audit_heads;
use sea_orm::sea_query::Order;
use sea_orm::{ColumnTrait, ConnectionTrait as _, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::{AuditAction, AuditEvent, chain_key, chain_of};
use crate::error::Error;
use crate::store::column::{micros, to_json};
use crate::store::connection::Conn;
use crate::store::db::Db;
use crate::store::page;
use crate::store::statement::statement;
use entities::audit_events::{Column, Entity, Model};

/// Which events of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Any of these actions; all when empty.
    pub actions: Vec<AuditAction>,
    /// Done with this key.
    pub actor_key_id: Option<ApiKeyId>,
    /// Done to this thing.
    pub subject_id: Option<String>,
    /// Recorded at or after.
    pub from: Option<DateTime<Utc>>,
    /// Recorded before.
    pub until: Option<DateTime<Utc>>,
}

/// One by identity.
///
/// # Errors
/// `Unavailable`.
pub async fn find(
    conn: &impl Conn,
    organisation: Option<OrganisationId>,
    id: AuditEventId,
) -> Result<Option<AuditEvent>, Error> {
    Ok(of(organisation).filter(Column::Id.eq(id.uuid())).one(&own(conn, organisation)).await?.map(record))
}

/// The newest events before `sequence` (from the end when absent), newest first, at most `limit`.
///
/// # Errors
/// `Unavailable`.
pub async fn page_before(
    conn: &impl Conn,
    organisation: Option<OrganisationId>,
    filter: &Filter,
    sequence: Option<i64>,
    limit: u32,
) -> Result<Vec<AuditEvent>, Error> {
    let mut select = matching(organisation, filter);
    if let Some(sequence) = sequence {
        select = select.filter(Column::Sequence.lt(sequence));
    }
    let rows =
        select.order_by(Column::Sequence, Order::Desc).limit(u64::from(limit)).all(&own(conn, organisation)).await?;
    Ok(rows.into_iter().map(record).collect())
}

/// The oldest events after `sequence` (0 for all), oldest first, at most `limit`.
///
/// # Errors
/// `Unavailable`.
pub async fn page_after(
    conn: &impl Conn,
    organisation: Option<OrganisationId>,
    filter: &Filter,
    sequence: i64,
    limit: u32,
) -> Result<Vec<AuditEvent>, Error> {
    let rows = matching(organisation, filter)
        .filter(Column::Sequence.gt(sequence))
        .order_by(Column::Sequence, Order::Asc)
        .limit(u64::from(limit))
        .all(&own(conn, organisation))
        .await?;
    Ok(rows.into_iter().map(record).collect())
}

/// How many events match, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_capped(
    conn: &impl Conn,
    organisation: Option<OrganisationId>,
    filter: &Filter,
    cap: u64,
) -> Result<u64, Error> {
    page::count_capped(&own(conn, organisation), matching(organisation, filter), cap).await
}

/// Every link after `sequence`, numbers below 1 included, in order, at most `limit`.
///
/// # Errors
/// `Unavailable`.
pub async fn links_after(
    conn: &impl Conn,
    organisation: Option<OrganisationId>,
    sequence: Option<i64>,
    limit: u64,
) -> Result<Vec<AuditEvent>, Error> {
    let rows = of(organisation)
        .filter(Column::Sequence.gt(sequence.unwrap_or(i64::MIN)))
        .order_by(Column::Sequence, Order::Asc)
        .limit(limit)
        .all(&own(conn, organisation))
        .await?;
    Ok(rows.into_iter().map(record).collect())
}

/// Where a chain ends; nothing when it has no head.
///
/// # Errors
/// `Unavailable`.
pub async fn head(conn: &impl Conn, organisation: Option<OrganisationId>) -> Result<Option<Head>, Error> {
    let row = audit_heads::Entity::find_by_id(chain_key(organisation)).one(&own(conn, organisation)).await?;
    Ok(row.map(|row| Head { sequence: row.sequence.unsigned_abs(), hash: digest(&row.hash) }))
}

/// Every chain that has rows or a head, the installation's first.
///
/// # Errors
/// `Unavailable`.
pub async fn chains(conn: &impl Conn) -> Result<Vec<Option<OrganisationId>>, Error> {
    let with_rows: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::OrganisationId)
        .distinct()
        .into_tuple()
        .all(&conn.every_organisation())
        .await?;
    let with_head: Vec<Uuid> = audit_heads::Entity::find()
        .select_only()
        .column(audit_heads::Column::OrganisationId)
        .into_tuple()
        .all(&conn.every_organisation())
        .await?;
    let mut keys: Vec<Uuid> = with_rows.into_iter().chain(with_head).collect();
    keys.sort_unstable();
    keys.dedup();
    Ok(keys.into_iter().map(chain_of).collect())
}

/// In whose chain an event is; the outer nothing when there is none of that identity. Every key begins with the chain,
/// so each chain is asked once.
///
/// # Errors
/// `Unavailable`.
pub async fn chain_with(conn: &impl Conn, id: AuditEventId) -> Result<Option<Option<OrganisationId>>, Error> {
    let sql = "SELECT h.organisation_id FROM audit_heads h CROSS JOIN audit_events e \
               WHERE e.organisation_id = h.organisation_id AND e.id = $1 LIMIT 1";
    let db = conn.every_organisation();
    let row = db.query_one_raw(statement(&db, sql, vec![id.uuid().into()])).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.map(chain_of))
}

/// Where one chain's rows are: the installation's belong to the organisation whose id is nil.
fn own(conn: &impl Conn, organisation: Option<OrganisationId>) -> Db<'_> {
    conn.tenant(OrganisationId::from_uuid(chain_key(organisation)))
}

fn of(organisation: Option<OrganisationId>) -> Select<Entity> {
    Entity::find().filter(Column::OrganisationId.eq(chain_key(organisation)))
}

fn matching(organisation: Option<OrganisationId>, filter: &Filter) -> Select<Entity> {
    let mut select = of(organisation);
    if !filter.actions.is_empty() {
        select = select.filter(Column::Action.is_in(filter.actions.iter().map(|action| action.as_str())));
    }
    if let Some(key) = filter.actor_key_id {
        select = select.filter(Column::ActorKeyId.eq(key.uuid()));
    }
    if let Some(subject) = &filter.subject_id {
        select = select.filter(Column::SubjectId.eq(subject.as_str()));
    }
    if let Some(from) = filter.from {
        select = select.filter(Column::RecordedAt.gte(micros(from)));
    }
    if let Some(until) = filter.until {
        select = select.filter(Column::RecordedAt.lt(micros(until)));
    }
    select
}

fn record(row: Model) -> AuditEvent {
    let organisation_id = chain_of(row.organisation_id);
    let entry = Entry {
        organisation_id: organisation_id.map(|id| id.to_string()),
        sequence: u64::try_from(row.sequence).unwrap_or(0),
        id: AuditEventId::from_uuid(row.id).to_string(),
        recorded_at: shown_time(row.recorded_at),
        actor_kind: row.actor_kind,
        actor_key_id: row.actor_key_id.map(|id| ApiKeyId::from_uuid(id).to_string()),
        actor_session_id: row.actor_session_id,
        actor_role: row.actor_role,
        address: row.address,
        request_id: row.request_id,
        action: row.action,
        subject_type: row.subject_type,
        subject_id: row.subject_id,
        changes: read_changes(row.changes),
    };
    AuditEvent {
        organisation_id,
        id: AuditEventId::from_uuid(row.id),
        recorded_at: row.recorded_at,
        link: Link { entry, previous_hash: digest(&row.previous_hash), hash: digest(&row.hash) },
    }
}

/// A digest of another length fits no hash, and none is all ones.
fn digest(bytes: &[u8]) -> [u8; 32] {
    bytes.try_into().unwrap_or([0xff; 32])
}

/// The time as it is hashed.
pub(super) fn shown_time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// Changes as they stand in a row.
pub(super) fn written_changes(changes: &[Change]) -> Result<String, Error> {
    let rows: Vec<_> = changes.iter().map(|change| (&change.field, &change.before, &change.after)).collect();
    Ok(to_json(&rows)?.to_string())
}

/// Text that we would not have written becomes a change of its own, which no hash covers.
fn read_changes(text: String) -> Vec<Change> {
    type Row = (String, Option<String>, Option<String>);
    let rows: Option<Vec<Row>> = serde_json::from_str(&text).ok();
    let changes: Option<Vec<Change>> = rows
        .map(|rows| rows.into_iter().map(|(field, before, after)| Change { field, before, after }).collect())
        .filter(|changes: &Vec<Change>| written_changes(changes).is_ok_and(|written| written == text));
    changes.unwrap_or_else(|| vec![Change { field: "unreadable".to_owned(), before: None, after: Some(text) }])
}
