//! The defects of the stock layer on the socket (async-graphql-axum 7.2.1): each test plays the same
//! scene on both and compares the close codes. 1002 and 1011 make common clients stop for ever.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod tiny;

use std::{net::SocketAddr, time::Duration};

use async_graphql_axum::GraphQLSubscription;
use axum::{Router, routing::any_service};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};
use transport::{Transport, TransportSettings};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn listen(app: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// The stock layer and ours, on the same schema.
async fn both() -> [SocketAddr; 2] {
    let stock = Router::new().route("/graphql", any_service(GraphQLSubscription::new(tiny::schema())));
    let mut settings = TransportSettings::default();
    settings.sockets.init_wait = Duration::from_millis(200);
    settings.sockets.ping_every = Duration::from_millis(100);
    let ours = Transport::new(tiny::schema(), tiny::Door::default(), settings).into_router();
    [listen(stock).await, listen(ours).await]
}

async fn open(address: SocketAddr, protocol: &str) -> Result<Socket, Error> {
    let mut request = format!("ws://{address}/graphql").into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
    connect_async(request).await.map(|(socket, _)| socket)
}

async fn say(socket: &mut Socket, text: impl ToString) {
    socket.send(Message::text(text.to_string())).await.unwrap();
}

fn init() -> Value {
    json!({ "type": "connection_init", "payload": { "authorization": "Bearer good" } })
}

fn subscribe(query: &str) -> Value {
    json!({ "id": "1", "type": "subscribe", "payload": { "query": query } })
}

/// Says all messages and listens for a second: the close code, if the server closes with one, and what
/// it said.
async fn scene(address: SocketAddr, messages: &[Value]) -> (Option<u16>, Vec<Value>) {
    let mut socket = open(address, "graphql-transport-ws").await.unwrap();
    for message in messages {
        match message {
            Value::String(raw) => say(&mut socket, raw).await,
            message => say(&mut socket, message).await,
        }
    }
    let mut heard = Vec::new();
    let end = Instant::now() + Duration::from_secs(1);
    loop {
        match timeout_at(end, socket.next()).await {
            Ok(Some(Ok(Message::Text(text)))) => heard.push(serde_json::from_str(&text).unwrap()),
            Ok(Some(Ok(Message::Close(Some(frame))))) => {
                return (Some(frame.code.into()), heard);
            }
            Ok(Some(Ok(_))) => {}
            Ok(None | Some(Err(_))) | Err(_) => return (None, heard),
        }
    }
}

#[tokio::test]
async fn each_breach_of_the_protocol_has_its_own_code() {
    let [stock, ours] = both().await;
    let nope = json!("{nope");
    for (what, messages, stocks, expected) in [
        ("an operation before the acknowledgement", vec![subscribe("{ hello }")], Some(1011), 4401),
        ("no JSON", vec![init(), nope], Some(1002), 4400),
        // The reason is longer than a close frame holds, so that the socket breaks without any.
        ("an unknown type", vec![init(), json!({ "type": "nope" })], None, 4400),
    ] {
        assert_eq!(scene(stock, &messages).await.0, stocks, "stock: {what}");
        assert_eq!(scene(ours, &messages).await.0, Some(expected), "{what}");
    }
}

#[tokio::test]
async fn an_id_in_use_is_not_taken_over() {
    let [stock, ours] = both().await;
    let messages = [init(), subscribe("subscription { never }"), subscribe("subscription { tick(n: 1, ms: 1) }")];
    let (closed, heard) = scene(stock, &messages).await;
    assert_eq!(closed, None);
    assert!(heard.iter().any(|message| message["type"] == "next"), "stock: the first is silently replaced");
    assert_eq!(scene(ours, &messages).await.0, Some(4409));
}

#[tokio::test]
async fn a_socket_that_says_nothing_is_closed() {
    let [stock, ours] = both().await;
    assert_eq!(scene(stock, &[]).await.0, None, "stock: it may stay for ever");
    assert_eq!(scene(ours, &[]).await.0, Some(4408));
}

#[tokio::test]
async fn a_document_at_fault_is_an_error_and_not_a_result() {
    let [stock, ours] = both().await;
    let types = |heard: &[Value]| {
        let own = heard.iter().filter(|message| message["id"] == "1");
        own.map(|message| message["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let messages = [init(), subscribe("{ nope }")];
    assert_eq!(types(&scene(stock, &messages).await.1), ["next", "complete"], "stock");
    assert_eq!(types(&scene(ours, &messages).await.1), ["error"]);
}

#[tokio::test]
async fn the_server_pings() {
    let [stock, ours] = both().await;
    let pings = |heard: &[Value]| heard.iter().filter(|message| message["type"] == "ping").count();
    assert_eq!(pings(&scene(stock, &[init()]).await.1), 0, "stock");
    let mut socket = open(ours, "graphql-transport-ws").await.unwrap();
    say(&mut socket, init()).await;
    let ping = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) if text.contains("ping") => return,
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    timeout(Duration::from_secs(2), ping).await.expect("no ping");
}

#[tokio::test]
async fn only_one_language_is_spoken() {
    let [stock, ours] = both().await;
    assert!(open(stock, "graphql-ws").await.is_ok(), "stock: the older protocol too");
    assert!(matches!(open(ours, "graphql-ws").await, Err(Error::Http(response)) if response.status() == 400));
}
