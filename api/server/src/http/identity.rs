//! From the `Authorization` header, or the first message of a socket, to a [`Viewer`].

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use chrono::Utc;
use std::sync::Arc;
use transport::{Authenticator, Caller, Denied};

use crate::app::App;
use crate::app::authenticate::{Whence, authenticate, still_valid};
use crate::error::{Error, ErrorKind};
use crate::graphql;
use crate::http::problem::problem;
use crate::viewer::Viewer;

/// Knows keys, for the GraphQL transport.
pub(super) struct Keys {
    app: Arc<App>,
}

impl Keys {
    pub(super) fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

impl Authenticator for Keys {
    type Identity = Viewer;

    async fn authenticate(&self, bearer: Option<String>, caller: Caller) -> Result<Viewer, Denied> {
        let Some(key) = bearer else {
            return Err(Denied::Unauthenticated(no_key().public));
        };
        let whence = Whence { address: caller.peer, origin: caller.origin };
        authenticate(&self.app, &key, &whence, Utc::now()).await.map_err(denied)
    }

    async fn still_valid(&self, viewer: &Viewer) -> bool {
        // When the database is away the socket stays: its next rows come from there anyway.
        still_valid(&self.app, viewer, Utc::now()).await.unwrap_or(true)
    }

    fn attach(&self, viewer: Viewer, request: async_graphql::Request) -> async_graphql::Request {
        graphql::attach(request, viewer, &self.app)
    }

    fn socket_owner(&self, viewer: &Viewer) -> Option<String> {
        // Each browser with a session counts for itself, not all of them for the one key behind.
        Some(viewer.session.as_ref().map_or_else(|| viewer.key_id.to_string(), |session| session.id.to_string()))
    }
}

/// Lets only known keys through and puts the [`Viewer`] beside the request.
pub(super) async fn require_key(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let viewer = match bearer(request.headers()) {
        Some(key) => authenticate(&app, key, &whence(&request), Utc::now()).await,
        None => Err(no_key()),
    };
    match viewer {
        Ok(viewer) => {
            request.extensions_mut().insert(viewer);
            next.run(request).await
        }
        Err(error) => problem(&error),
    }
}

fn whence(request: &Request) -> Whence {
    let caller = Caller::of(request.headers(), request.extensions());
    Whence { address: caller.peer, origin: caller.origin }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

fn no_key() -> Error {
    Error::unauthenticated("UNAUTHENTICATED", "An API key is needed: send `Authorization: Bearer undash_…`.")
}

fn denied(error: Error) -> Denied {
    match error.kind {
        ErrorKind::Unauthenticated => Denied::Unauthenticated(error.public),
        ErrorKind::Forbidden => Denied::Forbidden(error.public),
        _ => {
            tracing::error!(error = ?error, "a key could not be checked");
            Denied::Unavailable("The key cannot be checked right now. Try again.".to_owned())
        }
    }
}
