//! One query or mutation run to its answer: wall clock, panics and cancellation. Knows nothing of
//! HTTP or sockets.

use std::{panic::AssertUnwindSafe, time::Duration};

use async_graphql::{Executor, Request, Response, parser::types::OperationType};
use futures_util::FutureExt;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::{RequestId, code, failure::Failure, polish::polish, shape::Shape};

/// Runs a query or mutation. A query ends when the caller drops this future or time is up. A
/// mutation is only no longer waited for: it runs on its own task to its end, so that a client
/// hanging up never stops a change half-way.
pub(crate) async fn run_once<E: Executor>(
    schema: &E,
    tracker: &TaskTracker,
    wait: Duration,
    kind: OperationType,
    request: Request,
    id: &RequestId,
    shape: Option<&Shape>,
) -> Response {
    let schema = schema.clone();
    let work = async move { schema.execute(request).await };
    let work = AssertUnwindSafe(work).catch_unwind().instrument(tracing::Span::current());
    let outcome = match kind {
        OperationType::Mutation => {
            let task = tracker.spawn(work);
            tokio::time::timeout(wait, task)
                .await
                .map(|joined| joined.map_err(|_| ()).and_then(|run| run.map_err(|_| ())))
        }
        OperationType::Query | OperationType::Subscription => {
            tokio::time::timeout(wait, work).await.map(|run| run.map_err(|_| ()))
        }
    };
    match outcome {
        Ok(Ok(response)) => polish(response, id, shape),
        Ok(Err(())) => panicked(id).into_response(id),
        Err(_) => too_slow(kind, wait).into_response(id),
    }
}

/// The answer to an operation that panicked; the panic itself has been logged by its hook.
pub(crate) fn panicked(id: &RequestId) -> Failure {
    tracing::error!(request_id = %id, "an operation panicked");
    Failure::new(
        code::INTERNAL,
        format!("Something went wrong on our side. Quote the request id {id} when you ask for help."),
    )
}

fn too_slow(kind: OperationType, wait: Duration) -> Failure {
    let seconds = wait.as_secs();
    match kind {
        OperationType::Mutation => Failure::new(
            code::TIMEOUT,
            format!("The mutation did not finish within {seconds} s and may still take effect. Look at what it was to change before you send it again."),
        )
        .with("retryable", false),
        OperationType::Query | OperationType::Subscription => Failure::new(
            code::TIMEOUT,
            format!("The query did not finish within {seconds} s. Ask for less, or try again."),
        ),
    }
}
