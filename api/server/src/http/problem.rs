//! Errors of the plain HTTP endpoints: one status table, one JSON shape, the cause only in the log.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::error::{Error, ErrorKind};

/// The answer for an error: `{"error":{"code","message","path","retryable"}}`.
pub fn problem(error: &Error) -> Response {
    if let Some(cause) = &error.private {
        tracing::error!(code = error.code, cause = %cause, "request failed");
    }
    let retryable = matches!(error.kind, ErrorKind::Unavailable | ErrorKind::RateLimited);
    let body =
        json!({"error": {"code": error.code, "message": error.public, "path": error.path, "retryable": retryable}});
    let mut response = (status(error), Json(body)).into_response();
    if retryable {
        let wait = error.retry_after.map_or(1, |wait| wait.as_millis().div_ceil(1_000).max(1));
        let wait = u64::try_from(wait).unwrap_or(u64::MAX);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
    }
    response
}

fn status(error: &Error) -> StatusCode {
    match (error.code, error.kind) {
        ("TOO_LARGE", _) => StatusCode::PAYLOAD_TOO_LARGE,
        ("UNSUPPORTED_MEDIA_TYPE", _) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        (_, ErrorKind::NotFound) => StatusCode::NOT_FOUND,
        (_, ErrorKind::Invalid) => StatusCode::BAD_REQUEST,
        (_, ErrorKind::Conflict) => StatusCode::CONFLICT,
        (_, ErrorKind::Refused) => StatusCode::UNPROCESSABLE_ENTITY,
        (_, ErrorKind::Forbidden) => StatusCode::FORBIDDEN,
        (_, ErrorKind::Unauthenticated) => StatusCode::UNAUTHORIZED,
        (_, ErrorKind::RateLimited) => StatusCode::TOO_MANY_REQUESTS,
        (_, ErrorKind::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
        (_, ErrorKind::Internal) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
