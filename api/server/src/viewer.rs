//! Who is asking, and what they may do.
//!
//! A [`Viewer`] is made once per request or socket from an API key or a session token and then passed
//! down; nothing below it looks at keys again. The organisation always comes from the key: an argument
//! can only narrow it, and another tenant's thing is *not found*.

mod permission;
mod role;

pub use permission::{Permission, Permissions};
pub use role::{Role, ceiling};

use billing::ids::{ApiKeyId, OrganisationId, ProjectId, RoleId, SessionId};
use chrono::{DateTime, Utc};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::error::Error;
/// How far a key reaches.
pub use crate::store::api_key::KeyScope as Scope;

/// The caller behind a key or a session token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The key that was presented, or that minted the session.
    pub key_id: ApiKeyId,
    /// How far the caller reaches.
    pub scope: Scope,
    /// The role of the key.
    pub role: RoleName,
    /// What the caller may do in its scope.
    pub permissions: Permissions,
    /// The session, where a token was presented instead of the key.
    pub session: Option<Arc<Session>>,
    /// Whether the key runs nothing but trusted documents.
    pub trusted_documents_only: bool,
    /// From where, as far as it is known.
    pub address: Option<IpAddr>,
    /// The request it is asked in, as logs and answers call it.
    pub request_id: Option<Arc<str>>,
}

/// The role of a key by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleName {
    /// One of ours.
    BuiltIn(Role),
    /// One the operator or an organisation made. Only a key that ended long ago can have lost it.
    Custom(Option<RoleId>, Arc<str>),
}

/// What a session token says beyond its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its random id.
    pub id: SessionId,
    /// The origin it is for.
    pub audience: String,
    /// When it was minted.
    pub issued_at: DateTime<Utc>,
    /// From then on it is refused.
    pub expires_at: DateTime<Utc>,
}

impl Viewer {
    /// The holder of a key with a built-in role, wherever they call from.
    pub fn holding(key_id: ApiKeyId, scope: Scope, role: Role) -> Self {
        Self {
            key_id,
            scope,
            role: RoleName::BuiltIn(role),
            permissions: role.permissions(&scope),
            session: None,
            trusted_documents_only: false,
            address: None,
            request_id: None,
        }
    }

    /// Whether the caller may.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }

    /// Refuses with words when [`Self::may`] says no.
    pub fn require(&self, permission: Permission) -> Result<(), Error> {
        if self.may(permission) {
            return Ok(());
        }
        Err(Error::forbidden(
            "FORBIDDEN",
            format!("{self} may not do that: the permission {permission} is missing. {}", self.remedy()),
        ))
    }

    fn remedy(&self) -> &'static str {
        match self.session {
            None => "Use a key whose role allows it.",
            Some(_) => "Use a session that was minted with it, by a key that has it.",
        }
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
        let credential = if self.session.is_some() { "This session" } else { "This key" };
        write!(formatter, "{credential} ({} of {})", self.role, scope_name(&self.scope))
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(role) => formatter.write_str(role.as_str()),
            Self::Custom(_, name) => write!(formatter, "custom role `{name}`"),
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use billing::ids::Id;
    use uuid::Uuid;

    #[test]
    fn a_tenant_can_only_name_itself() {
        let own = OrganisationId::from_uuid(Uuid::from_u128(1));
        let other = OrganisationId::from_uuid(Uuid::from_u128(2));
        let key = Id::from_uuid(Uuid::nil());
        let tenant = Viewer::holding(key, Scope::Organisation(own), Role::Owner);
        assert_eq!(tenant.organisation(None).unwrap(), own);
        assert_eq!(tenant.organisation(Some(own)).unwrap(), own);
        assert!(tenant.organisation(Some(other)).is_err());
        assert!(Viewer::holding(key, Scope::Operator, Role::Owner).organisation(None).is_err());
    }

    #[test]
    fn a_refusal_names_the_permission_as_the_schema_does() {
        let viewer = Viewer::holding(Id::from_uuid(Uuid::nil()), Scope::Operator, Role::Support);
        let error = viewer.require(Permission::InvoicesWrite).unwrap_err();
        assert_eq!(
            error.public,
            "This key (SUPPORT of OPERATOR) may not do that: the permission INVOICES_WRITE is missing. Use a key whose role allows it."
        );
    }
}
