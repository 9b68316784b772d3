//! The life of one socket: the protocol's rules, its clocks and its end. It reads and decides; it
//! runs no operation itself and writes no byte itself.

use std::{sync::Arc, time::Duration};

use async_graphql::Executor;
use axum::extract::ws::{Message, WebSocket};
use futures_util::{StreamExt, stream::SplitStream};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, JoinSet},
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};
use tracing::Instrument;

use super::{
    close::Close,
    message::{self, ClientMessage},
    operation::{self, Frame, Operations, Outlet},
    writer::{self, Control, End},
};
use crate::{
    Authenticator, Caller, RequestId, census::Place, code, envelope::Envelope, failure::Failure,
    identity::bearer_of_init, transport::Shared,
};

/// Results waiting for the writer, over all operations of a socket. Small, because each operation
/// holds one more and a stream that finds no room simply is not asked for its next result.
const FRAMES_WAITING: usize = 16;
/// Protocol frames waiting; a client that lets so many pile up is not reading.
const CONTROLS_WAITING: usize = 64;
/// Time for the client to answer the close frame.
const FAREWELL: Duration = Duration::from_secs(2);
/// How often a draining socket looks whether its last answer is out.
const DRAIN_LOOK: Duration = Duration::from_millis(25);
/// Time an authenticator may take; a socket must not hang on a database.
const IDENTITY_WAIT: Duration = Duration::from_secs(10);

struct Session<E, A: Authenticator> {
    shared: Arc<Shared<E, A>>,
    place: Place,
    header_key: Option<String>,
    caller: Caller,
    identity: Option<A::Identity>,
    operations: Operations,
    tasks: JoinSet<()>,
    frames: mpsc::Sender<Frame>,
    control: mpsc::Sender<Control>,
    last_heard: Instant,
    /// Set when shutdown began: by then every answer must be out.
    drained_by: Option<Instant>,
}

/// Serves one socket until it is closed. Dropping the session stops its operations.
pub(super) async fn run<E: Executor, A: Authenticator>(
    shared: Arc<Shared<E, A>>,
    socket: WebSocket,
    place: Place,
    header_key: Option<String>,
    caller: Caller,
) {
    let (sink, mut incoming) = socket.split();
    let (frames, frames_out) = mpsc::channel(FRAMES_WAITING);
    let (control, control_out) = mpsc::channel(CONTROLS_WAITING);
    let operations = Operations::default();
    let wait = shared.settings.sockets.write_wait;
    let mut writer = tokio::spawn(writer::run(sink, control_out, frames_out, operations.clone(), wait));
    let mut session = Session {
        shared,
        place,
        header_key,
        caller,
        identity: None,
        operations,
        tasks: JoinSet::new(),
        frames,
        control,
        last_heard: Instant::now(),
        drained_by: None,
    };
    session.shared.observer.socket_opened();
    let end = session.live(&mut incoming, &mut writer).await;
    session.tasks.abort_all();
    session.shared.observer.socket_closed(end.as_ref().map(|close| close.code));
    if let Some(close) = end {
        tracing::debug!(code = close.code, reason = %close.reason, "a socket is closed");
        let handed_over = timeout(wait, session.control.send(Control::Close(close))).await;
        if handed_over.is_ok() && !writer.is_finished() {
            let _ = (&mut writer).await;
        }
    }
    // Reading on sends the answer to the client's close frame; leaving before the client has
    // answered ours could destroy it on its way.
    let _ = timeout(FAREWELL, async { while let Some(Ok(_)) = incoming.next().await {} }).await;
    writer.abort();
    drop(session.place);
}

impl<E: Executor, A: Authenticator> Session<E, A> {
    /// Returns why the socket should be closed, or `None` if it already is.
    async fn live(&mut self, incoming: &mut SplitStream<WebSocket>, writer: &mut JoinHandle<End>) -> Option<Close> {
        let settings = self.shared.settings.sockets.clone();
        let shutdown = self.shared.settings.shutdown.clone();
        let start = Instant::now();
        let init_by = start + settings.init_wait;
        let mut ping = interval_at(start + settings.ping_every, settings.ping_every);
        let mut check = interval_at(start + settings.identity_check_every, settings.identity_check_every);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut drain = tokio::time::interval(DRAIN_LOOK);
        loop {
            let step = tokio::select! {
                message = incoming.next() => match message {
                    Some(Ok(message)) => self.hear(message).await,
                    Some(Err(error)) => Err(broken(&error)),
                    None => Err(None),
                },
                end = &mut *writer => {
                    tracing::debug!(?end, "a socket's writer stopped");
                    Err(None)
                }
                () = sleep_until(init_by), if self.identity.is_none() => Err(Some(Close::init_timeout())),
                () = sleep_until(self.last_heard + settings.silence) => Err(Some(Close::silent())),
                _ = ping.tick() => self.tell(message::PING),
                _ = check.tick(), if self.identity.is_some() => self.check_identity().await,
                Some(_) = self.tasks.join_next(), if !self.tasks.is_empty() => Ok(()),
                () = shutdown.cancelled(), if self.drained_by.is_none() => {
                    self.drained_by = Some(Instant::now() + settings.drain_wait);
                    Ok(())
                }
                _ = drain.tick(), if self.drained_by.is_some() => self.look_whether_drained(),
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), Option<Close>> {
        self.last_heard = Instant::now();
        match message {
            Message::Text(text) => self.obey(ClientMessage::read(&text)?).await,
            Message::Binary(_) => Err(Some(Close::bad_message("Invalid message: binary"))),
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(None),
        }
    }

    async fn obey(&mut self, message: ClientMessage) -> Result<(), Option<Close>> {
        match message {
            ClientMessage::Ping => self.tell(message::PONG),
            ClientMessage::Pong => Ok(()),
            ClientMessage::Init(_) if self.identity.is_some() => Err(Some(Close::second_init())),
            ClientMessage::Init(payload) => {
                let key = bearer_of_init(&payload).or_else(|| self.header_key.take());
                self.authenticate(key).await
            }
            ClientMessage::Complete { id } => {
                self.operations.stop(&id);
                Ok(())
            }
            ClientMessage::Subscribe { id, envelope } => {
                let Some(identity) = self.identity.clone() else {
                    return Err(Some(Close::unauthorized()));
                };
                if self.operations.contains(&id) {
                    return Err(Some(Close::duplicate(&id)));
                }
                // Refusals wait for the writer too; who sends on without reading them is let go.
                if self.operations.len() >= 2 * self.shared.settings.sockets.operations_per_socket {
                    return Err(Some(Close::slow_consumer()));
                }
                if self.drained_by.is_none() {
                    self.begin(id, envelope, identity);
                }
                Ok(())
            }
        }
    }

    async fn authenticate(&mut self, key: Option<String>) -> Result<(), Option<Close>> {
        // On the heap, as everything a socket does once or seldom: what is in here, an idle socket carries all its life.
        let asked = Box::pin(self.shared.authenticator.authenticate(key, self.caller.clone()));
        let outcome = timeout(IDENTITY_WAIT, asked).await;
        let identity = match outcome {
            Ok(Ok(identity)) => identity,
            Ok(Err(denied)) => {
                let passing = denied.is_passing();
                let failure = Failure::from(denied);
                return Err(Some(if passing {
                    Close::try_later(failure.message())
                } else {
                    Close::forbidden(failure.message())
                }));
            }
            Err(_) => {
                return Err(Some(Close::try_later("The key could not be checked in time.")));
            }
        };
        let most = self.shared.settings.sockets.sockets_per_owner;
        if let Some(owner) = self.shared.authenticator.socket_owner(&identity)
            && !self.place.belongs_to(owner, most)
        {
            return Err(Some(Close::try_later(format!("This key already holds {most} sockets; close one first."))));
        }
        self.identity = Some(identity);
        self.tell(message::ACK)
    }

    fn begin(&mut self, id: String, envelope: Envelope, identity: A::Identity) {
        let request_id = RequestId::new();
        let most = self.shared.settings.sockets.operations_per_socket;
        let has_room = self.operations.len() < most;
        let operation = self.operations.begin(id);
        let span = tracing::info_span!("graphql", request_id = %request_id);
        let outlet = Outlet { operation: Arc::clone(&operation), frames: self.frames.clone(), id: request_id };
        let task = match has_room {
            true => {
                let work = operation::run(Arc::clone(&self.shared), identity, envelope, outlet);
                self.tasks.spawn(work.instrument(span))
            }
            false => {
                let failure = Failure::new(
                    code::RATE_LIMITED,
                    format!("This socket already runs {most} operations. Complete one first, or open a second socket."),
                );
                self.tasks.spawn(async move { outlet.fail(failure).await }.instrument(span))
            }
        };
        self.operations.runs_as(&operation, task);
    }

    /// A check that takes too long is no answer; it is asked again at the next turn.
    async fn check_identity(&self) -> Result<(), Option<Close>> {
        let Some(identity) = &self.identity else {
            return Ok(());
        };
        match timeout(IDENTITY_WAIT, Box::pin(self.shared.authenticator.still_valid(identity))).await {
            Ok(false) => Err(Some(Close::forbidden("the key is no longer valid"))),
            Ok(true) => Ok(()),
            Err(_) => {
                tracing::warn!("a socket's identity could not be checked in time");
                Ok(())
            }
        }
    }

    fn look_whether_drained(&self) -> Result<(), Option<Close>> {
        let late = self.drained_by.is_some_and(|by| Instant::now() >= by);
        match late || !self.operations.owe_answers() {
            true => Err(Some(Close::restart())),
            false => Ok(()),
        }
    }

    fn tell(&self, text: &'static str) -> Result<(), Option<Close>> {
        self.control.try_send(Control::Text(text)).map_err(|_| Some(Close::slow_consumer()))
    }
}

/// A message over the limit is the client's mistake and is named; a broken connection is just over.
fn broken(error: &axum::Error) -> Option<Close> {
    let text = error.to_string();
    text.contains("too long").then(Close::too_large)
}
