//! One event as our own JSON object. Values keep the text they were written with.

use billing::metering::{RawEvent, RawProperty, RawValue, Rejection, RejectionCode};
use serde_json::{Map, Value};

/// The fields an event may have, for the error that names an unknown one.
const FIELDS: &str = "transactionId, metric, projectId, occurredAt, value and properties";

/// Reads the text of one object.
pub(super) fn event(text: &str) -> Result<RawEvent, Rejection> {
    let mut object = object(text)?;
    let event = RawEvent {
        transaction_id: required(&mut object, "transactionId")?,
        metric: required(&mut object, "metric")?,
        project_id: optional(&mut object, "projectId")?,
        occurred_at: required(&mut object, "occurredAt")?,
        value: value(object.remove("value")),
        properties: properties(object.remove("properties"))?,
    };
    match object.keys().next() {
        Some(unknown) => Err(malformed(
            "event",
            format!(
                "`{}` is not a field of an event. The fields are {FIELDS}; put your own data into properties.",
                short(unknown)
            ),
        )),
        None => Ok(event),
    }
}

/// The text as a JSON object.
pub(super) fn object(text: &str) -> Result<Map<String, Value>, Rejection> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(malformed("event", format!("An event is a JSON object, not {}.", kind(&other)))),
        Err(error) => Err(malformed("event", format!("This event is not JSON: {error}."))),
    }
}

/// A field that must be there and be a string.
pub(super) fn required(object: &mut Map<String, Value>, field: &'static str) -> Result<String, Rejection> {
    optional(object, field)?.ok_or_else(|| {
        Rejection::new(field, RejectionCode::MissingField, format!("{field} is missing. Every event needs one."))
    })
}

/// A field that, when present, must be a string; `null` counts as absent.
pub(super) fn optional(object: &mut Map<String, Value>, field: &'static str) -> Result<Option<String>, Rejection> {
    match object.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(malformed(field, format!("{field} must be a string, not {}.", kind(&other)))),
    }
}

/// The value with the text it was written with; `null` counts as absent.
pub(super) fn value(given: Option<Value>) -> Option<RawValue> {
    match given? {
        Value::Null => None,
        Value::String(text) => Some(RawValue::Text(text)),
        Value::Number(number) => Some(RawValue::Number(number.to_string())),
        other => Some(RawValue::Other(kind(&other))),
    }
}

/// The properties; nested ones are refused by the rules of metering.
pub(super) fn properties(given: Option<Value>) -> Result<Vec<(String, RawProperty)>, Rejection> {
    match given {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(object)) => Ok(object.into_iter().map(|(key, value)| (key, property(value))).collect()),
        Some(other) => Err(malformed("properties", format!("properties must be an object, not {}.", kind(&other)))),
    }
}

fn property(value: Value) -> RawProperty {
    match value {
        Value::String(text) => RawProperty::Text(text),
        Value::Number(number) => RawProperty::Number(number.to_string()),
        Value::Bool(flag) => RawProperty::Bool(flag),
        other => RawProperty::Other(kind(&other)),
    }
}

pub(super) fn malformed(field: &'static str, message: String) -> Rejection {
    Rejection::new(field, RejectionCode::Malformed, message)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_keep_their_text() {
        let event = event(r#"{"transactionId":"a","metric":"m","occurredAt":"t","value":0.10000000000000000001,"properties":{"n":1e2,"b":true}}"#).unwrap();
        assert_eq!(event.value, Some(RawValue::Number("0.10000000000000000001".to_owned())));
        assert_eq!(event.properties.len(), 2);
    }

    #[test]
    fn says_what_is_wrong_where() {
        for (text, field, words) in [
            ("[1]", "event", "not an array"),
            ("{", "event", "not JSON"),
            (r#"{"transactionId":5,"metric":"m","occurredAt":"t"}"#, "transactionId", "must be a string, not a number"),
            (r#"{"metric":"m","occurredAt":"t"}"#, "transactionId", "missing"),
            (r#"{"transactionId":"a","metric":"m","occurredAt":"t","amount":1}"#, "event", "`amount` is not a field"),
            (
                r#"{"transactionId":"a","metric":"m","occurredAt":"t","properties":[]}"#,
                "properties",
                "must be an object",
            ),
        ] {
            let rejection = event(text).unwrap_err();
            assert_eq!(rejection.field, field, "{text}");
            assert!(rejection.message.contains(words), "{} should say {words}", rejection.message);
        }
    }
}
