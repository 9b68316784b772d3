//! Which of the two GraphQL media types a client wants, and whether it takes a stream of events.

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

/// What the client admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// The best type of a single answer; `None` if it admits neither.
    pub(crate) media: Option<Media>,
    /// How much it wants `text/event-stream`.
    pub(crate) events: Events,
}

/// Whether answers may or should be events. Clients that list everything they know mean a stream only
/// for subscriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Events {
    Refused,
    /// Good for what cannot be answered otherwise.
    Admitted,
    /// Wanted for every operation.
    Preferred,
}

/// Reads the `Accept` header. A missing header and wildcards mean `application/json`, as the
/// specification asks until all clients name a type.
pub(crate) fn negotiate(headers: &HeaderMap) -> Accepted {
    let mut named = headers.get_all(header::ACCEPT).iter().peekable();
    if named.peek().is_none() {
        return Accepted { media: Some(Media::Json), events: Events::Refused };
    }
    let ranges = named.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut best: Option<(u32, u32, Media)> = None;
    let mut events_quality = 0;
    for (quality, range) in ranges.filter_map(range) {
        match range {
            Range::Events => events_quality = events_quality.max(quality),
            Range::Answer(preference, media) => {
                if quality > 0 && best.is_none_or(|(q, p, _)| (quality, preference) > (q, p)) {
                    best = Some((quality, preference, media));
                }
            }
        }
    }
    let answer_quality = best.map_or(0, |(quality, _, _)| quality);
    let events = match events_quality {
        0 => Events::Refused,
        quality if quality > answer_quality => Events::Preferred,
        _ => Events::Admitted,
    };
    Accepted { media: best.map(|(_, _, media)| media), events }
}

enum Range {
    Events,
    /// Which of two equally wanted wins, and what it selects.
    Answer(u32, Media),
}

/// One range and its quality in thousandths.
fn range(text: &str) -> Option<(u32, Range)> {
    let mut parts = text.split(';').map(str::trim);
    let range = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/graphql-response+json" => Range::Answer(2, Media::GraphqlResponse),
        "application/json" => Range::Answer(1, Media::Json),
        "*/*" | "application/*" => Range::Answer(0, Media::Json),
        "text/event-stream" => Range::Events,
        _ => return None,
    };
    let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    Some((quality.map_or(Some(1000), thousandths)?, range))
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

    fn read(accept: &str) -> Accepted {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        negotiate(&headers)
    }

    #[test]
    fn events_are_for_those_who_name_them() {
        use Events::{Admitted, Preferred, Refused};
        for (accept, media, events) in [
            ("text/event-stream", None, Preferred),
            ("text/event-stream, */*;q=0.1", Some(Media::Json), Preferred),
            (
                "application/graphql-response+json, application/json, text/event-stream",
                Some(Media::GraphqlResponse),
                Admitted,
            ),
            ("application/json;q=0.5, text/event-stream;q=0.4", Some(Media::Json), Admitted),
            ("text/event-stream;q=0", None, Refused),
            ("*/*", Some(Media::Json), Refused),
        ] {
            assert_eq!(read(accept), Accepted { media, events }, "{accept}");
        }
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
            assert_eq!(read(accept).media, expected, "{accept}");
        }
        assert_eq!(negotiate(&HeaderMap::new()).media, Some(Json));
    }
}
