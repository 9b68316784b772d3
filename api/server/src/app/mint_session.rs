//! Minting a session token: a part of what a key may do, lent to one origin for an hour at most.
//! Nothing of it is stored but its audit row: the token dies with its end or with its key.

use billing::ids::{Id, OrganisationId, ProjectId, SessionId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::App;
use super::audit::{self, Action, Changes, Subject};
use super::manage_keys::project_exists;
use crate::error::Error;
use crate::sessions::{self, Claims};
use crate::store::audit::SubjectType;
use crate::viewer::{Permission, Permissions, Scope, Session, Viewer, ceiling};

/// How long a session may live.
pub const LONGEST_SECONDS: i64 = 3_600;

/// What a new session should be.
pub struct NewSession {
    /// What it may do; everything it can when absent.
    pub permissions: Option<Permissions>,
    /// The organisation it is confined to; an operator key may leave it out.
    pub organisation: Option<OrganisationId>,
    /// The project it is confined to.
    pub project: Option<ProjectId>,
    /// The origin it is for.
    pub audience: String,
    /// Its life.
    pub expires_in_seconds: i64,
}

/// A session just minted: the only moment its token is known.
pub struct MintedSession {
    /// What it is.
    pub session: Session,
    /// What it reaches.
    pub scope: Scope,
    /// What it may do, as long as its key may.
    pub permissions: Permissions,
    /// The token, to be shown once.
    pub token: String,
}

/// Mints a session of the viewer's key.
pub async fn mint_session(
    app: &App,
    viewer: &Viewer,
    new: NewSession,
    now: DateTime<Utc>,
) -> Result<MintedSession, Error> {
    if viewer.session.is_some() {
        return Err(Error::forbidden(
            "FORBIDDEN",
            "A session mints no sessions. Let the holder of its key mint another.",
        ));
    }
    viewer.require(Permission::SessionsWrite)?;
    if !(1..=LONGEST_SECONDS).contains(&new.expires_in_seconds) {
        return Err(Error::invalid("OUT_OF_RANGE", format!("expiresInSeconds must be from 1 to {LONGEST_SECONDS}."))
            .at(["expiresInSeconds"]));
    }
    let audience = sessions::origin(&new.audience).ok_or_else(|| {
        Error::invalid("BAD_AUDIENCE", "audience must be an origin: https:// or http://, a host and perhaps a port, such as https://app.example.com.")
            .at(["audience"])
    })?;
    let scope = scope(app, viewer, &new).await?;
    let permissions = permissions(viewer, &scope, new.permissions)?;
    let issued_at = DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now);
    let id: SessionId = Id::from_uuid(Uuid::from_bytes(rand::random()));
    let session =
        Session { id, audience, issued_at, expires_at: issued_at + chrono::Duration::seconds(new.expires_in_seconds) };
    let claims = Claims {
        id: id.uuid(),
        key: viewer.key_id.uuid(),
        org: scope.organisation().map(|id| id.uuid()),
        prj: match scope {
            Scope::Project(_, project) => Some(project.uuid()),
            Scope::Operator | Scope::Organisation(_) => None,
        },
        may: permissions.names().into_iter().map(str::to_owned).collect(),
        aud: session.audience.clone(),
        iat: session.issued_at.timestamp(),
        exp: session.expires_at.timestamp(),
    };
    let token = app.sessions.mint(&claims).map_err(Error::internal)?;
    let tx = app.store.begin().await?;
    let subject = Subject::named(scope.organisation(), SubjectType::Session, id.to_string());
    let changes = Changes::new()
        .set("audience", &session.audience)
        .set_some("projectId", scope.project())
        .set("permissions", permissions)
        .set("expiresAt", audit::time(session.expires_at));
    audit::record_in_tx(&tx, viewer, Action::SessionCreated, subject, changes, now).await?;
    tx.commit().await?;
    Ok(MintedSession { session, scope, permissions, token })
}

async fn scope(app: &App, viewer: &Viewer, new: &NewSession) -> Result<Scope, Error> {
    let organisation = match (viewer.is_operator(), new.organisation, new.project) {
        (true, None, None) => return Ok(Scope::Operator),
        (true, Some(named), _) => {
            super::tenants::find_organisation(app, named).await.map_err(|error| error.at(["organisationId"]))?;
            named
        }
        _ => viewer.organisation(new.organisation)?,
    };
    let Some(project) = new.project.or(viewer.own_project()) else { return Ok(Scope::Organisation(organisation)) };
    if viewer.own_project().is_some_and(|own| own != project) {
        return Err(Error::not_found("NOT_FOUND", format!("There is no project {project}.")).at(["projectId"]));
    }
    project_exists(app, organisation, project).await?;
    Ok(Scope::Project(organisation, project))
}

fn permissions(viewer: &Viewer, scope: &Scope, asked: Option<Permissions>) -> Result<Permissions, Error> {
    let most = viewer.permissions.and(ceiling(scope)).without(Permissions::NEVER_IN_A_SESSION);
    let asked = asked.unwrap_or(most);
    if asked.is_empty() {
        return Err(Error::invalid(
            "MISSING_FIELD",
            "permissions is empty: a session that may do nothing is of no use.",
        )
        .at(["permissions"]));
    }
    if !asked.is_within(most) {
        return Err(Error::forbidden(
            "FORBIDDEN",
            format!(
                "{viewer} cannot lend a session what it may not do itself there, or what no session may do: {}.",
                asked.without(most)
            ),
        )
        .at(["permissions"]));
    }
    Ok(asked)
}
