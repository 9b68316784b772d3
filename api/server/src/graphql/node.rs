//! Anything by its id. What does not exist and what is somebody else's look the same: null.

use async_graphql::{Context, ID, Interface, Object};

use super::access::{Call, Need, enter};
use super::alert_event::{self, UsageAlertEvent};
use super::alert_rule::{self, AlertRule};
use super::api_key::{self, ApiKey};
use super::audit_event::{self, AuditEvent};
use super::billing_run::{self, BillingRun};
use super::credit_note::{self, CreditNote};
use super::fault::{Result, nullable};
use super::ident::{parse_id, read_uuid};
use super::invoice::{self, Invoice};
use super::issuing_entity::{self, IssuingEntity};
use super::job::{self, Job};
use super::metric::Metric;
use super::organisation::{self, Organisation};
use super::payment::{self, Payment};
use super::plan::{self, Plan, PlanVersion};
use super::plugin::{self, Plugin, PluginVersion};
use super::plugin_activation::{self, PluginActivation};
use super::project::{self, Project};
use super::refund::{self, Refund};
use super::role::{self, Role};
use super::subscription::{self, Subscription};
use super::trusted_document::{self, TrustedDocument};
use super::usage_event::{self, UsageEvent};
use super::usage_rejection::{self, UsageRejection};
use crate::error::{Error, ErrorKind};
use crate::store;
use crate::store::owner::{Owned, owner_of};
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
    /// Something that was done.
    AuditEvent(AuditEvent),
    /// The billing of one period.
    BillingRun(BillingRun),
    /// A part of an invoice taken back.
    CreditNote(CreditNote),
    /// An invoice.
    Invoice(Invoice),
    /// A legal seller.
    IssuingEntity(IssuingEntity),
    /// An effect that leaves the database.
    Job(Job),
    /// Something that is measured.
    Metric(Metric),
    /// A tenant.
    Organisation(Organisation),
    /// Money asked for, or taken.
    Payment(Payment),
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
    /// Money going back.
    Refund(Refund),
    /// A set of permissions under a name.
    Role(Role),
    /// A contract on a plan.
    Subscription(Subscription),
    /// A document of the operator's front ends.
    TrustedDocument(TrustedDocument),
    /// A threshold that was crossed.
    UsageAlertEvent(UsageAlertEvent),
    /// A recorded event.
    UsageEvent(UsageEvent),
    /// A refused event.
    UsageRejection(UsageRejection),
}

#[derive(Default)]
pub(super) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Anything by its id; null when it does not exist or is not yours.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Option<Result<Node>> {
        nullable(async {
            let call = enter(ctx)?;
            Ok(visible(&call, &id).await?)
        })
        .await
    }

    /// Several things by their ids, in the order of the ids; null in the place of what does not exist or is not yours.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most 100 ids.")] ids: Vec<ID>,
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
        let found = ids.iter().map(|id| visible(&call, id));
        Ok(futures_util::future::try_join_all(found).await?)
    }
}

/// The thing, if it exists and the caller may see it.
async fn visible(call: &Call<'_>, id: &ID) -> Result<Option<Node>, Error> {
    match look_up(call, id).await {
        Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Forbidden) => Ok(None),
        found => found,
    }
}

/// Every noun that has an id: the prefix of its ids, its type, and what a key must be allowed to read it.
pub(super) const NOUNS: &[(&str, &str, Permission)] = &[
    ("org", "Organisation", Permission::OrganisationsRead),
    ("prj", "Project", Permission::ProjectsRead),
    ("key", "ApiKey", Permission::KeysRead),
    ("rol", "Role", Permission::RolesRead),
    ("aud", "AuditEvent", Permission::AuditRead),
    ("met", "Metric", Permission::CatalogueRead),
    ("plan", "Plan", Permission::CatalogueRead),
    ("plv", "PlanVersion", Permission::CatalogueRead),
    ("sub", "Subscription", Permission::SubscriptionsRead),
    ("inv", "Invoice", Permission::InvoicesRead),
    ("pay", "Payment", Permission::PaymentsRead),
    ("rfn", "Refund", Permission::PaymentsRead),
    ("crn", "CreditNote", Permission::PaymentsRead),
    ("alr", "AlertRule", Permission::AlertsRead),
    ("ale", "UsageAlertEvent", Permission::AlertsRead),
    ("evt", "UsageEvent", Permission::UsageRead),
    ("rej", "UsageRejection", Permission::UsageRead),
    ("ise", "IssuingEntity", Permission::IssuersRead),
    ("plg", "Plugin", Permission::PluginsRead),
    ("pgv", "PluginVersion", Permission::PluginsRead),
    ("act", "PluginActivation", Permission::PluginsRead),
    ("run", "BillingRun", Permission::PluginsRead),
    ("job", "Job", Permission::JobsRead),
    ("tdo", "TrustedDocument", Permission::PluginsRead),
];

/// What a key must be allowed to find things with this prefix.
fn needed(prefix: &str) -> Option<Permission> {
    NOUNS.iter().find(|(known, ..)| *known == prefix).map(|(.., permission)| *permission)
}

async fn look_up(call: &Call<'_>, id: &ID) -> Result<Option<Node>, Error> {
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
    Ok(match prefix {
        "org" => organisation::node(call, parse_id(id, "id")?).await?.map(Node::Organisation),
        "key" => api_key::node(call, parse_id(id, "id")?).await?.map(Node::ApiKey),
        "aud" => audit_event::node(call, parse_id(id, "id")?).await?.map(Node::AuditEvent),
        "rol" => role::node(call, parse_id(id, "id")?).await?.map(Node::Role),
        "met" => store::metric::find(&call.app.store, parse_id(id, "id")?).await?.map(Metric).map(Node::Metric),
        "plan" => plan::find(call, parse_id(id, "id")?).await?.map(Node::Plan),
        "plv" => plan::find_version(call, parse_id(id, "id")?).await?.map(Node::PlanVersion),
        "ise" => issuing_entity::find(call, parse_id(id, "id")?).await?.map(Node::IssuingEntity),
        "plg" => plugin::find(call, parse_id(id, "id")?).await?.map(Node::Plugin),
        "pgv" => plugin::find_version(call, parse_id(id, "id")?).await?.map(Node::PluginVersion),
        "act" => plugin_activation::find(call, parse_id(id, "id")?).await?.map(Node::PluginActivation),
        "tdo" => trusted_document::find(call, parse_id(id, "id")?).await?.map(Node::TrustedDocument),
        "run" => billing_run::node(call, id).await?.map(Node::BillingRun),
        "job" => job::node(call, parse_id(id, "id")?).await?.map(Node::Job),
        "evt" => usage_event::node(call, id).await?.map(Node::UsageEvent),
        _ => of_tenant(call, prefix, id).await?,
    })
}

async fn of_tenant(call: &Call<'_>, prefix: &str, id: &ID) -> Result<Option<Node>, Error> {
    let kind = match prefix {
        "prj" => Owned::Project,
        "sub" => Owned::Subscription,
        "inv" => Owned::Invoice,
        "pay" => Owned::Payment,
        "rfn" => Owned::Refund,
        "crn" => Owned::CreditNote,
        "alr" => Owned::AlertRule,
        "ale" => Owned::AlertEvent,
        _ => Owned::Rejection,
    };
    let tenant = match call.viewer.own_organisation() {
        None => owner_of(&call.app.store, kind, read_uuid(id, "id")?).await?,
        own => own,
    };
    let Some(tenant) = tenant else { return Ok(None) };
    Ok(match kind {
        Owned::Project => project::find(call, tenant, parse_id(id, "id")?).await?.map(Node::Project),
        Owned::Subscription => subscription::find(call, tenant, parse_id(id, "id")?).await?.map(Node::Subscription),
        Owned::Invoice => invoice::find(call, tenant, parse_id(id, "id")?).await?.map(Node::Invoice),
        Owned::Payment => payment::find(call, tenant, parse_id(id, "id")?).await?.map(Node::Payment),
        Owned::Refund => refund::find(call, tenant, parse_id(id, "id")?).await?.map(Node::Refund),
        Owned::CreditNote => credit_note::find(call, tenant, parse_id(id, "id")?).await?.map(Node::CreditNote),
        Owned::AlertRule => alert_rule::find(call, tenant, parse_id(id, "id")?).await?.map(Node::AlertRule),
        Owned::AlertEvent => alert_event::find(call, tenant, parse_id(id, "id")?).await?.map(Node::UsageAlertEvent),
        Owned::Rejection => usage_rejection::find(call, tenant, parse_id(id, "id")?).await?.map(Node::UsageRejection),
    })
}
