//! Who is calling.

use async_graphql::{Context, Enum, ID, Object};

use super::access::{Call, Need, enter, linked, loaders};
use super::fault::{Result, nullable};
use super::ident::show_id;
use super::organisation::Organisation;
use super::project::Project;
use super::role::Role as CustomRole;
use super::scalar::Instant;
use crate::viewer::{Permission, Role, RoleName, scope_name};

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::any_key("viewer"),
    Need::field("Viewer.organisation", Permission::OrganisationsRead),
    Need::field("Viewer.project", Permission::ProjectsRead),
    Need::field("Viewer.customRole", Permission::RolesRead),
];

#[derive(Default)]
pub(super) struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who is calling: the key or session behind this request, what it reaches and what it may do.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer> {
        let call = enter(ctx)?;
        Ok(Viewer(call.viewer.clone()))
    }
}

/// The caller of a request.
pub(super) struct Viewer(crate::viewer::Viewer);

/// The caller of a request, known by its API key or by a session token that a key has minted.
#[Object]
impl Viewer {
    /// Whether the key itself was presented or a session token.
    async fn kind(&self) -> CredentialKind {
        match self.0.session {
            None => CredentialKind::ApiKey,
            Some(_) => CredentialKind::Session,
        }
    }

    /// The id of the session, `ses_…`; null for a key.
    async fn session_id(&self) -> Option<ID> {
        self.0.session.as_ref().map(|session| show_id(session.id))
    }

    /// The origin the session is for; null for a key.
    async fn audience(&self) -> Option<&str> {
        self.0.session.as_ref().map(|session| session.audience.as_str())
    }

    /// When the credential that was presented ends by itself; null when it does not.
    async fn expires_at(&self, ctx: &Context<'_>) -> Option<Result<Instant>> {
        nullable(async {
            if let Some(session) = &self.0.session {
                return Ok(Some(session.expires_at.into()));
            }
            let key = crate::store::api_key::find(&Call::within(ctx)?.app.store, self.0.key_id).await?;
            Ok(key.and_then(|key| key.expires_at).map(Instant))
        })
        .await
    }

    /// The address the request comes from, as far as it is known.
    async fn address(&self) -> Option<String> {
        self.0.address.map(|address| address.to_string())
    }

    /// The id of the key; of a session, the key that minted it.
    async fn api_key_id(&self) -> ID {
        show_id(self.0.key_id)
    }

    /// How far the caller reaches.
    async fn scope(&self) -> KeyScope {
        KeyScope::of(&self.0.scope)
    }

    /// The custom role of the key; null for a built-in role, and for keys that may not read roles.
    async fn custom_role(&self, ctx: &Context<'_>) -> Option<Result<CustomRole>> {
        linked(ctx, "Viewer.customRole", async {
            match self.0.role {
                RoleName::Custom(Some(id), _) => {
                    Ok(crate::store::role::find(&Call::within(ctx)?.app.store, id).await?.map(CustomRole))
                }
                _ => Ok(None),
            }
        })
        .await
    }

    /// The role of the key. What may really be done is in `permissions`.
    async fn role(&self) -> KeyRole {
        KeyRole::of(&self.0.role)
    }

    /// The organisation the key belongs to; null for a key of the operator, and for one that may not read it.
    async fn organisation(&self, ctx: &Context<'_>) -> Option<Result<Organisation>> {
        linked(ctx, "Viewer.organisation", async {
            match self.0.own_organisation() {
                Some(own) => Ok(loaders(ctx)?.load_one(own).await?.map(Organisation::from)),
                None => Ok(None),
            }
        })
        .await
    }

    /// The only project the key may see; null unless it is a project's key.
    async fn project(&self, ctx: &Context<'_>) -> Option<Result<Project>> {
        linked(ctx, "Viewer.project", async {
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

    /// Everything the caller may do.
    async fn permissions(&self) -> Vec<KeyPermission> {
        self.0.permissions.iter().map(KeyPermission::from).collect()
    }
}

/// What a caller is known by. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum CredentialKind {
    /// An API key.
    ApiKey,
    /// A session token.
    Session,
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
    /// A set of permissions that the operator or the organisation put together; see `customRole`.
    Custom,
}

impl KeyRole {
    pub(super) fn of(role: &RoleName) -> Self {
        match role {
            RoleName::BuiltIn(role) => (*role).into(),
            RoleName::Custom(..) => Self::Custom,
        }
    }

    /// The built-in role of that name.
    pub(super) fn built_in(self) -> Option<Role> {
        Some(match self {
            Self::Owner => Role::Owner,
            Self::Admin => Role::Admin,
            Self::Support => Role::Support,
            Self::Billing => Role::Billing,
            Self::Developer => Role::Developer,
            Self::Viewer => Role::Viewer,
            Self::Ingest => Role::Ingest,
            Self::Custom => return None,
        })
    }
}

impl From<Role> for KeyRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Admin => Self::Admin,
            Role::Support => Self::Support,
            Role::Billing => Self::Billing,
            Role::Developer => Self::Developer,
            Role::Viewer => Self::Viewer,
            Role::Ingest => Self::Ingest,
        }
    }
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
    /// Changing from which addresses an organisation may be reached.
    AccessWrite,
    /// Reading projects.
    ProjectsRead,
    /// Making projects.
    ProjectsWrite,
    /// Reading API keys, without their secrets.
    KeysRead,
    /// Making, changing and revoking API keys.
    KeysWrite,
    /// Reading custom roles.
    RolesRead,
    /// Making, changing and deleting custom roles.
    RolesWrite,
    /// Minting session tokens. A session never allows more than the key it was minted by.
    SessionsWrite,
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
    /// Reading payments, refunds and credit notes.
    PaymentsRead,
    /// Paying invoices.
    PaymentsWrite,
    /// Recording money that came outside a gateway.
    PaymentsRecord,
    /// Sending money back.
    RefundsWrite,
    /// Reading alert rules and events.
    AlertsRead,
    /// Making and disabling alert rules.
    AlertsWrite,
    /// Reading the audit trail.
    AuditRead,
    /// Reading jobs: effects that leave the database, and those that were given up.
    JobsRead,
    /// Trying jobs that were given up again, and letting them be.
    JobsWrite,
}
