//! GraphQL over server-sent events as a client sees it, on a loopback server with its clocks turned up.
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

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tiny::purse::{Library, Purse};
use tokio::time::timeout;
use transport::{Drain, Transport, TransportSettings};

struct Server {
    address: SocketAddr,
    revoked: Arc<AtomicBool>,
    settings: TransportSettings,
    drain: Drain,
}

async fn serve(change: impl FnOnce(&mut TransportSettings)) -> Server {
    let mut settings = TransportSettings::default();
    change(&mut settings);
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

/// One event: its id, its name and its data.
#[derive(Debug, PartialEq)]
struct Event {
    id: Option<String>,
    name: String,
    data: Value,
}

/// A stream of events, read as they come.
struct Events {
    response: Response,
    text: String,
    comments: usize,
}

impl Server {
    fn request(&self, key: &str, body: &Value) -> reqwest::RequestBuilder {
        let request = reqwest::Client::new().post(format!("http://{}/graphql", self.address));
        request.bearer_auth(key).header("accept", "text/event-stream").json(body)
    }

    async fn open(&self, query: &str) -> Events {
        let response = self.request("good", &json!({ "query": query })).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        Events { response, text: String::new(), comments: 0 }
    }
}

impl Events {
    /// The next event; `None` when the stream has ended.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                if block.starts_with(':') {
                    self.comments += 1;
                    continue;
                }
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let data = field("data:").expect("an event without data is not dispatched");
                let data = if data.is_empty() { Value::Null } else { serde_json::from_str(data).unwrap() };
                return Some(Event {
                    id: field("id:").map(str::to_owned),
                    name: field("event:").unwrap().to_owned(),
                    data,
                });
            }
            let chunk = timeout(Duration::from_secs(5), self.response.chunk()).await.expect("nothing heard");
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()?).unwrap());
        }
    }

    async fn data(&mut self) -> Value {
        let event = self.next().await.expect("the stream ended");
        assert_eq!(event.name, "next");
        event.data
    }

    async fn completes(&mut self) -> bool {
        let last = self.next().await;
        let completed = last == Some(Event { id: None, name: "complete".to_owned(), data: Value::Null });
        completed && self.next().await.is_none()
    }
}

#[tokio::test]
async fn every_kind_of_operation_is_answered_by_events() {
    let server = serve(|_| {}).await;
    let mut events = server.open("subscription { tick(n: 3, ms: 1) }").await;
    for number in 0..3 {
        assert_eq!(events.data().await, json!({ "data": { "tick": number } }));
    }
    assert!(events.completes().await);
    let mut events = server.open("{ caller }").await;
    let answer = events.data().await;
    assert_eq!(answer["data"], json!({ "caller": "good" }));
    assert_eq!(answer["extensions"]["cost"]["requested"], 0);
    assert!(events.completes().await);
    let mut events = server.open("mutation { write(ms: 0) }").await;
    assert_eq!(events.data().await["data"], json!({ "write": 0 }));
    assert!(events.completes().await);
}

#[tokio::test]
async fn a_document_at_fault_is_told_as_an_event_and_all_else_as_a_status() {
    let server = serve(|_| {}).await;
    for (document, code) in [
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nap(ms: 9999) }", "QUERY_TOO_COMPLEX"),
        ("subscription { closedDoor }", "FORBIDDEN"),
    ] {
        let mut events = server.open(document).await;
        let answer = events.data().await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer}");
        assert!(answer.get("data").is_none(), "{answer}");
        assert!(events.completes().await);
    }
    for (key, body, status) in [
        ("bad", json!({ "query": "{ hello }" }), StatusCode::UNAUTHORIZED),
        ("busy", json!({ "query": "{ hello }" }), StatusCode::TOO_MANY_REQUESTS),
        ("poor", json!({ "query": "subscription { count { number } }" }), StatusCode::TOO_MANY_REQUESTS),
        ("good", json!([]), StatusCode::BAD_REQUEST),
        ("trusted", json!({ "query": "{ hello }" }), StatusCode::FORBIDDEN),
    ] {
        let response = server.request(key, &body).send().await.unwrap();
        assert_eq!(response.status(), status, "{key} {body}");
        assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
    }
    let hello = format!("sha256:{}", tiny::digest("subscription { tick(n: 1) }"));
    let response = server.request("trusted", &json!({ "documentId": hello })).send().await.unwrap();
    assert!(response.text().await.unwrap().contains("\"tick\":0"));
}

#[tokio::test]
async fn a_get_opens_a_stream_but_never_changes_anything() {
    let server = serve(|_| {}).await;
    let get = |query: &str| {
        let url = format!("http://{}/graphql?query={query}", server.address);
        reqwest::Client::new().get(url).bearer_auth("good").header("accept", "text/event-stream").send()
    };
    let response = get("subscription%7Btick(n:1)%7D").await.unwrap();
    assert_eq!(response.text().await.unwrap().matches("event: next").count(), 1);
    let response = get("mutation%7Bwrite(ms:0)%7D").await.unwrap();
    assert_eq!(
        (response.status(), &response.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap())
    );
}

#[tokio::test]
async fn a_client_that_lists_everything_gets_a_stream_only_for_subscriptions() {
    let server = serve(|_| {}).await;
    let accept = "application/graphql-response+json, application/json, text/event-stream";
    for (query, expected) in [
        ("{ hello }", "application/graphql-response+json; charset=utf-8"),
        ("subscription { tick(n: 1) }", "text/event-stream; charset=utf-8"),
    ] {
        let request = server.request("good", &json!({ "query": query })).header("accept", accept);
        let request = request.build().map(|mut request| {
            request.headers_mut().insert("accept", accept.parse().unwrap());
            request
        });
        let response = reqwest::Client::new().execute(request.unwrap()).await.unwrap();
        assert_eq!(response.headers()["content-type"], expected);
    }
}

#[tokio::test]
async fn a_client_that_lost_its_stream_goes_on_after_its_last_event() {
    let server = serve(|_| {}).await;
    for query in [
        "subscription($after: String) { count(after: $after, ms: 1) { cursor number } }",
        "subscription { count(ms: 1) { cursor number } }",
    ] {
        let mut events = server.open(query).await;
        let mut last = None;
        for number in 0..3 {
            let event = events.next().await.unwrap();
            assert_eq!(event.data["data"]["count"]["number"], number);
            assert_eq!(event.id, Some(format!("c{number}")));
            last = event.id;
        }
        drop(events);
        let body = json!({ "query": query, "variables": { "after": "c0" } });
        let request = server.request("good", &body).header("last-event-id", last.unwrap());
        let response = request.send().await.unwrap();
        let mut events = Events { response, text: String::new(), comments: 0 };
        assert_eq!(events.data().await["data"]["count"]["number"], 3);
    }
}

#[tokio::test]
async fn a_quiet_stream_is_kept_alive_and_the_revoked_are_told_for_good() {
    let server = serve(|settings| {
        settings.events.keep_alive = Duration::from_millis(20);
        settings.sockets.identity_check_every = Duration::from_millis(200);
    })
    .await;
    let mut events = server.open("subscription { never }").await;
    server.revoked.store(true, Ordering::SeqCst);
    assert_eq!(events.data().await["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert!(events.completes().await);
    assert!(events.comments >= 5, "{} comments", events.comments);
    let server = serve(|settings| settings.events.keep_alive = Duration::from_millis(20)).await;
    let mut events = server.open("{ nap(ms: 200) }").await;
    assert_eq!(events.data().await["data"]["nap"], 200);
    assert!(events.comments >= 3);
}

#[tokio::test]
async fn faults_in_a_stream_hide_what_was_not_meant_for_clients() {
    let server = serve(|_| {}).await;
    let mut events = server.open("subscription { stumbles }").await;
    assert_eq!(events.data().await["data"]["stumbles"], 1);
    let stumble = events.data().await;
    assert_eq!(stumble["errors"][0]["extensions"]["code"], "INTERNAL");
    assert!(!stumble.to_string().contains("secret"));
    assert_eq!(events.data().await["data"]["stumbles"], 3);
    assert!(events.completes().await);
    let mut events = server.open("subscription { crashes }").await;
    assert_eq!(events.data().await["data"]["crashes"], 0);
    assert_eq!(events.data().await["errors"][0]["extensions"]["code"], "INTERNAL");
    assert!(events.completes().await);
}

#[tokio::test]
async fn streams_are_counted_with_sockets_and_given_back() {
    let server = serve(|settings| settings.sockets.sockets_per_owner = 1).await;
    let events = server.open("subscription { never }").await;
    let again = || server.request("good", &json!({ "query": "subscription { never }" })).send();
    let refused = again().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(server.open("{ hello }").await.data().await["data"]["hello"], "world");
    drop(events);
    let freed = async {
        while again().await.unwrap().status() != StatusCode::OK {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(3), freed).await.expect("the place was not given back");
    let full = serve(|settings| settings.sockets.sockets_per_instance = 0).await;
    let refused = full.request("good", &json!({ "query": "subscription { never }" })).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_let_go() {
    let server = serve(|settings| settings.sockets.write_wait = Duration::from_millis(200)).await;
    let mut events = server.open("subscription { flood }").await;
    // Long enough for a busy machine to fill the buffers between the two.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    // What was on its way arrives; then the stream ends without `complete`.
    let mut last = None;
    while let Some(event) = events.next().await {
        last = Some(event.name);
    }
    assert_eq!(last.as_deref(), Some("next"));
}

#[tokio::test]
async fn a_query_nobody_waits_for_is_dropped() {
    let server = serve(|_| {}).await;
    let before = tiny::QUERIES_DROPPED.load(Ordering::SeqCst);
    let events = server.open("{ slow }").await;
    drop(events);
    let dropped = async {
        while tiny::QUERIES_DROPPED.load(Ordering::SeqCst) == before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(3), dropped).await.expect("it runs on for nobody");
}

#[tokio::test]
async fn shutdown_ends_streams_so_that_clients_come_back() {
    let server = serve(|_| {}).await;
    let mut endless = server.open("subscription { count { cursor } }").await;
    let mut answer = server.open("{ nap(ms: 300) }").await;
    assert!(endless.next().await.is_some());
    server.settings.shutdown.cancel();
    while let Some(event) = endless.next().await {
        assert_eq!(event.name, "next", "a stream that may be resumed must not be completed");
    }
    assert_eq!(answer.data().await["data"]["nap"], 300);
    let late = server.request("good", &json!({ "query": "subscription { never }" })).send().await.unwrap();
    assert_eq!(late.status(), StatusCode::SERVICE_UNAVAILABLE);
    timeout(Duration::from_secs(3), server.drain.finished()).await.expect("the drain never ends");
}
