//! One event as a CloudEvent 1.0: `type` is the metric, `subject` the project, `time` when it
//! occurred, and `data` holds `value` and `properties`.
//!
//! A CloudEvent is identified by `source` *and* `id`. The two are joined with the length of the
//! first in front, so that no two pairs give one transaction id.

use billing::metering::{RawEvent, Rejection};
use serde_json::{Map, Value};

use super::plain::{malformed, object, optional, properties, required, value};

/// Reads the text of one CloudEvent.
pub(super) fn event(text: &str) -> Result<RawEvent, Rejection> {
    let mut outer = object(text)?;
    let version = required(&mut outer, "specversion")?;
    if version != "1.0" {
        return Err(malformed("specversion", "specversion must be \"1.0\".".to_owned()));
    }
    let source = required(&mut outer, "source")?;
    let id = required(&mut outer, "id")?;
    let mut data = match outer.remove("data") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(data)) => data,
        Some(_) => return Err(malformed("data", "data must be an object with value and properties.".to_owned())),
    };
    Ok(RawEvent {
        transaction_id: format!("{}:{source}:{id}", source.len()),
        metric: required(&mut outer, "type")?,
        project_id: optional(&mut outer, "subject")?,
        occurred_at: required(&mut outer, "time")?,
        value: value(data.remove("value")),
        properties: properties(data.remove("properties"))?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn source_and_id_are_a_pair() {
        let id = |source: &str, id: &str| {
            event(&format!(r#"{{"specversion":"1.0","source":"{source}","id":"{id}","type":"m","time":"t","data":{{"value":"1"}}}}"#)).unwrap().transaction_id
        };
        assert_ne!(id("a-b", "c"), id("a", "b-c"));
        assert_ne!(id("a", "1:b"), id("a:1", "b"));
        assert_eq!(id("a", "b"), id("a", "b"));
    }

    #[test]
    fn another_version_is_refused() {
        assert_eq!(event(r#"{"specversion":"0.3","source":"s","id":"i"}"#).unwrap_err().field, "specversion");
    }
}
