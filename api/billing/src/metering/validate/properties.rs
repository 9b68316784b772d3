//! The names and values an event carries besides its own fields.

use super::super::{PropertyValue, RawProperty};
use super::{Code, MAX_PROPERTIES, MAX_PROPERTY_KEY_BYTES, MAX_PROPERTY_TEXT_BYTES, Rejection, is_printable};
use crate::decimal;

const FIELD: &str = "properties";

/// The bytes of all names and values together.
pub(super) fn size(raw: &[(String, RawProperty)]) -> usize {
    let value = |value: &RawProperty| match value {
        RawProperty::Text(text) | RawProperty::Number(text) => text.len(),
        RawProperty::Bool(_) | RawProperty::Other(_) => 0,
    };
    raw.iter().map(|(name, property)| name.len() + value(property)).sum()
}

/// Checks all properties and sorts them by name.
pub(super) fn properties(raw: Vec<(String, RawProperty)>) -> Result<Vec<(String, PropertyValue)>, Rejection> {
    if raw.len() > MAX_PROPERTIES {
        let message = format!("properties has {} entries; at most {MAX_PROPERTIES} are taken.", raw.len());
        return Err(Rejection::new(FIELD, Code::TooLong, message));
    }
    let mut checked = Vec::with_capacity(raw.len());
    for (name, value) in raw {
        let value = property(&name, value)?;
        checked.push((name, value));
    }
    checked.sort_by(|a, b| a.0.cmp(&b.0));
    let repeated = checked.windows(2).find_map(|pair| match pair {
        [(first, _), (second, _)] if first == second => Some(first),
        _ => None,
    });
    match repeated {
        Some(name) => Err(bad(format!("properties names {name:?} twice; give each name once."))),
        None => Ok(checked),
    }
}

fn property(name: &str, value: RawProperty) -> Result<PropertyValue, Rejection> {
    if name.is_empty() || name.trim() != name || !is_printable(name) {
        return Err(bad(
            "properties has a name that is empty, begins or ends with a space or holds control characters; use visible characters.",
        ));
    }
    if name.len() > MAX_PROPERTY_KEY_BYTES {
        let message =
            format!("properties has a name of {} bytes; at most {MAX_PROPERTY_KEY_BYTES} are taken.", name.len());
        return Err(Rejection::new(FIELD, Code::TooLong, message));
    }
    match value {
        RawProperty::Bool(truth) => Ok(PropertyValue::Bool(truth)),
        RawProperty::Text(text) if text.len() > MAX_PROPERTY_TEXT_BYTES => {
            let message =
                format!("properties.{name} has {} bytes; at most {MAX_PROPERTY_TEXT_BYTES} are taken.", text.len());
            Err(Rejection::new(FIELD, Code::TooLong, message))
        }
        RawProperty::Text(text) if !is_printable(&text) => {
            Err(bad(format!("properties.{name} holds control characters; use visible characters.")))
        }
        RawProperty::Text(text) => Ok(PropertyValue::Text(text)),
        RawProperty::Number(literal) => decimal::parse_json_number(&literal)
            .map(PropertyValue::Number)
            .map_err(|error| bad(format!("properties.{name} {error}."))),
        RawProperty::Other(kind) => {
            Err(bad(format!("properties.{name} is of kind {kind}; give a text, a number, true or false.")))
        }
    }
}

fn bad(message: impl Into<String>) -> Rejection {
    Rejection::new(FIELD, Code::BadProperty, message)
}
