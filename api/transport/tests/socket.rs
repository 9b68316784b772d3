//! `graphql-transport-ws` as a client sees it, on a loopback server with its clocks turned up.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod tiny;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tiny::purse::{Library, Purse};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};
use transport::{Drain, SocketSettings, Transport, TransportSettings};

struct Server {
    address: SocketAddr,
    revoked: Arc<AtomicBool>,
    settings: TransportSettings,
    drain: Drain,
}

async fn serve(change: impl FnOnce(&mut SocketSettings)) -> Server {
    let mut settings = TransportSettings::default();
    change(&mut settings.sockets);
    let door = tiny::Door::default();
    let revoked = Arc::clone(&door.revoked);
    let transport = Transport::new(tiny::schema(), door, settings.clone())
        .with_costs(tiny::purse::costs())
        .with_budget(Purse::default())
        .with_trusted_documents(Library);
    let drain = transport.drain();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, transport.into_router()).await });
    Server { address, revoked, settings, drain }
}

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Server {
    async fn open_as(&self, protocol: &str, origin: Option<&str>) -> Result<Client, Error> {
        let mut request = format!("ws://{}/graphql", self.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        connect_async(request).await.map(|(socket, _)| Client(socket))
    }

    async fn open(&self) -> Client {
        self.open_as("graphql-transport-ws", None).await.unwrap()
    }

    async fn join(&self) -> Client {
        self.join_as("good").await
    }

    async fn join_as(&self, key: &str) -> Client {
        self.open().await.greet(key).await
    }

    /// A client with little room between itself and the server, so that it is behind at once.
    async fn open_narrow(&self) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let stream = MaybeTlsStream::Plain(socket.connect(self.address).await.unwrap());
        let mut request = format!("ws://{}/graphql", self.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        Client(client_async(request, stream).await.unwrap().0)
    }
}

impl Client {
    async fn greet(mut self, key: &str) -> Self {
        let payload = json!({ "authorization": format!("Bearer {key}") });
        self.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(self.hear().await, json!({ "type": "connection_ack" }));
        self
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    }

    /// The next protocol message.
    async fn hear(&mut self) -> Value {
        loop {
            match timeout(Duration::from_secs(5), self.0.next()).await.expect("nothing heard").unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The code with which the server closes, skipping what it says before.
    async fn end(mut self) -> u16 {
        loop {
            match timeout(Duration::from_secs(8), self.0.next()).await.expect("not closed") {
                Some(Ok(Message::Close(frame))) => return frame.unwrap().code.into(),
                Some(Ok(_)) => {}
                other => panic!("ended without a close frame: {other:?}"),
            }
        }
    }
}

fn kind(message: &Value) -> &str {
    message["type"].as_str().unwrap()
}

#[tokio::test]
async fn each_breach_of_the_protocol_has_its_code() {
    let server = serve(|settings| settings.init_wait = Duration::from_millis(300)).await;
    assert_eq!(server.open().await.end().await, 4408);
    let mut client = server.open().await;
    client.subscribe("1", "{ hello }").await;
    assert_eq!(client.end().await, 4401);
    for bad in [json!({ "token": "x" }), json!({ "authorization": "Bearer bad" })] {
        let mut client = server.open().await;
        client.say(json!({ "type": "connection_init", "payload": bad })).await;
        assert_eq!(client.end().await, 4403);
    }
    let mut client = server.open().await;
    client.say(json!({ "type": "connection_init", "payload": { "authorization": "busy" } })).await;
    assert_eq!(client.end().await, 1013);
    let mut client = server.join().await;
    client.say(json!({ "type": "connection_init" })).await;
    assert_eq!(client.end().await, 4429);
    let mut client = server.join().await;
    client.subscribe("d", "subscription { never }").await;
    client.subscribe("d", "subscription { never }").await;
    assert_eq!(client.end().await, 4409);
    for bad in [
        "{nope",
        "[]",
        r#"{"type":"nope"}"#,
        r#"{"type":"subscribe","id":"1"}"#,
        r#"{"type":"subscribe","id":"1","payload":{}}"#,
        r#"{"type":"complete"}"#,
    ] {
        let mut client = server.join().await;
        client.0.send(Message::text(bad)).await.unwrap();
        assert_eq!(client.end().await, 4400, "{bad}");
    }
    let mut client = server.join().await;
    client.0.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(client.end().await, 4400);
}

#[tokio::test]
async fn operations_answer_as_the_protocol_says() {
    let server = serve(|_| {}).await;
    let mut client = server.join().await;
    client.say(json!({ "type": "ping" })).await;
    assert_eq!(kind(&client.hear().await), "pong");
    client.subscribe("q", "{ caller }").await;
    let cost = json!({ "cost": { "requested": 0, "actual": 0, "limit": 5000 } });
    let payload = json!({ "data": { "caller": "good" }, "extensions": cost });
    assert_eq!(client.hear().await, json!({ "id": "q", "type": "next", "payload": payload }));
    assert_eq!(client.hear().await, json!({ "id": "q", "type": "complete" }));
    client.subscribe("q", "subscription { tick(n: 3, ms: 1) }").await;
    for number in 0..3 {
        assert_eq!(client.hear().await["payload"]["data"]["tick"], number);
    }
    assert_eq!(kind(&client.hear().await), "complete");
    for (document, code) in [
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { closedDoor }", "FORBIDDEN"),
        ("{ crash }", "INTERNAL"),
        ("{ nap(ms: 9999) }", "QUERY_TOO_COMPLEX"),
        ("{ nap(ms: 4999) }", "RATE_LIMITED"),
    ] {
        client.subscribe("e", document).await;
        let message = client.hear().await;
        assert_eq!(kind(&message), "error", "{message}");
        assert_eq!(message["payload"][0]["extensions"]["code"], code);
    }
    client.subscribe("s", "subscription { stumbles }").await;
    assert_eq!(client.hear().await["payload"]["data"]["stumbles"], 1);
    let stumble = client.hear().await;
    assert_eq!((kind(&stumble), &stumble["payload"]["errors"][0]["extensions"]["code"]), ("next", &json!("INTERNAL")));
    assert!(!stumble.to_string().contains("secret"));
    assert_eq!(client.hear().await["payload"]["data"]["stumbles"], 3);
    assert_eq!(kind(&client.hear().await), "complete");
    client.subscribe("c", "subscription { crashes }").await;
    assert_eq!(kind(&client.hear().await), "next");
    assert_eq!(kind(&client.hear().await), "error");
    client.say(json!({ "id": "unknown", "type": "complete" })).await;
    let document = format!("sha256:{}", tiny::digest("{ hello }"));
    client.say(json!({ "id": "d", "type": "subscribe", "payload": { "documentId": document } })).await;
    assert_eq!(client.hear().await["payload"]["data"], json!({ "hello": "world" }));
    assert_eq!(kind(&client.hear().await), "complete");
    client.subscribe("last", "{ hello }").await;
    assert_eq!(client.hear().await["id"], "last");
}

#[tokio::test]
async fn an_empty_budget_and_a_foreign_document_end_the_operation_and_not_the_socket() {
    let server = serve(|_| {}).await;
    for (key, code) in [("poor", "RATE_LIMITED"), ("trusted", "TRUSTED_DOCUMENT_REQUIRED")] {
        let mut client = server.join_as(key).await;
        client.subscribe("1", "subscription { count { number } }").await;
        let message = client.hear().await;
        assert_eq!((kind(&message), &message["payload"][0]["extensions"]["code"]), ("error", &json!(code)));
        client.say(json!({ "type": "ping" })).await;
        assert_eq!(kind(&client.hear().await), "pong");
    }
}

#[tokio::test]
async fn a_completed_stream_is_silent_and_a_greedy_one_starves_nobody() {
    let server = serve(|_| {}).await;
    let mut client = server.join().await;
    client.subscribe("flood", "subscription { flood }").await;
    assert_eq!(client.hear().await["id"], "flood");
    client.subscribe("q", "{ hello }").await;
    let mut before = 0;
    while client.hear().await["id"] != "q" {
        before += 1;
        assert!(before < 50_000, "the query was starved");
    }
    client.say(json!({ "id": "flood", "type": "complete" })).await;
    client.say(json!({ "type": "ping" })).await;
    while kind(&client.hear().await) != "pong" {}
    assert!(timeout(Duration::from_millis(200), client.0.next()).await.is_err(), "late messages");
}

#[tokio::test]
async fn the_server_pings_and_gives_up_on_the_dead_and_the_revoked() {
    let server = serve(|settings| {
        settings.ping_every = Duration::from_millis(50);
        settings.silence = Duration::from_millis(250);
    })
    .await;
    let mut client = server.join().await;
    for _ in 0..10 {
        assert_eq!(kind(&client.hear().await), "ping");
        client.say(json!({ "type": "pong" })).await;
    }
    assert_eq!(client.end().await, 4499);
    let server = serve(|settings| settings.identity_check_every = Duration::from_millis(50)).await;
    let client = server.join().await;
    server.revoked.store(true, Ordering::SeqCst);
    assert_eq!(client.end().await, 4403);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_let_go_and_may_come_back() {
    let server = serve(|settings| settings.write_wait = Duration::from_millis(200)).await;
    let mut client = server.open_narrow().await.greet("good").await;
    client.subscribe("flood", "subscription { flood }").await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    // It reads again within the server's last second.
    assert_eq!(client.end().await, 4503);
}

#[tokio::test]
async fn rooms_are_limited_aloud() {
    let server = serve(|settings| {
        settings.operations_per_socket = 2;
        settings.sockets_per_owner = 2;
        settings.sockets_per_instance = 3;
    })
    .await;
    let mut first = server.join().await;
    for id in ["a", "b", "c"] {
        first.subscribe(id, "subscription { never }").await;
    }
    let refused = first.hear().await;
    assert_eq!((kind(&refused), &refused["id"]), ("error", &json!("c")));
    assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    let _second = server.join().await;
    let mut third = server.open().await;
    let Err(Error::Http(response)) = server.open_as("graphql-transport-ws", None).await else {
        panic!("a fourth socket")
    };
    assert_eq!(response.status(), 503);
    third.say(json!({ "type": "connection_init", "payload": { "authorization": "good" } })).await;
    assert_eq!(third.end().await, 1013);
}

#[tokio::test]
async fn foreign_pages_and_foreign_protocols_are_refused_at_the_door() {
    let server = serve(|settings| settings.allowed_origins = vec!["https://app.example.com".to_owned()]).await;
    let own = format!("http://{}", server.address);
    for (protocol, origin, status) in [
        ("graphql-transport-ws", Some("https://evil.example"), Some(403)),
        ("graphql-transport-ws", Some("https://app.example.com"), None),
        ("graphql-transport-ws", Some(own.as_str()), None),
        ("graphql-ws", None, Some(400)),
    ] {
        match (server.open_as(protocol, origin).await, status) {
            (Ok(_), None) => {}
            (Err(Error::Http(response)), Some(status)) => assert_eq!(response.status(), status),
            (other, _) => panic!("{protocol} {origin:?}: {:?}", other.map(|_| ())),
        }
    }
}

#[tokio::test]
async fn shutdown_lets_answers_out_and_sends_clients_elsewhere() {
    let server = serve(|_| {}).await;
    let mut client = server.join().await;
    client.subscribe("endless", "subscription { never }").await;
    client.subscribe("answer", "{ nap(ms: 300) }").await;
    client.say(json!({ "type": "ping" })).await;
    assert_eq!(kind(&client.hear().await), "pong");
    server.settings.shutdown.cancel();
    assert_eq!(client.hear().await["payload"]["data"]["nap"], 300);
    assert_eq!(client.end().await, 1012);
    let Err(Error::Http(response)) = server.open_as("graphql-transport-ws", None).await else {
        panic!("a late socket")
    };
    assert_eq!(response.status(), 503);
    timeout(Duration::from_secs(3), server.drain.finished()).await.expect("the drain never ends");
}

#[tokio::test]
async fn a_message_over_the_limit_is_named() {
    let server = serve(|settings| settings.message_bytes = 1000).await;
    let mut client = server.join().await;
    client.subscribe("big", &"x".repeat(2000)).await;
    assert_eq!(client.end().await, 1009);
}
