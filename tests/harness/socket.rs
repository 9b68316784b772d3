//! A WebSocket client that speaks `graphql-transport-ws` with one subscription at a time.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// How long a message may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connected socket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Connects and introduces itself with a key; `Err` holds the code the server closed with.
    pub async fn connect(address: SocketAddr, key: Option<&str>) -> Result<Self, u16> {
        let mut request = format!("ws://{address}/graphql").into_client_request().expect("a request");
        request.headers_mut().insert("sec-websocket-protocol", http::HeaderValue::from_static("graphql-transport-ws"));
        let (stream, response) = tokio_tungstenite::connect_async(request).await.expect("a socket");
        let protocol = response.headers().get("sec-websocket-protocol").and_then(|value| value.to_str().ok());
        assert_eq!(protocol, Some("graphql-transport-ws"), "the server speaks the protocol");
        let mut socket = Self { stream };
        let payload = key.map_or_else(|| json!({}), |key| json!({"authorization": format!("Bearer {key}")}));
        socket.send(json!({"type": "connection_init", "payload": payload})).await;
        let first = socket.receive().await?;
        assert_eq!(first["type"], "connection_ack", "{first}");
        Ok(socket)
    }

    /// Starts a subscription under the id `1`.
    pub async fn subscribe(&mut self, document: &str, variables: Value) {
        self.send(json!({"type": "subscribe", "id": "1", "payload": {"query": document, "variables": variables}}))
            .await;
    }

    /// The next item of the subscription: its data, or the errors it ended with.
    pub async fn next(&mut self) -> Result<Value, Value> {
        loop {
            let mut message = self.receive().await.map_err(|code| json!([{"closed": code}]))?;
            match message["type"].as_str() {
                Some("next") if message["payload"].get("errors").is_none() => {
                    return Ok(message["payload"]["data"].take());
                }
                Some("next") => return Err(message["payload"]["errors"].take()),
                Some("error") => return Err(message["payload"].take()),
                Some("complete") => return Err(json!([{"completed": true}])),
                _ => {}
            }
        }
    }

    /// Whether nothing comes for a while.
    pub async fn is_silent_for(&mut self, pause: Duration) -> bool {
        tokio::time::timeout(pause, self.next()).await.is_err()
    }

    /// Hangs up without a word, as a client does whose network went away.
    pub fn cut(self) {
        drop(self.stream);
    }

    async fn send(&mut self, message: Value) {
        self.stream.send(Message::text(message.to_string())).await.expect("the socket takes a message");
    }

    /// The next message that is not a ping; `Err` holds the code the server closed with.
    async fn receive(&mut self) -> Result<Value, u16> {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("a message in time");
            match frame {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    match message["type"].as_str() {
                        Some("ping") => self.send(json!({"type": "pong"})).await,
                        _ => return Ok(message),
                    }
                }
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(0, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(Error::ConnectionClosed)) | None => return Err(0),
                Some(Err(error)) => panic!("the socket broke: {error}"),
            }
        }
    }
}
