//! Orders and links being paid, at once, late, in parts or not at all.

use std::time::Duration;

use razorpay_sim::{Method, Payer};
use serde_json::json;

use crate::stage::{SECRET, Stage, id, until, words};

#[tokio::test]
async fn an_order_is_paid_once() {
    let stage = Stage::new().await;
    let order = stage.order(50_000).await;
    stage.simulator.pay_order(&order, &Payer::declines("insufficient_fund")).unwrap();
    let payment = stage.simulator.pay_order(&order, &Payer::pays().by(Method::Card)).unwrap();
    let refusal = stage.simulator.pay_order(&order, &Payer::pays()).unwrap_err();
    assert_eq!(refusal.description, "Payment already done for this order.");
    let (_, order) = stage.get(&format!("/v1/orders/{order}")).await;
    assert_eq!((&order["status"], &order["attempts"], &order["amount_due"]), (&json!("paid"), &json!(2), &json!(0)));
    let (_, payment) = stage.get(&format!("/v1/payments/{payment}?expand[]=card")).await;
    assert_eq!(
        (&payment["status"], &payment["fee"], &payment["tax"]),
        (&json!("captured"), &json!(1_180), &json!(180))
    );
    assert_eq!(payment["card"]["entity"], "card");
    let (_, payments) = stage.get(&format!("/v1/orders/{}/payments", id(&order))).await;
    assert_eq!(payments["items"][0]["error_reason"], "insufficient_fund");
    stage.simulator.quiet().await;
    for event in ["payment.failed", "payment.authorized", "payment.captured", "order.paid"] {
        assert_eq!(stage.receiver.of(event).len(), 1, "{event}");
    }
}

#[tokio::test]
async fn a_manual_capture_takes_the_whole_amount_once() {
    let stage = Stage::new().await;
    let body = json!({ "amount": 10_000, "currency": "INR", "payment_capture": false });
    let order = id(&stage.post("/v1/orders", body).await.1);
    let payment = stage.simulator.pay_order(&order, &Payer::pays()).unwrap();
    let path = format!("/v1/payments/{payment}/capture");
    assert_eq!(stage.post(&path, json!({ "amount": 9_000, "currency": "INR" })).await.0, 400);
    let (status, captured) = stage.post(&path, json!({ "amount": 10_000, "currency": "INR" })).await;
    assert_eq!((status, &captured["captured"]), (200, &json!(true)));
    let (status, again) = stage.post(&path, json!({ "amount": 10_000, "currency": "INR" })).await;
    assert_eq!((status, words(&again)), (400, "This payment has already been captured"));
}

#[tokio::test]
async fn a_failed_payment_may_be_authorised_late() {
    let stage = Stage::new().await;
    let order = stage.order(10_000).await;
    let payment = stage.simulator.pay_order(&order, &Payer::authorises_late()).unwrap();
    let (_, failed) = stage.get(&format!("/v1/payments/{payment}")).await;
    assert_eq!((&failed["status"], &failed["error_reason"]), (&json!("failed"), &json!("payment_timed_out")));
    stage.simulator.quiet().await;
    let (_, late) = stage.get(&format!("/v1/payments/{payment}")).await;
    assert_eq!((&late["status"], &late["error_reason"]), (&json!("captured"), &json!(null)));
    let told: Vec<String> = stage.receiver.all().iter().map(|received| received.event()).collect();
    assert_eq!(told[0], "payment.failed");
    assert!(told.contains(&"payment.captured".to_owned()) && told.contains(&"order.paid".to_owned()));
}

#[tokio::test]
async fn what_arrives_late_for_a_paid_order_goes_back_after_three_days() {
    let stage = Stage::new().await;
    let order = stage.order(10_000).await;
    let late = stage.simulator.pay_order(&order, &Payer::times_out()).unwrap();
    stage.simulator.pay_order(&order, &Payer::pays()).unwrap();
    stage.simulator.late_authorise(&late).unwrap();
    let (_, waiting) = stage.get(&format!("/v1/payments/{late}")).await;
    assert_eq!(waiting["status"], "authorized");
    stage.simulator.advance(Duration::from_secs(3 * 24 * 60 * 60));
    let (_, back) = stage.get(&format!("/v1/payments/{late}")).await;
    assert_eq!((&back["status"], &back["refund_status"]), (&json!("refunded"), &json!("full")));
    assert_eq!(stage.simulator.refunds().len(), 1);
}

#[tokio::test]
async fn a_link_is_paid_in_parts_and_told_in_its_own_shape() {
    let stage = Stage::new().await;
    let body = json!({ "amount": 1_000, "currency": "INR", "accept_partial": true,
        "first_min_partial_amount": 300, "reference_id": "TS1" });
    let link = id(&stage.post("/v1/payment_links", body.clone()).await.1);
    let (status, twice) = stage.post("/v1/payment_links", body).await;
    assert_eq!((status, &twice["error"]["metadata"]), (400, &json!([])));
    assert!(stage.simulator.pay_link(&link, &Payer::pays().amount(200)).is_err());
    stage.simulator.pay_link(&link, &Payer::pays().amount(400)).unwrap();
    let (_, partly) = stage.get(&format!("/v1/payment_links/{link}")).await;
    assert_eq!((&partly["status"], &partly["amount_paid"]), (&json!("partially_paid"), &json!(400)));
    stage.simulator.pay_link(&link, &Payer::pays()).unwrap();
    assert!(stage.simulator.pay_link(&link, &Payer::pays()).is_err());
    stage.simulator.quiet().await;
    assert_eq!(stage.receiver.of("payment_link.partially_paid").len(), 1);
    let paid = stage.receiver.of("payment_link.paid")[0].body();
    let order = &paid["payload"]["order"]["entity"];
    assert_eq!(order.get("entity"), None);
    let named = format!("order_{}", order["id"].as_str().unwrap());
    assert_eq!(paid["payload"]["payment_link"]["entity"]["order_id"], named);
}

#[tokio::test]
async fn a_new_link_may_not_be_in_the_list_yet() {
    let stage = Stage::with(|options| options.pace.link_list_lag = Duration::from_millis(300)).await;
    let link = id(&stage.post("/v1/payment_links", json!({ "amount": 1_000, "reference_id": "TS1" })).await.1);
    let list = "/v1/payment_links?reference_id=TS1";
    assert_eq!(stage.get(list).await.1, json!({ "payment_links": [] }));
    assert_eq!(stage.get(&format!("/v1/payment_links/{link}")).await.0, 200);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(stage.get(list).await.1["payment_links"][0]["id"], link);
}

#[tokio::test]
async fn a_link_ends() {
    let stage = Stage::new().await;
    let link = id(&stage.post("/v1/payment_links", json!({ "amount": 1_000 })).await.1);
    let (_, cancelled) = stage.post(&format!("/v1/payment_links/{link}/cancel"), json!({})).await;
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(stage.post(&format!("/v1/payment_links/{link}/cancel"), json!({})).await.0, 400);
    let soon = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() + 3_600;
    let body = json!({ "amount": 1_000, "expire_by": soon });
    let link = id(&stage.post("/v1/payment_links", body).await.1);
    stage.simulator.advance(Duration::from_secs(4_000));
    let (_, expired) = stage.get(&format!("/v1/payment_links/{link}")).await;
    assert_eq!(expired["status"], "expired");
    stage.simulator.quiet().await;
    assert_eq!(stage.receiver.of("payment_link.expired").len(), 1);
}

#[tokio::test]
async fn a_person_pays_at_the_page() {
    let stage = Stage::new().await;
    let order = stage.order(12_345).await;
    let page = format!("{}/pay/order/{order}", stage.simulator.url());
    let shown = stage.client.get(&page).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("INR 123.45") && shown.contains("authorise-late"), "{shown}");
    let done = stage.client.post(&page).body("do=pay&method=card").send().await.unwrap().text().await.unwrap();
    let payment = id(&stage.simulator.payments()[0]);
    let signature = razorpay_sim::signature::checkout(&order, &payment, SECRET);
    assert!(done.contains(&signature), "{done}");
    until("told", || !stage.receiver.of("order.paid").is_empty()).await;
}
