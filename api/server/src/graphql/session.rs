//! Session tokens: minted by the holder of a key for a browser, shown once, stored nowhere.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::access::{Call, Need, enter};
use super::fault::Result;
use super::ident::{parse_id, show_id};
use super::role::set;
use super::scalar::Instant;
use super::user_error::UserError;
use super::viewer::{KeyPermission, KeyScope};
use crate::app::mint_session::{self, MintedSession, NewSession};
use crate::error::Error;
use crate::viewer::{Permission, Permissions, Scope};

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[Need::mutation("sessionCreate", Permission::SessionsWrite)];

/// A session as it was minted.
struct Session {
    session: crate::viewer::Session,
    scope: Scope,
    permissions: Permissions,
}

/// What a session token lends: a part of what its key may do, to one origin, for a while. It ends with its key.
#[Object]
impl Session {
    /// The id of the token, `ses_…`, as it stands in records of what was done with it.
    async fn token_id(&self) -> ID {
        show_id(self.session.id)
    }

    /// How far it reaches.
    async fn scope(&self) -> KeyScope {
        KeyScope::of(&self.scope)
    }

    /// The organisation it is confined to; null for the operator's whole reach.
    async fn organisation_id(&self) -> Option<ID> {
        self.scope.organisation().map(show_id)
    }

    /// The project it is confined to, if it is.
    async fn project_id(&self) -> Option<ID> {
        match self.scope {
            Scope::Project(_, project) => Some(show_id(project)),
            Scope::Operator | Scope::Organisation(_) => None,
        }
    }

    /// What it may do, as long as its key may.
    async fn permissions(&self) -> Vec<KeyPermission> {
        self.permissions.iter().map(KeyPermission::from).collect()
    }

    /// The origin it is for.
    async fn audience(&self) -> &str {
        &self.session.audience
    }

    /// When it was minted.
    async fn issued_at(&self) -> Instant {
        self.session.issued_at.into()
    }

    /// From then on it is refused.
    async fn expires_at(&self) -> Instant {
        self.session.expires_at.into()
    }
}

/// What a new session is.
#[derive(InputObject)]
struct SessionCreateInput {
    /// What it may do; everything its key may, except making credentials, when left out.
    permissions: Option<Vec<KeyPermission>>,
    /// The organisation it is confined to. The caller's own when left out; a key of the operator then lends its whole
    /// reach.
    organisation_id: Option<ID>,
    /// The project it is confined to.
    project_id: Option<ID>,
    /// The origin of the pages it is for, such as `https://app.example.com`. Requests of other pages are refused with
    /// it; a request without `Origin` is accepted only when this is the origin of this server.
    audience: String,
    /// How long it lives: 1 to 3600.
    expires_in_seconds: i32,
}

/// What `sessionCreate` answers.
#[derive(SimpleObject)]
struct SessionCreatePayload {
    /// The new session; null when there are errors.
    session: Option<Session>,
    /// The token, to be sent as `Authorization: Bearer …` or in `connection_init`, never in an address. It is shown only
    /// here and only now.
    token: Option<String>,
    /// Why nothing was done; empty on success.
    errors: Vec<UserError>,
}

#[derive(Default)]
pub(super) struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Mints a session token and shows it once. A session can mint neither sessions nor keys.
    async fn session_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is.")] input: SessionCreateInput,
    ) -> Result<SessionCreatePayload> {
        let call = enter(ctx)?;
        match create(&call, input).await {
            Ok(MintedSession { session, scope, permissions, token }) => Ok(SessionCreatePayload {
                session: Some(Session { session, scope, permissions }),
                token: Some(token),
                errors: Vec::new(),
            }),
            Err(error) => Ok(SessionCreatePayload { session: None, token: None, errors: vec![UserError::of(error)?] }),
        }
    }
}

async fn create(call: &Call<'_>, input: SessionCreateInput) -> Result<MintedSession, Error> {
    let new = NewSession {
        permissions: input.permissions.map(set),
        organisation: input.organisation_id.map(|id| parse_id(&id, "organisationId")).transpose()?,
        project: input.project_id.map(|id| parse_id(&id, "projectId")).transpose()?,
        audience: input.audience,
        expires_in_seconds: input.expires_in_seconds.into(),
    };
    mint_session::mint_session(call.app, call.viewer, new, call.now).await
}
