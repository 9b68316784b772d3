//! Health for machines: alive (the process answers) and ready (it can do its work).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::app::App;

/// `200` as long as the process answers at all.
pub(super) async fn alive() -> Json<Value> {
    Json(json!({"status": "alive", "version": env!("CARGO_PKG_VERSION")}))
}

/// `200` when the database answers and is up to date, `503` with the reason otherwise.
pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Value>) {
    let reason = match app.store.ping().await {
        Err(_) => Some("the database does not answer"),
        Ok(()) => match app.store.pending_migrations().await {
            Ok(pending) if pending.is_empty() => None,
            Ok(_) => Some("migrations are missing: run `undash migrate`"),
            Err(_) => Some("the database does not answer"),
        },
    };
    match reason {
        None => (StatusCode::OK, Json(json!({"status": "ready"}))),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "not ready", "reason": reason}))),
    }
}
