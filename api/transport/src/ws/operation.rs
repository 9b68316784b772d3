//! One running operation of a socket: its own task, so that a busy stream never keeps the others or
//! the protocol waiting. It produces frames only as fast as the writer takes them.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use async_graphql::{Executor, Response, Value, parser::types::OperationType};
use futures_util::{FutureExt, StreamExt, stream::BoxStream};
use tokio::{sync::mpsc, task::AbortHandle};

use super::message;
use crate::{
    Authenticator, OperationKind, Outcome, RequestId, admit,
    document::Prepared,
    envelope::Envelope,
    execute::{panicked, run_once},
    failure::{Failure, refusal},
    files::Files,
    polish::polish,
    shape::Shape,
    transport::Shared,
};

/// What the writer needs to know of an operation whose frames it holds.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    /// Whether it may run for ever; unknown and therefore false until its document is read.
    is_stream: AtomicBool,
    stopped: AtomicBool,
}

impl Operation {
    fn is_stream(&self) -> bool {
        self.is_stream.load(Ordering::Acquire)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }
}

/// A frame of an operation on its way to the writer.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) operation: Arc<Operation>,
    pub(super) text: String,
    /// Whether the operation ends with this frame and its id becomes free.
    pub(super) is_last: bool,
}

/// The operations of one socket by id, shared by its session and its writer.
#[derive(Clone, Debug, Default)]
pub(super) struct Operations(Arc<Mutex<HashMap<String, Running>>>);

#[derive(Debug)]
struct Running {
    operation: Arc<Operation>,
    /// Unknown for the moment between the operation's beginning and its task's.
    task: Option<AbortHandle>,
}

impl Operations {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    /// Whether a query or mutation is still to be answered.
    pub(super) fn owe_answers(&self) -> bool {
        self.lock().values().any(|running| !running.operation.is_stream())
    }

    pub(super) fn begin(&self, id: String) -> Arc<Operation> {
        let (is_stream, stopped) = (AtomicBool::new(false), AtomicBool::new(false));
        let operation = Arc::new(Operation { id: id.clone(), is_stream, stopped });
        let running = Running { operation: Arc::clone(&operation), task: None };
        self.lock().insert(id, running);
        operation
    }

    /// Remembers how to stop an operation, unless it has already ended.
    pub(super) fn runs_as(&self, operation: &Arc<Operation>, task: AbortHandle) {
        if let Some(running) = self.lock().get_mut(&operation.id)
            && Arc::ptr_eq(&running.operation, operation)
        {
            running.task = Some(task);
        }
    }

    /// The client wants no more of it: frames already queued are dropped by the writer.
    pub(super) fn stop(&self, id: &str) {
        let Some(running) = self.lock().remove(id) else {
            return;
        };
        running.operation.stopped.store(true, Ordering::Release);
        if let Some(task) = running.task {
            task.abort();
        }
    }

    /// Its last frame is about to be written.
    pub(super) fn end(&self, operation: &Arc<Operation>) {
        let mut operations = self.lock();
        if operations.get(&operation.id).is_some_and(|running| Arc::ptr_eq(&running.operation, operation)) {
            operations.remove(&operation.id);
        }
    }
}

/// Where an operation's frames go; `None` means that the socket is gone.
pub(super) struct Outlet {
    pub(super) operation: Arc<Operation>,
    pub(super) frames: mpsc::Sender<Frame>,
    pub(super) id: RequestId,
}

impl Outlet {
    async fn send(&self, text: serde_json::Result<String>, is_last: bool) -> Option<()> {
        let (text, is_last) = match text {
            Ok(text) => (text, is_last),
            Err(error) => {
                tracing::error!(request_id = %self.id, %error, "an answer could not be written as JSON");
                let errors = [panicked(&self.id).into_error(&self.id)];
                (message::error(&self.operation.id, &errors).ok()?, true)
            }
        };
        let operation = Arc::clone(&self.operation);
        self.frames.send(Frame { operation, text, is_last }).await.ok()?;
        (!is_last).then_some(())
    }

    async fn next(&self, response: &Response) -> Option<()> {
        self.send(message::next(&self.operation.id, response), false).await
    }

    async fn complete(&self) -> Option<()> {
        self.send(message::complete(&self.operation.id), true).await
    }

    /// Ends the operation with an `error` frame, which is also how it is refused.
    async fn refuse(&self, errors: &[async_graphql::ServerError]) -> Option<()> {
        self.send(message::error(&self.operation.id, errors), true).await
    }

    /// Refuses the operation before it began.
    pub(super) async fn fail(&self, failure: Failure) {
        self.refuse(&[failure.into_error(&self.id)]).await;
    }
}

/// Takes an operation from its envelope to its end.
pub(super) async fn run<E: Executor, A: Authenticator>(
    shared: Arc<Shared<E, A>>,
    identity: A::Identity,
    envelope: Envelope,
    outlet: Outlet,
) {
    let began = Instant::now();
    let refused = |kind| shared.observer.operation(kind, Outcome::Refused, began.elapsed());
    let prepared = async {
        admit::admit(&shared, &identity).await?;
        admit::prepare(&shared, &identity, envelope, Files::default(), None).await
    };
    let mut prepared = match prepared.await {
        Ok(prepared) => prepared,
        Err(failure) => {
            refused(OperationKind::Unknown);
            return outlet.fail(failure).await;
        }
    };
    let seen = OperationKind::from(prepared.kind);
    outlet.operation.is_stream.store(prepared.kind == OperationType::Subscription, Ordering::Release);
    let account = match admit::charge(&shared, &identity, &mut prepared).await {
        Ok(account) => account,
        Err(failure) => {
            refused(seen);
            return outlet.fail(failure).await;
        }
    };
    let Prepared { request, kind, shape, .. } = prepared;
    let request = admit::attach(&shared, identity.clone(), request, &outlet.id, None);
    if kind == OperationType::Subscription {
        let stream = shared.schema.execute_stream(request, None);
        let ended = Ended { shared: &shared, began, outcome: Outcome::Whole };
        follow(stream, &outlet, shape.as_ref(), ended).await;
        return;
    }
    let wait = shared.settings.execution_wait;
    let mut response = run_once(&shared.schema, &shared.tracker, wait, kind, request, &outlet.id, shape.as_ref()).await;
    if let Some(account) = account {
        account.settle(&shared, &identity, &mut response).await;
    }
    shared.observer.operation(seen, Outcome::of(&response), began.elapsed());
    match refusal(&response) {
        Some(errors) => outlet.refuse(errors).await,
        None => match outlet.next(&response).await {
            Some(()) => outlet.complete().await,
            None => None,
        },
    };
}

/// Tells of a subscription's end, however it comes: a client that stops it has its task dropped.
struct Ended<'a, E, A: Authenticator> {
    shared: &'a Shared<E, A>,
    began: Instant,
    outcome: Outcome,
}

impl<E, A: Authenticator> Drop for Ended<'_, E, A> {
    fn drop(&mut self) {
        self.shared.observer.operation(OperationKind::Subscription, self.outcome, self.began.elapsed());
    }
}

/// Forwards a subscription's results. `None` where it cannot or must not go on.
async fn follow<E, A: Authenticator>(
    stream: BoxStream<'static, Response>,
    outlet: &Outlet,
    shape: Option<&Shape>,
    mut ended: Ended<'_, E, A>,
) -> Option<()> {
    let mut results = AssertUnwindSafe(stream).catch_unwind();
    let mut is_first = true;
    let mut ahead = None;
    loop {
        let result = match ahead.take() {
            Some(result) => result,
            None => results.next().await,
        };
        let response = match result {
            None => return outlet.complete().await,
            Some(Ok(response)) => polish(response, &outlet.id, shape),
            Some(Err(_)) => {
                ended.outcome = Outcome::Partial;
                return outlet.refuse(&[panicked(&outlet.id).into_error(&outlet.id)]).await;
            }
        };
        if std::mem::take(&mut is_first) && response.data == Value::Null && !response.errors.is_empty() {
            // A subscription that could not start: one answer of errors and the stream's end.
            ahead = results.next().now_or_never();
            if refusal(&response).is_some() || matches!(ahead, Some(None)) {
                ended.outcome = Outcome::Refused;
                return outlet.refuse(&response.errors).await;
            }
        }
        outlet.next(&response).await?;
    }
}
