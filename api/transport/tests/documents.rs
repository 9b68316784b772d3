//! Trusted documents and automatic persisted queries as a client sees them.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod tiny;

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use tiny::{
    client::{GRAPHQL, JSON, code, post_as, send},
    digest,
    purse::{Purse, transport},
};
use transport::TransportSettings;

fn app() -> Router {
    transport(TransportSettings::default(), Purse::default()).into_router()
}

async fn ask(app: &Router, key: &str, body: Value) -> (u16, Value) {
    let (status, _, answer) = send(app.clone(), post_as(key, GRAPHQL, body.to_string())).await;
    (status.as_u16(), answer)
}

fn id(text: &str) -> String {
    format!("sha256:{}", digest(text))
}

#[tokio::test]
async fn a_trusted_document_runs_by_its_digest() {
    let app = app();
    let (status, answer) = ask(&app, "trusted", json!({ "documentId": id("{ hello }") })).await;
    assert_eq!((status, &answer["data"]), (200, &json!({ "hello": "world" })));
    let get = Request::get(format!("/graphql?documentId={}", id("{ hello }"))).header("authorization", "Bearer good");
    let (status, _, answer) = send(app.clone(), get.body(Body::empty()).unwrap()).await;
    assert_eq!((status, &answer["data"]), (StatusCode::OK, &json!({ "hello": "world" })));
    let get = Request::get(format!("/graphql?documentId={}", id("mutation { write(ms: 0) }")));
    let get = get.header("authorization", "Bearer good").body(Body::empty()).unwrap();
    let (status, _, answer) = send(app, get).await;
    assert_eq!((status, code(&answer)), (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"));
}

#[tokio::test]
async fn every_wrong_digest_has_a_code() {
    let app = app();
    for (body, status, expected) in [
        (json!({ "documentId": id("{ unknown }") }), 400, "TRUSTED_DOCUMENT_NOT_FOUND"),
        (json!({ "documentId": id("{ hello }"), "query": "{ hello }" }), 400, "BAD_REQUEST"),
        (json!({ "documentId": "md5:00" }), 400, "BAD_REQUEST"),
        (json!({ "documentId": "sha256:00" }), 400, "BAD_REQUEST"),
        (json!({ "documentId": 7 }), 400, "BAD_REQUEST"),
        (json!({ "documentId": format!("sha256:{}", "0".repeat(64)) }), 503, "UNAVAILABLE"),
        (json!({ "documentId": format!("sha256:{}", "1".repeat(64)) }), 503, "UNAVAILABLE"),
    ] {
        let (found, answer) = ask(&app, "good", body.clone()).await;
        assert_eq!((found, code(&answer)), (status, expected), "{body}");
        assert!(answer.get("data").is_none());
    }
}

#[tokio::test]
async fn a_key_limited_to_trusted_documents_runs_nothing_else() {
    let app = app();
    let persisted = json!({ "persistedQuery": { "version": 1, "sha256Hash": digest("{ hello }") } });
    for body in [json!({ "query": "{ hello }" }), json!({ "query": "{ hello }", "extensions": persisted })] {
        let (status, answer) = ask(&app, "trusted", body).await;
        assert_eq!((status, code(&answer)), (403, "TRUSTED_DOCUMENT_REQUIRED"));
    }
}

#[tokio::test]
async fn a_document_sent_once_is_known_to_its_class_only() {
    let app = app();
    let persisted = |text: &str| json!({ "persistedQuery": { "version": 1, "sha256Hash": digest(text) } });
    let by_digest = json!({ "extensions": persisted("{ caller }") });
    let (status, answer) = ask(&app, "good", by_digest.clone()).await;
    assert_eq!((status, code(&answer)), (400, "PERSISTED_QUERY_NOT_FOUND"));
    assert_eq!(answer["errors"][0]["message"], "PersistedQueryNotFound");
    let with_text = json!({ "query": "{ caller }", "extensions": persisted("{ caller }") });
    assert_eq!(ask(&app, "good", with_text).await.1["data"], json!({ "caller": "good" }));
    assert_eq!(ask(&app, "good", by_digest.clone()).await.1["data"], json!({ "caller": "good" }));
    let get = format!("/graphql?extensions={}", by_digest["extensions"].to_string().replace('"', "%22"));
    let get = Request::get(get.replace('{', "%7B").replace('}', "%7D")).header("authorization", "Bearer good");
    let (_, _, answer) = send(app.clone(), get.body(Body::empty()).unwrap()).await;
    assert_eq!(answer["data"], json!({ "caller": "good" }));
    assert_eq!(code(&ask(&app, "other", by_digest).await.1), "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn a_wrong_digest_or_document_is_not_kept() {
    let app = app();
    let persisted = |version: u32, hash: &str| json!({ "persistedQuery": { "version": version, "sha256Hash": hash } });
    let hash = digest("{ hello }");
    for (body, expected) in [
        (json!({ "query": "{ caller }", "extensions": persisted(1, &hash) }), "PERSISTED_QUERY_HASH_MISMATCH"),
        (json!({ "extensions": persisted(2, &hash) }), "BAD_REQUEST"),
        (json!({ "extensions": persisted(1, "short") }), "BAD_REQUEST"),
        (json!({ "query": "{", "extensions": persisted(1, &digest("{")) }), "GRAPHQL_PARSE_FAILED"),
        (json!({ "extensions": persisted(1, &digest("{")) }), "PERSISTED_QUERY_NOT_FOUND"),
        (json!({ "extensions": {} }), "BAD_REQUEST"),
    ] {
        assert_eq!(code(&ask(&app, "good", body.clone()).await.1), expected, "{body}");
    }
    let off = TransportSettings { persisted_query_bytes: 0, ..TransportSettings::default() };
    let off = transport(off, Purse::default()).into_router();
    let body = json!({ "query": "{ hello }", "extensions": persisted(1, &hash) });
    let (_, _, answer) = send(off, post_as("good", JSON, body.to_string())).await;
    assert_eq!(code(&answer), "PERSISTED_QUERY_NOT_SUPPORTED");
}
