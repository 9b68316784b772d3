//! Usage that arrives after its period was billed: a line on the next invoice, once, at the price it would have had.

use chrono::{DateTime, Datelike as _, Months, SecondsFormat, TimeZone as _, Utc};
use harness::{Tenant, World, both};
use serde_json::{Value, json};

/// An invoice as far as late usage shows on it.
const WHOLE: &str = "id period { start } subtotal { amount } lines { chargeCode description quantity amount { amount } servicePeriod { start end } }";

both! {
    /// 120,000 tokens in time and 100,000 late cost what 220,000 in time would have: the late ones begin in the
    /// second tier. The late line is the difference, and both invoices come out again as issued.
    async fn late_usage_is_a_line_on_the_next_invoice(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant_without_subscription(app, "Acme").await;
        let this_month = month();
        let last_month = this_month - Months::new(1);
        let subscription = world.subscribe(&acme.id, &world.plan, (&text(last_month), "2090-01-01T00:00:00Z")).await;

        send(&acme, "in-time", "120000", last_month).await;
        assert_eq!(app.bill().await.issued, 1);
        app.rest().await;
        let first = acme.invoice(WHOLE).await;
        assert_eq!(first["subtotal"]["amount"], "21.74", "100,000 at 0.000015, 20,000 at 0.000012, and the fee of 20.00");

        send(&acme, "late", "100000", last_month).await;
        let id = json!({"organisationId": acme.id, "id": first["id"]});
        let again = world.operator.get(RECOMPUTE, id.clone()).await;
        assert_eq!(again["invoiceRecompute"]["identical"], false, "until it is billed, the late usage is a difference: {again}");

        let preview = acme.owner.get("query($id: ID!) { invoicePreview(subscriptionId: $id) { lines { description amount { amount } } } }", json!({"id": subscription})).await;
        assert!(preview["invoicePreview"]["lines"].as_array().unwrap().contains(&json!({"description": "Generated tokens, late usage", "amount": {"amount": "1.20"}})), "{preview}");

        let end = json!({"organisationId": acme.id, "id": subscription, "endsAt": text(Utc::now())});
        world.operator.make("subscriptionEnd", end, "subscription { id }").await;
        assert_eq!(app.bill().await.issued, 1);
        app.rest().await;
        let invoices = acme.owner.get(&format!("{{ invoices {{ nodes {{ {WHOLE} }} }} }}"), json!({})).await;
        let second = invoices["invoices"]["nodes"].as_array().unwrap().iter().find(|invoice| invoice["id"] != first["id"]).unwrap().clone();
        let late: Vec<&Value> = second["lines"].as_array().unwrap().iter().filter(|line| line["servicePeriod"]["start"] == first["period"]["start"]).collect();
        assert_eq!(late.len(), 1, "{second}");
        assert_eq!((&late[0]["quantity"], &late[0]["amount"]["amount"]), (&json!("100000"), &json!("1.20")));

        for invoice in [&first, &second] {
            let again = world.operator.get(RECOMPUTE, json!({"organisationId": acme.id, "id": invoice["id"]})).await;
            assert_eq!(again["invoiceRecompute"], json!({"identical": true, "differences": []}));
        }
    }
}

const RECOMPUTE: &str = "query($organisationId: ID, $id: ID!) { invoiceRecompute(organisationId: $organisationId, id: $id) { identical differences { path issued recomputed } } }";

async fn send(acme: &Tenant, transaction: &str, value: &str, at: DateTime<Utc>) {
    let event = json!([{"transactionId": transaction, "metric": "generated_tokens", "projectId": acme.project, "occurredAt": text(at), "value": value}]);
    let answer = acme.owner.post_events("application/json", event.to_string()).await;
    assert_eq!((answer.status, &answer.body["accepted"]), (200, &json!(1)), "{}", answer.body);
}

/// The first instant of the month we are in.
fn month() -> DateTime<Utc> {
    let now = Utc::now();
    Utc.with_ymd_and_hms(now.year(), now.month(), 1, 0, 0, 0).unwrap()
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
