//! API keys: made once and shown once, stored as a hash, ended by expiry or revocation.

use billing::ids::{ApiKeyId, OrganisationId, ProjectId, RoleId};
use chrono::{DateTime, Utc};
use rand::distr::{Alphanumeric, SampleString as _};

use super::audit::{self, Action, Actor, Changes, Subject};
use super::authenticate::hash;
use super::restrict_access::{changed_meanwhile, stays_inside};
use super::{App, fresh, to_microseconds};
use crate::addresses::AllowList;
use crate::error::Error;
use crate::store;
use crate::store::api_key::{ApiKey, CUSTOM};
use crate::store::audit::{ActorKind, SubjectType};
use crate::viewer::{Permission, Permissions, Role, RoleName, Scope, Viewer, ceiling, scope_name};

/// Letters and digits of the secret part: 43 of 62 kinds are 256 bits.
const SECRET_LENGTH: usize = 43;

/// Characters of a key that stay visible, so that a person can tell keys apart.
const PREFIX_LENGTH: usize = 16;

/// What a new key should be.
pub struct NewKey {
    /// A name for people.
    pub name: String,
    /// How far it reaches.
    pub scope: Scope,
    /// What it may do there.
    pub role: Grant,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// From which addresses it may be used; empty for everywhere.
    pub ip_allow_list: Vec<String>,
    /// Whether it runs nothing but trusted documents.
    pub trusted_documents_only: bool,
}

/// The role given to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// One of ours.
    BuiltIn(Role),
    /// One somebody made.
    Custom(RoleId),
}

impl From<Role> for Grant {
    fn from(role: Role) -> Self {
        Self::BuiltIn(role)
    }
}

/// A key just made: the only moment its secret is known.
pub struct MadeKey {
    /// What is stored.
    pub key: ApiKey,
    /// The whole key, to be shown once.
    pub secret: String,
}

/// Makes a key for somebody the viewer is responsible for.
pub async fn create_key(app: &App, viewer: &Viewer, new: NewKey, now: DateTime<Utc>) -> Result<MadeKey, Error> {
    viewer.require(Permission::KeysWrite)?;
    if !visible(viewer, &new.scope) {
        return Err(Error::not_found("NOT_FOUND", "There is no such organisation.").at(["organisationId"]));
    }
    if let Grant::BuiltIn(role) = new.role {
        // Before anything is looked up: who may not hand the role out learns nothing else.
        may_grant(viewer, &new.scope, &RoleName::BuiltIn(role), role.permissions(&new.scope))
            .inspect_err(|error| app.refusals.if_forbidden(viewer, error, now))?;
    }
    check(app, &new, now).await?;
    if let Grant::Custom(id) = new.role {
        let (role, permissions) = custom_role(app, viewer, &new.scope, id).await?;
        may_grant(viewer, &new.scope, &role, permissions)
            .inspect_err(|error| app.refusals.if_forbidden(viewer, error, now))?;
    }
    let secret = format!("undash_{}_{}", tag(&new.scope), Alphanumeric.sample_string(&mut rand::rng(), SECRET_LENGTH));
    store_key(app, viewer.into(), Action::ApiKeyCreated, new, secret, now).await
}

/// Installs an operator key: the one the operator chose, or a fresh one. Only for start-up.
pub async fn install_operator_key(
    app: &App,
    chosen: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<MadeKey>, Error> {
    let secret = match chosen {
        Some(chosen) => {
            check_chosen(chosen)?;
            if store::api_key::find_by_hash(&app.store, &hash(chosen)).await?.is_some() {
                return Ok(None);
            }
            chosen.to_owned()
        }
        None if store::api_key::any_operator_exists(&app.store).await? => return Ok(None),
        None => format!("undash_op_{}", Alphanumeric.sample_string(&mut rand::rng(), SECRET_LENGTH)),
    };
    let new = NewKey {
        name: "first operator key".to_owned(),
        scope: Scope::Operator,
        role: Role::Owner.into(),
        expires_at: None,
        ip_allow_list: Vec::new(),
        trusted_documents_only: false,
    };
    let server = audit::actor(ActorKind::Server);
    store_key(app, server, Action::OperatorKeyInstalled, new, secret, now).await.map(Some)
}

/// What is changed of a key; what is absent stays.
pub struct KeyChange {
    /// The version that was looked at.
    pub expected_version: i32,
    /// Another name.
    pub name: Option<String>,
    /// Other addresses; empty for everywhere.
    pub ip_allow_list: Option<Vec<String>>,
    /// Whether the caller may lock itself out.
    pub force: bool,
}

/// Changes the name of a key and from where it may be used.
pub async fn update_key(
    app: &App,
    viewer: &Viewer,
    id: ApiKeyId,
    change: KeyChange,
    now: DateTime<Utc>,
) -> Result<ApiKey, Error> {
    let mut key = changeable(app, viewer, id, now).await?;
    let before = key.clone();
    if key.revoked_at.is_some() {
        return Err(
            Error::refused("INVALID_STATE", "The key was revoked; nothing about it changes any more.").at(["id"])
        );
    }
    if let Some(name) = change.name {
        check_name(&name)?;
        key.name = name;
    }
    if let Some(entries) = &change.ip_allow_list {
        let list = AllowList::read("ipAllowList", entries)?;
        if key.id == viewer.key_id {
            stays_inside(&list, viewer, change.force)?;
        }
        key.ip_allow_list = list.texts();
    }
    key.version = change.expected_version;
    let tx = app.store.begin().await?;
    if !store::api_key::update_in_tx(&tx, &key).await? {
        return Err(changed_meanwhile("key"));
    }
    let changes = Changes::new().changed("name", &before.name, &key.name).changed(
        "ipAllowList",
        before.ip_allow_list.join(" "),
        key.ip_allow_list.join(" "),
    );
    audit::record_in_tx(&tx, viewer, Action::ApiKeyUpdated, subject(&key), changes, now).await?;
    tx.commit().await?;
    app.keys.forget(id);
    store::api_key::find(&app.store, id).await?.ok_or_else(|| unknown(id))
}

/// Ends a key. Ending it again changes nothing.
pub async fn revoke_key(app: &App, viewer: &Viewer, id: ApiKeyId, now: DateTime<Utc>) -> Result<ApiKey, Error> {
    let key = changeable(app, viewer, id, now).await?;
    let tx = app.store.begin().await?;
    if store::api_key::revoke_in_tx(&tx, id, to_microseconds(now)).await? {
        let changes = Changes::new().set("revokedAt", audit::time(to_microseconds(now)));
        audit::record_in_tx(&tx, viewer, Action::ApiKeyRevoked, subject(&key), changes, now).await?;
    }
    tx.commit().await?;
    app.keys.forget(id);
    store::api_key::find(&app.store, id).await?.ok_or_else(|| unknown(id))
}

/// A key that the viewer could have made itself.
async fn changeable(app: &App, viewer: &Viewer, id: ApiKeyId, now: DateTime<Utc>) -> Result<ApiKey, Error> {
    viewer.require(Permission::KeysWrite)?;
    let found = store::api_key::find(&app.store, id).await?;
    let key = found.filter(|key| visible(viewer, &key.scope)).ok_or_else(|| unknown(id))?;
    let (role, permissions) = super::authenticate::role(&app.store, &key).await?;
    may_grant(viewer, &key.scope, &role, permissions)
        .inspect_err(|error| app.refusals.if_forbidden(viewer, error, now))?;
    Ok(key)
}

fn unknown(id: ApiKeyId) -> Error {
    Error::not_found("NOT_FOUND", format!("There is no API key {id}.")).at(["id"])
}

/// Whether the key is one the viewer may know of.
pub fn visible(viewer: &Viewer, scope: &Scope) -> bool {
    match (viewer.scope, scope) {
        (Scope::Operator, _) => true,
        (Scope::Organisation(own), Scope::Organisation(other) | Scope::Project(other, _)) => own == *other,
        _ => false,
    }
}

/// Nobody hands out more than they have: owners make owners, developers make project keys only, and whoever has a
/// custom role makes what lies within it.
fn may_grant(viewer: &Viewer, scope: &Scope, role: &RoleName, permissions: Permissions) -> Result<(), Error> {
    let within = permissions.is_within(viewer.permissions);
    let allowed = match (&viewer.role, role) {
        (RoleName::BuiltIn(Role::Owner), RoleName::BuiltIn(_)) => true,
        (RoleName::BuiltIn(Role::Admin), RoleName::BuiltIn(made)) => {
            *made != Role::Owner || (viewer.is_operator() && *scope != Scope::Operator)
        }
        (RoleName::BuiltIn(Role::Developer), _) => matches!(scope, Scope::Project(..)) && within,
        (RoleName::Custom(..), RoleName::BuiltIn(made)) => *made != Role::Owner && within,
        (_, RoleName::Custom(..)) => within,
        _ => false,
    };
    if allowed {
        return Ok(());
    }
    let missing = permissions.without(viewer.permissions);
    let because = if missing.is_empty() { String::new() } else { format!(" It lacks {missing}.") };
    Err(Error::forbidden(
        "FORBIDDEN",
        format!("{viewer} may not make, change or revoke a key of {role} for {}.{because}", scope_name(scope)),
    )
    .at(["role"]))
}

/// The custom role for a new key, which must be of the key's owner and fit its scope.
async fn custom_role(app: &App, viewer: &Viewer, scope: &Scope, id: RoleId) -> Result<(RoleName, Permissions), Error> {
    let role = super::manage_roles::find_role(app, viewer, id).await.map_err(|error| error.at(["roleId"]))?;
    if role.organisation_id != scope.organisation() {
        return Err(Error::invalid(
            "ROLE_DOES_NOT_FIT",
            format!(
                "The role {id} belongs to {}: its keys can only be made there.",
                role.organisation_id.map_or_else(|| "the operator".to_owned(), |owner| owner.to_string())
            ),
        )
        .at(["roleId"]));
    }
    let permissions = super::authenticate::known(&role.permissions);
    let beyond = permissions.without(ceiling(scope));
    if !beyond.is_empty() {
        return Err(Error::invalid(
            "ROLE_DOES_NOT_FIT",
            format!(
                "A key of scope {} cannot have the role `{}`: {beyond} cannot be given there.",
                scope_name(scope),
                role.name
            ),
        )
        .at(["roleId"]));
    }
    Ok((RoleName::Custom(Some(role.id), role.name.as_str().into()), permissions))
}

async fn check(app: &App, new: &NewKey, now: DateTime<Utc>) -> Result<(), Error> {
    check_name(&new.name)?;
    AllowList::read("ipAllowList", &new.ip_allow_list)?;
    if let Grant::BuiltIn(role) = new.role
        && !role.fits(&new.scope)
    {
        return Err(Error::invalid(
            "ROLE_DOES_NOT_FIT",
            format!("A key of scope {} cannot have the role {}.", scope_name(&new.scope), role.as_str()),
        )
        .at(["role"]));
    }
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(Error::invalid("EXPIRES_IN_PAST", "expiresAt must lie in the future.").at(["expiresAt"]));
    }
    match new.scope {
        Scope::Operator => Ok(()),
        Scope::Organisation(organisation) => organisation_exists(app, organisation).await,
        Scope::Project(organisation, project) => project_exists(app, organisation, project).await,
    }
}

pub(super) fn check_name(name: &str) -> Result<(), Error> {
    if name.trim().is_empty() || name.len() > 100 {
        return Err(Error::invalid(
            "BAD_NAME",
            "name must have 1 to 100 characters, so that people can tell one from another.",
        )
        .at(["name"]));
    }
    Ok(())
}

pub(super) async fn organisation_exists(app: &App, id: OrganisationId) -> Result<(), Error> {
    let found = store::organisation::find(&app.store, id).await?;
    found
        .map(|_| ())
        .ok_or_else(|| Error::not_found("NOT_FOUND", format!("There is no organisation {id}.")).at(["organisationId"]))
}

pub(super) async fn project_exists(app: &App, organisation: OrganisationId, id: ProjectId) -> Result<(), Error> {
    let found = store::project::find(&app.store, organisation, id).await?;
    found
        .map(|_| ())
        .ok_or_else(|| Error::not_found("NOT_FOUND", format!("There is no project {id}.")).at(["projectId"]))
}

fn check_chosen(chosen: &str) -> Result<(), Error> {
    let secret = chosen.strip_prefix("undash_op_").unwrap_or_default();
    if secret.len() >= 32 && secret.len() <= 128 && secret.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(Error::invalid(
        "BAD_OPERATOR_KEY",
        "UNDASH_OPERATOR_KEY must be `undash_op_` followed by 32 to 128 letters or digits.",
    ))
}

fn tag(scope: &Scope) -> &'static str {
    match scope {
        Scope::Operator => "op",
        Scope::Organisation(_) => "org",
        Scope::Project(..) => "prj",
    }
}

/// The row tells of the key what its holder may show anybody; neither the secret nor its digest.
fn subject(key: &ApiKey) -> Subject {
    Subject::named(key.scope.organisation(), SubjectType::ApiKey, key.id.to_string())
}

async fn store_key(
    app: &App,
    by: Actor,
    action: Action,
    new: NewKey,
    secret: String,
    now: DateTime<Utc>,
) -> Result<MadeKey, Error> {
    let (role, role_id) = match new.role {
        Grant::BuiltIn(role) => (role.as_str(), None),
        Grant::Custom(id) => (CUSTOM, Some(id)),
    };
    let key = ApiKey {
        id: fresh(),
        prefix: secret.chars().take(PREFIX_LENGTH).collect(),
        hash: hash(&secret).to_vec(),
        scope: new.scope,
        role: role.to_owned(),
        role_id,
        ip_allow_list: AllowList::read("ipAllowList", &new.ip_allow_list)?.texts(),
        name: new.name,
        expires_at: new.expires_at.map(to_microseconds),
        revoked_at: None,
        last_used_at: None,
        trusted_documents_only: new.trusted_documents_only,
        version: 1,
        created_at: to_microseconds(now),
    };
    let tx = app.store.begin().await?;
    if let Some(id) = role_id
        && !store::role::hold_in_tx(&tx, id).await?
    {
        return Err(Error::not_found("NOT_FOUND", format!("There is no role {id}.")).at(["roleId"]));
    }
    store::api_key::insert_in_tx(&tx, &key).await?;
    let changes = Changes::new()
        .set("name", &key.name)
        .set("prefix", &key.prefix)
        .set("scope", scope_name(&key.scope))
        .set_some("projectId", key.scope.project())
        .set("role", &key.role)
        .set_some("roleId", key.role_id)
        .set_some("expiresAt", key.expires_at.map(audit::time))
        .set_some("trustedDocumentsOnly", key.trusted_documents_only.then_some(true));
    audit::record_in_tx(&tx, by, action, subject(&key), changes, now).await?;
    tx.commit().await?;
    Ok(MadeKey { key, secret })
}
