//! One event as text. JSON has no line break of its own, so each event has one `data:` line.

use async_graphql::Response;
use bytes::Bytes;

use crate::payload::Payload;

/// The operation has ended. The empty `data:` is needed: a browser drops an event without any.
pub(super) const COMPLETE: &str = "event: complete\ndata:\n\n";
/// Nothing, so that a proxy sees that the stream lives.
pub(super) const COMMENT: &str = ":\n\n";

/// One result of an operation, with the place after which a client can go on.
pub(super) fn next(response: &Response, event_id: Option<String>) -> serde_json::Result<Bytes> {
    let mut text = Vec::with_capacity(256);
    if let Some(id) = event_id.filter(|id| !id.contains(['\n', '\r', '\0'])) {
        text.extend_from_slice(b"id: ");
        text.extend_from_slice(id.as_bytes());
        text.push(b'\n');
    }
    text.extend_from_slice(b"event: next\ndata: ");
    serde_json::to_writer(&mut text, &Payload::from(response))?;
    text.extend_from_slice(b"\n\n");
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use async_graphql::value;

    use super::*;

    #[test]
    fn an_id_cannot_begin_a_line_of_its_own() {
        let response = Response::new(value!({ "a": "x\ny" }));
        let text = |id: &str| String::from_utf8(next(&response, Some(id.to_owned())).unwrap().to_vec()).unwrap();
        assert_eq!(text("c1"), "id: c1\nevent: next\ndata: {\"data\":{\"a\":\"x\\ny\"}}\n\n");
        assert!(!text("c1\ndata: forged").contains("forged"));
    }
}
