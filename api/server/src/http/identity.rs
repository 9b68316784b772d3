//! From the `Authorization` header, or the first message of a socket, to a [`Viewer`].

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use chrono::Utc;
use std::any::TypeId;
use std::sync::Arc;
use std::time::Duration;
use transport::{Authenticator, Caller, Denied, PeerAddress, RequestId};

use crate::app::App;
use crate::app::authenticate::{Whence, authenticate, remembers, still_valid};
use crate::error::{Error, ErrorKind};
use crate::graphql;
use crate::http::problem::problem;
use crate::viewer::{Permission, Viewer};

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
        let whence = Whence { address: caller.peer, origin: caller.origin };
        recognise(&self.app, &whence, bearer.as_deref()).await.map_err(denied)
    }

    async fn still_valid(&self, viewer: &Viewer) -> bool {
        // When the database is away the socket stays: its next rows come from there anyway.
        still_valid(&self.app, viewer, Utc::now()).await.unwrap_or(true)
    }

    fn attach(&self, mut viewer: Viewer, request: async_graphql::Request) -> async_graphql::Request {
        let id = request.data.get(&TypeId::of::<RequestId>()).and_then(|id| id.downcast_ref::<RequestId>());
        viewer.request_id = id.map(|id| Arc::from(id.as_str()));
        graphql::attach(request, viewer, &self.app)
    }

    fn socket_owner(&self, viewer: &Viewer) -> Option<String> {
        // Each browser with a session counts for itself, not all of them for the one key behind.
        Some(viewer.session.as_ref().map_or_else(|| viewer.key_id.to_string(), |session| session.id.to_string()))
    }

    fn document_class(&self, viewer: &Viewer) -> String {
        viewer.own_organisation().map_or_else(String::new, |organisation| organisation.to_string())
    }

    fn trusted_documents_only(&self, viewer: &Viewer) -> bool {
        viewer.trusted_documents_only
    }

    fn may_upload(&self, viewer: &Viewer) -> bool {
        viewer.may(Permission::PluginsWrite)
    }
}

/// Who is calling, if their address may ask at all.
pub(super) async fn recognise(app: &App, whence: &Whence, key: Option<&str>) -> Result<Viewer, Error> {
    let now = Utc::now();
    if let Some(address) = whence.address {
        let trusted = key.is_some_and(|key| remembers(app, key, now));
        app.limiter.admit_address(address, trusted).await.map_err(|wait| wait.error())?;
    }
    let found = authenticate(app, key.ok_or_else(no_key)?, whence, now).await;
    if let (Err(error), Some(address)) = (&found, whence.address)
        && error.kind == ErrorKind::Unauthenticated
    {
        app.limiter.note_failed_key(address).await;
    }
    found
}

/// Lets an address in that may ask at all, where a signed link stands for a key.
pub(super) async fn limit_address(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let admitted = match PeerAddress::of(request.extensions()) {
        Some(address) => app.limiter.admit_address(address, true).await,
        None => Ok(()),
    };
    match admitted {
        Ok(()) => next.run(request).await,
        Err(wait) => problem(&wait.error()),
    }
}

/// Lets only known keys through and puts the [`Viewer`] beside the request.
pub(super) async fn require_key(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let (whence, key) = (whence(&request), bearer(request.headers()).map(str::to_owned));
    match recognise(&app, &whence, key.as_deref()).await {
        Ok(viewer) => {
            request.extensions_mut().insert(viewer);
            next.run(request).await
        }
        Err(error) => problem(&error),
    }
}

pub(super) fn whence(request: &Request) -> Whence {
    let caller = Caller::of(request.headers(), request.extensions());
    Whence { address: caller.peer, origin: caller.origin }
}

pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

fn no_key() -> Error {
    Error::unauthenticated("UNAUTHENTICATED", "An API key is needed: send `Authorization: Bearer undash_…`.")
}

pub(super) fn denied(error: Error) -> Denied {
    match error.kind {
        ErrorKind::RateLimited => Denied::RateLimited {
            message: error.public,
            retry_after: error.retry_after.unwrap_or(Duration::from_secs(1)),
        },
        ErrorKind::Unauthenticated => Denied::Unauthenticated(error.public),
        ErrorKind::Forbidden => Denied::Forbidden(error.public),
        _ => {
            tracing::error!(error = ?error, "a key could not be checked");
            Denied::Unavailable("The key cannot be checked right now. Try again.".to_owned())
        }
    }
}
