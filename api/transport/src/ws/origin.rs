//! Which pages may open a socket. CORS does not cover WebSockets: a browser lets any page try and
//! only tells us which one it was.

use axum::http::{HeaderMap, Uri, header};

/// Not a browser, the server's own pages, or an origin on the list.
pub(super) fn is_allowed(headers: &HeaderMap, uri: &Uri, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| uri.authority().map(|authority| authority.as_str()));
    let own = match (origin.split_once("://"), host) {
        (Some((_, authority)), Some(host)) => authority.eq_ignore_ascii_case(host),
        _ => false,
    };
    own || allowed.iter().any(|entry| entry.trim_end_matches('/').eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn foreign_pages_are_refused() {
        let allowed = ["https://app.example.com/".to_owned()];
        for (origin, expected) in [
            (None, true),
            (Some("https://api.example.com:8443"), true),
            (Some("https://app.example.com"), true),
            (Some("http://app.example.com"), false),
            (Some("https://api.example.com"), false),
            (Some("https://evil.example"), false),
            (Some("null"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "api.example.com:8443".parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(is_allowed(&headers, &Uri::from_static("/graphql"), &allowed), expected, "{origin:?}");
        }
    }
}
