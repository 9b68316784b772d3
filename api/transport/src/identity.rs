//! Who is calling: the one trait the owner of the schema implements, and how a key is found in a
//! request. What a key means must not be known here.

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use async_graphql::Request;
use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, header},
};

use crate::{RequestId, code, failure::Failure};

/// Turns a bearer key into an identity and hands the identity to the schema.
pub trait Authenticator: Send + Sync + 'static {
    /// Whoever is calling. Cloned once per operation, so keep it small.
    type Identity: Clone + Send + Sync + 'static;

    /// Who holds this key? Called once per HTTP request before anything of its body is read, and
    /// once per socket. `None` means that no bearer key was sent; `caller` is what is known besides.
    ///
    /// # Errors
    /// [`Denied`] with words for the client; it decides the HTTP status and the close code.
    fn authenticate(
        &self,
        bearer: Option<String>,
        caller: Caller,
    ) -> impl Future<Output = Result<Self::Identity, Denied>> + Send;

    /// Whether the identity of an open socket may stay. Asked every
    /// `SocketSettings::identity_check_every`; `false` closes the socket with 4403.
    fn still_valid(&self, identity: &Self::Identity) -> impl Future<Output = bool> + Send;

    /// Puts the identity, and whatever else a resolver needs per request, into the request's data.
    fn attach(&self, identity: Self::Identity, request: Request) -> Request;

    /// The name under which the sockets of this identity are counted together
    /// with its event streams, for `SocketSettings::sockets_per_owner`. `None`, the default, does not count them.
    fn socket_owner(&self, _identity: &Self::Identity) -> Option<String> {
        None
    }

    /// Whether this identity may run nothing but trusted documents, see
    /// [`TrustedDocuments`](crate::TrustedDocuments). `false` by default.
    fn trusted_documents_only(&self, _identity: &Self::Identity) -> bool {
        false
    }

    /// Whether this identity may send files at all, asked before a byte of the body is read. `true` by default, where
    /// `UploadSettings::enabled` is.
    fn may_upload(&self, _identity: &Self::Identity) -> bool {
        true
    }

    /// The class of callers that share the documents they registered themselves (automatic persisted
    /// queries), such as the organisation. One for all by default.
    fn document_class(&self, _identity: &Self::Identity) -> String {
        String::new()
    }
}

/// What is known of a request's sender besides its key.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// Where it is, see [`PeerAddress`].
    pub peer: Option<IpAddr>,
    /// The page it came from, as a browser says in `Origin`; of a socket, in its upgrade request. Anything unreadable
    /// is kept as it is, so that it equals no origin.
    pub origin: Option<String>,
    /// The request's name, or that of the upgrade request.
    pub request_id: Option<RequestId>,
}

impl Caller {
    /// The sender of a request, which has no name yet.
    pub fn of(headers: &HeaderMap, extensions: &Extensions) -> Self {
        let origins: Vec<_> =
            headers.get_all(header::ORIGIN).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        Self {
            peer: PeerAddress::of(extensions),
            origin: (!origins.is_empty()).then(|| origins.join(" ")),
            request_id: None,
        }
    }

    pub(crate) fn named(mut self, id: &RequestId) -> Self {
        self.request_id = Some(id.clone());
        self
    }
}

/// Why a caller is not let in. The text is shown to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No key, an unknown or an expired one. HTTP 401; socket 4403.
    Unauthenticated(String),
    /// A known key that may not call at all. HTTP 403; socket 4403.
    Forbidden(String),
    /// Too many attempts or requests. HTTP 429 with `Retry-After`; socket 1013.
    RateLimited {
        /// Words for the client.
        message: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// The key could not be checked right now. HTTP 503; socket 1013.
    Unavailable(String),
}

impl Denied {
    /// Whether a socket may try again with the same key.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Unavailable(_))
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Unauthenticated(message) => Self::new(code::UNAUTHENTICATED, message),
            Denied::Forbidden(message) => Self::new(code::FORBIDDEN, message),
            Denied::RateLimited { message, retry_after } => {
                Self::new(code::RATE_LIMITED, message).retry_after(retry_after)
            }
            Denied::Unavailable(message) => Self::new(code::UNAVAILABLE, message),
        }
    }
}

/// The client's address, put into the request's extensions by a layer that knows which proxies to
/// believe. Without it the address of the connection (`ConnectInfo<SocketAddr>`) is used.
#[derive(Clone, Copy, Debug)]
pub struct PeerAddress(pub IpAddr);

impl PeerAddress {
    /// The address of whoever sent the request, if anything tells it.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Option<IpAddr> {
        let connection = || extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        extensions.get::<Self>().map(|peer| peer.0).or_else(connection)
    }
}

/// The key of an `Authorization: Bearer …` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    without_scheme(value)
}

/// The key of a `connection_init` payload: its `authorization` entry in any case, with or without
/// the word `Bearer`.
pub(crate) fn bearer_of_init(payload: &serde_json::Map<String, serde_json::Value>) -> Option<String> {
    let entry = payload.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
    let value = entry.1.as_str()?.trim();
    match value.contains(' ') {
        true => without_scheme(value),
        false => Some(value.to_owned()).filter(|key| !key.is_empty()),
    }
}

fn without_scheme(value: &str) -> Option<String> {
    let (scheme, key) = value.trim().split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_key_is_found_with_and_without_the_scheme() {
        let of =
            |json: &str| bearer_of_init(serde_json::from_str::<serde_json::Value>(json).unwrap().as_object().unwrap());
        assert_eq!(of(r#"{"authorization":"Bearer k1"}"#).as_deref(), Some("k1"));
        assert_eq!(of(r#"{"Authorization":"bearer  k1 "}"#).as_deref(), Some("k1"));
        assert_eq!(of(r#"{"authorization":"k1"}"#).as_deref(), Some("k1"));
        assert_eq!(of(r#"{"authorization":"Basic k1"}"#), None);
        assert_eq!(of(r#"{"authorization":""}"#), None);
        assert_eq!(of(r#"{"token":"k1"}"#), None);
    }

    #[test]
    fn a_strange_origin_is_no_missing_one() {
        let of = |origins: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for origin in origins {
                headers.append(header::ORIGIN, axum::http::HeaderValue::from_bytes(origin).unwrap());
            }
            Caller::of(&headers, &Extensions::new()).origin
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[b"https://a.example"]).as_deref(), Some("https://a.example"));
        assert_eq!(
            of(&[b"https://a.example", b"https://b.example"]).as_deref(),
            Some("https://a.example https://b.example")
        );
        assert!(of(&[b"https://a.example\xff"]).is_some_and(|origin| origin != "https://a.example"));
        assert_eq!(of(&[b""]).as_deref(), Some(""));
    }
}
