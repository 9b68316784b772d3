//! The body of a POST: only JSON, only so large, only so slow. Refusing every other content type is
//! what keeps forms on foreign pages out.

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::{
    TransportSettings, code,
    envelope::{Envelope, bad, position},
    failure::Failure,
};

/// Reads the body and the envelope in it.
pub(super) async fn read(headers: &HeaderMap, body: Body, settings: &TransportSettings) -> Result<Envelope, Failure> {
    check_content_type(headers)?;
    let limit = settings.body_bytes;
    if declared_length(headers).is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    let collected =
        tokio::time::timeout(settings.body_wait, Limited::new(body, limit).collect()).await.map_err(|_| {
            Failure::new(
                code::REQUEST_TIMEOUT,
                format!("The body did not arrive within {} s.", settings.body_wait.as_secs()),
            )
        })?;
    let bytes = collected
        .map_err(|error| match error.is::<LengthLimitError>() {
            true => too_large(limit),
            false => bad("The body ended before it was complete."),
        })?
        .to_bytes();
    if bytes.is_empty() {
        return Err(bad("The body is empty. Send a JSON object with the entry `query`."));
    }
    let json =
        serde_json::from_slice(&bytes).map_err(|error| bad(format!("The body is not JSON: {}", position(&error))))?;
    Envelope::from_json(json)
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Failure> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = value.split(';').map(|part| part.trim().to_ascii_lowercase());
    let is_json = parts.next().as_deref() == Some("application/json");
    let is_utf8 = parts
        .filter_map(|part| part.strip_prefix("charset=").map(|name| name.trim_matches('"').to_owned()))
        .all(|name| name == "utf-8");
    match is_json && is_utf8 {
        true => Ok(()),
        false => Err(Failure::new(
            code::UNSUPPORTED_MEDIA_TYPE,
            "Send the header `Content-Type: application/json`, in UTF-8.",
        )),
    }
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(limit: usize) -> Failure {
    Failure::new(code::PAYLOAD_TOO_LARGE, format!("The body is larger than {limit} bytes. Send less in one request."))
        .with("limit", limit as u64)
}
