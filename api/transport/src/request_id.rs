//! The name of one request in answers, logs and support letters.

use std::{fmt, sync::Arc};

use axum::http::{Extensions, HeaderValue};

/// Identifies one HTTP request or one operation on a socket. Found in the request's data, in the
/// `x-request-id` answer header and in `extensions.requestId` of every error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// A new id nobody has seen before.
    #[must_use]
    pub fn new() -> Self {
        Self(uuid::Uuid::now_v7().to_string().into())
    }

    /// The id a `tower_http::request_id` layer gave this request, else a new one. A client's header
    /// counts only if that layer chose to believe it.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions
            .get::<tower_http::request_id::RequestId>()
            .and_then(|id| id.header_value().to_str().ok())
            .filter(|id| !id.is_empty() && id.len() <= 128)
            .map_or_else(Self::new, |id| Self(id.into()))
    }

    /// The id as text: visible ASCII, at most 128 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
