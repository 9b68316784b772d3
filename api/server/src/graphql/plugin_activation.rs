//! Activations: which plugin version is in force where, from when.

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, SimpleObject};
use billing::ids::PluginActivationId;
use std::sync::Arc;

use super::access::{Call, Need, enter, loaders};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter};
use super::cursor::List;
use super::fault::{Result, nullable};
use super::ident::{parse_id, show_id};
use super::invoice_explain::PluginKind;
use super::plugin::PluginVersion;
use super::scalar::Instant;
use super::user_error::payload;
use crate::app::activate_plugin::{NewActivation, activate};
use crate::error::Error;
use crate::store::plugin::{self as records, Activation, Target};
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("pluginActivations", Permission::PluginsRead),
    Need::mutation("pluginActivate", Permission::PluginsActivate),
];

/// A version in force.
pub(super) struct PluginActivation(Activation);

/// A plugin version that is in force for a target, from a moment until the next activation of the same kind there.
#[Object]
impl PluginActivation {
    /// Its id, `act_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// What the plugin does.
    async fn kind(&self) -> PluginKind {
        self.0.kind.into()
    }

    /// The version that is in force.
    async fn plugin_version(&self, ctx: &Context<'_>) -> Option<Result<PluginVersion>> {
        nullable(async { Ok(loaders(ctx)?.load_one(self.0.plugin_version_id).await?.map(PluginVersion)) }).await
    }

    /// For whom it is in force.
    async fn target(&self) -> PluginTarget {
        PluginTarget::of(self.0.target)
    }

    /// From when: periods that end after this moment are calculated by it.
    async fn effective_from(&self) -> Instant {
        self.0.effective_from.into()
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }
}

/// For whom a plugin is in force. An organisation's own activation comes before that of its plan or issuing entity.
#[derive(SimpleObject)]
struct PluginTarget {
    /// What kind of thing the target is.
    kind: PluginTargetKind,
    /// The id of the plan, the issuing entity or the organisation.
    id: ID,
}

/// What kind of thing a plugin is in force for. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "records::TargetKind")]
enum PluginTargetKind {
    /// Everyone on a plan.
    Plan,
    /// Everyone billed by an issuing entity.
    IssuingEntity,
    /// One organisation.
    Organisation,
}

impl PluginTarget {
    fn of(target: Target) -> Self {
        let id = match target {
            Target::Plan(id) => show_id(id),
            Target::IssuingEntity(id) => show_id(id),
            Target::Organisation(id) => show_id(id),
        };
        Self { kind: target.kind().into(), id }
    }
}

/// For whom a plugin is in force: exactly one of these.
#[derive(OneofObject)]
#[allow(clippy::enum_variant_names, reason = "they are the fields of the input")]
enum PluginTargetInput {
    /// Everyone on this plan; for pricing.
    PlanId(ID),
    /// Everyone billed by this issuing entity; for taxes and templates.
    IssuingEntityId(ID),
    /// This organisation; for every kind.
    OrganisationId(ID),
}

impl PluginTargetInput {
    fn read(&self) -> Result<Target, Error> {
        Ok(match self {
            Self::PlanId(id) => Target::Plan(parse_id(id, "planId")?),
            Self::IssuingEntityId(id) => Target::IssuingEntity(parse_id(id, "issuingEntityId")?),
            Self::OrganisationId(id) => Target::Organisation(parse_id(id, "organisationId")?),
        })
    }
}

/// One by id.
pub(super) async fn find(call: &Call<'_>, id: PluginActivationId) -> Result<Option<PluginActivation>, Error> {
    Ok(records::find_activation(&call.app.store, id).await?.map(PluginActivation))
}

#[derive(Default)]
pub(super) struct PluginActivationQuery;

#[Object]
impl PluginActivationQuery {
    /// Which plugin versions are in force, past and future: of a target or of all, the latest in force first.
    async fn plugin_activations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this target.")] target: Option<PluginTargetInput>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<PluginActivation>> {
        let call = enter(ctx)?;
        let target = target.as_ref().map(PluginTargetInput::read).transpose()?;
        let list = List::of("pluginActivations", target);
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        let rows = records::activations_page(&app.store, target, &page).await?;
        let count = counter(move || {
            let app = Arc::clone(&app);
            async move { records::count_activations_capped(&app.store, target, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, PluginActivation))
    }
}

/// What is put in force where, from when.
#[derive(InputObject)]
struct PluginActivateInput {
    /// The version.
    plugin_version_id: ID,
    /// For whom.
    target: PluginTargetInput,
    /// From when: periods that end after this moment are calculated by it. It must not lie in a period that is billed.
    effective_from: Instant,
}

payload! {
    /// What `pluginActivate` answers.
    PluginActivatePayload {
        /// The new activation; null when there are errors.
        plugin_activation: PluginActivation
    }
}

#[derive(Default)]
pub(super) struct PluginActivationMutation;

#[Object]
impl PluginActivationMutation {
    /// Puts a plugin version in force from a moment on. Issued invoices keep the version that made them.
    async fn plugin_activate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What, where and from when.")] input: PluginActivateInput,
    ) -> Result<PluginActivatePayload> {
        let call = enter(ctx)?;
        PluginActivatePayload::answer(put_in_force(&call, input).await)
    }
}

async fn put_in_force(call: &Call<'_>, input: PluginActivateInput) -> Result<PluginActivation, Error> {
    let new = NewActivation {
        plugin_version_id: parse_id(&input.plugin_version_id, "pluginVersionId")?,
        target: input.target.read()?,
        effective_from: input.effective_from.0,
    };
    activate(call.app, call.viewer, new, call.now).await.map(PluginActivation)
}
