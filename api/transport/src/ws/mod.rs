//! `graphql-transport-ws`: from the upgrade request to a running socket. The rules of the protocol
//! are in `session`, the only writer to a socket is `writer`.

mod close;
mod message;
mod operation;
mod origin;
mod session;
mod writer;

use std::sync::Arc;

use async_graphql::Executor;
use axum::{
    extract::{FromRequestParts, Request, ws::WebSocketUpgrade},
    http::{Method, header},
    response::Response,
};

use crate::{
    Authenticator, Caller, RequestId, census::Place, code, envelope::bad, failure::Failure, identity::bearer,
    transport::Shared,
};

/// The only subprotocol spoken; the older `graphql-ws` is another language.
const SUBPROTOCOL: &str = "graphql-transport-ws";

/// What each socket keeps for reading; the library's own 128 KiB would be most of an idle socket. Messages may be larger.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// Whether the request wants to become a socket.
pub(crate) fn is_upgrade(request: &Request) -> bool {
    let upgrade = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    request.method() == Method::GET && upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// Checks origin, room and subprotocol, and hands the connection to a session. Who is calling is
/// asked on the socket, because a page cannot set headers on it.
pub(crate) async fn upgrade<E: Executor, A: Authenticator>(
    shared: Arc<Shared<E, A>>,
    request: Request,
    id: &RequestId,
) -> Result<Response, Failure> {
    let settings = &shared.settings.sockets;
    if !origin::is_allowed(request.headers(), request.uri(), &settings.allowed_origins) {
        return Err(Failure::new(code::FORBIDDEN, "Pages of this origin may not open a socket here."));
    }
    if shared.settings.shutdown.is_cancelled() {
        return Err(unavailable("The server is restarting. Connect again in a moment."));
    }
    let (mut parts, _) = request.into_parts();
    let caller = Caller::of(&parts.headers, &parts.extensions).named(id);
    let header_key = bearer(&parts.headers);
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &())
        .await
        .map_err(|_| bad("The WebSocket handshake is incomplete: it needs `Connection: upgrade`, version 13 and a key, over HTTP/1.1."))?;
    let upgrade = upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(settings.message_bytes)
        .max_frame_size(settings.message_bytes);
    if upgrade.selected_protocol().is_none() {
        return Err(bad("The only WebSocket subprotocol spoken here is `graphql-transport-ws`."));
    }
    let place = Place::take(&shared.census, settings.sockets_per_instance)
        .ok_or_else(|| unavailable("The server holds as many sockets as it can. Connect again in a moment."))?;
    let tracker = shared.tracker.clone();
    Ok(upgrade.on_upgrade(move |socket| tracker.track_future(session::run(shared, socket, place, header_key, caller))))
}

fn unavailable(message: &str) -> Failure {
    Failure::new(code::UNAVAILABLE, message).retry_after(std::time::Duration::from_secs(1))
}
