//! GraphQL over HTTP as a client sees it. The complete audit is a suite of its own; here is what must
//! never change unnoticed.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod tiny;

use std::{sync::atomic::Ordering, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use serde_json::{Value, json};
use tiny::client::{GRAPHQL, JSON, code, post, send};
use transport::{Transport, TransportSettings};

fn app() -> Router {
    app_with(TransportSettings::default())
}

fn app_with(settings: TransportSettings) -> Router {
    Transport::new(tiny::schema(), tiny::Door::default(), settings).into_router()
}

async fn query(accept: &str, query: &str) -> (StatusCode, HeaderMap, Value) {
    send(app(), post(accept, json!({ "query": query }).to_string())).await
}

#[tokio::test]
async fn strangers_learn_nothing_before_they_say_who_they_are() {
    for (key, body) in [(None, "not even JSON"), (Some("Bearer bad"), r#"{"query":"{ __schema { types { name } } }"}"#)]
    {
        let mut request = Request::post("/graphql").header("content-type", "text/plain");
        if let Some(key) = key {
            request = request.header("authorization", key);
        }
        let (status, headers, body) = send(app(), request.body(Body::from(body)).unwrap()).await;
        assert_eq!((status, code(&body)), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
        assert_eq!(headers["www-authenticate"], "Bearer");
        assert!(body.get("data").is_none());
    }
}

#[tokio::test]
async fn a_busy_key_is_told_when_to_come_back() {
    let request = Request::post("/graphql").header("authorization", "Bearer busy").body(Body::empty()).unwrap();
    let (status, headers, body) = send(app(), request).await;
    assert_eq!((status, code(&body)), (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"));
    assert_eq!(headers["retry-after"], "2");
    assert_eq!(body["errors"][0]["extensions"]["retryAfterMs"], 1500);
    assert_eq!(body["errors"][0]["extensions"]["retryable"], true);
}

#[tokio::test]
async fn the_status_depends_on_the_media_type_only_where_the_document_is_at_fault() {
    for (document, expected_code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($a: Int!) { add(a: $a, b: 1) }", "BAD_USER_INPUT"),
        ("{ dear }", "QUERY_TOO_COMPLEX"),
        (
            "{ a:hello b:hello c:hello d:hello e:hello f:hello g:hello h:hello i:hello j:hello k:hello l:hello m:hello n:hello o:hello p:hello q:hello r:hello s:hello t:hello u:hello }",
            "QUERY_TOO_COMPLEX",
        ),
    ] {
        for (accept, expected_status) in [(GRAPHQL, StatusCode::BAD_REQUEST), (JSON, StatusCode::OK)] {
            let (status, headers, body) = query(accept, document).await;
            assert_eq!((status, code(&body)), (expected_status, expected_code), "{document}");
            assert_eq!(headers["content-type"], format!("{accept}; charset=utf-8"));
            assert!(body.get("data").is_none(), "{body}");
        }
    }
}

#[tokio::test]
async fn every_wrong_envelope_has_a_status_and_words() {
    let with = |content_type: &str, body: &str| {
        let mut request = post("*/*", body.to_owned());
        request.headers_mut().insert("content-type", content_type.parse().unwrap());
        request
    };
    let document = r#"{"query":"{ hello }"}"#;
    for (request, status, expected) in [
        (with("text/plain", document), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (with("multipart/form-data; boundary=x", document), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (with("application/json; charset=utf-16", document), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (post(JSON, "{ nope"), 400, "BAD_REQUEST"),
        (post(JSON, ""), 400, "BAD_REQUEST"),
        (post(JSON, r#"[{"query":"{ hello }"}]"#), 400, "BAD_REQUEST"),
        (post(JSON, format!(r#"{{"query":"{}"}}"#, "x".repeat(1024 * 1024))), 413, "PAYLOAD_TOO_LARGE"),
        (
            post(
                JSON,
                Body::from_stream(futures_util::stream::iter(
                    (0..2).map(|_| Ok::<_, std::io::Error>("x".repeat(1 << 20))),
                )),
            ),
            413,
            "PAYLOAD_TOO_LARGE",
        ),
        (post("text/html", document), 406, "NOT_ACCEPTABLE"),
        (post(JSON, r#"{"query":"subscription { never }"}"#), 400, "BAD_REQUEST"),
    ] {
        let (found, _, body) = send(app(), request).await;
        assert_eq!((found.as_u16(), code(&body)), (status, expected), "{body}");
    }
}

#[tokio::test]
async fn get_runs_queries_only_and_honours_the_operation_name() {
    let get = |query: &str| {
        let request =
            Request::get(format!("/graphql?{query}")).header("authorization", "Bearer good").header("accept", GRAPHQL);
        send(app(), request.body(Body::empty()).unwrap())
    };
    let (status, _, body) = get("query=query%20A%7Bhello%7D%20query%20B(%24a:Int!)%7Badd(a:%24a,b:1)%7D&operationName=B&variables=%7B%22a%22:2%7D").await;
    assert_eq!((status, &body["data"]), (StatusCode::OK, &json!({ "add": 3 })));
    let (status, headers, body) = get("query=mutation%7Bwrite(ms:0)%7D").await;
    assert_eq!((status, code(&body)), (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"));
    assert_eq!(headers["allow"], "POST");
    let (status, _, body) = get("").await;
    assert_eq!((status, code(&body)), (StatusCode::BAD_REQUEST, "BAD_REQUEST"));
    let put = Request::put("/graphql").body(Body::empty()).unwrap();
    let (status, headers, _) = send(app(), put).await;
    assert_eq!((status, &headers["allow"]), (StatusCode::METHOD_NOT_ALLOWED, &"GET, POST".parse().unwrap()));
}

#[tokio::test]
async fn field_errors_keep_their_siblings_and_hide_what_was_not_meant_for_clients() {
    let (status, _, body) = query(GRAPHQL, "{ leak hello }").await;
    assert_eq!((status, &body["data"]), (StatusCode::OK, &json!({ "hello": "world", "leak": null })));
    assert_eq!(code(&body), "INTERNAL");
    assert!(!body.to_string().contains("invalid digit"), "{body}");
    let (_, _, body) = query(GRAPHQL, "{ refused hello }").await;
    assert_eq!((code(&body), &body["errors"][0]["message"]), ("NOT_FOUND", &json!("No such thing.")));
    let (status, _, body) = query(GRAPHQL, "{ crash }").await;
    assert_eq!((status, code(&body)), (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL"));
    assert!(!body.to_string().contains("secret"));
}

#[tokio::test]
async fn resolvers_see_who_calls_and_which_request_it_is() {
    let (_, headers, body) = query(JSON, "{ caller requestId }").await;
    assert_eq!(body["data"]["caller"], "good");
    assert_eq!(body["data"]["requestId"], headers["x-request-id"].to_str().unwrap());
    assert_eq!(headers["cache-control"], "no-store");
}

#[tokio::test]
async fn resolvers_see_the_limits_in_force() {
    let mut settings = TransportSettings::default();
    settings.limits.depth = 7;
    let (_, _, body) = send(app_with(settings), post(JSON, r#"{"query":"{ depthLimit }"}"#)).await;
    assert_eq!(body, json!({ "data": { "depthLimit": 7 } }));
}

#[tokio::test]
async fn numbers_arrive_as_numbers() {
    let body = json!({ "query": "query($x: Float!) { same(number: $x) }", "variables": { "x": 0.25 } });
    let (_, _, body) = send(app(), post(JSON, body.to_string())).await;
    assert_eq!(body, json!({ "data": { "same": 0.25 } }));
}

#[tokio::test]
async fn a_slow_query_is_dropped_and_a_slow_mutation_runs_on() {
    let settings = TransportSettings { execution_wait: Duration::from_millis(50), ..TransportSettings::default() };
    let transport = Transport::new(tiny::schema(), tiny::Door::default(), settings);
    let (drain, app) = (transport.drain(), transport.into_router());
    let (status, _, body) = send(app.clone(), post(JSON, r#"{"query":"{ slow }"}"#)).await;
    assert_eq!((status, code(&body)), (StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT"));
    assert_eq!(body["errors"][0]["extensions"]["retryable"], true);
    assert_eq!(tiny::QUERIES_DROPPED.load(Ordering::SeqCst), 1, "its statement was not cancelled");
    let before = tiny::WRITES_FINISHED.load(Ordering::SeqCst);
    let (_, _, body) = send(app, post(JSON, r#"{"query":"mutation { write(ms: 200) }"}"#)).await;
    assert_eq!((code(&body), &body["errors"][0]["extensions"]["retryable"]), ("TIMEOUT", &json!(false)));
    drain.finished().await;
    assert_eq!(tiny::WRITES_FINISHED.load(Ordering::SeqCst), before + 1);
}
