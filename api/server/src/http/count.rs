//! What the web side counts: every answered request, every GraphQL operation, every socket; and the page on which an
//! operator's collector reads it.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq as _;
use transport::{Observer, OperationKind, Outcome};

use crate::app::App;
use crate::app::authenticate::Whence;
use crate::error::Error;
use crate::http::identity::{bearer, recognise, whence};
use crate::http::problem::problem;
use crate::metrics::{Metrics, OutboxCount};
use crate::store;

/// The content type of the page.
const TEXT: HeaderValue = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// How far rows are counted for the page: a scrape must stay cheap when things go wrong.
const COUNTED: u64 = 100_000;

/// Counts every answer by its route's pattern, so that no path makes a label of its own.
pub(super) async fn count(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = method(request.method());
    let began = Instant::now();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    app.metrics.http_answered(route, method, response.status().as_u16(), began.elapsed());
    response
}

/// Methods are a closed list here; a client may invent others.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

/// Counts what the GraphQL transport tells.
pub(super) struct Counting(pub(super) Metrics);

impl Observer for Counting {
    fn operation(&self, kind: OperationKind, outcome: Outcome, took: Duration) {
        let kind = match kind {
            OperationKind::Query => "query",
            OperationKind::Mutation => "mutation",
            OperationKind::Subscription => "subscription",
            OperationKind::Unknown => "unknown",
        };
        let outcome = match outcome {
            Outcome::Whole => "whole",
            Outcome::Partial => "partial",
            Outcome::Refused => "refused",
        };
        self.0.operation_ended(kind, outcome, took);
    }

    fn socket_opened(&self) {
        self.0.socket_opened();
    }

    fn socket_closed(&self, code: Option<u16>) {
        self.0.socket_closed(code);
    }
}

/// The page, for a key of the operator or the collector's own token.
pub(super) async fn page(State(app): State<Arc<App>>, request: Request) -> Response {
    let now = Utc::now();
    let (whence, key) = (whence(&request), bearer(request.headers()).map(str::to_owned));
    match read(&app, &whence, key.as_deref(), now).await {
        Ok(page) => ([(header::CONTENT_TYPE, TEXT)], page).into_response(),
        Err(error) => problem(&error),
    }
}

async fn read(app: &App, whence: &Whence, key: Option<&str>, now: DateTime<Utc>) -> Result<String, Error> {
    if !key.is_some_and(|key| is_token(app, key)) {
        let viewer = recognise(app, whence, key).await?;
        if !viewer.is_operator() {
            return Err(Error::forbidden(
                "FORBIDDEN",
                "Only keys of the operator, and metrics_token, read the metrics.",
            ));
        }
    }
    let waiting = store::outbox::depth(&app.store, COUNTED).await?;
    let oldest_seconds = store::outbox::oldest(&app.store).await?.map_or(0, |due| (now - due).num_seconds());
    let dead = store::outbox::count_dead(&app.store, COUNTED).await?;
    app.metrics.outbox_seen(OutboxCount { waiting, oldest_seconds, dead });
    app.metrics.page().map_err(Error::internal)
}

/// Compared by digests in constant time, so that no clock tells how much of a guess was right.
fn is_token(app: &App, key: &str) -> bool {
    let digest = |text: &str| Sha256::digest(text.as_bytes());
    app.settings.metrics_token.as_ref().is_some_and(|token| digest(token.reveal()).ct_eq(&digest(key)).into())
}
