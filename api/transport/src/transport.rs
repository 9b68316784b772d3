//! The front door: what the owner of a schema builds, mounts and drains.

use std::sync::Arc;

use async_graphql::Executor;
use axum::{Router, extract::Request, routing::any};
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{Authenticator, TransportSettings, http, ws::Census};

/// A schema ready to be served at `/graphql`.
#[derive(Debug)]
pub struct Transport<E, A>(Arc<Shared<E, A>>);

/// What every request and every socket of one transport shares.
#[derive(Debug)]
pub(crate) struct Shared<E, A> {
    pub(crate) schema: E,
    pub(crate) authenticator: A,
    pub(crate) settings: TransportSettings,
    pub(crate) tracker: TaskTracker,
    pub(crate) census: Arc<Census>,
}

impl<E: Executor, A: Authenticator> Transport<E, A> {
    /// Brings a schema, whoever knows its callers, and the rules together.
    #[must_use]
    pub fn new(schema: E, authenticator: A, settings: TransportSettings) -> Self {
        let (tracker, census) = (TaskTracker::new(), Arc::new(Census::default()));
        Self(Arc::new(Shared { schema, authenticator, settings, tracker, census }))
    }

    /// A handle with which to wait, after `TransportSettings::shutdown` was cancelled, for what must
    /// not be cut off.
    #[must_use]
    pub fn drain(&self) -> Drain {
        Drain(self.0.tracker.clone())
    }

    /// The route `/graphql`: GET with an upgrade opens a socket, GET and POST run operations.
    pub fn into_router(self) -> Router {
        let shared = self.0;
        let handler = move |request: Request| http::handle(Arc::clone(&shared), request);
        Router::new().route("/graphql", any(handler)).layer(CatchPanicLayer::custom(http::panic_answer))
    }
}

/// Waits for sockets and running mutations. axum's own graceful shutdown waits for neither.
#[derive(Clone, Debug)]
pub struct Drain(TaskTracker);

impl Drain {
    /// Returns once every socket is closed and every mutation has ended. Bounded by the sockets'
    /// `drain_wait` and `write_wait`, but not for a mutation that never ends: put a timeout around.
    pub async fn finished(self) {
        self.0.close();
        self.0.wait().await;
    }
}
