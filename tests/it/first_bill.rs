//! The main job: usage in, alert out, bill, PDF, and the proof of each number.

use harness::{Client, Socket, TestApp, World, both};
use serde_json::{Value, json};
use std::time::Duration;
use undash::plugin::STANDARD;

const ALERTS: &str = "subscription($after: String) {
  usageAlertEvents(after: $after) { cursor replayed event { id threshold observed currency alertRule { name } } }
}";

both! {
    /// From the first event to the recomputed invoice, with a client that loses its connection on the way.
    async fn usage_becomes_an_alert_an_invoice_and_a_document(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        let rule = json!({"name": "Spending", "subscriptionId": acme.subscription, "subject": "COST", "thresholds": ["1.00", "20.00"]});
        acme.owner.make("alertRuleCreate", rule, "alertRule { id }").await;

        // A client without a cursor is told where it is, before anything has happened.
        let mut socket = Socket::connect(app.address, Some(acme.owner.key())).await.unwrap();
        socket.subscribe(ALERTS, json!({})).await;
        let greeting = socket.next().await.unwrap();
        assert_eq!(greeting["usageAlertEvents"]["event"], Value::Null);

        // 500,000 context tokens cost 1.50, which is beyond the first threshold.
        let taken = ingest(&acme.ingest, json!([{"transactionId": "c-1", "metric": "context_tokens", "occurredAt": "2024-03-05T10:00:00Z", "value": "500000"}])).await;
        assert_eq!(taken["accepted"], 1);
        let first = socket.next().await.unwrap()["usageAlertEvents"].take();
        assert_eq!((&first["event"]["threshold"], &first["event"]["observed"], &first["event"]["currency"]), (&json!("1.00"), &json!("1.50"), &json!("USD")));
        assert_eq!((&first["event"]["alertRule"]["name"], &first["replayed"]), (&json!("Spending"), &json!(false)));

        // The network goes away, and 30 dollars are spent meanwhile.
        socket.cut();
        acme.use_once("c-2", "context_tokens", "10000000").await;
        app.rest().await;

        // Back with its cursor the client gets exactly what it missed.
        let mut socket = Socket::connect(app.address, Some(acme.owner.key())).await.unwrap();
        socket.subscribe(ALERTS, json!({"after": first["cursor"]})).await;
        let second = socket.next().await.unwrap()["usageAlertEvents"].take();
        assert_eq!((&second["event"]["threshold"], &second["event"]["observed"], &second["replayed"]), (&json!("20.00"), &json!("31.50"), &json!(true)));
        assert!(socket.is_silent_for(Duration::from_millis(1_500)).await, "an alert came twice");

        // And what happens from now on comes live: a new rule whose threshold is passed already.
        let rule = json!({"name": "Tokens", "subscriptionId": acme.subscription, "subject": "QUANTITY", "metric": "context_tokens", "thresholds": ["10000000"]});
        acme.owner.make("alertRuleCreate", rule, "alertRule { id }").await;
        let third = socket.next().await.unwrap()["usageAlertEvents"].take();
        assert_eq!((&third["event"]["alertRule"]["name"], &third["event"]["observed"], &third["replayed"]), (&json!("Tokens"), &json!("10500000"), &json!(false)));
        assert_eq!(third["event"]["currency"], Value::Null);

        // Reading instead of listening shows the same three, and the greeting's cursor is before all of them.
        let list = acme.owner.get("query($after: String) { usageAlertEvents(after: $after) { totalCount edges { cursor node { id } } } }", json!({"after": greeting["usageAlertEvents"]["cursor"]})).await;
        let expected: Vec<Value> = [&first, &second, &third].map(|item| json!({"cursor": item["cursor"], "node": {"id": item["event"]["id"]}})).into();
        assert_eq!(list["usageAlertEvents"], json!({"totalCount": 3, "edges": expected}));

        // The rest of the month: 246,195 generated tokens, and 1,001 requests of which 1,000 are free.
        acme.use_once("g-1", "generated_tokens", "246195").await;
        let requests: Vec<Value> = (0..1_001).map(|n| json!({"transactionId": format!("r-{n}"), "metric": "requests", "occurredAt": "2024-03-31T23:59:59.999999Z"})).collect();
        let answer = acme.ingest.post_events("application/json", json!(requests).to_string()).await;
        assert_eq!(answer.body["accepted"], 1_001);
        // At midnight the next month begins: this one is not on the bill.
        let next = ingest(&acme.ingest, json!([{"transactionId": "r-next", "metric": "requests", "occurredAt": "2024-04-01T00:00:00Z"}])).await;
        assert_eq!(next["accepted"], 1);

        let summary = app.bill().await;
        assert_eq!((summary.issued, summary.held.len()), (1, 0));
        app.rest().await;
        check_invoice(app, &world, &acme.owner).await;
    }
}

both! {
    /// A project's key may send usage and may not listen; a key that is nothing may not even connect.
    async fn a_socket_needs_a_key_that_may(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        assert_eq!(Socket::connect(app.address, None).await.err(), Some(4403));
        assert_eq!(Socket::connect(app.address, Some("undash_org_nothing")).await.err(), Some(4403));
        let mut socket = Socket::connect(app.address, Some(acme.ingest.key())).await.unwrap();
        socket.subscribe(ALERTS, json!({})).await;
        assert_eq!(socket.next().await.unwrap_err()[0]["extensions"]["code"], "FORBIDDEN");
    }
}

async fn ingest(client: &Client, events: Value) -> Value {
    client.make("usageIngest", json!({"events": events}), "accepted duplicates conflicts rejected").await
}

const INVOICE: &str = "id number state currency period { start end } subtotal { amount } tax { amount } total { amount currency }
  issuedAt templateFallback seller { legalName taxId } buyer { legalName region }
  lines { kind metricCode description quantity eventCount amountExact amount { amount } tax { amount } servicePeriod { start end } }
  taxes { code ratePercent base { amount } amount { amount } } pdf { url }";

async fn check_invoice(app: &TestApp, world: &World, owner: &Client) {
    let mut invoices = owner.get(&format!("{{ invoices {{ nodes {{ {INVOICE} }} }} }}"), json!({})).await;
    assert_eq!(invoices["invoices"]["nodes"].as_array().unwrap().len(), 1);
    let invoice = invoices["invoices"]["nodes"][0].take();
    assert_eq!(
        (&invoice["number"], &invoice["state"], &invoice["currency"]),
        (&json!("INV-000001"), &json!("OPEN"), &json!("USD"))
    );
    assert_eq!(invoice["period"], json!({"start": "2024-03-01T00:00:00Z", "end": "2024-04-01T00:00:00Z"}));
    let lines: Vec<Value> = invoice["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            json!([
                line["metricCode"],
                line["quantity"],
                line["eventCount"],
                line["amountExact"],
                line["amount"]["amount"]
            ])
        })
        .collect();
    assert_eq!(
        lines,
        [
            json!(["context_tokens", "10500000", "2", "31.5", "31.50"]),
            json!(["generated_tokens", "246195", "1", "3.25434", "3.25"]),
            json!(["requests", "1001", "1001", "0.25", "0.25"]),
            json!([null, null, null, "20", "20.00"]),
        ]
    );
    // 55.00 net; 18 % of it once, spread over the lines so that the column adds up.
    assert_eq!(
        json!([invoice["subtotal"]["amount"], invoice["tax"]["amount"], invoice["total"]["amount"]]),
        json!(["55.00", "9.90", "64.90"])
    );
    assert_eq!(
        invoice["taxes"],
        json!([{"code": "IGST", "ratePercent": "18", "base": {"amount": "55.00"}, "amount": {"amount": "9.90"}}])
    );
    let shares: i64 = invoice["lines"].as_array().unwrap().iter().map(|line| cents(&line["tax"]["amount"])).sum();
    assert_eq!(shares, 990);
    assert_eq!(
        (&invoice["seller"]["taxId"], &invoice["buyer"]["legalName"]),
        (&json!("29ABACS0877M1ZS"), &json!("Acme Private Limited"))
    );
    assert_eq!(invoice["templateFallback"], Value::Null);

    let id = invoice["id"].as_str().unwrap();
    let bytes = check_document(app, invoice["pdf"]["url"].as_str().unwrap()).await;
    check_explanation(owner, id).await;
    let again = owner
        .get(
            "query($id: ID!) { invoiceRecompute(id: $id) { identical differences { path issued recomputed } } }",
            json!({"id": id}),
        )
        .await;
    assert_eq!(again["invoiceRecompute"], json!({"identical": true, "differences": []}));

    // Everything a second time: the same invoice, the same number, the same bytes.
    let organisation = owner.get("{ organisation { id } }", json!({})).await["organisation"]["id"].take();
    let issued = world
        .operator
        .make("invoiceFinalize", json!({"organisationId": organisation, "id": id}), "invoice { id number pdf { url } }")
        .await;
    assert_eq!((&issued["invoice"]["id"], &issued["invoice"]["number"]), (&json!(id), &json!("INV-000001")));
    assert_eq!(app.bill().await.issued, 0);
    assert_eq!(check_document(app, issued["invoice"]["pdf"]["url"].as_str().unwrap()).await, bytes);
}

/// Downloads the document by its link, which needs no key and cannot be bent.
async fn check_document(app: &TestApp, link: &str) -> Vec<u8> {
    let url = app.link(link);
    let response = app.http.get(&url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/pdf");
    assert!(response.headers()["content-disposition"].to_str().unwrap().contains("INV-000001"));
    let bytes = response.bytes().await.unwrap().to_vec();
    assert!(bytes.starts_with(b"%PDF-"), "a PDF");
    assert!(bytes.len() > 5_000, "a PDF with something in it: {} bytes", bytes.len());

    let (front, signature) = url.split_at(url.len() - 1);
    let bent = format!("{front}{}", if signature == "0" { "1" } else { "0" });
    let status = app.http.get(bent).send().await.unwrap().status();
    assert!(status == 403 || status == 401, "a bent link answers {status}");
    bytes
}

async fn check_explanation(owner: &Client, id: &str) {
    let explained = owner
        .get(
            "query($id: ID!) { invoiceExplain(id: $id) {
        lines { callIndex line { metricCode eventSet steps { label quantity unitAmount amount } } }
        calls { kind digest world input inputDigest output fuelUsed } plugins { kind name digest } } }",
            json!({"id": id}),
        )
        .await;
    let explanation = &explained["invoiceExplain"];
    let calls: Vec<&Value> = explanation["calls"].as_array().unwrap().iter().collect();
    assert_eq!(calls.iter().map(|call| &call["kind"]).collect::<Vec<_>>(), ["PRICING", "TAX"]);
    let plugins: Vec<Value> = STANDARD
        .iter()
        .zip(["PRICING", "TAX", "TEMPLATE"])
        .map(|(guest, kind)| json!({"kind": kind, "name": guest.name, "digest": guest.digest()}))
        .collect();
    assert_eq!(explanation["plugins"], json!(plugins));
    for (call, guest) in calls.iter().zip(&STANDARD) {
        assert_eq!(call["digest"], guest.digest());
        assert!(call["fuelUsed"].as_str().unwrap().parse::<u64>().unwrap() > 1_000, "{call}");
    }
    assert!(calls[0]["input"].as_str().unwrap().contains("\"10500000\""), "the question holds the quantity");
    assert!(calls[0]["output"].as_str().unwrap().contains("\"31.5\""), "the answer holds the exact price");
    let lines = explanation["lines"].as_array().unwrap();
    assert_eq!(
        lines.iter().map(|line| &line["callIndex"]).collect::<Vec<_>>(),
        [&json!(0), &json!(0), &json!(0), &Value::Null]
    );
    assert_eq!(lines[0]["line"]["eventSet"].as_str().unwrap().len(), 32);
    assert_eq!(
        lines[1]["line"]["steps"],
        json!([
            {"label": "First 100000", "quantity": "100000", "unitAmount": "0.000015", "amount": "1.5"},
            {"label": "Over 100000 up to 500000", "quantity": "146195", "unitAmount": "0.000012", "amount": "1.75434"},
        ])
    );
}

fn cents(amount: &Value) -> i64 {
    amount.as_str().unwrap().replace('.', "").parse().unwrap()
}
