//! From our [`Error`] to what a GraphQL client reads, and the one place where private causes go to the log.
//!
//! A [`Fault`] has no `Display` on purpose: async-graphql would show any `Display` text to clients.

use async_graphql::{ErrorExtensions, Value};
use std::sync::Arc;

use crate::error::{Error, ErrorKind};

/// What resolvers return.
pub(super) type Result<T, E = Fault> = std::result::Result<T, E>;

/// An error on its way to the client's top-level `errors`.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    error: Arc<Error>,
    detail: Option<(&'static str, String)>,
}

impl Fault {
    /// The same fault with one more entry in `extensions`, for programs.
    pub(super) fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        Self { detail: Some((name, value.into())), ..self }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self { error: Arc::new(error), detail: None }
    }
}

impl From<Fault> for async_graphql::Error {
    fn from(fault: Fault) -> Self {
        let Fault { error, detail } = fault;
        log(&error);
        Self::new(error.public.as_str()).extend_with(|_, extensions| {
            extensions.set("code", shown_code(&error));
            extensions.set("retryable", is_retryable(error.kind));
            if let Some((name, value)) = &detail {
                extensions.set(*name, value.as_str());
            }
            if !error.path.is_empty() {
                extensions.set("argumentPath", error.path.iter().cloned().map(Value::from).collect::<Vec<_>>());
            }
        })
    }
}

/// What a nullable field answers: when it fails it is null beside its error. (async-graphql leaves a field whose resolver
/// itself returns an error out of the answer.)
pub(super) async fn nullable<T>(work: impl Future<Output = Result<Option<T>>>) -> Option<Result<T>> {
    // On the heap: inline, the largest of them would make every field of its object as large.
    Box::pin(work).await.transpose()
}

/// The code under which clients branch. What is nobody's business but ours has one name each.
fn shown_code(error: &Error) -> &'static str {
    match error.kind {
        ErrorKind::Internal => "INTERNAL",
        ErrorKind::Unavailable => "UNAVAILABLE",
        ErrorKind::RateLimited => "RATE_LIMITED",
        ErrorKind::Forbidden => "FORBIDDEN",
        ErrorKind::Unauthenticated => "UNAUTHENTICATED",
        ErrorKind::NotFound => "NOT_FOUND",
        ErrorKind::Invalid | ErrorKind::Conflict | ErrorKind::Refused => error.code,
    }
}

/// Whether the same request may succeed later without being changed.
fn is_retryable(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unavailable | ErrorKind::RateLimited)
}

/// Writes the cause of an error that is not the caller's doing.
pub(super) fn log(error: &Error) {
    match (error.kind, &error.private) {
        (ErrorKind::Internal, cause) => tracing::error!(code = error.code, ?cause, "a GraphQL field failed"),
        (ErrorKind::Unavailable, cause) => {
            tracing::warn!(code = error.code, ?cause, "a GraphQL field could not be answered");
        }
        (_, Some(cause)) => tracing::debug!(code = error.code, ?cause, "a GraphQL field was refused"),
        (_, None) => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_private_cause_never_reaches_the_client() {
        let error: async_graphql::Error = Fault::from(Error::internal("password=hunter2")).into();
        assert!(!format!("{error:?}").contains("hunter2"));
        let extensions = error.extensions.unwrap();
        assert_eq!(extensions.get("code"), Some(&Value::from("INTERNAL")));
        assert_eq!(extensions.get("retryable"), Some(&Value::from(false)));
    }

    #[test]
    fn the_argument_at_fault_is_named() {
        let error: async_graphql::Error = Fault::from(Error::invalid("BAD_ID", "No.").at(["input", "id"])).into();
        let extensions = error.extensions.unwrap();
        assert_eq!(extensions.get("code"), Some(&Value::from("BAD_ID")));
        assert_eq!(extensions.get("argumentPath"), Some(&Value::from(vec![Value::from("input"), Value::from("id")])));
    }
}
