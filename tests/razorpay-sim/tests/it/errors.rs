//! Refusals in Razorpay's words and shapes, and bad days on the wire.

use std::time::{Duration, Instant};

use razorpay_sim::{Fault, Times, Trouble};
use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{KEY, Stage, answer, words};

#[tokio::test]
async fn who_has_no_key_is_told_so() {
    let stage = Stage::new().await;
    let url = format!("{}/v1/orders", stage.simulator.url());
    let (status, body) = answer(stage.client.get(&url).basic_auth("other", Some("key")).send().await.unwrap()).await;
    let error = json!({
        "code": "BAD_REQUEST_ERROR", "description": "The api key provided is invalid",
        "source": "NA", "step": "NA", "reason": "NA", "metadata": {}
    });
    assert_eq!((status, body), (401, json!({ "error": error })));
    let half = stage.client.get(&url).basic_auth(KEY, Some("other")).send().await.unwrap();
    let (status, body) = answer(half).await;
    assert_eq!((status, words(&body)), (401, "Authentication failed"));
    for scheme in ["basic", "BASIC"] {
        let header = format!("{scheme} cnpwX3Rlc3Rfa2V5OmtleSBzZWNyZXQ=");
        let request = stage.client.get(&url).header("authorization", header);
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    assert_eq!(stage.client.get(&url).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let stage = Stage::new().await;
    let notes: serde_json::Map<String, Value> = (0..16).map(|number| (number.to_string(), json!("x"))).collect();
    let cases = [
        (json!({ "amount": 99, "currency": "INR" }), "The amount must be at least INR 1.00"),
        (json!({ "amount": 10.5, "currency": "INR" }), "The amount must be an integer."),
        (json!({ "currency": "INR" }), "The amount field is required."),
        (json!({ "amount": 100 }), "The currency field is required."),
        (json!({ "amount": 295_991, "currency": "KWD" }), "The amount must end in 0 for KWD"),
        (
            json!({ "amount": 100, "currency": "INR", "colour": "red" }),
            "colour is/are not required and should not be sent",
        ),
        (
            json!({ "amount": 100, "currency": "INR", "receipt": "r".repeat(41) }),
            "The receipt may not be greater than 40 characters.",
        ),
        (
            json!({ "amount": 100, "currency": "INR", "notes": notes }),
            "Number of fields in notes should be less than or equal to 15",
        ),
    ];
    for (body, description) in cases {
        let (status, answer) = stage.post("/v1/orders", body).await;
        assert_eq!((status, words(&answer)), (400, description));
        assert_eq!(answer["error"]["reason"], "input_validation_failed");
    }
    assert_eq!(stage.post("/v1/orders", json!({ "amount": 295_990, "currency": "KWD" })).await.0, 200);
    assert_eq!(stage.post("/v1/orders", json!({ "amount": 1, "currency": "JPY" })).await.0, 200);
    for (path, description) in [
        ("/v1/orders?count=101", "The count may not be greater than 100."),
        ("/v1/orders?count=0", "The count must be at least 1."),
        ("/v1/orders/order_short", "short is not a valid id"),
        ("/v1/payments/pay_00000000000000", "The id provided does not exist"),
        ("/v1/refunds/%7Brfnd_id%7D", "{rfnd_id} is not a valid id"),
        ("/v1/nothing", "The requested URL was not found on the server."),
        ("/v2/orders", "The requested URL was not found on the server."),
        ("/v1/settlements/recon/combined?year=2026&month=13", "The month is not a valid month."),
    ] {
        let (status, answer) = stage.get(path).await;
        assert_eq!((status, words(&answer)), (400, description));
    }
}

#[tokio::test]
async fn a_receipt_finds_its_order_and_is_not_enforced() {
    let stage = Stage::new().await;
    for _ in 0..2 {
        let body = json!({ "amount": 100, "currency": "INR", "receipt": "invoice 1 / 2" });
        assert_eq!(stage.post("/v1/orders", body).await.0, 200);
    }
    stage.order(100).await;
    let (_, found) = stage.get("/v1/orders?receipt=invoice%201%20/%202").await;
    assert_eq!(found["count"], 2);
    assert_eq!(found["items"][0]["notes"], json!([]), "no notes are an empty array");
}

#[tokio::test]
async fn bad_days() {
    let stage = Stage::new().await;
    let body = json!({ "amount": 100, "currency": "INR" });
    let fault = |trouble| stage.simulator.fault(Fault::next(trouble).at("POST", "/v1/orders"));
    for (trouble, status, is_json) in [
        (Trouble::TooManyRequests, 429, true),
        (Trouble::TooManyRequestsInWords, 429, false),
        (Trouble::ServerError, 500, true),
        (Trouble::OperationInProgress, 400, true),
        (Trouble::GatewayError, 502, true),
        (Trouble::BadGatewayPage, 502, false),
    ] {
        fault(trouble);
        assert_eq!(stage.get("/v1/orders").await.0, 200, "only where the fault is");
        let (got, answer) = stage.post("/v1/orders", body.clone()).await;
        assert_eq!((got, answer.is_object()), (status, is_json), "{trouble:?}");
    }
    assert!(stage.simulator.orders().is_empty(), "nothing happened");

    fault(Trouble::HangsUpBefore);
    assert!(stage.request(Method::POST, "/v1/orders").json(&body).send().await.is_err());
    assert!(stage.simulator.orders().is_empty());
    fault(Trouble::HangsUpAfter);
    assert!(stage.request(Method::POST, "/v1/orders").json(&body).send().await.is_err());
    assert_eq!(stage.simulator.orders().len(), 1, "it happened all the same");

    fault(Trouble::AnswersLate(Duration::from_millis(80)));
    let start = Instant::now();
    assert_eq!(stage.post("/v1/orders", body.clone()).await.0, 200);
    assert!(start.elapsed() >= Duration::from_millis(80));

    fault(Trouble::ActsLate(Duration::from_millis(150)));
    let impatient = stage.request(Method::POST, "/v1/orders").json(&body).timeout(Duration::from_millis(30));
    assert!(impatient.send().await.is_err());
    assert_eq!(stage.simulator.orders().len(), 2, "not yet");
    stage.simulator.quiet().await;
    assert_eq!(stage.simulator.orders().len(), 3, "although the caller has gone");

    stage.simulator.fault(Fault::next(Trouble::ServerError).times(Times::Always));
    assert_eq!(stage.get("/v1/payments").await.0, 500);
    assert_eq!(stage.get("/v1/refunds").await.0, 500);
    stage.simulator.clear_faults();
    assert_eq!(stage.get("/v1/payments").await.0, 200);
}
