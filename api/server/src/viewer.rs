//! Who is asking, and what they may do.
//!
//! A [`Viewer`] is made once per request or socket from an API key and then passed down; nothing
//! below it looks at keys again. The organisation always comes from the key: an argument can only
//! narrow it, and another tenant's thing is *not found*.

use billing::ids::{ApiKeyId, OrganisationId, ProjectId};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use crate::error::Error;
/// How far a key reaches.
pub use crate::store::api_key::KeyScope as Scope;

/// The caller behind a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The key that was presented.
    pub key_id: ApiKeyId,
    /// What the key is for.
    pub scope: Scope,
    /// What its role allows inside that scope.
    pub role: Role,
    /// Whether the key runs nothing but trusted documents.
    pub trusted_documents_only: bool,
    /// From where, as far as it is known.
    pub address: Option<IpAddr>,
    /// The request it is asked in, as logs and answers call it.
    pub request_id: Option<Arc<str>>,
}

/// A named set of permissions. Which roles a scope accepts is in [`Role::fits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything in the scope.
    Owner,
    /// Everything except making keys for owners.
    Admin,
    /// Reads everything in the scope, writes nothing (operator only).
    Support,
    /// Invoices, subscriptions and alerts (organisation only).
    Billing,
    /// Projects, usage and, for an operator key, plugins.
    Developer,
    /// Reads everything in the scope, writes nothing (organisation only).
    Viewer,
    /// Sends usage and reads back its own (project only).
    Ingest,
}

/// One thing a role may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Metrics and plans.
    CatalogueRead,
    /// Making metrics, plans, issuing entities.
    CatalogueWrite,
    /// Issuing entities, as the operator sees them.
    IssuersRead,
    /// Plugins, versions and activations, and trusted documents.
    PluginsRead,
    /// Uploading plugin versions and registering trusted documents.
    PluginsWrite,
    /// Putting a plugin version in force.
    PluginsActivate,
    /// Every organisation's record (operator) or one's own.
    OrganisationsRead,
    /// Making organisations.
    OrganisationsWrite,
    /// Projects.
    ProjectsRead,
    /// Making projects.
    ProjectsWrite,
    /// API keys, without their secrets.
    KeysRead,
    /// Making and revoking API keys.
    KeysWrite,
    /// Subscriptions.
    SubscriptionsRead,
    /// Subscribing to a plan and ending a subscription.
    SubscriptionsWrite,
    /// Usage, totals and rejected events.
    UsageRead,
    /// Sending usage.
    UsageWrite,
    /// Invoices, previews, explanations and PDFs.
    InvoicesRead,
    /// Finalising and voiding invoices.
    InvoicesWrite,
    /// Alert rules and events.
    AlertsRead,
    /// Making and disabling alert rules.
    AlertsWrite,
    /// The audit trail.
    AuditRead,
}

impl Viewer {
    /// Whether the role allows it inside the scope.
    pub fn may(&self, permission: Permission) -> bool {
        self.role.allows(&self.scope, permission)
    }

    /// Refuses with words when [`Self::may`] says no.
    pub fn require(&self, permission: Permission) -> Result<(), Error> {
        if self.may(permission) {
            return Ok(());
        }
        Err(Error::forbidden(
            "FORBIDDEN",
            format!("This key ({self}) may not do that: {permission:?} is missing. Use a key whose role allows it.",),
        ))
    }

    /// The organisation of this request: a tenant's own, or the one an operator names.
    pub fn organisation(&self, named: Option<OrganisationId>) -> Result<OrganisationId, Error> {
        match (self.own_organisation(), named) {
            (Some(own), None) => Ok(own),
            (Some(own), Some(named)) if own == named => Ok(own),
            (Some(_), Some(named)) => Err(Error::not_found("NOT_FOUND", format!("There is no organisation {named}."))),
            (None, Some(named)) => Ok(named),
            (None, None) => Err(Error::invalid(
                "MISSING_FIELD",
                "An operator key serves every organisation: name one in organisationId.",
            )
            .at(["organisationId"])),
        }
    }

    /// The organisation the key belongs to, if it belongs to one.
    pub fn own_organisation(&self) -> Option<OrganisationId> {
        self.scope.organisation()
    }

    /// The only project the key may see, if it is a project key.
    pub fn own_project(&self) -> Option<ProjectId> {
        match self.scope {
            Scope::Project(_, project) => Some(project),
            Scope::Operator | Scope::Organisation(_) => None,
        }
    }

    /// Whether the key belongs to the operator.
    pub fn is_operator(&self) -> bool {
        self.scope == Scope::Operator
    }
}

impl fmt::Display for Viewer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {}", self.role.as_str(), scope_name(&self.scope))
    }
}

/// `OPERATOR`, `ORGANISATION` or `PROJECT`, as shown.
pub fn scope_name(scope: &Scope) -> &'static str {
    match scope {
        Scope::Operator => "OPERATOR",
        Scope::Organisation(_) => "ORGANISATION",
        Scope::Project(..) => "PROJECT",
    }
}

impl Role {
    /// Every role, for tests and for reading.
    pub const ALL: [Self; 7] =
        [Self::Owner, Self::Admin, Self::Support, Self::Billing, Self::Developer, Self::Viewer, Self::Ingest];

    /// The name as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "OWNER",
            Self::Admin => "ADMIN",
            Self::Support => "SUPPORT",
            Self::Billing => "BILLING",
            Self::Developer => "DEVELOPER",
            Self::Viewer => "VIEWER",
            Self::Ingest => "INGEST",
        }
    }

    /// Whether keys of this scope can have the role.
    pub fn fits(self, scope: &Scope) -> bool {
        match scope {
            Scope::Operator => matches!(self, Self::Owner | Self::Admin | Self::Support | Self::Developer),
            Scope::Organisation(_) => {
                matches!(self, Self::Owner | Self::Admin | Self::Billing | Self::Developer | Self::Viewer)
            }
            Scope::Project(..) => matches!(self, Self::Ingest | Self::Viewer),
        }
    }

    fn allows(self, scope: &Scope, permission: Permission) -> bool {
        use Permission as P;
        let read = matches!(
            permission,
            P::CatalogueRead
                | P::OrganisationsRead
                | P::ProjectsRead
                | P::SubscriptionsRead
                | P::UsageRead
                | P::InvoicesRead
                | P::AlertsRead
                | P::KeysRead
        );
        let operator_only = matches!(
            permission,
            P::CatalogueWrite
                | P::IssuersRead
                | P::PluginsRead
                | P::PluginsWrite
                | P::PluginsActivate
                | P::OrganisationsWrite
                | P::InvoicesWrite
                | P::SubscriptionsWrite
        );
        match (scope, self) {
            (Scope::Operator, Self::Owner | Self::Admin) => true,
            (Scope::Operator, Self::Support) => {
                read || matches!(permission, P::IssuersRead | P::PluginsRead | P::AuditRead)
            }
            (Scope::Operator, Self::Developer) => {
                matches!(
                    permission,
                    P::CatalogueRead | P::IssuersRead | P::PluginsRead | P::PluginsWrite | P::PluginsActivate
                )
            }
            (Scope::Organisation(_), _) if operator_only => false,
            (Scope::Organisation(_), Self::Owner | Self::Admin) => true,
            (Scope::Organisation(_), Self::Billing) => {
                (read && permission != P::KeysRead) || permission == P::AlertsWrite
            }
            (Scope::Organisation(_), Self::Developer) => {
                (read && !matches!(permission, P::InvoicesRead))
                    || matches!(permission, P::ProjectsWrite | P::UsageWrite | P::AlertsWrite | P::KeysWrite)
            }
            (Scope::Organisation(_), Self::Viewer) => read && permission != P::KeysRead,
            (Scope::Project(..), Self::Ingest) => {
                matches!(permission, P::CatalogueRead | P::ProjectsRead | P::UsageRead | P::UsageWrite)
            }
            (Scope::Project(..), Self::Viewer) => {
                matches!(permission, P::CatalogueRead | P::ProjectsRead | P::UsageRead)
            }
            _ => false,
        }
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| Error::invalid("UNKNOWN_ROLE", format!("`{text}` is not a role.")).at(["role"]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use billing::ids::Id;
    use uuid::Uuid;

    fn viewer(scope: Scope, role: Role) -> Viewer {
        Viewer {
            key_id: Id::from_uuid(Uuid::nil()),
            scope,
            role,
            trusted_documents_only: false,
            address: None,
            request_id: None,
        }
    }

    #[test]
    fn a_tenant_can_only_name_itself() {
        let own = OrganisationId::from_uuid(Uuid::from_u128(1));
        let other = OrganisationId::from_uuid(Uuid::from_u128(2));
        let tenant = viewer(Scope::Organisation(own), Role::Owner);
        assert_eq!(tenant.organisation(None).unwrap(), own);
        assert_eq!(tenant.organisation(Some(own)).unwrap(), own);
        assert!(tenant.organisation(Some(other)).is_err());
        assert!(viewer(Scope::Operator, Role::Owner).organisation(None).is_err());
    }

    #[test]
    fn no_organisation_role_writes_the_catalogue_or_settles_its_own_invoice() {
        let scope = Scope::Organisation(OrganisationId::from_uuid(Uuid::from_u128(1)));
        for role in Role::ALL {
            for permission in [
                Permission::CatalogueWrite,
                Permission::PluginsActivate,
                Permission::InvoicesWrite,
                Permission::OrganisationsWrite,
            ] {
                assert!(!viewer(scope, role).may(permission), "{role:?} {permission:?}");
            }
        }
    }

    #[test]
    fn support_reads_and_never_writes() {
        let support = viewer(Scope::Operator, Role::Support);
        assert!(support.may(Permission::InvoicesRead));
        for permission in
            [Permission::InvoicesWrite, Permission::KeysWrite, Permission::UsageWrite, Permission::PluginsWrite]
        {
            assert!(!support.may(permission), "{permission:?}");
        }
    }
}
