//! The answer on the wire: one status table, one writer, and the same JSON shape for every failure.

use std::any::Any;

use async_graphql::{Response as GraphqlResponse, ServerError, Value};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

use super::accept::Media;
use crate::{
    RequestId, code,
    execute::panicked,
    failure::{code_of, refusal},
    payload::Payload,
};

/// The status table. `refused` is the code of a request that was not executed; an executed one is
/// 200 whatever its fields say.
fn status(refused: Option<&str>, media: Media) -> StatusCode {
    let Some(refused) = refused else {
        return StatusCode::OK;
    };
    match refused {
        code::BAD_REQUEST => StatusCode::BAD_REQUEST,
        code::UNAUTHENTICATED => StatusCode::UNAUTHORIZED,
        code::FORBIDDEN => StatusCode::FORBIDDEN,
        code::METHOD_NOT_ALLOWED => StatusCode::METHOD_NOT_ALLOWED,
        code::NOT_ACCEPTABLE => StatusCode::NOT_ACCEPTABLE,
        code::REQUEST_TIMEOUT => StatusCode::REQUEST_TIMEOUT,
        code::PAYLOAD_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
        code::UNSUPPORTED_MEDIA_TYPE => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        code::RATE_LIMITED => StatusCode::TOO_MANY_REQUESTS,
        code::INTERNAL => StatusCode::INTERNAL_SERVER_ERROR,
        code::TIMEOUT | code::UNAVAILABLE => StatusCode::SERVICE_UNAVAILABLE,
        // The document itself is at fault. Clients of plain JSON expect 200 for that.
        _ => match media {
            Media::GraphqlResponse => StatusCode::BAD_REQUEST,
            Media::Json => StatusCode::OK,
        },
    }
}

/// Writes an answer that has been through `polish` or comes from a `Failure`.
pub(super) fn write(media: Media, response: GraphqlResponse, id: &RequestId) -> Response {
    let refused = refusal(&response).and_then(|errors| errors.first());
    let status = status(refused.map(|error| code_of(error).unwrap_or(code::INTERNAL)), media);
    let mut answer = match serde_json::to_vec(&Payload::from(&response)) {
        Ok(body) => with_status(status, Body::from(body)),
        Err(error) => {
            tracing::error!(request_id = %id, %error, "an answer could not be written as JSON");
            return write(Media::Json, panicked(id).into_response(id), id);
        }
    };
    let extra = refused.map(|error| headers_of(status, error)).unwrap_or_default();
    let headers = answer.headers_mut();
    headers.extend(response.http_headers);
    headers.extend(extra);
    headers.insert(header::CONTENT_TYPE, media.header());
    // Answers are personal; none may stay in a cache.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(id) = id.header() {
        headers.insert("x-request-id", id);
    }
    answer
}

/// Headers that say the same as the error to clients that do not read it.
fn headers_of(status: StatusCode, error: &ServerError) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let entry = |name: &str| error.extensions.as_ref().and_then(|extensions| extensions.get(name));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        let only_post = entry("allow").is_some();
        headers.insert(header::ALLOW, HeaderValue::from_static(if only_post { "POST" } else { "GET, POST" }));
    }
    if let Some(Value::Number(wait)) = entry("retryAfterMs") {
        let seconds = wait.as_u64().unwrap_or_default().div_ceil(1000).max(1);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    headers
}

/// What a panic outside an operation, in an authenticator for instance, looks like from outside.
pub(crate) fn panic_answer(_panic: Box<dyn Any + Send>) -> Response {
    let id = RequestId::new();
    write(Media::Json, panicked(&id).into_response(&id), &id)
}

fn with_status(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
