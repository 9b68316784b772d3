//! Multipart requests as a client sees them, and what a stranger cannot make the server do with them.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod tiny;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, http::Request};
use futures_util::stream;
use serde_json::{Value, json};
use tiny::client::{GRAPHQL, code, post, send};
use transport::{Transport, TransportSettings, UploadSettings};

const READ: &str = r#"{"query":"mutation($file: Upload!) { read(file: $file) }","variables":{"file":null}}"#;
const MAP: &str = r#"{"0":["variables.file"]}"#;
const FILE: (&str, &str) = (r#"name="0"; filename="a.txt""#, "one\r\ntwo");

fn app(change: impl FnOnce(&mut UploadSettings)) -> Router {
    let mut settings = TransportSettings::default();
    settings.uploads.enabled = true;
    change(&mut settings.uploads);
    Transport::new(tiny::schema(), tiny::Door::default(), settings).into_router()
}

fn parts(parts: &[(&str, &str)]) -> String {
    let one = |(name, text): &(&str, &str)| {
        let kind = if name.contains("filename") { "Content-Type: text/plain\r\n" } else { "" };
        format!("--x\r\nContent-Disposition: form-data; {name}\r\n{kind}\r\n{text}\r\n")
    };
    parts.iter().map(one).collect::<String>() + "--x--\r\n"
}

fn whole(operations: &str, map: &str, files: &[(&str, &str)]) -> String {
    parts(&[&[(r#"name="operations""#, operations), (r#"name="map""#, map)], files].concat())
}

fn request(body: impl Into<Body>) -> Request<Body> {
    let mut request = post(GRAPHQL, body);
    request.headers_mut().insert("content-type", "multipart/form-data; boundary=x".parse().unwrap());
    request.headers_mut().insert("graphql-require-preflight", "1".parse().unwrap());
    request
}

async fn upload(app: Router, body: impl Into<Body>) -> (u16, Value) {
    let (status, _, answer) = send(app, request(body)).await;
    (status.as_u16(), answer)
}

#[tokio::test]
async fn files_reach_the_resolver_with_name_type_and_bytes() {
    let (status, answer) = upload(app(|_| {}), whole(READ, MAP, &[FILE])).await;
    assert_eq!((status, &answer["data"]), (200, &json!({ "read": "a.txt text/plain one\r\ntwo" })));
    let many = r#"{"query":"mutation($f: [Upload!]!) { sizes(files: $f) }","variables":{"f":[null,null,null]}}"#;
    let map = r#"{"b":["variables.f.1"],"a":["variables.f.0","variables.f.2"]}"#;
    let files = [(r#"name="a"; filename="a""#, "12345"), (r#"name="b"; filename="b""#, "1")];
    let (_, answer) = upload(app(|_| {}), whole(many, map, &files)).await;
    assert_eq!(answer["data"], json!({ "sizes": [5, 1, 5] }));
}

#[tokio::test]
async fn they_are_off_by_default_and_behind_a_header() {
    let off = Transport::new(tiny::schema(), tiny::Door::default(), TransportSettings::default()).into_router();
    let (status, answer) = upload(off, whole(READ, MAP, &[FILE])).await;
    assert_eq!((status, code(&answer)), (415, "UNSUPPORTED_MEDIA_TYPE"));
    let mut bare = request(whole(READ, MAP, &[FILE]));
    bare.headers_mut().remove("graphql-require-preflight");
    let (status, _, answer) = send(app(|_| {}), bare).await;
    assert_eq!((status.as_u16(), code(&answer)), (400, "BAD_REQUEST"));
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("GraphQL-Require-Preflight"));
    let (status, _, _) = send(app(|_| {}), post(GRAPHQL, r#"{"query":"{ hello }"}"#)).await;
    assert_eq!(status, 200, "JSON works beside it");
}

#[tokio::test]
async fn who_may_not_send_files_is_told_so() {
    let mut reader = request(whole(READ, MAP, &[FILE]));
    reader.headers_mut().insert("authorization", "Bearer reader".parse().unwrap());
    let (status, _, answer) = send(app(|_| {}), reader).await;
    assert_eq!((status.as_u16(), code(&answer)), (403, "FORBIDDEN"));
}

#[tokio::test]
async fn a_stranger_is_refused_before_a_byte_is_read() {
    let read = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&read);
    let body = Body::from_stream(stream::iter(0..10).map_bytes(seen));
    let mut request = request(body);
    request.headers_mut().insert("authorization", "Bearer bad".parse().unwrap());
    let (status, _, answer) = send(app(|_| {}), request).await;
    assert_eq!((status.as_u16(), code(&answer)), (401, "UNAUTHENTICATED"));
    assert_eq!(read.load(Ordering::SeqCst), 0);
}

trait MapBytes {
    fn map_bytes(
        self,
        seen: Arc<AtomicUsize>,
    ) -> impl futures_util::Stream<Item = std::io::Result<Vec<u8>>> + Send + 'static;
}

impl MapBytes for stream::Iter<std::ops::Range<i32>> {
    fn map_bytes(
        self,
        seen: Arc<AtomicUsize>,
    ) -> impl futures_util::Stream<Item = std::io::Result<Vec<u8>>> + Send + 'static {
        futures_util::StreamExt::map(self, move |_| {
            seen.fetch_add(1, Ordering::SeqCst);
            Ok(vec![b'x'; 1000])
        })
    }
}

#[tokio::test]
async fn sizes_and_counts_are_limited() {
    let small = || app(|uploads| (uploads.file_bytes, uploads.files) = (1000, 1));
    let large = "x".repeat(1001);
    let (status, answer) = upload(small(), whole(READ, MAP, &[(FILE.0, &large)])).await;
    assert_eq!((status, code(&answer)), (413, "PAYLOAD_TOO_LARGE"));
    assert_eq!(answer["errors"][0]["extensions"]["limit"], 1000);
    let map = r#"{"0":["variables.file"],"1":["variables.file"]}"#;
    let (status, answer) = upload(small(), whole(READ, map, &[FILE])).await;
    assert_eq!((status, code(&answer)), (413, "PAYLOAD_TOO_LARGE"));
    let operations = format!(r#"{{"query":"{{ hello }}","x":"{}"}}"#, "x".repeat(1 << 20));
    let (status, answer) = upload(small(), whole(&operations, MAP, &[FILE])).await;
    assert_eq!((status, code(&answer)), (413, "PAYLOAD_TOO_LARGE"));
    let endless = stream::iter(0..i32::MAX).map_bytes(Arc::default());
    let (status, _) = upload(small(), Body::from_stream(endless)).await;
    assert_eq!(status, 413);
    let slow = app(|uploads| uploads.wait = Duration::from_millis(50));
    let (status, answer) = upload(slow, Body::from_stream(stream::pending::<std::io::Result<Vec<u8>>>())).await;
    assert_eq!((status, code(&answer)), (408, "REQUEST_TIMEOUT"));
    let full = app(|uploads| uploads.at_once = 0);
    assert_eq!(upload(full, whole(READ, MAP, &[FILE])).await.0, 503);
    let nowhere = app(|uploads| uploads.directory = Some("/nowhere/at/all".into()));
    let (status, answer) = upload(nowhere, whole(READ, MAP, &[FILE])).await;
    assert_eq!((status, code(&answer)), (503, "UNAVAILABLE"));
    assert!(!answer.to_string().contains("nowhere"));
}

#[tokio::test]
async fn every_wrong_shape_has_words() {
    let batch = format!("[{READ}]");
    for body in [
        String::new(),
        "no boundary".to_owned(),
        parts(&[]),
        parts(&[(r#"name="map""#, MAP), (r#"name="operations""#, READ), FILE]),
        parts(&[(r#"name="operations""#, READ)]),
        whole("{nope", MAP, &[FILE]),
        whole(&batch, MAP, &[FILE]),
        whole(READ, "[]", &[FILE]),
        whole(READ, r#"{"0":[]}"#, &[FILE]),
        whole(READ, r#"{"0":[7]}"#, &[FILE]),
        whole(READ, r#"{"0":["query"]}"#, &[FILE]),
        whole(READ, r#"{"0":["variables."]}"#, &[FILE]),
        whole(READ, r#"{"0":["variables.other"]}"#, &[FILE]),
        whole(READ, r#"{"0":["variables.file.0"]}"#, &[FILE]),
        whole(READ, MAP, &[]),
        whole(READ, MAP, &[FILE, FILE]),
        whole(READ, MAP, &[(r#"name="1"; filename="b""#, "x")]),
        whole(READ, MAP, &[FILE]).replace("--x--", ""),
    ] {
        let (status, answer) = upload(app(|_| {}), body.clone()).await;
        assert_eq!((status, code(&answer)), (400, "BAD_REQUEST"), "{body}");
    }
}

#[tokio::test]
async fn an_imitated_file_is_refused_with_and_without_files() {
    let marked = |mark: &str| {
        json!({ "query": "mutation($file: Upload!) { read(file: $file) }", "variables": { "file": mark } }).to_string()
    };
    for mark in ["#__graphql_file__:0", "#__graphql_file__:x", "#__graphql_file__:99999999999999999999"] {
        let (status, _, answer) = send(app(|_| {}), post(GRAPHQL, marked(mark))).await;
        assert_eq!((status.as_u16(), code(&answer)), (400, "BAD_USER_INPUT"));
        let operations = json!({
            "query": "mutation($file: Upload!, $x: Upload!) { read(file: $file) again: read(file: $x) }",
            "variables": { "file": null, "x": mark },
        });
        let (status, answer) = upload(app(|_| {}), whole(&operations.to_string(), MAP, &[FILE])).await;
        assert_eq!((status, code(&answer)), (400, "BAD_USER_INPUT"));
    }
}
