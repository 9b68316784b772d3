//! A request refused by the transport itself, in the words and the shape a GraphQL client expects.
//! Errors that come out of the schema are treated in `polish`.

use std::time::Duration;

use async_graphql::{ErrorExtensionValues, Pos, Response, ServerError, Value};

use crate::{RequestId, code};

/// Why a request goes no further: a code for programs and a sentence for people.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    code: &'static str,
    message: String,
    locations: Vec<Pos>,
    extensions: ErrorExtensionValues,
}

impl Failure {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), locations: Vec::new(), extensions: ErrorExtensionValues::default() }
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn at(mut self, locations: Vec<Pos>) -> Self {
        self.locations = locations;
        self
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extensions.set(name, value);
        self
    }

    pub(crate) fn retry_after(self, wait: Duration) -> Self {
        let milliseconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.with("retryAfterMs", milliseconds)
    }

    pub(crate) fn into_error(self, id: &RequestId) -> ServerError {
        let mut error = ServerError::new(self.message, None);
        error.locations = self.locations;
        let mut extensions = self.extensions;
        extensions.set("code", self.code);
        stamp(&mut extensions, self.code, id);
        error.extensions = Some(extensions);
        error
    }

    pub(crate) fn into_response(self, id: &RequestId) -> Response {
        Response::from_errors(vec![self.into_error(id)])
    }
}

/// What every error carries besides its code: the request's id and whether to try again. What is
/// already there stays.
pub(crate) fn stamp(extensions: &mut ErrorExtensionValues, code: &str, id: &RequestId) {
    if extensions.get("retryable").is_none() {
        extensions.set("retryable", code::is_retryable(code));
    }
    extensions.set("requestId", id.as_str());
}

/// The code of an error, if it has one.
pub(crate) fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        Value::Enum(code) => Some(code),
        _ => None,
    }
}

/// The errors of a request that was never executed, which therefore has no `data` entry: nothing
/// was computed and no error names a field.
pub(crate) fn refusal(response: &Response) -> Option<&[ServerError]> {
    let refused = response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty());
    refused.then_some(response.errors.as_slice())
}
