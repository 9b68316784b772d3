//! The messages of `graphql-transport-ws` as text. What they do is in `session`.
//!
//! Read by hand rather than by a tagged serde enum, which would lose numbers under
//! `arbitrary_precision`.

use async_graphql::{Response, ServerError};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::close::Close;
use crate::{envelope::Envelope, payload::Payload};

/// A longer id would only serve to fill memory.
const ID_BYTES: usize = 255;

/// What a client may say.
#[derive(Debug)]
pub(super) enum ClientMessage {
    Init(Map<String, Json>),
    Ping,
    Pong,
    Subscribe { id: String, envelope: Envelope },
    Complete { id: String },
}

impl ClientMessage {
    /// Reads a text frame; anything else than the protocol's messages closes the socket with 4400.
    pub(super) fn read(text: &str) -> Result<Self, Close> {
        let json: Json = serde_json::from_str(text).map_err(|_| Close::bad_message("Invalid message: not JSON"))?;
        let Json::Object(mut entries) = json else {
            return Err(Close::bad_message("Invalid message: not an object"));
        };
        let payload = entries.remove("payload");
        match entries.get("type").and_then(Json::as_str) {
            Some("connection_init") => optional_object(payload).map(Self::Init),
            Some("ping") => optional_object(payload).map(|_| Self::Ping),
            Some("pong") => optional_object(payload).map(|_| Self::Pong),
            Some("complete") => Ok(Self::Complete { id: id(&mut entries)? }),
            Some("subscribe") => {
                let id = id(&mut entries)?;
                let payload =
                    payload.ok_or_else(|| Close::bad_message("Invalid message: subscribe without payload"))?;
                let envelope = Envelope::from_json(payload).map_err(|failure| Close::bad_message(failure.message()))?;
                Ok(Self::Subscribe { id, envelope })
            }
            _ => Err(Close::bad_message("Invalid message: unknown or missing type")),
        }
    }
}

fn id(entries: &mut Map<String, Json>) -> Result<String, Close> {
    match entries.remove("id") {
        Some(Json::String(id)) if (1..=ID_BYTES).contains(&id.len()) => Ok(id),
        _ => Err(Close::bad_message("Invalid message: id must be a string of 1 to 255 bytes")),
    }
}

fn optional_object(payload: Option<Json>) -> Result<Map<String, Json>, Close> {
    match payload {
        None | Some(Json::Null) => Ok(Map::new()),
        Some(Json::Object(map)) => Ok(map),
        Some(_) => Err(Close::bad_message("Invalid message: payload must be an object")),
    }
}

pub(super) const ACK: &str = r#"{"type":"connection_ack"}"#;
pub(super) const PING: &str = r#"{"type":"ping"}"#;
pub(super) const PONG: &str = r#"{"type":"pong"}"#;

#[derive(Serialize)]
struct Frame<'a, T> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<T>,
}

/// One result of an operation.
pub(super) fn next(id: &str, response: &Response) -> serde_json::Result<String> {
    serde_json::to_string(&Frame { id, kind: "next", payload: Some(Payload::from(response)) })
}

/// The operation was refused before it began; ends it.
pub(super) fn error(id: &str, errors: &[ServerError]) -> serde_json::Result<String> {
    serde_json::to_string(&Frame { id, kind: "error", payload: Some(errors) })
}

/// The operation has ended.
pub(super) fn complete(id: &str) -> serde_json::Result<String> {
    serde_json::to_string(&Frame { id, kind: "complete", payload: None::<()> })
}
