//! What the owner of the schema may count: the ends of operations, and sockets coming and going. Told, never asked; whatever
//! is done with it must not be known here.

use std::time::Duration;

use async_graphql::{Response, parser::types::OperationType};

use crate::failure::refusal;

/// Hears what happened. Called on the way of every operation, so it must only count.
pub trait Observer: Send + Sync + 'static {
    /// An operation ended, or never began.
    fn operation(&self, _kind: OperationKind, _outcome: Outcome, _took: Duration) {}

    /// A socket was opened.
    fn socket_opened(&self) {}

    /// A socket is closed: with this code by us; `None` when the client left.
    fn socket_closed(&self, _code: Option<u16>) {}
}

/// What kind of operation it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// A query.
    Query,
    /// A mutation.
    Mutation,
    /// A subscription; its end is that of its whole stream.
    Subscription,
    /// Refused before that was known.
    Unknown,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Without an error.
    Whole,
    /// Executed, and some field failed.
    Partial,
    /// Not executed, or to no result.
    Refused,
}

impl From<OperationType> for OperationKind {
    fn from(kind: OperationType) -> Self {
        match kind {
            OperationType::Query => Self::Query,
            OperationType::Mutation => Self::Mutation,
            OperationType::Subscription => Self::Subscription,
        }
    }
}

impl Outcome {
    pub(crate) fn of(response: &Response) -> Self {
        match (refusal(response), response.errors.is_empty()) {
            (Some(_), _) => Self::Refused,
            (None, false) => Self::Partial,
            (None, true) => Self::Whole,
        }
    }
}

/// Where nobody listens.
pub(crate) struct Nobody;

impl Observer for Nobody {}
