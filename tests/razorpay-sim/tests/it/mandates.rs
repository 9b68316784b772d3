//! Mandates: registered by a payment, debited within their terms, and not before the payer was told.

use std::time::Duration;

use razorpay_sim::{Mandate, Method, Payer};
use serde_json::{Value, json};

use crate::stage::{Stage, id, until, words};

struct Registered {
    stage: Stage,
    customer: String,
    token: String,
}

async fn register() -> Registered {
    let stage = Stage::new().await;
    let body = json!({ "name": "Gaurav Kumar", "email": "gaurav.kumar@example.com", "contact": "+919000090000" });
    let customer = id(&stage.post("/v1/customers", body.clone()).await.1);
    let (status, twice) = stage.post("/v1/customers", body.clone()).await;
    assert_eq!((status, words(&twice)), (400, "Customer already exists for the merchant"));
    let mut tolerant = body;
    tolerant["fail_existing"] = json!("0");
    assert_eq!(id(&stage.post("/v1/customers", tolerant).await.1), customer);
    let order = json!({ "amount": 100, "currency": "INR", "method": "upi", "customer_id": customer,
        "token": { "max_amount": 500_000, "frequency": "as_presented" } });
    let order = id(&stage.post("/v1/orders", order).await.1);
    stage.simulator.pay_order(&order, &Payer::pays().by(Method::Upi)).unwrap();
    let (_, tokens) = stage.get(&format!("/v1/customers/{customer}/tokens")).await;
    assert_eq!(tokens["items"][0]["recurring_details"]["status"], "confirmed");
    let token = id(&tokens["items"][0]);
    until("confirmed", || !stage.receiver.of("token.confirmed").is_empty()).await;
    Registered { stage, customer, token }
}

impl Registered {
    async fn debit(&self, order: &Value, amount: i64) -> (u16, Value) {
        let body = json!({
            "email": "gaurav.kumar@example.com", "contact": "9000090000", "amount": amount, "currency": "INR",
            "order_id": order["id"], "customer_id": self.customer, "token": self.token, "recurring": true
        });
        self.stage.post("/v1/payments/create/recurring", body).await
    }
}

#[tokio::test]
async fn a_debit_is_answered_at_once_and_decided_later() {
    let registered = register().await;
    let stage = &registered.stage;
    let (_, order) = stage.post("/v1/orders", json!({ "amount": 10_000, "currency": "INR" })).await;
    let (status, answer) = registered.debit(&order, 10_000).await;
    let payment = answer["razorpay_payment_id"].as_str().unwrap().to_owned();
    assert_eq!((status, answer.as_object().unwrap().len()), (200, 1));
    let (_, waiting) = stage.get(&format!("/v1/payments/{payment}")).await;
    assert_eq!(waiting["status"], "created");
    stage.simulator.quiet().await;
    let (_, done) = stage.get(&format!("/v1/payments/{payment}")).await;
    assert_eq!((&done["status"], &done["token_id"]), (&json!("captured"), &json!(registered.token)));

    stage.simulator.set_debits(&registered.token, Payer::declines("insufficient_fund")).unwrap();
    let (_, order) = stage.post("/v1/orders", json!({ "amount": 10_000, "currency": "INR" })).await;
    registered.debit(&order, 10_000).await;
    stage.simulator.quiet().await;
    assert_eq!(stage.receiver.of("payment.failed").len(), 1);
}

#[tokio::test]
async fn a_mandate_has_limits() {
    let registered = register().await;
    let stage = &registered.stage;
    let (_, order) = stage.post("/v1/orders", json!({ "amount": 500_100, "currency": "INR" })).await;
    let (status, answer) = registered.debit(&order, 500_100).await;
    assert_eq!((status, words(&answer)), (400, "Amount exceeds maximum amount allowed"));
    stage.simulator.set_mandate(&registered.token, Mandate::Paused).unwrap();
    let (_, order) = stage.post("/v1/orders", json!({ "amount": 10_000, "currency": "INR" })).await;
    assert_eq!(registered.debit(&order, 10_000).await.0, 400);
    let path = format!("/v1/customers/{}/tokens/{}", registered.customer, registered.token);
    let deleted = stage.request(reqwest::Method::DELETE, &path).send().await.unwrap();
    assert_eq!(deleted.json::<Value>().await.unwrap(), json!({ "deleted": true }));
    assert_eq!(stage.get(&path).await.0, 400);
}

#[tokio::test]
async fn nobody_is_debited_unannounced() {
    let registered = register().await;
    let stage = &registered.stage;
    let tomorrow = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() + 90_000;
    let body = json!({ "amount": 10_000, "currency": "INR",
        "notification": { "token_id": registered.token, "payment_after": tomorrow } });
    let (_, order) = stage.post("/v1/orders", body.clone()).await;
    assert!(order["notification"]["id"].as_str().unwrap().starts_with("notification_"));
    let (_, early) = registered.debit(&order, 10_000).await;
    assert_eq!(early["error"]["reason"], "pre_debit_notification_not_sent");
    stage.simulator.quiet().await;
    let (_, told) = stage.get(&format!("/v1/orders/{}", id(&order))).await;
    assert_eq!(told["notification"]["status"], "delivered");
    let (_, early) = registered.debit(&order, 10_000).await;
    assert_eq!(words(&early), "BAD_REQUEST_MANDATE_PROMISED_DEBIT_DATE_NOT_HONOURED");
    stage.simulator.advance(Duration::from_secs(100_000));
    assert_eq!(registered.debit(&order, 10_000).await.0, 200);

    let (_, order) = stage.post("/v1/orders", body).await;
    stage.simulator.notify(&id(&order), false);
    until("told", || !stage.receiver.of("order.notification.failed").is_empty()).await;
    let (_, early) = registered.debit(&order, 10_000).await;
    assert_eq!(early["error"]["reason"], "pre_debit_notification_not_sent");
}
