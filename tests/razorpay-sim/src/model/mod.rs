//! The things Razorpay keeps, and how it writes them.

pub(crate) mod card;
pub(crate) mod customer;
pub(crate) mod dispute;
pub(crate) mod link;
pub(crate) mod order;
pub(crate) mod payment;
pub(crate) mod refund;
pub(crate) mod settlement;
pub(crate) mod token;

use serde_json::{Map, Value, json};

/// Notes as Razorpay writes them: an object, but `[]` when there are none.
pub(crate) fn notes(notes: &Map<String, Value>) -> Value {
    if notes.is_empty() { json!([]) } else { Value::Object(notes.clone()) }
}

/// A page of things.
pub(crate) fn collection(items: impl Iterator<Item = Value>) -> Value {
    let items: Vec<Value> = items.collect();
    json!({ "entity": "collection", "count": items.len(), "items": items })
}

/// Adds a field to a document that is an object.
pub(crate) fn set(document: &mut Value, field: &str, value: Value) {
    if let Value::Object(fields) = document {
        fields.insert(field.to_owned(), value);
    }
}

/// Takes a field from a document that is an object.
pub(crate) fn unset(document: &mut Value, field: &str) {
    if let Value::Object(fields) = document {
        fields.remove(field);
    }
}
