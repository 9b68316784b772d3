//! Which of the two GraphQL media types a client wants.

use axum::http::{HeaderMap, HeaderValue, header};

/// The media type of an answer. It decides more than a header: `application/json` promises old
/// clients 200 for any well-formed request, see the status table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// `application/graphql-response+json`
    GraphqlResponse,
    /// `application/json`
    Json,
}

impl Media {
    pub(super) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }
}

/// The best media type the client admits; `None` if it admits neither. A missing header and
/// wildcards mean `application/json`, as the specification asks until all clients name a type.
pub(crate) fn negotiate(headers: &HeaderMap) -> Option<Media> {
    let mut named = headers.get_all(header::ACCEPT).iter().peekable();
    if named.peek().is_none() {
        return Some(Media::Json);
    }
    let ranges = named.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut best: Option<(u32, u32, Media)> = None;
    for (quality, preference, media) in ranges.filter_map(range) {
        if quality > 0 && best.is_none_or(|(q, p, _)| (quality, preference) > (q, p)) {
            best = Some((quality, preference, media));
        }
    }
    best.map(|(_, _, media)| media)
}

/// One range: its quality in thousandths, which of two equally wanted wins, and what it selects.
fn range(text: &str) -> Option<(u32, u32, Media)> {
    let mut parts = text.split(';').map(str::trim);
    let (preference, media) = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/graphql-response+json" => (2, Media::GraphqlResponse),
        "application/json" => (1, Media::Json),
        "*/*" | "application/*" => (0, Media::Json),
        _ => return None,
    };
    let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    Some((quality.map_or(Some(1000), thousandths)?, preference, media))
}

/// `0.85` → 850. The grammar allows three digits after the point.
fn thousandths(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole: u32 = whole.parse().ok().filter(|whole| *whole <= 1)?;
    let fraction: u32 = format!("{fraction:0<3}").parse().ok()?;
    Some((whole * 1000 + fraction).min(1000))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn chosen(accept: &str) -> Option<Media> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        negotiate(&headers)
    }

    #[test]
    fn the_best_admitted_type_wins() {
        use Media::{GraphqlResponse, Json};
        for (accept, expected) in [
            ("application/graphql-response+json", Some(GraphqlResponse)),
            ("application/json", Some(Json)),
            ("*/*", Some(Json)),
            ("application/*;q=0.1", Some(Json)),
            ("application/graphql-response+json, application/json", Some(GraphqlResponse)),
            ("application/json, application/graphql-response+json", Some(GraphqlResponse)),
            ("application/graphql-response+json;q=0.9, application/json", Some(Json)),
            ("application/graphql-response+json;charset=utf-8, application/json;q=0.9", Some(GraphqlResponse)),
            ("text/html, */*;q=0.8", Some(Json)),
            ("application/json;q=0", None),
            ("application/json;q=nonsense", None),
            ("text/html", None),
        ] {
            assert_eq!(chosen(accept), expected, "{accept}");
        }
        assert_eq!(negotiate(&HeaderMap::new()), Some(Json));
    }
}
