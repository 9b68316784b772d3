//! The life of one event stream: what it sends, its clocks and its end. It ends when the client hangs
//! up, reads too slowly, loses its right, or the server stops.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{Executor, Response, Value};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};

use super::frame;
use crate::{
    Authenticator, OperationKind, Outcome, RequestId,
    admit::Account,
    code,
    document::Prepared,
    execute::{panicked, run_once},
    failure::Failure,
    polish::polish,
    transport::Shared,
};

/// Time an authenticator may take; a check that takes longer is asked again at the next turn.
const IDENTITY_WAIT: Duration = Duration::from_secs(10);

/// One running operation and the way to its client. Dropping it ends the response.
pub(super) struct Stream<E, A: Authenticator> {
    pub(super) shared: Arc<Shared<E, A>>,
    pub(super) identity: A::Identity,
    pub(super) events: mpsc::Sender<Result<Bytes, std::io::Error>>,
    pub(super) id: RequestId,
}

/// A subscription whose resolver refused to give a stream: that is an error of the request, which names
/// no field and has no `data`.
fn never_began(first: &Response) -> bool {
    first.data == Value::Null && !first.errors.is_empty() && first.errors.iter().all(|error| error.path.len() <= 1)
}

/// The stream is over, for a reason its client sees or need not be told.
struct Over;

impl<E: Executor, A: Authenticator> Stream<E, A> {
    /// A query or mutation: one result and the end. When the client hangs up a query is dropped.
    pub(super) async fn answer(self, prepared: Prepared, account: Option<Account>) {
        let Prepared { request, kind, shape, .. } = prepared;
        let began = Instant::now();
        let wait = self.shared.settings.execution_wait;
        let work = async {
            let mut response =
                run_once(&self.shared.schema, &self.shared.tracker, wait, kind, request, &self.id, shape.as_ref())
                    .await;
            if let Some(account) = account {
                account.settle(&self.shared, &self.identity, &mut response).await;
            }
            self.shared.observer.operation(kind.into(), Outcome::of(&response), began.elapsed());
            response
        };
        let mut keep_alive = self.keep_alive();
        tokio::pin!(work);
        let response = loop {
            tokio::select! {
                response = &mut work => break response,
                _ = keep_alive.tick() => self.comment(),
                () = self.events.closed() => return,
            }
        };
        if self.next(&response).await.is_ok() {
            self.complete().await;
        }
    }

    /// A subscription, until one of its ends.
    pub(super) async fn follow(self, prepared: Prepared) {
        let began = Instant::now();
        let outcome = self.relay(prepared).await;
        self.shared.observer.operation(OperationKind::Subscription, outcome, began.elapsed());
    }

    async fn relay(&self, prepared: Prepared) -> Outcome {
        let Prepared { request, shape, .. } = prepared;
        let mut outcome = Outcome::Whole;
        let shutdown = self.shared.settings.shutdown.clone();
        let every = self.shared.settings.sockets.identity_check_every;
        let mut check = interval_at(Instant::now() + every, every);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut keep_alive = self.keep_alive();
        let mut results = AssertUnwindSafe(self.shared.schema.execute_stream(request, None)).catch_unwind();
        let mut is_first = true;
        // A client that waits for the first event learns at once that it is connected.
        self.comment();
        loop {
            let step = tokio::select! {
                result = results.next() => match result {
                    Some(Ok(response)) => {
                        let mut response = polish(response, &self.id, shape.as_ref());
                        if std::mem::take(&mut is_first) && never_began(&response) {
                            response.errors.iter_mut().for_each(|error| error.path.clear());
                            outcome = Outcome::Refused;
                        }
                        self.next(&response).await
                    }
                    Some(Err(_)) => {
                        outcome = Outcome::Partial;
                        self.give_up(panicked(&self.id)).await
                    }
                    None => {
                        self.complete().await;
                        Err(Over)
                    }
                },
                _ = keep_alive.tick() => {
                    self.comment();
                    Ok(())
                }
                _ = check.tick() => self.check_identity().await,
                // No `complete`: the client comes back, to another process.
                () = shutdown.cancelled() => Err(Over),
                () = self.events.closed() => Err(Over),
            };
            if step.is_err() {
                return outcome;
            }
        }
    }

    async fn check_identity(&self) -> Result<(), Over> {
        match timeout(IDENTITY_WAIT, self.shared.authenticator.still_valid(&self.identity)).await {
            Ok(false) => self.give_up(Failure::new(code::FORBIDDEN, "Forbidden: the key is no longer valid.")).await,
            Ok(true) => Ok(()),
            Err(_) => {
                tracing::warn!("an event stream's identity could not be checked in time");
                Ok(())
            }
        }
    }

    /// Ends in a way that does not make the client come back.
    async fn give_up(&self, failure: Failure) -> Result<(), Over> {
        self.next(&failure.into_response(&self.id)).await?;
        self.complete().await;
        Err(Over)
    }

    async fn next(&self, response: &Response) -> Result<(), Over> {
        let event_id = (self.shared.settings.events.event_id)(response);
        match frame::next(response, event_id) {
            Ok(event) => self.send(event).await,
            Err(error) => {
                tracing::error!(request_id = %self.id, %error, "an answer could not be written as JSON");
                Err(Over)
            }
        }
    }

    async fn complete(&self) {
        let _ = self.send(Bytes::from_static(frame::COMPLETE.as_bytes())).await;
    }

    /// A client that does not read in time is let go; it may come back and resume.
    async fn send(&self, event: Bytes) -> Result<(), Over> {
        let wait = self.shared.settings.sockets.write_wait;
        match timeout(wait, self.events.send(Ok(event))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Over),
            Err(_) => {
                tracing::debug!(request_id = %self.id, "an event stream's client reads too slowly");
                Err(Over)
            }
        }
    }

    /// A comment is only worth sending where nothing else waits.
    fn comment(&self) {
        let _ = self.events.try_send(Ok(Bytes::from_static(frame::COMMENT.as_bytes())));
    }

    fn keep_alive(&self) -> tokio::time::Interval {
        let every = self.shared.settings.events.keep_alive;
        let mut interval = interval_at(Instant::now() + every, every);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        interval
    }
}
