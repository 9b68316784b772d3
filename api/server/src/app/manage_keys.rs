//! API keys: made once and shown once, stored as a hash, ended by expiry or revocation.

use billing::ids::{ApiKeyId, OrganisationId, ProjectId};
use chrono::{DateTime, Utc};
use rand::distr::{Alphanumeric, SampleString as _};

use super::audit::{self, Action, Actor, Changes, Subject};
use super::authenticate::hash;
use super::{App, fresh, to_microseconds};
use crate::error::Error;
use crate::store::audit::{ActorKind, SubjectType};
use crate::store::{self, api_key::ApiKey};
use crate::viewer::{Permission, Role, Scope, Viewer, scope_name};

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
    pub role: Role,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it runs nothing but trusted documents.
    pub trusted_documents_only: bool,
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
    may_grant(viewer, &new).inspect_err(|error| app.refusals.if_forbidden(viewer, error, now))?;
    check(app, &new, now).await?;
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
        role: Role::Owner,
        expires_at: None,
        trusted_documents_only: false,
    };
    let server = audit::actor(ActorKind::Server);
    store_key(app, server, Action::OperatorKeyInstalled, new, secret, now).await.map(Some)
}

/// Ends a key. Ending it again changes nothing.
pub async fn revoke_key(app: &App, viewer: &Viewer, id: ApiKeyId, now: DateTime<Utc>) -> Result<ApiKey, Error> {
    viewer.require(Permission::KeysWrite)?;
    let not_found = || Error::not_found("NOT_FOUND", format!("There is no API key {id}."));
    let key =
        store::api_key::find(&app.store, id).await?.filter(|key| visible(viewer, &key.scope)).ok_or_else(not_found)?;
    may_grant(
        viewer,
        &NewKey {
            name: String::new(),
            scope: key.scope,
            role: key.role.parse()?,
            expires_at: None,
            trusted_documents_only: false,
        },
    )
    .inspect_err(|error| app.refusals.if_forbidden(viewer, error, now))?;
    let tx = app.store.begin().await?;
    if store::api_key::revoke_in_tx(&tx, id, to_microseconds(now)).await? {
        let changes = Changes::new().set("revokedAt", audit::time(to_microseconds(now)));
        audit::record_in_tx(&tx, viewer, Action::ApiKeyRevoked, subject(&key), changes, now).await?;
    }
    tx.commit().await?;
    app.keys.forget(id);
    store::api_key::find(&app.store, id).await?.ok_or_else(not_found)
}

/// Whether the key is one the viewer may know of.
pub fn visible(viewer: &Viewer, scope: &Scope) -> bool {
    match (viewer.scope, scope) {
        (Scope::Operator, _) => true,
        (Scope::Organisation(own), Scope::Organisation(other) | Scope::Project(other, _)) => own == *other,
        _ => false,
    }
}

/// Nobody hands out more than they have: owners make owners, developers make project keys only.
fn may_grant(viewer: &Viewer, new: &NewKey) -> Result<(), Error> {
    if !visible(viewer, &new.scope) {
        return Err(Error::not_found("NOT_FOUND", "There is no such organisation.").at(["organisationId"]));
    }
    let allowed = match (viewer.role, &new.scope) {
        (Role::Owner, _) => true,
        (Role::Admin, Scope::Operator) => new.role != Role::Owner && viewer.is_operator(),
        (Role::Admin, _) => viewer.is_operator() || new.role != Role::Owner,
        (Role::Developer, Scope::Project(..)) => true,
        _ => false,
    };
    if allowed {
        return Ok(());
    }
    Err(Error::forbidden(
        "FORBIDDEN",
        format!(
            "This key ({viewer}) may not make or revoke a key of role {} for {}.",
            new.role.as_str(),
            scope_name(&new.scope)
        ),
    )
    .at(["role"]))
}

async fn check(app: &App, new: &NewKey, now: DateTime<Utc>) -> Result<(), Error> {
    if new.name.trim().is_empty() || new.name.len() > 100 {
        return Err(Error::invalid(
            "BAD_NAME",
            "name must have 1 to 100 characters, so that people can tell keys apart.",
        )
        .at(["name"]));
    }
    if !new.role.fits(&new.scope) {
        return Err(Error::invalid(
            "ROLE_DOES_NOT_FIT",
            format!("A key of scope {} cannot have the role {}.", scope_name(&new.scope), new.role.as_str()),
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

async fn organisation_exists(app: &App, id: OrganisationId) -> Result<(), Error> {
    let found = store::organisation::find(&app.store, id).await?;
    found
        .map(|_| ())
        .ok_or_else(|| Error::not_found("NOT_FOUND", format!("There is no organisation {id}.")).at(["organisationId"]))
}

async fn project_exists(app: &App, organisation: OrganisationId, id: ProjectId) -> Result<(), Error> {
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
    let key = ApiKey {
        id: fresh(),
        prefix: secret.chars().take(PREFIX_LENGTH).collect(),
        hash: hash(&secret).to_vec(),
        scope: new.scope,
        role: new.role.as_str().to_owned(),
        name: new.name,
        expires_at: new.expires_at.map(to_microseconds),
        revoked_at: None,
        last_used_at: None,
        trusted_documents_only: new.trusted_documents_only,
        created_at: to_microseconds(now),
    };
    let tx = app.store.begin().await?;
    store::api_key::insert_in_tx(&tx, &key).await?;
    let changes = Changes::new()
        .set("name", &key.name)
        .set("prefix", &key.prefix)
        .set("scope", scope_name(&key.scope))
        .set_some("projectId", key.scope.project())
        .set("role", &key.role)
        .set_some("expiresAt", key.expires_at.map(audit::time));
    audit::record_in_tx(&tx, by, action, subject(&key), changes, now).await?;
    tx.commit().await?;
    Ok(MadeKey { key, secret })
}
