//! A request, taken apart.

use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// A request, taken apart.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// What follows `/v1/`, piece by piece.
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Map<String, Value>,
    /// `X-Refund-Idempotency`.
    pub(crate) idempotency: Option<String>,
}

impl Call {
    /// The first value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether an `expand[]` asks for this.
    pub(crate) fn expands(&self, what: &str) -> bool {
        self.expansions().any(|value| value == what)
    }

    /// What is asked for by `expand[]`.
    ///
    /// # Errors
    /// One of them is not among `known`.
    pub(crate) fn only_expands(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.expansions().position(|value| !known.contains(&value)) {
            None => Ok(()),
            Some(place) => {
                let words = format!("Value of each expand must be one of following types: {}", known.join(", "));
                Err(Refusal::input(words).at(format!("expand.{place}")))
            }
        }
    }

    fn expansions(&self) -> impl Iterator<Item = &str> {
        self.query.iter().filter(|(key, _)| key.starts_with("expand")).map(|(_, value)| value.as_str())
    }
}

/// The body as an object; nothing at all is an empty one.
///
/// # Errors
/// It is no JSON object.
pub(crate) fn read_body(bytes: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        // What PHP makes of an empty array.
        Ok(Value::Array(items)) if items.is_empty() => Ok(Map::new()),
        Ok(Value::Null) => Ok(Map::new()),
        _ => Err(Refusal::input("The request body could not be parsed as JSON")),
    }
}
