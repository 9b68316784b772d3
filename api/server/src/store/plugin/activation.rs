//! Which plugin version is active for which target from when.

use billing::ids::{IssuingEntityId, OrganisationId, PlanId, PluginActivationId, PluginVersionId};
use chrono::{DateTime, Utc};
use entities::plugin_activations::{Column, Entity, Model};
use sea_orm::{ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::PluginKind;
use super::version::{PluginVersion, find_version};
use crate::error::Error;
use crate::store::column::{micros, parsed};
use crate::store::connection::{Conn, Tx};
use crate::store::fault::corrupt;
use crate::store::word::words;

const TABLE: &str = "plugin_activations";

/// What kind of thing a plugin is active for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetKind {
    /// Everyone on a plan.
    Plan,
    /// Everyone billed by an issuing entity.
    IssuingEntity,
    /// One organisation.
    Organisation,
}

words!(TargetKind { Plan => "PLAN", IssuingEntity => "ISSUING_ENTITY", Organisation => "ORGANISATION" });

/// What a plugin is active for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Everyone on a plan.
    Plan(PlanId),
    /// Everyone billed by an issuing entity.
    IssuingEntity(IssuingEntityId),
    /// One organisation.
    Organisation(OrganisationId),
}

impl Target {
    /// Its kind.
    #[must_use]
    pub fn kind(self) -> TargetKind {
        match self {
            Self::Plan(_) => TargetKind::Plan,
            Self::IssuingEntity(_) => TargetKind::IssuingEntity,
            Self::Organisation(_) => TargetKind::Organisation,
        }
    }

    fn uuid(self) -> Uuid {
        match self {
            Self::Plan(id) => id.uuid(),
            Self::IssuingEntity(id) => id.uuid(),
            Self::Organisation(id) => id.uuid(),
        }
    }
}

/// A plugin version that is active for a target from an instant, until the next activation of the same kind there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// Its identity.
    pub id: PluginActivationId,
    /// What the plugin does.
    pub kind: PluginKind,
    /// What it is active for.
    pub target: Target,
    /// The version.
    pub plugin_version_id: PluginVersionId,
    /// From when.
    pub effective_from: DateTime<Utc>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// An activation with its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivePlugin {
    /// The activation.
    pub activation: Activation,
    /// The version, with the digest of its bytes.
    pub version: PluginVersion,
}

/// Adds an activation; a second one of the same kind, target and instant is a `Conflict`.
///
/// # Errors
/// `Conflict`, `Invalid` for an unknown version, `Unavailable`, `Internal`.
pub async fn insert_activation_in_tx(tx: &Tx, activation: &Activation) -> Result<(), Error> {
    let row = Model {
        id: activation.id.uuid(),
        kind: activation.kind.as_str().to_owned(),
        target_kind: activation.target.kind().as_str().to_owned(),
        target_id: activation.target.uuid(),
        plugin_version_id: activation.plugin_version_id.uuid(),
        effective_from: micros(activation.effective_from),
        created_at: micros(activation.created_at),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// What is active at `at` for the first of `targets` that has anything active; name the most specific target first.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn active_at(
    conn: &impl Conn,
    kind: PluginKind,
    targets: &[Target],
    at: DateTime<Utc>,
) -> Result<Option<ActivePlugin>, Error> {
    let any_target = targets.iter().fold(Condition::any(), |any, target| any.add(is_for(*target)));
    let rows = Entity::find()
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(any_target)
        .filter(Column::EffectiveFrom.lte(micros(at)))
        .order_by_desc(Column::EffectiveFrom)
        .all(conn.db())
        .await?;
    let latest_first: Vec<Activation> = rows.iter().map(record).collect::<Result<_, _>>()?;
    let first = targets.iter().find_map(|target| latest_first.iter().find(|active| active.target == *target));
    let Some(activation) = first.cloned() else { return Ok(None) };
    let version = find_version(conn, activation.plugin_version_id).await?;
    let version = version.ok_or_else(|| corrupt(TABLE, "plugin_version_id", "no such version"))?;
    Ok(Some(ActivePlugin { activation, version }))
}

/// All activations of a target, past and future, latest first.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn activations_of(conn: &impl Conn, target: Target) -> Result<Vec<Activation>, Error> {
    of(target).all(conn.db()).await?.iter().map(record).collect()
}

/// The latest activations of every target, at most `limit`.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn list_activations(conn: &impl Conn, limit: u64) -> Result<Vec<Activation>, Error> {
    let rows = Entity::find().order_by_desc(Column::CreatedAt).limit(limit).all(conn.db()).await?;
    rows.iter().map(record).collect()
}

/// One by identity.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_activation(conn: &impl Conn, id: PluginActivationId) -> Result<Option<Activation>, Error> {
    Entity::find_by_id(id.uuid()).one(conn.db()).await?.as_ref().map(record).transpose()
}

fn of(target: Target) -> Select<Entity> {
    Entity::find().filter(is_for(target)).order_by_desc(Column::EffectiveFrom)
}

fn is_for(target: Target) -> Condition {
    Condition::all().add(Column::TargetKind.eq(target.kind().as_str())).add(Column::TargetId.eq(target.uuid()))
}

fn record(row: &Model) -> Result<Activation, Error> {
    let target = match parsed(TABLE, "target_kind", &row.target_kind)? {
        TargetKind::Plan => Target::Plan(PlanId::from_uuid(row.target_id)),
        TargetKind::IssuingEntity => Target::IssuingEntity(IssuingEntityId::from_uuid(row.target_id)),
        TargetKind::Organisation => Target::Organisation(OrganisationId::from_uuid(row.target_id)),
    };
    Ok(Activation {
        id: PluginActivationId::from_uuid(row.id),
        kind: parsed(TABLE, "kind", &row.kind)?,
        target,
        plugin_version_id: PluginVersionId::from_uuid(row.plugin_version_id),
        effective_from: row.effective_from,
        created_at: row.created_at,
    })
}
