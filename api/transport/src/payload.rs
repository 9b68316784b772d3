//! A GraphQL answer as JSON, the same in an HTTP body and in a socket's frames. async-graphql's own
//! serialiser writes `"data": null` where the specification wants no entry.

use std::collections::BTreeMap;

use async_graphql::{Response, ServerError, Value};
use serde::Serialize;

use crate::failure::refusal;

/// A response without a `data` entry if nothing was executed.
#[derive(Serialize)]
pub(crate) struct Payload<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extensions: &'a BTreeMap<String, Value>,
}

impl<'a> From<&'a Response> for Payload<'a> {
    fn from(response: &'a Response) -> Self {
        Self {
            data: refusal(response).is_none().then_some(&response.data),
            errors: &response.errors,
            extensions: &response.extensions,
        }
    }
}
