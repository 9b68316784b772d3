//! What the suites over HTTP share: a request, and its answer as JSON.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

pub const GRAPHQL: &str = "application/graphql-response+json";
pub const JSON: &str = "application/json";

/// Sends a request and reads the JSON that comes back.
pub async fn send(app: Router, request: Request<Body>) -> (StatusCode, HeaderMap, Value) {
    let response = app.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let json = serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("not JSON: {bytes:?}"));
    (parts.status, parts.headers, json)
}

/// A POST of JSON with a key.
pub fn post_as(key: &str, accept: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post("/graphql")
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", JSON)
        .header("accept", accept)
        .body(body.into())
        .unwrap()
}

/// A POST of JSON with the key `good`.
pub fn post(accept: &str, body: impl Into<Body>) -> Request<Body> {
    post_as("good", accept, body)
}

/// The code of the first error, which must be complete.
pub fn code(body: &Value) -> &str {
    let error = &body["errors"][0];
    assert!(error["extensions"]["requestId"].is_string(), "{body}");
    assert!(error["extensions"]["retryable"].is_boolean(), "{body}");
    let message = error["message"].as_str().unwrap();
    let is_apollos = message.starts_with("PersistedQueryNot");
    assert!(message.ends_with('.') || message.contains("expected") || is_apollos, "{body}");
    error["extensions"]["code"].as_str().unwrap()
}
