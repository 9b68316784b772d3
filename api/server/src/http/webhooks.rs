//! What payment gateways tell: read raw, because the signature is over the bytes, and answered as soon as it is kept.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::Utc;
use std::sync::Arc;

use crate::app::{App, take_webhook};
use crate::http::problem::problem;

/// Bytes of one event at most; real ones have a few thousand.
pub(super) const WEBHOOK_BYTES: usize = 1 << 20;

/// Keeps what Razorpay told.
pub(super) async fn razorpay(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (signature, event) = (header("x-razorpay-signature"), header("x-razorpay-event-id"));
    match take_webhook::receive(&app, &body, signature, event, Utc::now()).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => problem(&error),
    }
}
