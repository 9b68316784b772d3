//! Why this crate exists: each defect of the stock layer over HTTP (async-graphql-axum 7.2.1), shown on
//! the stock layer and, beside it, gone here. A test that fails after an update of the stock layer is
//! good news: look whether our own part is still needed. The socket's defects are in `stock_sockets`.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod tiny;

use std::time::{Duration, Instant};

use async_graphql_axum::GraphQL;
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
    routing::any_service,
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tiny::client::{GRAPHQL, JSON, code, send};
use tower::ServiceExt;
use transport::{Transport, TransportSettings};

fn stock() -> Router {
    Router::new().route("/graphql", any_service(GraphQL::new(tiny::schema())))
}

fn ours() -> Router {
    let mut settings = TransportSettings::default();
    settings.uploads.enabled = true;
    Transport::new(tiny::schema(), tiny::Door::default(), settings).into_router()
}

fn request(accept: &str, content_type: &str, body: &str) -> Request<Body> {
    Request::post("/graphql")
        .header("authorization", "Bearer good")
        .header("accept", accept)
        .header("content-type", content_type)
        .body(Body::from(body.to_owned()))
        .unwrap()
}

fn get(query: &str) -> Request<Body> {
    Request::get(format!("/graphql?{query}")).header("authorization", "Bearer good").body(Body::empty()).unwrap()
}

/// The stock layer's answer, which need not be JSON.
async fn raw(request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    text_of(stock(), request).await
}

async fn text_of(router: Router, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
}

fn document(query: &str) -> String {
    json!({ "query": query }).to_string()
}

#[tokio::test]
async fn the_media_type_is_negotiated() {
    let hello = document("{ hello }");
    for accept in [JSON, GRAPHQL, "text/html"] {
        let (status, headers, _) = raw(request(accept, JSON, &hello)).await;
        assert_eq!(
            (status, &headers["content-type"]),
            (StatusCode::OK, &GRAPHQL.parse().unwrap()),
            "stock: always one"
        );
    }
    for (accept, expected) in
        [(JSON, StatusCode::OK), (GRAPHQL, StatusCode::OK), ("text/html", StatusCode::NOT_ACCEPTABLE)]
    {
        let (status, headers, _) = send(ours(), request(accept, JSON, &hello)).await;
        assert_eq!(status, expected);
        let named = if accept == GRAPHQL { GRAPHQL } else { JSON };
        assert_eq!(headers["content-type"], format!("{named}; charset=utf-8"));
    }
}

#[tokio::test]
async fn a_request_error_has_a_status_a_code_and_no_data() {
    for query in ["{", "{ nope }"] {
        let (status, _, text) = raw(request(GRAPHQL, JSON, &document(query))).await;
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status, body.get("data")), (StatusCode::OK, Some(&Value::Null)), "stock: 200 and a null");
        assert_eq!(body["errors"][0].get("extensions"), None, "stock: no code");
        let (status, _, body) = send(ours(), request(GRAPHQL, JSON, &document(query))).await;
        assert_eq!((status, body.get("data")), (StatusCode::BAD_REQUEST, None));
        assert!(code(&body).starts_with("GRAPHQL_"));
    }
}

#[tokio::test]
async fn a_broken_body_is_refused_in_json_and_without_debug_text() {
    let (status, _, text) = raw(request(GRAPHQL, JSON, "{nope")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(text.starts_with("InvalidRequest("), "stock: {text}");
    let (status, _, body) = send(ours(), request(GRAPHQL, JSON, "{nope")).await;
    assert_eq!((status, code(&body)), (StatusCode::BAD_REQUEST, "BAD_REQUEST"));
}

#[tokio::test]
async fn only_json_is_a_request() {
    for content_type in ["text/plain", "application/x-www-form-urlencoded"] {
        let (status, _, text) = raw(request(GRAPHQL, content_type, &document("mutation { write(ms: 0) }"))).await;
        assert_eq!(status, StatusCode::OK);
        assert!(text.contains("\"write\":0"), "stock: a form of any page changes something: {text}");
        let (status, _, body) =
            send(ours(), request(GRAPHQL, content_type, &document("mutation { write(ms: 0) }"))).await;
        assert_eq!((status, code(&body)), (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE"));
    }
}

#[tokio::test]
async fn a_get_changes_nothing() {
    let mutation = "query=mutation%7Bwrite(ms:0)%7D";
    let (_, _, text) = raw(get(mutation)).await;
    assert!(text.contains("\"write\":0"), "stock: {text}");
    let (status, headers, body) = send(ours(), get(mutation)).await;
    assert_eq!((status, code(&body)), (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"));
    assert_eq!(headers["allow"], "POST");
}

#[tokio::test]
async fn the_operation_name_of_a_get_is_honoured() {
    let two = "query=query%20A%7Bhello%7D%20query%20B%7Bcaller%7D&operationName=A";
    let (_, _, text) = raw(get(two)).await;
    assert!(text.contains("Operation name required"), "stock: {text}");
    let (_, _, text) = raw(get(&two.replace("operationName", "operation_name"))).await;
    assert!(text.contains("world"), "stock: it listens to a name of its own: {text}");
    let (status, _, body) = send(ours(), get(two)).await;
    assert_eq!((status, &body["data"]), (StatusCode::OK, &json!({ "hello": "world" })));
}

#[tokio::test]
async fn a_batch_of_any_size_is_not_run() {
    let batch = format!("[{}]", vec![document("{ hello }"); 500].join(","));
    let (status, _, text) = raw(request(GRAPHQL, JSON, &batch)).await;
    assert_eq!((status, text.matches("world").count()), (StatusCode::OK, 500), "stock");
    let (status, _, body) = send(ours(), request(GRAPHQL, JSON, &batch)).await;
    assert_eq!((status, code(&body)), (StatusCode::BAD_REQUEST, "BAD_REQUEST"));
}

#[tokio::test]
async fn a_foreign_error_keeps_its_words() {
    let leak = document("{ leak hello }");
    let (_, _, text) = raw(request(GRAPHQL, JSON, &leak)).await;
    assert!(text.contains("invalid digit"), "stock: {text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["data"].get("leak"), None, "stock: the failed field is left out");
    let (_, _, body) = send(ours(), request(GRAPHQL, JSON, &leak)).await;
    assert_eq!((code(&body), &body["data"]), ("INTERNAL", &json!({ "hello": "world", "leak": null })));
    assert!(!body.to_string().contains("invalid digit"));
}

#[tokio::test]
async fn fields_come_in_the_order_of_the_document() {
    let query = document("{ nap(ms: 30) hello }");
    let (_, _, text) = raw(request(GRAPHQL, JSON, &query)).await;
    assert!(text.contains(r#"{"hello":"world","nap":30}"#), "stock: as they finish: {text}");
    let (_, _, text) = text_of(ours(), request(GRAPHQL, JSON, &query)).await;
    assert!(text.contains(r#"{"nap":30,"hello":"world"}"#), "{text}");
}

#[tokio::test]
async fn an_object_whose_fields_are_all_skipped_is_there() {
    let query = document("query($no: Boolean = false) { things(first: 1) { nodes { number @include(if: $no) } } }");
    let (_, _, text) = raw(request(GRAPHQL, JSON, &query)).await;
    assert!(text.contains(r#""nodes":[null]"#), "stock: {text}");
    let (_, _, text) = text_of(ours(), request(GRAPHQL, JSON, &query)).await;
    assert!(text.contains(r#""nodes":[{}]"#), "{text}");
}

#[tokio::test]
async fn a_variable_of_a_type_name_is_used() {
    let query = document("query($no: Boolean = false) { __typename @include(if: $no) }");
    let (_, _, text) = raw(request(GRAPHQL, JSON, &query)).await;
    assert!(text.contains("is not used"), "stock: {text}");
    let (status, _, body) = send(ours(), request(GRAPHQL, JSON, &query)).await;
    assert_eq!((status, &body["data"]), (StatusCode::OK, &json!({})), "{body}");
}

#[tokio::test]
async fn a_string_that_imitates_a_file_panics_nowhere() {
    let forged = |mark: &str| {
        json!({ "query": "mutation($f: Upload!) { read(file: $f) }", "variables": { "f": mark } }).to_string()
    };
    for mark in ["#__graphql_file__:0", "#__graphql_file__:x"] {
        let task = tokio::spawn(raw(request(GRAPHQL, JSON, &forged(mark))));
        assert!(task.await.is_err_and(|error| error.is_panic()), "stock: any client can panic the task");
        let (status, _, body) = send(ours(), request(GRAPHQL, JSON, &forged(mark))).await;
        assert_eq!((status, code(&body)), (StatusCode::BAD_REQUEST, "BAD_USER_INPUT"));
    }
    let hidden = document(r#"mutation { read(file: "\u0023__graphql_file__:0") }"#);
    let task = tokio::spawn(raw(request(GRAPHQL, JSON, &hidden)));
    assert!(task.await.is_err_and(|error| error.is_panic()), "stock: an escape does it too");
    let (_, _, body) = send(ours(), request(GRAPHQL, JSON, &hidden)).await;
    assert_eq!(code(&body), "BAD_USER_INPUT");
}

#[tokio::test]
async fn an_upload_has_a_limit_and_asks_for_a_header() {
    let operations = document("{ hello }");
    let junk = "x".repeat(20 * 1024 * 1024);
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{operations}\r\n\
         --x\r\nContent-Disposition: form-data; name=\"map\"\r\n\r\n{{\"0\":[\"variables.f\"]}}\r\n\
         --x\r\nContent-Disposition: form-data; name=\"0\"; filename=\"a\"\r\n\r\n{junk}\r\n--x--\r\n"
    );
    let multipart = "multipart/form-data; boundary=x";
    let (status, _, text) = raw(request(GRAPHQL, multipart, &body)).await;
    assert_eq!(status, StatusCode::OK, "stock: twenty megabytes, from any page, for no variable");
    assert!(text.contains("world"));
    let (status, _, answer) = send(ours(), request(GRAPHQL, multipart, &body)).await;
    assert_eq!((status, code(&answer)), (StatusCode::BAD_REQUEST, "BAD_REQUEST"));
    let variables = json!({ "query": "query($f: Int) { same(number: 1) }", "variables": { "f": null } }).to_string();
    let mut large = request(GRAPHQL, multipart, &body.replace(&operations, &variables));
    large.headers_mut().insert("apollo-require-preflight", "1".parse().unwrap());
    let (status, _, answer) = send(ours(), large).await;
    assert_eq!((status, code(&answer)), (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"));
}

/// `levels` fragments, each spreading the next twice: 2^levels visits for who does not remember them.
fn bomb(levels: usize) -> String {
    let mut text = String::from("{...A0}");
    for level in 0..levels {
        text.push_str(&format!("fragment A{level} on Query{{...A{0} ...A{0}}}", level + 1));
    }
    text + &format!("fragment A{levels} on Query{{__typename}}")
}

#[tokio::test]
async fn a_kilobyte_of_fragments_costs_next_to_nothing() {
    let time = async |levels: usize| {
        let start = Instant::now();
        raw(request(GRAPHQL, JSON, &document(&bomb(levels)))).await;
        start.elapsed()
    };
    let (small, large) = (time(12).await, time(18).await);
    assert!(large > small * 8, "stock: six levels more should cost 64 times as much: {small:?}, {large:?}");
    for levels in [18, 29] {
        let start = Instant::now();
        let (status, _, body) = send(ours(), request(GRAPHQL, JSON, &document(&bomb(levels)))).await;
        assert_eq!((status, code(&body)), (StatusCode::BAD_REQUEST, "QUERY_TOO_COMPLEX"));
        assert!(start.elapsed() < Duration::from_millis(250), "{:?}", start.elapsed());
        println!("stock 2^12 {small:?}, 2^18 {large:?}; ours 2^{levels} {:?}", start.elapsed());
    }
}
