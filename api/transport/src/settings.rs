//! Every knob of the transport with its default; nothing here reads the environment.

use std::{path::PathBuf, time::Duration};

use async_graphql::Response;
use tokio_util::sync::CancellationToken;

use crate::{CostSettings, Limits, cursor_of};

/// How the transport treats requests and sockets.
#[derive(Clone, Debug)]
pub struct TransportSettings {
    /// What one document may ask for.
    pub limits: Limits,
    /// The numbers of the cost model. Without a model (`Transport::with_costs`) nothing is counted.
    pub costs: CostSettings,
    /// Bytes of a POST body. Default 1 MiB.
    pub body_bytes: usize,
    /// Time for the whole body to arrive. Default 10 s.
    pub body_wait: Duration,
    /// Wall clock of one query or mutation. Default 10 s. A query is dropped then; a mutation is
    /// answered with `TIMEOUT` and runs to its end, because stopping it half-way helps nobody.
    pub execution_wait: Duration,
    /// Bytes of documents remembered for each class of callers (automatic persisted queries).
    /// Default 1 MiB; 0 switches them off.
    pub persisted_query_bytes: usize,
    /// Bytes of document text whose parsed form is remembered, so that a document sent again is not
    /// parsed again. Default 128 KiB, which takes 4 MiB of memory for common documents and
    /// 14 MiB for the densest; 0 parses each anew.
    pub known_document_bytes: usize,
    /// Rules of the WebSocket.
    pub sockets: SocketSettings,
    /// Rules of server-sent events.
    pub events: EventSettings,
    /// Rules of multipart uploads, which are off by default.
    pub uploads: UploadSettings,
    /// Cancelled by the owner when the process should stop: new sockets are refused, open ones
    /// finish their queries and mutations and close with 1012, event streams end without `complete`,
    /// so that their clients come back. Default: never.
    pub shutdown: CancellationToken,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            costs: CostSettings::default(),
            body_bytes: 1024 * 1024,
            body_wait: Duration::from_secs(10),
            execution_wait: Duration::from_secs(10),
            persisted_query_bytes: 1024 * 1024,
            known_document_bytes: 128 * 1024,
            sockets: SocketSettings::default(),
            events: EventSettings::default(),
            uploads: UploadSettings::default(),
            shutdown: CancellationToken::new(),
        }
    }
}

/// Rules of the `graphql-transport-ws` socket.
#[derive(Clone, Debug)]
pub struct SocketSettings {
    /// Time until `connection_init` must have arrived. Default 3 s, then 4408.
    pub init_wait: Duration,
    /// Pause between the server's pings. Default 12 s.
    pub ping_every: Duration,
    /// Time without any frame from the client. Default 30 s, then 4499.
    pub silence: Duration,
    /// Time one frame may take to leave. Default 10 s, then 4503.
    pub write_wait: Duration,
    /// Pause between checks that the identity is still valid. Default 45 s, so that with the check
    /// itself a revoked key is out within a minute; then 4403.
    pub identity_check_every: Duration,
    /// Time for running queries and mutations to answer once shutdown began. Default 5 s.
    pub drain_wait: Duration,
    /// Bytes of one message from the client. Default 1 MiB.
    pub message_bytes: usize,
    /// Operations running at once on one socket. Default 50.
    pub operations_per_socket: usize,
    /// Sockets and event streams of one owner, see `Authenticator::socket_owner`. Default 20.
    pub sockets_per_owner: usize,
    /// Sockets and event streams of this process. Default 2,000.
    pub sockets_per_instance: usize,
    /// Origins, such as `https://app.example.com`, whose pages may open a socket. A request without
    /// `Origin` (not a browser) or from the server's own origin is always allowed. Default: none.
    pub allowed_origins: Vec<String>,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            init_wait: Duration::from_secs(3),
            ping_every: Duration::from_secs(12),
            silence: Duration::from_secs(30),
            write_wait: Duration::from_secs(10),
            identity_check_every: Duration::from_secs(45),
            drain_wait: Duration::from_secs(5),
            message_bytes: 1024 * 1024,
            operations_per_socket: 50,
            sockets_per_owner: 20,
            sockets_per_instance: 2_000,
            allowed_origins: Vec::new(),
        }
    }
}

/// Rules of server-sent events. How often the identity is looked at, how long a write may take and how
/// many streams there may be is said in [`SocketSettings`], because both are the same promise.
#[derive(Clone, Debug)]
pub struct EventSettings {
    /// Pause between the comments that keep proxies from closing a quiet stream. Default 12 s.
    pub keep_alive: Duration,
    /// What becomes the `id:` of an event, by which a client that lost its stream goes on. Default:
    /// [`cursor_of`], the field `cursor` of the subscription's item.
    pub event_id: fn(&Response) -> Option<String>,
    /// The variable of a subscription that is set to `Last-Event-ID` when a client comes back with
    /// one, if the document declares it. Default `after`. Resolvers find the id also as
    /// [`LastEventId`](crate::LastEventId) in the request's data.
    pub cursor_variable: Option<String>,
}

impl Default for EventSettings {
    fn default() -> Self {
        Self { keep_alive: Duration::from_secs(12), event_id: cursor_of, cursor_variable: Some("after".to_owned()) }
    }
}

/// Rules of multipart requests, which carry files.
#[derive(Clone, Debug)]
pub struct UploadSettings {
    /// Whether they are accepted at all. Default: no, and 415 is the answer.
    pub enabled: bool,
    /// Bytes of one file. Default 16 MiB.
    pub file_bytes: u64,
    /// Files of one request. Default 4.
    pub files: usize,
    /// Time for all files to arrive. Default 60 s.
    pub wait: Duration,
    /// Multipart requests read at once; more are told to come back. Together with the two above it
    /// bounds the disk that is used. Default 8.
    pub at_once: usize,
    /// Where files lie while the request runs; nobody else can open them, and they are gone
    /// afterwards. Default: the system's directory for temporary files.
    pub directory: Option<PathBuf>,
}

impl Default for UploadSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            file_bytes: 16 * 1024 * 1024,
            files: 4,
            wait: Duration::from_secs(60),
            at_once: 8,
            directory: None,
        }
    }
}
