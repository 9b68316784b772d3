//! Webhooks as they really come: signed, more than once, in any order, and some not at all.

use std::{collections::HashSet, time::Duration};

use razorpay_sim::{Fault, Payer, Release, Trouble, WebhookFault, WebhookTrouble};
use serde_json::json;

use crate::stage::{Stage, until};

#[tokio::test]
async fn an_event_is_a_signed_snapshot() {
    let stage = Stage::new().await;
    stage.paid(10_000).await;
    stage.simulator.quiet().await;
    let all = stage.receiver.all();
    assert_eq!(all.iter().map(|received| received.id.clone()).collect::<HashSet<_>>().len(), all.len());
    assert!(all.iter().all(|received| received.is_signed_with("first")));
    let authorised = stage.receiver.of("payment.authorized")[0].body();
    assert_eq!(authorised["payload"]["payment"]["entity"]["status"], "authorized", "of its moment");
    assert_eq!(authorised["contains"], json!(["payment"]));
    assert_eq!(authorised.get("id"), None);
}

#[tokio::test]
async fn one_event_comes_twice_under_one_name() {
    let stage = Stage::new().await;
    stage.simulator.webhook_fault(WebhookFault::next("payment.captured", WebhookTrouble::Twice));
    stage.paid(10_000).await;
    stage.simulator.quiet().await;
    let twice = stage.receiver.of("payment.captured");
    assert_eq!(twice.len(), 2);
    assert_eq!((&twice[0].id, &twice[0].bytes), (&twice[1].id, &twice[1].bytes));
}

#[tokio::test]
async fn what_is_held_may_come_backwards() {
    let stage = Stage::new().await;
    stage.simulator.hold_webhooks();
    stage.paid(10_000).await;
    stage.simulator.quiet().await;
    assert!(stage.receiver.all().is_empty());
    stage.simulator.release_webhooks(Release::Reversed);
    stage.simulator.quiet().await;
    let order: Vec<String> = stage.receiver.all().iter().map(|received| received.event()).collect();
    assert_eq!(order, ["order.paid", "payment.captured", "payment.authorized"]);
}

#[tokio::test]
async fn a_new_secret_does_not_sign_old_events() {
    let stage = Stage::with(|options| options.pace.retry_first = Duration::from_millis(50)).await;
    *stage.receiver.refusals.lock().unwrap() = 3;
    stage.paid(10_000).await;
    until("refused", || stage.receiver.all().len() == 3).await;
    stage.rotate("second");
    stage.simulator.quiet().await;
    let all = stage.receiver.all();
    assert_eq!(all.len(), 6);
    assert!(all.iter().all(|received| received.is_signed_with("first")));
    stage.paid(10_000).await;
    stage.simulator.quiet().await;
    assert!(stage.receiver.all()[6..].iter().all(|received| received.is_signed_with("second")));
    assert!(stage.simulator.replay(&all[0].id));
    stage.simulator.quiet().await;
    let replayed = stage.receiver.all().pop().unwrap();
    assert_eq!(replayed.id, all[0].id);
    assert!(replayed.is_signed_with("first"));
    assert_eq!(stage.simulator.deliveries().iter().filter(|delivery| delivery.status == Some(500)).count(), 3);
}

#[tokio::test]
async fn some_are_changed_on_the_way_and_some_are_lost() {
    let stage = Stage::new().await;
    for trouble in [WebhookTrouble::Tampered, WebhookTrouble::WrongSignature, WebhookTrouble::Unsigned] {
        stage.simulator.webhook_fault(WebhookFault::next("payment.captured", trouble));
        *stage.receiver.refusals.lock().unwrap() = 0;
        stage.paid(10_000).await;
        stage.simulator.quiet().await;
        let received = stage.receiver.of("payment.captured").pop().unwrap();
        assert!(!received.is_signed_with("first"), "{trouble:?}");
    }
    stage.simulator.webhook_fault(WebhookFault::next("order.paid", WebhookTrouble::Lost));
    stage.paid(10_000).await;
    stage.simulator.quiet().await;
    assert_eq!(stage.receiver.of("order.paid").len(), 3);
    assert_eq!(stage.simulator.events().len(), 12, "but it did happen");
}

#[tokio::test]
async fn a_webhook_may_be_faster_than_the_answer() {
    let stage = Stage::new().await;
    let order =
        stage.post("/v1/orders", json!({ "amount": 10_000, "currency": "INR", "payment_capture": false })).await.1;
    let payment = stage.simulator.pay_order(order["id"].as_str().unwrap(), &Payer::pays()).unwrap();
    stage.simulator.fault(Fault::next(Trouble::WebhookFirst));
    let path = format!("/v1/payments/{payment}/capture");
    stage.post(&path, json!({ "amount": 10_000, "currency": "INR" })).await;
    assert_eq!(stage.receiver.of("payment.captured").len(), 1);
    assert_eq!(stage.receiver.of("order.paid").len(), 1);
}

#[tokio::test]
async fn a_webhook_nobody_takes_is_disabled() {
    let stage = Stage::with(|options| {
        options.pace.retry_first = Duration::from_millis(20);
        options.pace.give_up = Duration::from_millis(100);
    })
    .await;
    *stage.receiver.refusals.lock().unwrap() = u32::MAX;
    stage.paid(10_000).await;
    stage.simulator.quiet().await;
    assert_eq!(stage.simulator.webhook(), None);
}
