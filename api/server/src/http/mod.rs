//! The web side: one router for GraphQL, bulk usage, uploads, invoice files and health.
//!
//! Framing and status codes live here; who the caller is comes from `app::authenticate`, and every
//! decision from a use case.

mod audit;
mod count;
pub mod events;
mod files;
mod health;
mod identity;
mod library;
mod peer;
pub mod problem;
mod purse;
mod serve;
mod webhooks;

pub use serve::{Server, serve};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderValue;
use axum::middleware;
use axum::routing::{get, post, put};
use std::str::FromStr;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use transport::{Drain, Transport, TransportSettings};

use crate::app::App;
use crate::app::record_usage::BULK_BYTES;
use crate::error::Error;
use crate::graphql;
use crate::limits::transport_settings;

/// The whole application as a router, and a handle to wait for its sockets after `shutdown`.
pub fn router(app: &Arc<App>, shutdown: CancellationToken) -> Result<(Router, Drain), Error> {
    let settings = TransportSettings { shutdown, ..transport_settings(&app.settings) };
    let transport = Transport::new(graphql::schema(Arc::clone(app)), identity::Keys::new(Arc::clone(app)), settings)
        .with_costs(graphql::costs().map_err(Error::internal)?)
        .with_budget(purse::Purse::new(Arc::clone(app)))
        .with_trusted_documents(library::Library::new(Arc::clone(app)))
        .with_observer(count::Counting(app.metrics.clone()));
    let drain = transport.drain();

    let usage = Router::new()
        .route("/v1/events", post(events::post))
        .layer(DefaultBodyLimit::max(BULK_BYTES))
        .route("/v1/audit-events", get(audit::export))
        .route_layer(middleware::from_fn_with_state(Arc::clone(app), identity::require_key));
    let files = Router::new()
        .route("/v1/uploads/{id}", put(files::put_upload))
        .route("/v1/invoices/{organisation}/{invoice}/pdf", get(files::get_invoice_pdf))
        .layer(DefaultBodyLimit::disable())
        .route_layer(middleware::from_fn_with_state(Arc::clone(app), identity::limit_address));
    let webhooks = Router::new()
        .route("/v1/webhooks/razorpay", post(webhooks::razorpay))
        .layer(DefaultBodyLimit::max(webhooks::WEBHOOK_BYTES));
    let plain = Router::new()
        .route("/", transport::graphiql("Undash", "/graphql"))
        .route("/metrics", get(count::page))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready));
    let router = usage
        .merge(files)
        .merge(webhooks)
        .merge(plain)
        .with_state(Arc::clone(app))
        .merge(transport.into_router())
        .layer(middleware::from_fn_with_state(Arc::clone(app), peer::find))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(Arc::clone(app), count::count));
    Ok((router, drain))
}

#[allow(clippy::needless_pass_by_value, reason = "the shape tower-http asks for")]
fn panicked(panic: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    let words =
        panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    problem::problem(&Error::internal(format!("a request handler panicked: {}", words.unwrap_or_default())))
}

/// A header that holds an id.
pub(crate) fn header_id<T: FromStr>(value: &HeaderValue, name: &str) -> Result<T, Error> {
    value
        .to_str()
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Error::invalid("BAD_ID", format!("The header {name} must hold an id such as org_01J….")))
}
