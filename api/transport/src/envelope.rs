//! The JSON around a document, the same in a POST body, a GET query string and a socket's
//! `subscribe` message. Whether the document is any good is not judged here.
//!
//! Numbers are carried over by hand: with serde_json's `arbitrary_precision` (which the workspace
//! uses, so that no decimal passes through a float) async-graphql's own deserialiser would turn
//! every number into an object.

use std::collections::HashMap;

use async_graphql::{Name, Value, Variables};
use serde_json::{Map, Value as Json};

use crate::{code, failure::Failure};

/// One GraphQL request as sent, its shape checked.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// Absent where the document is named by its digest, see `documents`.
    pub(crate) query: Option<String>,
    pub(crate) document_id: Option<String>,
    pub(crate) operation_name: Option<String>,
    pub(crate) variables: Variables,
    pub(crate) extensions: HashMap<String, Value>,
}

impl Envelope {
    /// Reads `{"query", "documentId", "operationName", "variables", "extensions"}`; other entries are
    /// ignored.
    pub(crate) fn from_json(json: Json) -> Result<Self, Failure> {
        let mut entries = match json {
            Json::Object(entries) => entries,
            Json::Array(_) => {
                return Err(bad(
                    "Batches are not supported. Send one request per call, or several root fields in one document.",
                ));
            }
            other => {
                return Err(bad(format!("A GraphQL request is a JSON object, not {}.", kind(&other))));
            }
        };
        let query = match entries.remove("query") {
            Some(Json::String(query)) => Some(query),
            None | Some(Json::Null) => None,
            Some(other) => {
                return Err(bad(format!("The entry `query` is a string, not {}.", kind(&other))));
            }
        };
        let document_id = text(&mut entries, "documentId")?;
        let operation_name = text(&mut entries, "operationName")?;
        let mut variables = Variables::default();
        for (name, value) in map(&mut entries, "variables")? {
            variables.insert(Name::new(name), value_of(value));
        }
        let extensions: HashMap<_, _> =
            map(&mut entries, "extensions")?.into_iter().map(|(name, value)| (name, value_of(value))).collect();
        if query.is_none() && document_id.is_none() && !extensions.contains_key("persistedQuery") {
            return Err(bad("The entry `query` is missing. It holds the GraphQL document as a string."));
        }
        Ok(Self { query, document_id, operation_name, variables, extensions })
    }

    /// Reads the query string of a GET request, where `variables` and `extensions` are JSON text.
    pub(crate) fn from_query_string(mut parameters: HashMap<String, String>) -> Result<Self, Failure> {
        let mut entries = Map::new();
        for name in ["query", "documentId", "operationName"] {
            if let Some(text) = parameters.remove(name) {
                entries.insert(name.to_owned(), Json::String(text));
            }
        }
        for name in ["variables", "extensions"] {
            let Some(text) = parameters.remove(name).filter(|text| !text.is_empty()) else {
                continue;
            };
            let value = serde_json::from_str(&text)
                .map_err(|error| bad(format!("The parameter `{name}` is not JSON: {}", position(&error))))?;
            entries.insert(name.to_owned(), value);
        }
        Self::from_json(Json::Object(entries))
    }
}

/// Where and how a text stops being JSON, without quoting the text.
pub(crate) fn position(error: &serde_json::Error) -> String {
    format!("{error}.")
}

pub(crate) fn bad(message: impl Into<String>) -> Failure {
    Failure::new(code::BAD_REQUEST, message)
}

fn text(entries: &mut Map<String, Json>, name: &str) -> Result<Option<String>, Failure> {
    match entries.remove(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(other) => Err(bad(format!("The entry `{name}` is a string or null, not {}.", kind(&other)))),
    }
}

fn map(entries: &mut Map<String, Json>, name: &str) -> Result<Map<String, Json>, Failure> {
    match entries.remove(name) {
        None | Some(Json::Null) => Ok(Map::new()),
        Some(Json::Object(map)) => Ok(map),
        Some(other) => Err(bad(format!("The entry `{name}` is an object or null, not {}.", kind(&other)))),
    }
}

fn value_of(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Boolean(flag),
        Json::Number(number) => Value::Number(number),
        Json::String(text) => Value::String(text),
        Json::Array(items) => Value::List(items.into_iter().map(value_of).collect()),
        Json::Object(map) => {
            Value::Object(map.into_iter().map(|(name, value)| (Name::new(name), value_of(value))).collect())
        }
    }
}

fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(json: &str) -> Result<Envelope, Failure> {
        Envelope::from_json(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn numbers_keep_their_digits() {
        let envelope =
            read(r#"{"query":"{a}","variables":{"n":1,"d":0.10000000000000000000000001,"l":[{"x":2.5e3}]}}"#).unwrap();
        assert_eq!(envelope.variables["n"].to_string(), "1");
        assert_eq!(envelope.variables["d"].to_string(), "0.10000000000000000000000001");
        assert!(matches!(envelope.variables["n"], Value::Number(_)));
    }

    #[test]
    fn every_wrong_shape_is_named() {
        for (json, word) in [
            ("[]", "Batches"),
            ("3", "a number"),
            ("{}", "`query` is missing"),
            (r#"{"query":false}"#, "a boolean"),
            (r#"{"query":"{a}","variables":[]}"#, "`variables`"),
            (r#"{"query":"{a}","operationName":{}}"#, "`operationName`"),
            (r#"{"documentId":7}"#, "`documentId`"),
            (r#"{"query":"{a}","extensions":"x"}"#, "`extensions`"),
        ] {
            let failure = read(json).unwrap_err();
            assert_eq!(failure.code(), code::BAD_REQUEST);
            assert!(failure.message().contains(word), "{json}: {}", failure.message());
        }
    }
}
