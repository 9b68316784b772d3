//! Every knob of the transport with its default; nothing here reads the environment.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::Limits;

/// How the transport treats requests and sockets.
#[derive(Clone, Debug)]
pub struct TransportSettings {
    /// What one document may ask for.
    pub limits: Limits,
    /// Bytes of a POST body. Default 1 MiB.
    pub body_bytes: usize,
    /// Time for the whole body to arrive. Default 10 s.
    pub body_wait: Duration,
    /// Wall clock of one query or mutation. Default 10 s. A query is dropped then; a mutation is
    /// answered with `TIMEOUT` and runs to its end, because stopping it half-way helps nobody.
    pub execution_wait: Duration,
    /// Rules of the WebSocket.
    pub sockets: SocketSettings,
    /// Cancelled by the owner when the process should stop: new sockets are refused, open ones
    /// finish their queries and mutations and close with 1012. Default: never.
    pub shutdown: CancellationToken,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            body_bytes: 1024 * 1024,
            body_wait: Duration::from_secs(10),
            execution_wait: Duration::from_secs(10),
            sockets: SocketSettings::default(),
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
    /// Pause between checks that the identity is still valid. Default 60 s; if not, 4403.
    pub identity_check_every: Duration,
    /// Time for running queries and mutations to answer once shutdown began. Default 5 s.
    pub drain_wait: Duration,
    /// Bytes of one message from the client. Default 1 MiB.
    pub message_bytes: usize,
    /// Operations running at once on one socket. Default 50.
    pub operations_per_socket: usize,
    /// Sockets of one owner, see `Authenticator::socket_owner`. Default 20.
    pub sockets_per_owner: usize,
    /// Sockets of this process. Default 2,000.
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
            identity_check_every: Duration::from_secs(60),
            drain_wait: Duration::from_secs(5),
            message_bytes: 1024 * 1024,
            operations_per_socket: 50,
            sockets_per_owner: 20,
            sockets_per_instance: 2_000,
            allowed_origins: Vec::new(),
        }
    }
}
