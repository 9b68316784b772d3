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

/// How far a request came.
#[derive(Clone, Copy, Debug)]
enum Outcome<'a> {
    /// Executed without an error.
    Whole,
    /// Executed, and some field failed.
    Partial,
    /// Not executed; with the code of why.
    Refused(&'a str),
}

/// The status table. A later draft of the specification wants 294 for `Partial` and 422 for
/// `GRAPHQL_VALIDATION_FAILED`; each would be one line here.
fn status(outcome: Outcome<'_>, media: Media) -> StatusCode {
    let refused = match outcome {
        Outcome::Whole => return StatusCode::OK,
        Outcome::Partial => return StatusCode::OK,
        Outcome::Refused(code) => code,
    };
    match refused {
        code::BAD_REQUEST => StatusCode::BAD_REQUEST,
        code::UNAUTHENTICATED => StatusCode::UNAUTHORIZED,
        code::FORBIDDEN | code::TRUSTED_DOCUMENT_REQUIRED => StatusCode::FORBIDDEN,
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

/// Whether a refusal is about the document, which a stream of events tells with status 200.
pub(super) fn is_about_the_document(code: &str) -> bool {
    status(Outcome::Refused(code), Media::Json) == StatusCode::OK
}

/// Writes an answer that has been through `polish` or comes from a `Failure`.
pub(super) fn write(media: Media, response: GraphqlResponse, id: &RequestId) -> Response {
    let refused = refusal(&response).and_then(|errors| errors.first());
    let outcome = match refused {
        Some(error) => Outcome::Refused(code_of(error).unwrap_or(code::INTERNAL)),
        None if response.errors.is_empty() => Outcome::Whole,
        None => Outcome::Partial,
    };
    let status = status(outcome, media);
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
    mark(headers, media.header(), id);
    answer
}

/// An answer that goes on for as long as its operation.
pub(crate) fn event_stream(body: Body, id: &RequestId) -> Response {
    let mut answer = with_status(StatusCode::OK, body);
    let headers = answer.headers_mut();
    mark(headers, HeaderValue::from_static("text/event-stream; charset=utf-8"), id);
    // Proxies that collect an answer before they pass it on are asked not to.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer
}

/// What every answer says of itself.
fn mark(headers: &mut HeaderMap, content_type: HeaderValue, id: &RequestId) {
    headers.insert(header::CONTENT_TYPE, content_type);
    // Answers are personal; none may stay in a cache.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(id) = id.header() {
        headers.insert("x-request-id", id);
    }
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
