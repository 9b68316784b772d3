//! The closed list of `extensions.code` values this crate itself puts on errors, and which of them
//! are worth trying again. Codes of the schema's own errors pass through untouched and are not
//! listed here.

/// The request carries no valid key. HTTP 401.
pub const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
/// The key is valid but may not do this, or the page's origin is not allowed. HTTP 403.
pub const FORBIDDEN: &str = "FORBIDDEN";
/// A value in the request is not acceptable.
pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
/// The envelope around the document is malformed: not JSON, no `query`, a batch. HTTP 400.
pub const BAD_REQUEST: &str = "BAD_REQUEST";
/// The document is not GraphQL.
pub const GRAPHQL_PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// The document is GraphQL but does not fit the schema.
pub const GRAPHQL_VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
/// The document asks for more than one request may; `limitName`, `limit` and `found` or `cost` say
/// what.
pub const QUERY_TOO_COMPLEX: &str = "QUERY_TOO_COMPLEX";
/// The key runs trusted documents only. HTTP 403.
pub const TRUSTED_DOCUMENT_REQUIRED: &str = "TRUSTED_DOCUMENT_REQUIRED";
/// No trusted document has this `documentId`.
pub const TRUSTED_DOCUMENT_NOT_FOUND: &str = "TRUSTED_DOCUMENT_NOT_FOUND";
/// The digest in `extensions.persistedQuery` is not known here (any longer); send the text with it.
pub const PERSISTED_QUERY_NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";
/// Persisted queries are switched off; send the text.
pub const PERSISTED_QUERY_NOT_SUPPORTED: &str = "PERSISTED_QUERY_NOT_SUPPORTED";
/// The digest in `extensions.persistedQuery` is not that of the text sent with it.
pub const PERSISTED_QUERY_HASH_MISMATCH: &str = "PERSISTED_QUERY_HASH_MISMATCH";
/// Too many requests or sockets, or the budget is spent; `retryAfterMs` says when to come back. HTTP 429.
pub const RATE_LIMITED: &str = "RATE_LIMITED";
/// The operation ran longer than allowed. HTTP 503.
pub const TIMEOUT: &str = "TIMEOUT";
/// The body did not arrive in time. HTTP 408.
pub const REQUEST_TIMEOUT: &str = "REQUEST_TIMEOUT";
/// The server is full or shutting down. HTTP 503.
pub const UNAVAILABLE: &str = "UNAVAILABLE";
/// A fault of the server; the message names only the request id. HTTP 500.
pub const INTERNAL: &str = "INTERNAL";
/// Anything but a query by GET, or a verb other than GET and POST. HTTP 405.
pub const METHOD_NOT_ALLOWED: &str = "METHOD_NOT_ALLOWED";
/// The `Accept` header admits neither GraphQL media type. HTTP 406.
pub const NOT_ACCEPTABLE: &str = "NOT_ACCEPTABLE";
/// The body is larger than allowed. HTTP 413.
pub const PAYLOAD_TOO_LARGE: &str = "PAYLOAD_TOO_LARGE";
/// The body is not `application/json`, nor multipart where uploads are on. HTTP 415.
pub const UNSUPPORTED_MEDIA_TYPE: &str = "UNSUPPORTED_MEDIA_TYPE";

/// Whether the same request may succeed later without being changed.
#[must_use]
pub fn is_retryable(code: &str) -> bool {
    matches!(code, RATE_LIMITED | TIMEOUT | REQUEST_TIMEOUT | UNAVAILABLE)
}
