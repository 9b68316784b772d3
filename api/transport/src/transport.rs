//! The front door: what the owner of a schema builds, mounts and drains.

use std::{fmt, sync::Arc};

use async_graphql::{Executor, ObjectType, Schema, SubscriptionType};
use axum::{Router, extract::Request, routing::any};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    Authenticator, Budget, CostModel, LimitsReport, TransportSettings, TrustedDocuments,
    budget::AnyBudget,
    census::Census,
    document::Known,
    documents::{AnyDocuments, Memory},
    http,
    observer::{Nobody, Observer},
    shape::Types,
};

/// A schema ready to be served at `/graphql`.
#[derive(Debug)]
pub struct Transport<E, A: Authenticator>(Shared<E, A>);

/// A schema that can say what it is.
pub trait SchemaText {
    /// The schema in the schema definition language.
    fn text(&self) -> String;
}

impl<Q, M, S> SchemaText for Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    fn text(&self) -> String {
        self.sdl()
    }
}

/// What every request, event stream and socket of one transport shares.
pub(crate) struct Shared<E, A: Authenticator> {
    pub(crate) schema: E,
    pub(crate) authenticator: A,
    pub(crate) settings: TransportSettings,
    pub(crate) types: Arc<Types>,
    pub(crate) report: Arc<LimitsReport>,
    pub(crate) costs: Option<CostModel>,
    pub(crate) budget: Option<Box<dyn AnyBudget<A::Identity>>>,
    pub(crate) documents: Option<Box<dyn AnyDocuments<A::Identity>>>,
    pub(crate) observer: Box<dyn Observer>,
    pub(crate) memory: Memory,
    pub(crate) known: Known,
    /// Places for requests that write files.
    pub(crate) uploads: Semaphore,
    pub(crate) tracker: TaskTracker,
    pub(crate) census: Arc<Census>,
}

impl<E, A: Authenticator> fmt::Debug for Shared<E, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<E: Executor, A: Authenticator> Transport<E, A> {
    /// Brings a schema, whoever knows its callers, and the rules together.
    #[must_use]
    pub fn new(schema: E, authenticator: A, settings: TransportSettings) -> Self
    where
        E: SchemaText,
    {
        let types = Types::read(&schema.text()).unwrap_or_else(|error| {
            tracing::error!(%error, "the schema's text cannot be read: answers keep the shape the schema gives them");
            Types::default()
        });
        Self(Shared {
            schema,
            types: Arc::new(types),
            authenticator,
            report: Arc::new(LimitsReport::from(&settings)),
            costs: None,
            budget: None,
            documents: None,
            observer: Box::new(Nobody),
            memory: Memory::new(settings.persisted_query_bytes),
            known: Known::new(settings.known_document_bytes),
            uploads: Semaphore::new(settings.uploads.at_once),
            settings,
            tracker: TaskTracker::new(),
            census: Arc::new(Census::default()),
        })
    }

    /// Counts what operations cost: refuses those above `CostSettings::operation` and tells the price
    /// in `extensions.cost`.
    #[must_use]
    pub fn with_costs(mut self, model: CostModel) -> Self {
        self.0.costs = Some(model);
        self
    }

    /// Takes what operations cost from a budget. Without [`with_costs`](Self::with_costs) there is no
    /// cost to take.
    #[must_use]
    pub fn with_budget(mut self, budget: impl Budget<Identity = A::Identity>) -> Self {
        self.0.budget = Some(Box::new(budget));
        self
    }

    /// Runs documents by their `documentId`.
    #[must_use]
    pub fn with_trusted_documents(mut self, documents: impl TrustedDocuments<Identity = A::Identity>) -> Self {
        self.0.documents = Some(Box::new(documents));
        self
    }

    /// Tells somebody what happens, who counts it.
    #[must_use]
    pub fn with_observer(mut self, observer: impl Observer) -> Self {
        self.0.observer = Box::new(observer);
        self
    }

    /// A handle with which to wait, after `TransportSettings::shutdown` was cancelled, for what must
    /// not be cut off.
    #[must_use]
    pub fn drain(&self) -> Drain {
        Drain(self.0.tracker.clone())
    }

    /// The route `/graphql`: GET with an upgrade opens a socket, GET and POST run operations and open
    /// event streams.
    pub fn into_router(self) -> Router {
        let shared = Arc::new(self.0);
        let handler = move |request: Request| http::handle(Arc::clone(&shared), request);
        Router::new().route("/graphql", any(handler)).layer(CatchPanicLayer::custom(http::panic_answer))
    }
}

/// Waits for sockets, event streams and running mutations. axum's own graceful shutdown waits for
/// neither sockets nor mutations.
#[derive(Clone, Debug)]
pub struct Drain(TaskTracker);

impl Drain {
    /// Returns once every socket and event stream is closed and every mutation has ended. Bounded by
    /// the sockets' `drain_wait` and `write_wait`, but not for a mutation that never ends: put a
    /// timeout around.
    pub async fn finished(self) {
        self.0.close();
        self.0.wait().await;
    }
}
