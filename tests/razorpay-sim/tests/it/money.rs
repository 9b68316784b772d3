//! Disputes and settlements: where the money goes after it was paid.

use razorpay_sim::{NewDispute, RefundCourse, Verdict};
use serde_json::{Value, json};

use crate::stage::{Stage, id};

#[tokio::test]
async fn a_dispute_is_contested_and_lost() {
    let stage = Stage::new().await;
    let payment = stage.paid(10_000).await;
    let dispute = stage.simulator.open_dispute(&payment, NewDispute::default()).unwrap();
    let path = format!("/v1/disputes/{dispute}");
    let draft = json!({ "amount": 5_000, "summary": "delivered", "shipping_proof": ["doc_EFtmUsbwpXwBH9"] });
    let (_, open) = stage.patch(&format!("{path}/contest"), draft).await;
    assert_eq!((&open["status"], &open["evidence"]["summary"]), (&json!("open"), &json!("delivered")));
    let (_, review) = stage.patch(&format!("{path}/contest"), json!({ "action": "submit" })).await;
    assert_eq!(review["status"], "under_review");
    stage.simulator.require_action(&dispute).unwrap();
    stage.simulator.decide_dispute(&dispute, Verdict::Lost).unwrap();
    let (_, lost) = stage.get(&path).await;
    assert_eq!((&lost["status"], &lost["amount_deducted"]), (&json!("lost"), &json!(10_000)));
    assert!(stage.simulator.decide_dispute(&dispute, Verdict::Won).is_err());
    stage.simulator.quiet().await;
    let action = stage.receiver.of("payment.dispute.action_required")[0].body();
    assert_eq!(action["payload"]["dispute"]["entity"].get("evidence"), None);
    assert!(action["payload"]["dispute"]["evidence"].is_object(), "beside the entity");
    for event in ["created", "under_review", "lost"] {
        assert_eq!(stage.receiver.of(&format!("payment.dispute.{event}")).len(), 1, "{event}");
    }
    let second = stage.simulator.open_dispute(&payment, NewDispute::default()).unwrap();
    let (_, accepted) = stage.post(&format!("/v1/disputes/{second}/accept"), json!({})).await;
    assert_eq!(accepted["status"], "lost");
}

#[tokio::test]
async fn a_settlement_is_the_sum_of_its_lines() {
    let stage = Stage::with(|options| options.refunds = RefundCourse::ProcessedAtOnce).await;
    assert_eq!(stage.simulator.settle(), None);
    let payment = stage.paid(100_000).await;
    stage.post(&format!("/v1/payments/{payment}/refund"), json!({ "amount": 30_000 })).await;
    let dispute = NewDispute { amount: Some(1_000), ..NewDispute::default() };
    let dispute = stage.simulator.open_dispute(&payment, dispute).unwrap();
    stage.simulator.decide_dispute(&dispute, Verdict::Lost).unwrap();
    let settlement = stage.simulator.settle().unwrap();
    assert_eq!(stage.simulator.settle(), None, "once");
    let (_, settled) = stage.get(&format!("/v1/settlements/{settlement}")).await;
    assert_eq!(settled["amount"], 100_000 - 2_360 - 30_000 - 1_000);
    // India's date, as a person would ask for it.
    let india = chrono::Utc::now() + chrono::TimeDelta::minutes(330);
    let (_, recon) =
        stage.get(&format!("/v1/settlements/recon/combined?{}", india.format("year=%Y&month=%-m&day=%-d"))).await;
    assert_eq!(recon["count"], 3, "{recon}");
    let line = |kind: &str| recon["items"].as_array().unwrap().iter().find(|line| line["type"] == kind).unwrap();
    assert_eq!((&line("payment")["credit"], &line("payment")["tax"]), (&json!(97_640), &json!(360)));
    assert_eq!((&line("refund")["debit"], &line("refund")["payment_id"]), (&json!(30_000), &json!(payment)));
    assert_eq!(line("adjustment")["dispute_id"], dispute);
    assert_eq!(line("payment")["notes"], "{}");
    let none: Vec<Value> = stage.simulator.refunds();
    assert_eq!(id(&none[0]), line("refund")["entity_id"].as_str().unwrap());
    stage.simulator.quiet().await;
    assert_eq!(stage.receiver.of("settlement.processed").len(), 1);
}
