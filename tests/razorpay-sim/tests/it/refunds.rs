//! Refunds: never more than was paid, never twice for one key, and not always the end.

use std::{sync::Arc, time::Duration};

use razorpay_sim::{Fault, Outcome, RefundCourse, Trouble};
use serde_json::{Value, json};

use crate::stage::{Stage, id, until, words};

#[tokio::test]
async fn one_key_is_one_refund() {
    let stage = Stage::new().await;
    let payment = stage.paid(10_000).await;
    let body = json!({ "amount": 4_000 });
    let (_, first) = stage.refund(&payment, "refund-0001", &body).await;
    let (status, second) = stage.refund(&payment, "refund-0001", &body).await;
    assert_eq!((status, id(&second)), (200, id(&first)));
    let (status, other) = stage.refund(&payment, "refund-0001", &json!({ "amount": 5_000 })).await;
    let different = "Different request with the same idempotency key has already been processed.";
    assert_eq!((status, words(&other)), (409, different));
    for key in ["short", "with a blank in it"] {
        assert_eq!(stage.refund(&payment, key, &body).await.0, 400, "{key}");
    }
    let (status, _) = stage.refund(&payment, "refund-0002", &json!({ "amount": 6_001 })).await;
    assert_eq!(status, 400);
    let (status, _) = stage.refund(&payment, "refund-0002", &json!({ "amount": 6_000 })).await;
    assert_eq!(status, 200, "a refused request gives its key back");
    assert_eq!(stage.simulator.refunds().len(), 2);
}

#[tokio::test]
async fn a_receipt_is_a_key_as_well() {
    let stage = Stage::new().await;
    let (payment, other) = (stage.paid(10_000).await, stage.paid(10_000).await);
    let body = json!({ "amount": 1_000, "receipt": "credit note 7" });
    assert_eq!(stage.post(&format!("/v1/payments/{payment}/refund"), body.clone()).await.0, 200);
    let (status, twice) = stage.post(&format!("/v1/payments/{payment}/refund"), body.clone()).await;
    assert_eq!((status, words(&twice)), (400, "Duplicate receipt found for this refund request."));
    assert_eq!(stage.post(&format!("/v1/payments/{other}/refund"), body).await.0, 200, "of one payment");
    let (_, nothing) = stage.post(&format!("/v1/payments/{payment}/refund"), json!({ "amount": 0 })).await;
    assert_eq!(words(&nothing), "Amount cannot be blank.");
}

#[tokio::test]
async fn a_key_in_use_waits() {
    let stage = Arc::new(Stage::new().await);
    let payment = stage.paid(10_000).await;
    let body = json!({ "amount": 4_000 });
    stage.simulator.fault(Fault::next(Trouble::ActsLate(Duration::from_millis(300))));
    let slow = tokio::spawn({
        let (stage, payment, body) = (stage.clone(), payment.clone(), body.clone());
        async move { stage.refund(&payment, "refund-0001", &body).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (status, meanwhile) = stage.refund(&payment, "refund-0001", &body).await;
    assert_eq!(
        (status, words(&meanwhile)),
        (409, "Another request with the same idempotency key is still in progress.")
    );
    assert_eq!(slow.await.unwrap().0, 200);
    assert_eq!(stage.refund(&payment, "refund-0001", &body).await.0, 200);
    assert_eq!(stage.simulator.refunds().len(), 1);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_asked_for_again() {
    let stage = Stage::new().await;
    let payment = stage.paid(10_000).await;
    stage.simulator.fault(Fault::next(Trouble::HangsUpAfter).at("POST", "/v1/payments/*/refund"));
    let path = format!("/v1/payments/{payment}/refund");
    let request = stage.request(reqwest::Method::POST, &path).header("X-Refund-Idempotency", "refund-0001");
    assert!(request.json(&json!({ "amount": 4_000 })).send().await.is_err());
    let (status, _) = stage.refund(&payment, "refund-0001", &json!({ "amount": 4_000 })).await;
    assert_eq!((status, stage.simulator.refunds().len()), (200, 1));
}

#[tokio::test]
async fn fifty_at_once_refund_no_more_than_was_paid() {
    let stage = Arc::new(Stage::new().await);
    let payment = stage.paid(10_000).await;
    let tasks: Vec<_> = (0..50)
        .map(|number| {
            let (stage, payment) = (stage.clone(), payment.clone());
            tokio::spawn(async move {
                stage.refund(&payment, &format!("refund-{number:04}"), &json!({ "amount": 700 })).await
            })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        let (status, answer) = task.await.unwrap();
        match status {
            200 => made += 1,
            _ => assert_eq!(words(&answer), "The refund amount provided is greater than amount captured"),
        }
    }
    assert_eq!(made, 14);
    let (_, payment) = stage.get(&format!("/v1/payments/{payment}")).await;
    assert_eq!((&payment["amount_refunded"], &payment["status"]), (&json!(9_800), &json!("captured")));
}

#[tokio::test]
async fn no_amount_is_all_of_it_and_the_order_stays_paid() {
    let stage = Stage::new().await;
    let payment = stage.paid(10_000).await;
    let path = format!("/v1/payments/{payment}/refund");
    let (_, refund) = stage.post(&path, json!({})).await;
    assert_eq!((&refund["amount"], &refund["status"]), (&json!(10_000), &json!("pending")));
    let (status, again) = stage.post(&path, json!({ "amount": 100 })).await;
    assert_eq!((status, words(&again)), (400, "The payment has been fully refunded already"));
    assert_eq!(stage.simulator.orders()[0]["status"], "paid");
    stage.simulator.quiet().await;
    assert_eq!(stage.simulator.refunds()[0]["status"], "processed");
    assert_eq!(stage.receiver.of("refund.created").len(), 1);
    assert_eq!(stage.receiver.of("refund.processed").len(), 1);
    let part = stage.paid(10_000).await;
    assert_eq!(stage.post(&format!("/v1/payments/{part}/refund"), json!({ "amount": 100 })).await.0, 200);
    let (_, whole) = stage.post(&format!("/v1/payments/{part}/refund"), json!({})).await;
    assert_eq!(words(&whole), "The refund amount provided is greater than amount captured", "not what is left");
}

#[tokio::test]
async fn a_refund_fails_even_after_it_was_processed() {
    let stage = Stage::with(|options| options.refunds = RefundCourse::FailsAfterProcessed).await;
    let payment = stage.paid(10_000).await;
    stage.post(&format!("/v1/payments/{payment}/refund"), json!({ "amount": 10_000 })).await;
    until("processed", || !stage.receiver.of("refund.processed").is_empty()).await;
    until("failed", || !stage.receiver.of("refund.failed").is_empty()).await;
    let told = stage.receiver.of("refund.failed")[0].body();
    assert_eq!(told["payload"]["payment"]["entity"]["amount_refunded"], 10_000, "a snapshot of before");
    let (_, payment) = stage.get(&format!("/v1/payments/{payment}")).await;
    assert_eq!((&payment["status"], &payment["amount_refunded"]), (&json!("captured"), &json!(0)));
}

#[tokio::test]
async fn refunds_need_a_balance_and_a_captured_payment() {
    let stage = Stage::with(|options| {
        options.balance = Some(5_000);
        options.refunds = RefundCourse::Waits;
    })
    .await;
    let payment = stage.paid(10_000).await;
    let path = format!("/v1/payments/{payment}/refund");
    assert_eq!(stage.post(&path, json!({ "amount": 6_000 })).await.0, 400);
    let (status, refund) = stage.post(&path, json!({ "amount": 5_000 })).await;
    assert_eq!((status, &refund["status"]), (200, &json!("pending")));
    stage.simulator.settle_refund(&id(&refund), Outcome::Failed).unwrap();
    assert_eq!(stage.post(&path, json!({ "amount": 5_000 })).await.0, 200, "a failed one gives the money back");
    stage.simulator.advance(Duration::from_secs(200 * 24 * 60 * 60));
    let (_, late) = stage.post(&path, json!({ "amount": 100 })).await;
    assert_eq!(words(&late), "Payment is more than 6 months old, only instant refund is supported");
    let order = stage.order(10_000).await;
    let failed = stage.simulator.pay_order(&order, &razorpay_sim::Payer::times_out()).unwrap();
    let (status, _) = stage.post(&format!("/v1/payments/{failed}/refund"), json!({ "amount": 100 })).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_refund_at_the_dashboard_is_there_for_everybody() {
    let stage = Stage::new().await;
    let payment = stage.paid(10_000).await;
    let refund = stage.simulator.refund_at_dashboard(&payment, 2_500).unwrap();
    let (_, listed) = stage.get(&format!("/v1/payments/{payment}/refunds")).await;
    assert_eq!(listed["items"][0]["id"], refund);
    let (_, created) =
        stage.post("/v1/refunds", json!({ "payment_id": payment, "amount": 500, "speed": "optimum" })).await;
    assert_eq!(created["speed_processed"], "instant");
    stage.simulator.slow_refund(&id(&created)).unwrap();
    stage.simulator.quiet().await;
    let changed = stage.receiver.of("refund.speed_changed")[0].body();
    assert_eq!(changed.get("created_at"), None);
    assert!(changed["payload"]["created_at"].is_i64());
    let (_, noted) = stage.patch(&format!("/v1/refunds/{refund}"), json!({ "notes": { "why": "mistake" } })).await;
    assert_eq!(noted["notes"], json!({ "why": "mistake" }));
    let (status, none): (u16, Value) = stage.patch(&format!("/v1/refunds/{refund}"), json!({})).await;
    assert_eq!((status, words(&none)), (400, "The notes field is required."));
}
