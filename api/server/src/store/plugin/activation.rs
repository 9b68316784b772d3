//! Which plugin version is active for which target from when.

use billing::ids::{IssuingEntityId, OrganisationId, PlanId, PluginActivationId, PluginVersionId};
use chrono::{DateTime, Utc};
use entities::plugin_activations::{Column, Entity, Model};
use sea_orm::{ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Select};
use uuid::Uuid;

use super::PluginKind;
use super::version::{PluginVersion, find_version};
use crate::error::Error;
use crate::store::column::{micros, parsed};
use crate::store::connection::{Conn, Tx};
use crate::store::fault::corrupt;
use crate::store::page::{self, Cursor, Keyed, Page, PageOf};
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
    Entity::insert(row.into_active_model()).exec_without_returning(&tx.shared()).await?;
    Ok(())
}

/// What is active at `at`, at most one of each kind: that of the first of `targets` that has any. Name the most specific
/// target first.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn active_at(conn: &impl Conn, targets: &[Target], at: DateTime<Utc>) -> Result<Vec<ActivePlugin>, Error> {
    let any_target = targets.iter().fold(Condition::any(), |any, target| any.add(is_for(*target)));
    let rows = Entity::find()
        .filter(any_target)
        .filter(Column::EffectiveFrom.lte(micros(at)))
        .order_by_desc(Column::EffectiveFrom)
        .all(&conn.shared())
        .await?;
    let latest_first: Vec<Activation> = rows.iter().map(record).collect::<Result<_, _>>()?;
    let mut active = Vec::new();
    for kind in PluginKind::ALL {
        let of_kind =
            |target: &Target| latest_first.iter().find(|active| active.kind == kind && active.target == *target);
        let Some(activation) = targets.iter().find_map(of_kind).cloned() else { continue };
        let version = find_version(conn, activation.plugin_version_id).await?;
        let version = version.ok_or_else(|| corrupt(TABLE, "plugin_version_id", "no such version"))?;
        active.push(ActivePlugin { activation, version });
    }
    Ok(active)
}

impl Keyed for Activation {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.effective_from, id: self.id.uuid() }
    }
}

/// A page of the activations of a target or of all, past and future, the latest in force first.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn activations_page(
    conn: &impl Conn,
    target: Option<Target>,
    page: &Page,
) -> Result<PageOf<Activation>, Error> {
    page::fetch(&conn.shared(), of(target), Column::EffectiveFrom, Column::Id, page, |row| record(&row)).await
}

/// How many there are, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_activations_capped(conn: &impl Conn, target: Option<Target>, cap: u64) -> Result<u64, Error> {
    page::count_capped(&conn.shared(), of(target), cap).await
}

/// One by identity.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_activation(conn: &impl Conn, id: PluginActivationId) -> Result<Option<Activation>, Error> {
    Entity::find_by_id(id.uuid()).one(&conn.shared()).await?.as_ref().map(record).transpose()
}

fn of(target: Option<Target>) -> Select<Entity> {
    target.map_or_else(Entity::find, |target| Entity::find().filter(is_for(target)))
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
