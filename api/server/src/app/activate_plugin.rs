//! Putting a plugin version in force, from a date, never inside a period that is already billed.

use billing::ids::PluginVersionId;
use chrono::{DateTime, Utc};

use super::audit::{self, Action, Changes, Subject};
use super::catalogue::missing;
use super::{App, fresh, guests_in_force, to_microseconds};
use crate::error::{Error, ErrorKind};
use crate::plugin::Kind;
use crate::store;
use crate::store::audit::SubjectType;
use crate::store::plugin::{Activation, Target};
use crate::viewer::{Permission, Viewer};

/// What is to be in force where, from when.
pub struct NewActivation {
    /// The version.
    pub plugin_version_id: PluginVersionId,
    /// Pricing: a plan or an organisation. Tax and template: an issuing entity or an organisation.
    pub target: Target,
    /// Periods that end after this moment are computed by it.
    pub effective_from: DateTime<Utc>,
}

/// Puts a version in force.
pub async fn activate(app: &App, viewer: &Viewer, new: NewActivation, now: DateTime<Utc>) -> Result<Activation, Error> {
    viewer.require(Permission::PluginsActivate)?;
    let version = store::plugin::find_version(&app.store, new.plugin_version_id)
        .await?
        .ok_or_else(|| missing("plugin version", &new.plugin_version_id, "pluginVersionId"))?;
    let plugin = store::plugin::find(&app.store, version.plugin_id)
        .await?
        .ok_or_else(|| Error::internal("a version without its plugin"))?;
    check_target(app, plugin.kind, new.target).await?;
    if let Some(end) = billed_until(app, new.target).await?.filter(|end| new.effective_from < *end) {
        return Err(Error::refused(
            "ALREADY_BILLED",
            format!("Periods up to {end} are billed already. effectiveFrom must not lie before that."),
        )
        .at(["effectiveFrom"]));
    }
    // Loading it now means that the first bill does not wait for the compiler.
    guests_in_force::load(app, &version.digest).await?;
    let activation = Activation {
        id: fresh(),
        kind: plugin.kind,
        target: new.target,
        plugin_version_id: version.id,
        effective_from: to_microseconds(new.effective_from),
        created_at: to_microseconds(now),
    };
    let tx = app.store.begin().await?;
    store::plugin::insert_activation_in_tx(&tx, &activation).await.map_err(|error| match error.kind {
        ErrorKind::Conflict => Error::conflict(
            "TAKEN",
            "Something is in force for this target from the same moment already. Choose another effectiveFrom.",
        )
        .at(["effectiveFrom"]),
        _ => error,
    })?;
    let (target, organisation) = match new.target {
        Target::Plan(id) => (id.to_string(), None),
        Target::IssuingEntity(id) => (id.to_string(), None),
        Target::Organisation(id) => (id.to_string(), Some(id)),
    };
    let changes = Changes::new()
        .set("kind", plugin.kind.as_str())
        .set("target", target)
        .set("pluginVersionId", version.id)
        .set("digest", &version.digest)
        .set("effectiveFrom", audit::time(activation.effective_from));
    // What is in force for one organisation is told in its own chain.
    let subject = Subject::named(organisation, SubjectType::PluginActivation, activation.id.to_string());
    audit::record_in_tx(&tx, viewer, Action::PluginActivated, subject, changes, now).await?;
    tx.commit().await?;
    Ok(activation)
}

/// Up to when anything the target decides is billed.
async fn billed_until(app: &App, target: Target) -> Result<Option<DateTime<Utc>>, Error> {
    match target {
        Target::Plan(id) => store::invoice::latest_billed_end_for_plan(&app.store, id).await,
        Target::Organisation(id) => store::invoice::latest_billed_end(&app.store, id).await,
        Target::IssuingEntity(id) => store::invoice::latest_billed_end_for_issuer(&app.store, id).await,
    }
}

async fn check_target(app: &App, kind: Kind, target: Target) -> Result<(), Error> {
    let exists = match target {
        Target::Plan(id) => store::plan::find(&app.store, id).await?.is_some(),
        Target::IssuingEntity(id) => store::issuing_entity::find(&app.store, id).await?.is_some(),
        Target::Organisation(id) => store::organisation::find(&app.store, id).await?.is_some(),
    };
    if !exists {
        return Err(Error::not_found("NOT_FOUND", "There is no such target.").at(["target"]));
    }
    let fits = match kind {
        Kind::Pricing => !matches!(target, Target::IssuingEntity(_)),
        Kind::Tax | Kind::Template => !matches!(target, Target::Plan(_)),
    };
    if fits {
        return Ok(());
    }
    Err(Error::refused("WRONG_TARGET", "A pricing rule is activated for a plan or an organisation, a tax calculator or template for an issuing entity or an organisation.").at(["target"]))
}
