//! The built-in roles: constant sets of permissions, and which scope accepts which. Custom roles are
//! rows; what they may hold in a scope is [`ceiling`].

use std::str::FromStr;

use super::{Permission, Permissions, Scope};
use crate::error::Error;

/// A built-in role. Which roles a scope accepts is in [`Role::fits`].
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

/// All that can be allowed in a scope, whatever the role: a tenant never holds what is the operator's.
pub const fn ceiling(scope: &Scope) -> Permissions {
    match scope {
        Scope::Operator => Permissions::ALL,
        Scope::Organisation(_) => IN_AN_ORGANISATION,
        Scope::Project(..) => Permissions::IN_A_PROJECT,
    }
}

const IN_AN_ORGANISATION: Permissions = Permissions::ALL.without(Permissions::OPERATOR_ONLY);

/// What a tenant's reader sees.
const READ: Permissions = Permissions::of(&[
    Permission::CatalogueRead,
    Permission::OrganisationsRead,
    Permission::ProjectsRead,
    Permission::SubscriptionsRead,
    Permission::UsageRead,
    Permission::InvoicesRead,
    Permission::PaymentsRead,
    Permission::AlertsRead,
]);

const READ_ACCESS: Permissions = Permissions::of(&[Permission::KeysRead, Permission::RolesRead]);

const SESSIONS: Permissions = Permissions::of(&[Permission::SessionsWrite]);

const SUPPORT: Permissions = READ.union(READ_ACCESS).union(Permissions::of(&[
    Permission::IssuersRead,
    Permission::PluginsRead,
    Permission::AuditRead,
    Permission::JobsRead,
]));

const OPERATOR_DEVELOPER: Permissions = Permissions::of(&[
    Permission::CatalogueRead,
    Permission::IssuersRead,
    Permission::PluginsRead,
    Permission::PluginsWrite,
    Permission::PluginsActivate,
    Permission::SessionsWrite,
]);

const BILLING: Permissions =
    READ.union(SESSIONS).union(Permissions::of(&[Permission::PaymentsWrite, Permission::AlertsWrite]));

const DEVELOPER: Permissions = READ
    .without(Permissions::of(&[Permission::InvoicesRead, Permission::PaymentsRead]))
    .union(READ_ACCESS)
    .union(SESSIONS)
    .union(Permissions::of(&[
        Permission::ProjectsWrite,
        Permission::UsageWrite,
        Permission::AlertsWrite,
        Permission::KeysWrite,
    ]));

const INGEST: Permissions = Permissions::IN_A_PROJECT.without(SESSIONS);

const PROJECT_VIEWER: Permissions = Permissions::IN_A_PROJECT.without(Permissions::of(&[Permission::UsageWrite]));

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

    /// What it allows in the scope; nothing where it does not fit.
    pub fn permissions(self, scope: &Scope) -> Permissions {
        match (scope, self) {
            (Scope::Operator | Scope::Organisation(_), Self::Owner | Self::Admin) => ceiling(scope),
            (Scope::Operator, Self::Support) => SUPPORT,
            (Scope::Operator, Self::Developer) => OPERATOR_DEVELOPER,
            (Scope::Organisation(_), Self::Billing) => BILLING,
            (Scope::Organisation(_), Self::Developer) => DEVELOPER,
            (Scope::Organisation(_), Self::Viewer) => READ.union(SESSIONS),
            (Scope::Project(..), Self::Ingest) => INGEST,
            (Scope::Project(..), Self::Viewer) => PROJECT_VIEWER,
            _ => Permissions::NONE,
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
    use super::*;
    use billing::ids::{OrganisationId, ProjectId};
    use uuid::Uuid;

    fn scopes() -> [Scope; 3] {
        let organisation = OrganisationId::from_uuid(Uuid::from_u128(1));
        let project = ProjectId::from_uuid(Uuid::from_u128(2));
        [Scope::Operator, Scope::Organisation(organisation), Scope::Project(organisation, project)]
    }

    #[test]
    fn a_role_allows_something_exactly_where_it_fits_and_nothing_above_the_ceiling() {
        for scope in scopes() {
            for role in Role::ALL {
                let allowed = role.permissions(&scope);
                assert_eq!(role.fits(&scope), !allowed.is_empty(), "{role:?} {scope:?}");
                assert!(allowed.is_within(ceiling(&scope)), "{role:?} {scope:?}");
            }
        }
    }

    #[test]
    fn no_tenant_writes_the_catalogue_or_settles_its_own_invoice() {
        for scope in &scopes()[1..] {
            for permission in [
                Permission::CatalogueWrite,
                Permission::PluginsActivate,
                Permission::InvoicesWrite,
                Permission::OrganisationsWrite,
            ] {
                assert!(!ceiling(scope).contains(permission), "{scope:?} {permission}");
            }
        }
    }

    #[test]
    fn support_reads_and_never_writes() {
        let support = Role::Support.permissions(&Scope::Operator);
        assert!(support.contains(Permission::InvoicesRead));
        for permission in support.iter() {
            assert!(permission.as_str().ends_with("_READ"), "{permission}");
        }
    }
}
