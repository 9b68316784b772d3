//! Who is calling.

use async_graphql::{Context, Enum, ID, Object};

use super::access::{Call, Need, enter, loaders};
use super::fault::{Result, nullable};
use super::ident::show_id;
use super::organisation::Organisation;
use super::project::Project;
use crate::viewer::{Permission, Role, scope_name};

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[Need::any_key("viewer")];

#[derive(Default)]
pub(super) struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who is calling: the key behind this request, what it reaches and what it may do.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer> {
        let call = enter(ctx)?;
        Ok(Viewer(call.viewer.clone()))
    }
}

/// The caller of a request.
pub(super) struct Viewer(crate::viewer::Viewer);

/// The caller of a request, known by its API key.
#[Object]
impl Viewer {
    /// The id of the key.
    async fn api_key_id(&self) -> ID {
        show_id(self.0.key_id)
    }

    /// How far the key reaches.
    async fn scope(&self) -> KeyScope {
        KeyScope::of(&self.0.scope)
    }

    /// What the key may do in its scope.
    async fn role(&self) -> KeyRole {
        self.0.role.into()
    }

    /// The organisation the key belongs to; null for a key of the operator, and for one that may not read it.
    async fn organisation(&self, ctx: &Context<'_>) -> Option<Result<Organisation>> {
        nullable(async {
            match self.0.own_organisation().filter(|_| self.0.may(Permission::OrganisationsRead)) {
                Some(own) => Ok(loaders(ctx)?.load_one(own).await?.map(Organisation)),
                None => Ok(None),
            }
        })
        .await
    }

    /// The only project the key may see; null unless it is a project's key.
    async fn project(&self, ctx: &Context<'_>) -> Option<Result<Project>> {
        nullable(async {
            let call = Call::within(ctx)?;
            match (self.0.own_organisation(), self.0.own_project()) {
                (Some(organisation), Some(project)) => {
                    Ok(crate::store::project::find(&call.app.store, organisation, project).await?.map(Project))
                }
                _ => Ok(None),
            }
        })
        .await
    }

    /// Everything the key may do.
    async fn permissions(&self) -> Vec<KeyPermission> {
        use async_graphql::resolver_utils::EnumType as _;
        KeyPermission::items()
            .iter()
            .map(|item| item.value)
            .filter(|permission| self.0.may((*permission).into()))
            .collect()
    }
}

/// How far an API key reaches. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyScope {
    /// The whole installation: the catalogue and every organisation.
    Operator,
    /// One organisation.
    Organisation,
    /// One project of one organisation.
    Project,
}

impl KeyScope {
    pub(super) fn of(scope: &crate::viewer::Scope) -> Self {
        match scope_name(scope) {
            "OPERATOR" => Self::Operator,
            "ORGANISATION" => Self::Organisation,
            _ => Self::Project,
        }
    }
}

/// A named set of permissions within a scope. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Role")]
pub(super) enum KeyRole {
    /// Everything in the scope.
    Owner,
    /// Everything except making keys for owners.
    Admin,
    /// Reads everything, writes nothing (operator only).
    Support,
    /// Invoices, subscriptions and alerts (organisation only).
    Billing,
    /// Projects, usage and alerts of an organisation; plugins of the operator.
    Developer,
    /// Reads, writes nothing.
    Viewer,
    /// Sends usage and reads back its own (project only).
    Ingest,
}

/// One thing a key may do. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Permission")]
pub(super) enum KeyPermission {
    /// Reading metrics and plans.
    CatalogueRead,
    /// Making metrics, plans and issuing entities.
    CatalogueWrite,
    /// Reading issuing entities.
    IssuersRead,
    /// Reading plugins, versions and activations, the runs they hold up, and trusted documents.
    PluginsRead,
    /// Uploading plugin versions and registering trusted documents.
    PluginsWrite,
    /// Putting plugin versions in force.
    PluginsActivate,
    /// Reading organisations.
    OrganisationsRead,
    /// Making organisations.
    OrganisationsWrite,
    /// Reading projects.
    ProjectsRead,
    /// Making projects.
    ProjectsWrite,
    /// Reading API keys, without their secrets.
    KeysRead,
    /// Making and revoking API keys.
    KeysWrite,
    /// Reading subscriptions.
    SubscriptionsRead,
    /// Making and ending subscriptions.
    SubscriptionsWrite,
    /// Reading usage, totals and rejected events.
    UsageRead,
    /// Sending usage.
    UsageWrite,
    /// Reading invoices, previews, explanations and documents.
    InvoicesRead,
    /// Finalising and voiding invoices.
    InvoicesWrite,
    /// Reading alert rules and events.
    AlertsRead,
    /// Making and disabling alert rules.
    AlertsWrite,
    /// Reading the audit trail.
    AuditRead,
}
