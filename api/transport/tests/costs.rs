//! Prices and budgets as a client sees them.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod tiny;

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use axum::{Router, http::StatusCode};
use serde_json::{Value, json};
use tiny::{
    client::{GRAPHQL, JSON, code, post, post_as, send},
    purse::{Purse, transport},
};
use transport::{
    Budget, Charge, Denied, Inspection, Inspector, Observer, OperationKind, Outcome, Transport, TransportSettings,
};

fn app(purse: &Purse) -> Router {
    transport(TransportSettings::default(), purse.clone()).into_router()
}

fn body(query: &str) -> String {
    json!({ "query": query }).to_string()
}

#[tokio::test]
async fn an_answer_says_what_it_cost_and_the_rest_is_given_back() {
    let purse = Purse::default();
    let (status, headers, answer) =
        send(app(&purse), post(JSON, body("{ things(first: 50) { nodes { number } } }"))).await;
    assert_eq!(status, StatusCode::OK);
    let bucket = json!({ "max": 1000, "remaining": 995, "restorePerSecond": 50 });
    assert_eq!(answer["extensions"]["cost"], json!({ "requested": 52, "actual": 5, "limit": 5000, "bucket": bucket }));
    assert_eq!(purse.0.load(Ordering::SeqCst), 995);
    assert_eq!(
        (&headers["ratelimit-limit"], &headers["ratelimit-remaining"], &headers["ratelimit-reset"]),
        (&"1000".parse().unwrap(), &"995".parse().unwrap(), &"1".parse().unwrap(),)
    );
}

#[tokio::test]
async fn introspection_is_free_and_a_refused_document_is_given_back() {
    let purse = Purse::default();
    let (_, headers, answer) =
        send(app(&purse), post(JSON, body("{ __schema { types { name fields { name } } } }"))).await;
    assert_eq!(answer["extensions"]["cost"], json!({ "requested": 0, "actual": 0, "limit": 5000 }));
    assert!(!headers.contains_key("ratelimit-limit"));
    let (_, _, answer) = send(app(&purse), post(JSON, body("{ things(first: 9) { nodes { nope } } }"))).await;
    assert_eq!(code(&answer), "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(purse.0.load(Ordering::SeqCst), 1000);
}

#[tokio::test]
async fn work_that_was_thrown_away_is_paid_in_full() {
    let purse = Purse::default();
    let settings = TransportSettings { execution_wait: Duration::from_millis(50), ..TransportSettings::default() };
    let app = transport(settings, purse.clone()).into_router();
    let (_, _, answer) = send(app, post(JSON, body("{ nap(ms: 400) }"))).await;
    assert_eq!(code(&answer), "TIMEOUT");
    assert_eq!(purse.0.load(Ordering::SeqCst), 600);
}

#[tokio::test]
async fn an_operation_above_the_limit_never_runs() {
    let purse = Purse::default();
    let (status, _, answer) = send(app(&purse), post(GRAPHQL, body("{ nap(ms: 6000) }"))).await;
    assert_eq!((status, code(&answer)), (StatusCode::BAD_REQUEST, "QUERY_TOO_COMPLEX"));
    let told = &answer["errors"][0]["extensions"];
    assert_eq!((&told["cost"], &told["limit"]), (&json!(6000), &json!(5000)));
    assert_eq!(purse.0.load(Ordering::SeqCst), 1000);
}

#[tokio::test]
async fn an_empty_budget_says_when_to_come_back() {
    for (key, query, cost) in [("poor", "{ things { nodes { number } } }", 27), ("good", "{ nap(ms: 1001) }", 1001)] {
        let (status, headers, answer) = send(app(&Purse::default()), post_as(key, JSON, body(query))).await;
        assert_eq!((status, code(&answer)), (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"));
        assert_eq!(headers["retry-after"], "3");
        let told = &answer["errors"][0]["extensions"];
        assert_eq!(
            (&told["retryable"], &told["retryAfterMs"], &told["cost"]),
            (&json!(true), &json!(2500), &json!(cost))
        );
        assert!(answer.get("data").is_none());
    }
}

#[tokio::test]
async fn variables_count_as_what_they_are() {
    let query = "query($n: Int!) { things(first: $n) { nodes { number } } }";
    let request = json!({ "query": query, "variables": { "n": 2 } });
    let (_, _, answer) = send(app(&Purse::default()), post(JSON, request.to_string())).await;
    assert_eq!(answer["extensions"]["cost"]["requested"], 4);
    let request: Value = json!({ "query": query, "variables": { "n": 3 } });
    let settings = TransportSettings::default();
    let inspector = Inspector::new(settings.limits, Some((tiny::purse::costs(), settings.costs)), 0);
    let found = inspector.inspect(request);
    assert!(matches!(found, Ok(Inspection { cost: Some(5), .. })), "{found:?}");
}

/// Counts what it is told.
#[derive(Clone, Default)]
struct Tally(Arc<Mutex<Vec<(OperationKind, Outcome)>>>);

impl Observer for Tally {
    fn operation(&self, kind: OperationKind, outcome: Outcome, _took: Duration) {
        self.0.lock().unwrap().push((kind, outcome));
    }
}

#[tokio::test]
async fn an_observer_is_told_of_every_operation_once() {
    let tally = Tally::default();
    let app = transport(TransportSettings::default(), Purse::default()).with_observer(tally.clone()).into_router();
    for query in
        ["{ hello }", "{ hello refused }", "{ nope }", "{ hello", "mutation { write(ms: 0) }", "{ nap(ms: 6000) }"]
    {
        send(app.clone(), post(JSON, body(query))).await;
    }
    send(app, post_as("nobody", JSON, body("{ hello }"))).await;
    use {OperationKind as Kind, Outcome::*};
    let told = tally.0.lock().unwrap().clone();
    assert_eq!(
        told,
        [
            (Kind::Query, Whole),
            (Kind::Query, Partial),
            (Kind::Query, Refused),
            (Kind::Unknown, Refused),
            (Kind::Mutation, Whole),
            (Kind::Unknown, Refused),
            (Kind::Unknown, Refused),
        ]
    );
}

/// Lets nobody in.
struct Closed;

impl Budget for Closed {
    type Identity = String;

    async fn admit(&self, _identity: &String) -> Result<(), Denied> {
        Err(Denied::RateLimited { message: "Not now.".to_owned(), retry_after: Duration::from_secs(4) })
    }

    async fn charge(&self, _identity: &String, _cost: u64) -> Charge {
        Charge::Granted(None)
    }
}

#[tokio::test]
async fn an_operation_that_is_not_admitted_is_not_even_read() {
    let app = Transport::new(tiny::schema(), tiny::Door::default(), TransportSettings::default());
    let app = app.with_costs(tiny::purse::costs()).with_budget(Closed).into_router();
    let (status, headers, answer) = send(app, post(JSON, "no JSON")).await;
    assert_eq!((status, code(&answer)), (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"));
    assert_eq!(headers["retry-after"], "4");
}
