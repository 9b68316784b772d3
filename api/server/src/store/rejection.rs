//! Events that were refused, kept so that a sender can inspect, correct and replay them. Nothing is silently dropped.

use billing::ids::{OrganisationId, ProjectId, RejectionId};
use billing::metering::{Rejection, RejectionCode};
use chrono::{DateTime, Utc};
use entities::usage_rejections::{Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Select, TryInsertResult};
use sha2::{Digest, Sha256};

use super::column::{micros, parsed, storable};
use super::connection::{Conn, Tx};
use super::page::{self, Cursor, Keyed, Page, PageOf};
use crate::error::Error;

const TABLE: &str = "usage_rejections";

/// Rows per statement; well below the parameters a statement may have on either database.
const CHUNK: usize = 500;

/// An event that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedEvent {
    /// The tenant.
    pub organisation_id: OrganisationId,
    /// Its identity.
    pub id: RejectionId,
    /// The event as it was sent.
    pub body: String,
    /// The project of the sender, when it was known.
    pub project_id: Option<ProjectId>,
    /// The sender's id of the event, when it could be read.
    pub transaction_id: Option<String>,
    /// The field that was refused.
    pub field: String,
    /// Why, for programs.
    pub code: RejectionCode,
    /// Why, in words.
    pub message: String,
    /// When we took it in.
    pub recorded_at: DateTime<Utc>,
}

impl Keyed for RejectedEvent {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.recorded_at, id: self.id.uuid() }
    }
}

impl RejectedEvent {
    /// The record of a refusal.
    #[must_use]
    pub fn of(
        organisation_id: OrganisationId,
        id: RejectionId,
        body: String,
        rejection: &Rejection,
        recorded_at: DateTime<Utc>,
    ) -> Self {
        Self {
            organisation_id,
            id,
            body,
            project_id: None,
            transaction_id: None,
            field: rejection.field.to_owned(),
            code: rejection.code,
            message: rejection.message.clone(),
            recorded_at,
        }
    }
}

/// Keeps rejected events; the same body sent again is kept once. Answers how many are new.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn insert_many_in_tx(tx: &Tx, events: &[RejectedEvent]) -> Result<u64, Error> {
    // Always in the same order, so that two batches never wait for each other in a circle.
    let mut rows: Vec<Model> = events.iter().map(row).collect();
    rows.sort_by(|a, b| (a.organisation_id, &a.body_digest).cmp(&(b.organisation_id, &b.body_digest)));
    rows.dedup_by(|a, b| a.organisation_id == b.organisation_id && a.body_digest == b.body_digest);
    let db = tx.organisations(events.iter().map(|event| event.organisation_id));
    let mut inserted = 0;
    for chunk in rows.chunks(CHUNK) {
        let result = Entity::insert_many(chunk.iter().cloned().map(IntoActiveModel::into_active_model))
            .on_conflict_do_nothing_on([Column::OrganisationId, Column::BodyDigest])
            .exec_without_returning(&db)
            .await?;
        if let TryInsertResult::Inserted(count) = result {
            inserted += count;
        }
    }
    Ok(inserted)
}

/// Removes one, after it was replayed or dismissed; answers whether it was there.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn delete_in_tx(tx: &Tx, organisation: OrganisationId, id: RejectionId) -> Result<bool, Error> {
    let result = Entity::delete_many()
        .filter(Column::OrganisationId.eq(organisation.uuid()))
        .filter(Column::Id.eq(id.uuid()))
        .exec(&tx.tenant(organisation))
        .await?;
    Ok(result.rows_affected == 1)
}

/// One by identity.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find(
    conn: &impl Conn,
    organisation: OrganisationId,
    id: RejectionId,
) -> Result<Option<RejectedEvent>, Error> {
    of(organisation, None)
        .filter(Column::Id.eq(id.uuid()))
        .one(&conn.tenant(organisation))
        .await?
        .map(record)
        .transpose()
}

/// A page of an organisation's rejected events, of one project or of all.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn page(
    conn: &impl Conn,
    organisation: OrganisationId,
    project: Option<ProjectId>,
    page: &Page,
) -> Result<PageOf<RejectedEvent>, Error> {
    page::fetch(&conn.tenant(organisation), of(organisation, project), Column::RecordedAt, Column::Id, page, record)
        .await
}

/// How many an organisation (or one project of it) has, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_capped(
    conn: &impl Conn,
    organisation: OrganisationId,
    project: Option<ProjectId>,
    cap: u64,
) -> Result<u64, Error> {
    page::count_capped(&conn.tenant(organisation), of(organisation, project), cap).await
}

fn of(organisation: OrganisationId, project: Option<ProjectId>) -> Select<Entity> {
    let select = Entity::find().filter(Column::OrganisationId.eq(organisation.uuid()));
    match project {
        Some(project) => select.filter(Column::ProjectId.eq(project.uuid())),
        None => select,
    }
}

fn row(event: &RejectedEvent) -> Model {
    Model {
        organisation_id: event.organisation_id.uuid(),
        id: event.id.uuid(),
        body: storable(&event.body),
        body_digest: Sha256::digest(event.body.as_bytes())[..16].to_vec(),
        project_id: event.project_id.map(|id| id.uuid()),
        transaction_id: event.transaction_id.as_deref().map(storable),
        field: event.field.clone(),
        code: event.code.as_str().to_owned(),
        message: storable(&event.message),
        recorded_at: micros(event.recorded_at),
    }
}

fn record(row: Model) -> Result<RejectedEvent, Error> {
    Ok(RejectedEvent {
        organisation_id: OrganisationId::from_uuid(row.organisation_id),
        id: RejectionId::from_uuid(row.id),
        body: row.body,
        project_id: row.project_id.map(ProjectId::from_uuid),
        transaction_id: row.transaction_id,
        field: row.field,
        code: parsed(TABLE, "code", &row.code)?,
        message: row.message,
        recorded_at: row.recorded_at,
    })
}
