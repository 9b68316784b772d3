//! Anything by its id. What does not exist and what is somebody else's look the same: null.

use async_graphql::{Context, ID, Interface, Object};
use billing::ids::OrganisationId;

use super::access::{Call, Need, enter};
use super::alert_rule::{self, AlertRule};
use super::api_key::{self, ApiKey};
use super::fault::{Result, nullable};
use super::ident::parse_id;
use super::invoice::{self, Invoice};
use super::issuing_entity::{self, IssuingEntity};
use super::metric::Metric;
use super::organisation::{self, Organisation};
use super::plan::{self, Plan, PlanVersion};
use super::plugin::{self, Plugin, PluginVersion};
use super::plugin_activation::{self, PluginActivation};
use super::project::{self, Project};
use super::subscription::{self, Subscription};
use super::usage_rejection::{self, UsageRejection};
use crate::error::{Error, ErrorKind};
use crate::store;
use crate::viewer::Permission;

/// What the root fields of this file need: each kind of thing asks for its own permission.
pub(super) const NEEDS: &[Need] = &[Need::any_key("node"), Need::any_key("nodes")];

/// Ids in one `nodes` at most.
pub(super) const MOST_IDS: usize = 100;

/// Anything with an id of its own.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Its id; the prefix tells what it is."))]
pub(super) enum Node {
    /// A rule that watches usage.
    AlertRule(AlertRule),
    /// A key.
    ApiKey(ApiKey),
    /// An invoice.
    Invoice(Invoice),
    /// A legal seller.
    IssuingEntity(IssuingEntity),
    /// Something that is measured.
    Metric(Metric),
    /// A tenant.
    Organisation(Organisation),
    /// A plan.
    Plan(Plan),
    /// A version of a plan.
    PlanVersion(PlanVersion),
    /// A plugin.
    Plugin(Plugin),
    /// A plugin version in force.
    PluginActivation(PluginActivation),
    /// A version of a plugin.
    PluginVersion(PluginVersion),
    /// A part of an organisation.
    Project(Project),
    /// A contract on a plan.
    Subscription(Subscription),
    /// A refused event.
    UsageRejection(UsageRejection),
}

#[derive(Default)]
pub(super) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Anything by its id; null when it does not exist or is not yours.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
        #[graphql(
            desc = "The organisation of things that belong to one; a key of the operator must name it for those."
        )]
        organisation_id: Option<ID>,
    ) -> Option<Result<Node>> {
        nullable(async {
            let call = enter(ctx)?;
            Ok(visible(&call, &id, tenant(&call, organisation_id.as_ref())?).await?)
        })
        .await
    }

    /// Several things by their ids, in the order of the ids; null in the place of what does not exist or is not yours.
    #[graphql(complexity = "ids.len().min(MOST_IDS) * (1 + child_complexity)")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most 100 ids.")] ids: Vec<ID>,
        #[graphql(
            desc = "The organisation of things that belong to one; a key of the operator must name it for those."
        )]
        organisation_id: Option<ID>,
    ) -> Result<Vec<Option<Node>>> {
        let call = enter(ctx)?;
        if ids.len() > MOST_IDS {
            return Err(Error::invalid(
                "TOO_MANY",
                format!("{} ids; ask for at most {MOST_IDS} at a time.", ids.len()),
            )
            .at(["ids"])
            .into());
        }
        let tenant = tenant(&call, organisation_id.as_ref())?;
        let found = ids.iter().map(|id| visible(&call, id, tenant));
        Ok(futures_util::future::try_join_all(found).await?)
    }
}

/// The tenant that is looked in; `None` for an operator that names none.
fn tenant(call: &Call<'_>, named: Option<&ID>) -> Result<Option<OrganisationId>, Error> {
    match named {
        None => Ok(call.viewer.own_organisation()),
        Some(named) => call.organisation(Some(named)).map(Some),
    }
}

/// The thing, if it exists and the caller may see it.
async fn visible(call: &Call<'_>, id: &ID, tenant: Option<OrganisationId>) -> Result<Option<Node>, Error> {
    match look_up(call, id, tenant).await {
        Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Forbidden) => Ok(None),
        found => found,
    }
}

/// What a key must be allowed to find things with this prefix.
fn needed(prefix: &str) -> Option<Permission> {
    Some(match prefix {
        "org" => Permission::OrganisationsRead,
        "prj" => Permission::ProjectsRead,
        "key" => Permission::KeysRead,
        "met" | "plan" | "plv" => Permission::CatalogueRead,
        "sub" => Permission::SubscriptionsRead,
        "inv" => Permission::InvoicesRead,
        "alr" => Permission::AlertsRead,
        "rej" => Permission::UsageRead,
        "ise" => Permission::IssuersRead,
        "plg" | "pgv" | "act" => Permission::PluginsRead,
        _ => return None,
    })
}

async fn look_up(call: &Call<'_>, id: &ID, tenant: Option<OrganisationId>) -> Result<Option<Node>, Error> {
    let prefix = id.split_once('_').map_or("", |(prefix, _)| prefix);
    let strange = || {
        Error::invalid(
            "BAD_ID",
            format!(
                "`{}` is not an id of anything that can be looked up here.",
                id.chars().take(40).collect::<String>()
            ),
        )
        .at(["id"])
    };
    call.viewer.require(needed(prefix).ok_or_else(strange)?)?;
    Ok(match (prefix, tenant) {
        ("org", _) => organisation::node(call, parse_id(id, "id")?).await?.map(Node::Organisation),
        ("key", _) => api_key::node(call, parse_id(id, "id")?).await?.map(Node::ApiKey),
        ("met", _) => store::metric::find(&call.app.store, parse_id(id, "id")?).await?.map(Metric).map(Node::Metric),
        ("plan", _) => plan::find(call, parse_id(id, "id")?).await?.map(Node::Plan),
        ("plv", _) => plan::find_version(call, parse_id(id, "id")?).await?.map(Node::PlanVersion),
        ("ise", _) => issuing_entity::find(call, parse_id(id, "id")?).await?.map(Node::IssuingEntity),
        ("plg", _) => plugin::find(call, parse_id(id, "id")?).await?.map(Node::Plugin),
        ("pgv", _) => plugin::find_version(call, parse_id(id, "id")?).await?.map(Node::PluginVersion),
        ("act", _) => plugin_activation::find(call, parse_id(id, "id")?).await?.map(Node::PluginActivation),
        (_, Some(tenant)) => of_tenant(call, prefix, id, tenant).await?,
        (_, None) => None,
    })
}

async fn of_tenant(call: &Call<'_>, prefix: &str, id: &ID, tenant: OrganisationId) -> Result<Option<Node>, Error> {
    Ok(match prefix {
        "prj" => project::find(call, tenant, parse_id(id, "id")?).await?.map(Node::Project),
        "sub" => subscription::find(call, tenant, parse_id(id, "id")?).await?.map(Node::Subscription),
        "inv" => invoice::find(call, tenant, parse_id(id, "id")?).await?.map(Node::Invoice),
        "alr" => alert_rule::find(call, tenant, parse_id(id, "id")?).await?.map(Node::AlertRule),
        "rej" => usage_rejection::find(call, tenant, parse_id(id, "id")?).await?.map(Node::UsageRejection),
        _ => None,
    })
}
