//! Adding to chains: two statements on PostgreSQL however many rows and chains it is, three on SQLite, where a
//! statement is a function call.

use std::collections::BTreeMap;

use billing::audit::{Change, Entry, Head, Link};
use billing::ids::OrganisationId;
use entities::audit_events::Model;
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use super::read::{shown_time, written_changes};
use super::{NewAuditEvent, chain_key};
use crate::error::Error;
use crate::store::column::{micros, storable};
use crate::store::connection::{Backend, Conn as _, Tx};
use crate::store::fault::corrupt;
use crate::store::statement::statement;

/// Rows in one statement.
const CHUNK: usize = 500;

const COLUMNS: [&str; 16] = [
    "organisation_id",
    "sequence",
    "id",
    "recorded_at",
    "actor_kind",
    "actor_key_id",
    "actor_session_id",
    "actor_role",
    "address",
    "request_id",
    "action",
    "subject_type",
    "subject_id",
    "changes",
    "previous_hash",
    "hash",
];

/// Adds the events to their chains, in their order. Call it last in a transaction: it locks the head of each chain
/// until the commit, so that the order of numbers is the order of commits, and no row is locked after the heads.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn append_in_tx(tx: &Tx, events: &[NewAuditEvent]) -> Result<(), Error> {
    if events.is_empty() {
        return Ok(());
    }
    let chains = events.iter().map(|event| OrganisationId::from_uuid(chain_key(event.organisation_id)));
    let db = tx.organisations(chains);
    let mut heads = lock_heads(&db, events).await?;
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        let chain = chain_key(event.organisation_id);
        let head = heads.get_mut(&chain).ok_or_else(|| Error::internal(format!("no head for the chain {chain}")))?;
        let link = Link::after(head.hash, entry(event, head.sequence + 1));
        *head = Head { sequence: link.entry.sequence, hash: link.hash };
        rows.push(row(event, link)?);
    }
    let mut chunks: Vec<&[Model]> = rows.chunks(CHUNK).collect();
    let last = chunks.pop().unwrap_or_default();
    for chunk in chunks {
        let mut values = Vec::new();
        let sql = insert(chunk, &mut values);
        db.execute_raw(statement(&db, &sql, values)).await?;
    }
    let mut values = Vec::new();
    let raise = raise(&heads, tx.backend(), &mut values)?;
    let sql = match tx.backend() {
        Backend::Postgres => format!("WITH raised AS ({raise}) {}", insert(last, &mut values)),
        Backend::Sqlite => {
            db.execute_raw(statement(&db, &raise, std::mem::take(&mut values))).await?;
            insert(last, &mut values)
        }
    };
    db.execute_raw(statement(&db, &sql, values)).await?;
    Ok(())
}

/// The heads of the chains, made where there are none, and locked in the order of their ids.
async fn lock_heads(db: &impl ConnectionTrait, events: &[NewAuditEvent]) -> Result<BTreeMap<Uuid, Head>, Error> {
    let mut chains: Vec<Uuid> = events.iter().map(|event| chain_key(event.organisation_id)).collect();
    chains.sort_unstable();
    chains.dedup();
    let mut heads = BTreeMap::new();
    for chunk in chains.chunks(CHUNK) {
        let marks: Vec<String> = (2..chunk.len() + 2).map(|mark| format!("(${mark}, 0, $1)")).collect();
        let sql = format!(
            "INSERT INTO audit_heads (organisation_id, sequence, hash) VALUES {} \
             ON CONFLICT (organisation_id) DO UPDATE SET sequence = audit_heads.sequence \
             RETURNING organisation_id, sequence, hash",
            marks.join(", "),
        );
        let mut values: Vec<Value> = vec![Head::EMPTY.hash.to_vec().into()];
        values.extend(chunk.iter().map(|chain| Value::from(*chain)));
        for row in db.query_all_raw(statement(db, &sql, values)).await? {
            let sequence: i64 = row.try_get_by_index(1)?;
            let hash: Vec<u8> = row.try_get_by_index(2)?;
            let hash = hash.try_into().map_err(|_| corrupt("audit_heads", "hash", "not 32 bytes"))?;
            heads.insert(row.try_get_by_index(0)?, Head { sequence: sequence.unsigned_abs(), hash });
        }
    }
    Ok(heads)
}

fn raise(heads: &BTreeMap<Uuid, Head>, backend: Backend, values: &mut Vec<Value>) -> Result<String, Error> {
    let mut rows = Vec::with_capacity(heads.len());
    for (chain, head) in heads {
        let at = values.len();
        values.extend([(*chain).into(), number(head.sequence)?.into(), head.hash.to_vec().into()]);
        rows.push(match backend {
            Backend::Postgres => format!("(${}::uuid, ${}::bigint, ${}::bytea)", at + 1, at + 2, at + 3),
            Backend::Sqlite => format!("(${}, ${}, ${})", at + 1, at + 2, at + 3),
        });
    }
    let rows = rows.join(", ");
    Ok(match backend {
        Backend::Postgres => format!(
            "UPDATE audit_heads AS kept SET sequence = raised.sequence, hash = raised.hash \
             FROM (VALUES {rows}) AS raised (organisation_id, sequence, hash) \
             WHERE kept.organisation_id = raised.organisation_id"
        ),
        Backend::Sqlite => format!(
            "INSERT INTO audit_heads (organisation_id, sequence, hash) VALUES {rows} \
             ON CONFLICT (organisation_id) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash"
        ),
    })
}

fn insert(rows: &[Model], values: &mut Vec<Value>) -> String {
    let mut marks = Vec::with_capacity(rows.len());
    for row in rows {
        let at = values.len();
        let row = row.clone();
        let fields: [Value; COLUMNS.len()] = [
            row.organisation_id.into(),
            row.sequence.into(),
            row.id.into(),
            row.recorded_at.into(),
            row.actor_kind.into(),
            row.actor_key_id.into(),
            row.actor_session_id.into(),
            row.actor_role.into(),
            row.address.into(),
            row.request_id.into(),
            row.action.into(),
            row.subject_type.into(),
            row.subject_id.into(),
            row.changes.into(),
            row.previous_hash.into(),
            row.hash.into(),
        ];
        let row: Vec<String> = (1..=fields.len()).map(|mark| format!("${}", at + mark)).collect();
        marks.push(format!("({})", row.join(", ")));
        values.extend(fields);
    }
    format!("INSERT INTO audit_events ({}) VALUES {}", COLUMNS.join(", "), marks.join(", "))
}

/// What is hashed is what can be stored.
fn entry(event: &NewAuditEvent, sequence: u64) -> Entry {
    let text = |text: &Option<String>| text.as_deref().map(storable);
    let actor = &event.actor;
    Entry {
        organisation_id: event.organisation_id.map(|id| id.to_string()),
        sequence,
        id: event.id.to_string(),
        recorded_at: shown_time(micros(event.recorded_at)),
        actor_kind: actor.kind.as_str().to_owned(),
        actor_key_id: actor.key_id.map(|id| id.to_string()),
        actor_session_id: text(&actor.session_id),
        actor_role: text(&actor.role),
        address: text(&actor.address),
        request_id: text(&actor.request_id),
        action: event.action.as_str().to_owned(),
        subject_type: event.subject_type.as_str().to_owned(),
        subject_id: text(&event.subject_id),
        changes: event
            .changes
            .iter()
            .map(|change| Change {
                field: storable(&change.field),
                before: text(&change.before),
                after: text(&change.after),
            })
            .collect(),
    }
}

fn row(event: &NewAuditEvent, link: Link) -> Result<Model, Error> {
    let Link { entry, previous_hash, hash } = link;
    Ok(Model {
        organisation_id: chain_key(event.organisation_id),
        sequence: number(entry.sequence)?,
        id: event.id.uuid(),
        recorded_at: micros(event.recorded_at),
        actor_kind: entry.actor_kind,
        actor_key_id: event.actor.key_id.map(|id| id.uuid()),
        actor_session_id: entry.actor_session_id,
        actor_role: entry.actor_role,
        address: entry.address,
        request_id: entry.request_id,
        action: entry.action,
        subject_type: entry.subject_type,
        subject_id: entry.subject_id,
        changes: written_changes(&entry.changes)?,
        previous_hash: previous_hash.to_vec(),
        hash: hash.to_vec(),
    })
}

fn number(sequence: u64) -> Result<i64, Error> {
    i64::try_from(sequence).map_err(Error::internal)
}
