//! GraphQL over server-sent events, distinct connections mode: one request, one operation, one stream of
//! `next` events and a last `complete`. For clients and proxies that cannot do sockets.
//!
//! A stream that ends without `complete` was cut off, and a client comes back with the id of the last
//! event it got. So whatever may be resumed ends like that, and whatever may not ends with `complete`.

mod frame;
mod stream;

use std::sync::Arc;

use async_graphql::{Executor, Response as GraphqlResponse, Value, parser::types::OperationType};
use axum::{body::Body, http::HeaderMap, response::Response};
use futures_util::stream::unfold;
use tokio::sync::mpsc;
use tracing::Instrument;

use self::stream::Stream;
use crate::{
    Authenticator, RequestId, admit::Account, census::Place, code, document::Prepared, failure::Failure, http::answer,
    transport::Shared,
};

/// Events waiting for the client; a stream that finds no room is not asked for its next result.
const EVENTS_WAITING: usize = 4;
/// A longer id is none of ours.
const ID_BYTES: usize = 512;

/// The id of the last event a client got before it came back. Found in the request's data by resolvers
/// that resume without a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastEventId(pub String);

impl LastEventId {
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let id = headers.get("last-event-id")?;
        // Browsers send it as UTF-8, which is more than a header is said to hold.
        let id = std::str::from_utf8(id.as_bytes()).ok()?;
        (!id.is_empty() && id.len() <= ID_BYTES).then(|| Self(id.to_owned()))
    }
}

/// The default id of an event: the field `cursor` of the subscription's item, or else the answer's
/// extension `cursor`.
#[must_use]
pub fn cursor_of(response: &GraphqlResponse) -> Option<String> {
    let field = match &response.data {
        Value::Object(data) => data.values().find_map(|item| match item {
            Value::Object(item) => item.get("cursor"),
            _ => None,
        }),
        _ => None,
    };
    match field.or_else(|| response.extensions.get("cursor")) {
        Some(Value::String(cursor)) => Some(cursor.clone()),
        _ => None,
    }
}

/// An operation that has been admitted, and all that is needed to run it.
pub(crate) struct Ready<I> {
    pub(crate) prepared: Prepared,
    pub(crate) account: Option<Account>,
    pub(crate) identity: I,
    /// Taken by subscriptions only.
    pub(crate) place: Option<Place>,
}

/// A place among all sockets and streams for a subscription of this identity.
pub(crate) fn place<E: Executor, A: Authenticator>(
    shared: &Shared<E, A>,
    identity: &A::Identity,
) -> Result<Place, Failure> {
    let settings = &shared.settings.sockets;
    let second = std::time::Duration::from_secs(1);
    if shared.settings.shutdown.is_cancelled() {
        let failure = Failure::new(code::UNAVAILABLE, "The server is restarting. Connect again in a moment.");
        return Err(failure.retry_after(second));
    }
    let full = || Failure::new(code::UNAVAILABLE, "The server holds as many streams as it can. Try again in a moment.");
    let mut place =
        Place::take(&shared.census, settings.sockets_per_instance).ok_or_else(|| full().retry_after(second))?;
    let most = settings.sockets_per_owner;
    if let Some(owner) = shared.authenticator.socket_owner(identity)
        && !place.belongs_to(owner, most)
    {
        let words = format!("This key already holds {most} sockets and event streams; close one first.");
        return Err(Failure::new(code::RATE_LIMITED, words).retry_after(second));
    }
    Ok(place)
}

/// Runs the operation on a task of its own and answers with its events.
pub(crate) fn open<E: Executor, A: Authenticator>(
    shared: &Arc<Shared<E, A>>,
    ready: Ready<A::Identity>,
    id: &RequestId,
) -> Response {
    let (events, incoming) = mpsc::channel(EVENTS_WAITING);
    let Ready { prepared, account, identity, place } = ready;
    let is_subscription = prepared.kind == OperationType::Subscription;
    let stream = Stream { shared: Arc::clone(shared), identity, events, id: id.clone() };
    let task = async move {
        match is_subscription {
            true => stream.follow(prepared).await,
            false => stream.answer(prepared, account).await,
        }
    };
    shared.tracker.spawn(task.instrument(tracing::Span::current()));
    // The place is held as long as the connection is: a client that does not read stays counted.
    let body =
        unfold(
            (incoming, place),
            |(mut incoming, place)| async move { Some((incoming.recv().await?, (incoming, place))) },
        );
    answer::event_stream(Body::from_stream(body), id)
}

/// A document at fault, told on a stream of its own: a browser's `EventSource` shows nothing else.
pub(crate) fn refused(failure: Failure, id: &RequestId) -> Response {
    let response = failure.into_response(id);
    let events = [frame::next(&response, None), Ok(frame::COMPLETE.into())];
    let text: Vec<u8> = events.into_iter().flatten().flat_map(|event| event.to_vec()).collect();
    answer::event_stream(Body::from(text), id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use async_graphql::value;

    use super::*;

    #[test]
    fn the_cursor_is_found_in_the_item_and_in_the_extensions() {
        let of = |data: Value| cursor_of(&GraphqlResponse::new(data));
        assert_eq!(of(value!({ "events": { "cursor": "c1", "event": null } })).as_deref(), Some("c1"));
        assert_eq!(of(value!({ "events": { "cursor": 7 } })), None);
        assert_eq!(of(value!({ "tick": 1 })), None);
        let extended = GraphqlResponse::new(value!({ "tick": 1 })).extension("cursor", "c2".into());
        assert_eq!(cursor_of(&extended).as_deref(), Some("c2"));
    }

    #[test]
    fn a_last_id_is_short_text() {
        let of = |value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert("last-event-id", axum::http::HeaderValue::from_bytes(value).unwrap());
            LastEventId::of(&headers).map(|id| id.0)
        };
        assert_eq!(of(b"c1").as_deref(), Some("c1"));
        assert_eq!(of("é".as_bytes()).as_deref(), Some("é"));
        assert_eq!((of(b""), of(b"\xff"), of(&[b'x'; 513])), (None, None, None));
    }
}
