//! Money that goes back: never more than came, once for each key, and always with the document that says so.

use futures_util::future::join_all;
use harness::{Tenant, TestApp, World, both};
use serde_json::{Value, json};

/// An invoice of 23.60 USD: the platform fee of 20.00 and 18 % IGST.
async fn billed(app: &TestApp) -> (World, Tenant, Value) {
    let world = World::new(app).await;
    let acme = world.tenant(app, "Acme").await;
    assert_eq!(app.bill().await.issued, 1);
    let invoice = acme.invoice("id total { amount } amountDue { amount } taxes { amount { amount } }").await;
    assert_eq!(
        (&invoice["total"]["amount"], &invoice["amountDue"]["amount"]),
        (&json!("23.60"), &json!("23.60")),
        "{invoice}"
    );
    (world, acme, invoice)
}

fn usd(amount: &str) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

async fn paid(world: &World, acme: &Tenant, invoice: &Value, amount: &str) -> Value {
    let input = json!({
        "organisationId": acme.id, "amount": usd(amount), "method": "BANK_TRANSFER", "reference": "UTR 4711",
        "receivedAt": "2024-04-05T10:00:00Z", "invoiceIds": [invoice["id"]], "idempotencyKey": "wire-4711",
    });
    world
        .operator
        .make("paymentRecord", input, "replayed payment { id state allocated { amount } captured { amount } }")
        .await
}

fn back(acme: &Tenant, payment: &Value, amount: Option<&str>, key: &str) -> Value {
    json!({"organisationId": acme.id, "paymentId": payment["payment"]["id"], "amount": amount.map(usd), "reason": "Outage on 3 March", "idempotencyKey": key})
}

async fn sums(acme: &Tenant) -> Value {
    let invoice = acme
        .invoice("state amountPaid { amount } amountCredited { amount } amountRefunded { amount } amountDue { amount }")
        .await;
    json!([
        invoice["state"],
        invoice["amountPaid"]["amount"],
        invoice["amountCredited"]["amount"],
        invoice["amountRefunded"]["amount"],
        invoice["amountDue"]["amount"]
    ])
}

const REFUND: &str = "replayed refund { id state amount { amount } creditNote { number net { amount } taxes { amount } total { amount } invoiceId } }";

both! {
    /// A wire pays the invoice and more; what is too much goes back without a document, the rest with credit notes whose
    /// taxes sum to those of the invoice.
    async fn money_and_documents_agree(app: &TestApp) {
        let (world, acme, invoice) = billed(app).await;
        let payment = paid(&world, &acme, &invoice, "30.00").await;
        assert_eq!((&payment["payment"]["state"], &payment["payment"]["allocated"]["amount"], &payment["replayed"]), (&json!("CAPTURED"), &json!("23.60"), &json!(false)));
        let again = paid(&world, &acme, &invoice, "30.00").await;
        assert_eq!((&again["payment"]["id"], &again["replayed"]), (&payment["payment"]["id"], &json!(true)));
        assert_eq!(sums(&acme).await, json!(["PAID", "23.60", "0.00", "0.00", "0.00"]));

        let void = world.operator.mutate("invoiceVoid", json!({"organisationId": acme.id, "id": invoice["id"]}), "invoice { id }").await;
        assert!(void.user_error().is_some(), "a paid invoice is not taken back: {}", void.body);

        let free = world.operator.make("refundCreate", back(&acme, &payment, Some("6.40"), "too-much-1"), REFUND).await;
        assert_eq!((&free["refund"]["creditNote"], &free["refund"]["state"]), (&Value::Null, &json!("REQUESTED")));
        let part = world.operator.make("refundCreate", back(&acme, &payment, Some("10.00"), "first-part"), REFUND).await;
        let note = &part["refund"]["creditNote"];
        assert_eq!((&note["number"], &note["net"]["amount"], &note["taxes"][0]["amount"], &note["invoiceId"]), (&json!("INV-CN-000001"), &json!("8.47"), &json!("1.53"), &invoice["id"]), "{note}");
        assert_eq!(sums(&acme).await, json!(["PAID", "23.60", "10.00", "10.00", "0.00"]));
        let rest = world.operator.make("refundCreate", back(&acme, &payment, None, "the-rest"), REFUND).await;
        let note = &rest["refund"]["creditNote"];
        assert_eq!((&note["number"], &note["net"]["amount"], &note["taxes"][0]["amount"]), (&json!("INV-CN-000002"), &json!("11.53"), &json!("2.07")), "8.47 + 11.53 = 20.00, 1.53 + 2.07 = 3.60");
        let nothing = world.operator.mutate("refundCreate", back(&acme, &payment, Some("0.01"), "one-more"), REFUND).await;
        assert_eq!(nothing.user_error().map(|error| (&error["code"], &error["path"])), Some((&json!("NOT_REFUNDABLE"), &json!(["amount"]))), "{}", nothing.body);

        app.rest().await;
        let refunds = acme.owner.get("{ refunds { totalCount nodes { state amount { amount } payment { id } } } creditNotes { totalCount } }", json!({})).await;
        assert_eq!((&refunds["refunds"]["totalCount"], &refunds["creditNotes"]["totalCount"]), (&json!(3), &json!(2)));
        assert_eq!(undash::app::verify::verify(&app.app, None).await.unwrap().findings, Vec::<String>::new());
        assert!(refunds["refunds"]["nodes"].as_array().unwrap().iter().all(|refund| refund["state"] == "SUCCEEDED"), "{refunds}");
    }

    /// A hundred at once: exactly as many succeed as there is money, numbers have no gap, and each key refunds once.
    async fn a_hundred_at_once(app: &TestApp) {
        let (world, acme, invoice) = billed(app).await;
        let payment = paid(&world, &acme, &invoice, "23.60").await;
        let (operator, acme_id, payment_id) = (&world.operator, &acme.id, &payment["payment"]["id"]);
        let ask = |key: String| {
            let input = json!({"organisationId": acme_id, "paymentId": payment_id, "amount": usd("1.00"), "reason": "A crowd", "idempotencyKey": key});
            async move { operator.mutate("refundCreate", input, REFUND).await }
        };
        // Fifty keys, each twice.
        let answers = join_all((0..100).map(|n| ask(format!("crowd-{:02}", n / 2)))).await;
        let ids: Vec<&str> = answers.iter().filter_map(|answer| answer.data("/refundCreate/refund/id").as_str()).collect();
        let different: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!((different.len(), ids.len()), (23, 46), "23 times 1.00 of 23.60, and each answered twice");
        for refused in answers.iter().filter(|answer| answer.data("/refundCreate/refund").is_null()) {
            assert_eq!(refused.user_error().map(|error| &error["code"]), Some(&json!("NOT_REFUNDABLE")), "{}", refused.body);
        }
        assert_eq!(sums(&acme).await, json!(["PAID", "23.60", "23.00", "23.00", "0.00"]));
        let notes = acme.owner.get("{ creditNotes(first: 100) { nodes { number } } }", json!({})).await;
        let mut numbers: Vec<&str> = notes["creditNotes"]["nodes"].as_array().unwrap().iter().map(|note| note["number"].as_str().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=23).map(|n| format!("INV-CN-{n:06}")).collect::<Vec<_>>());
        app.rest().await;
    }

    /// What makes no sense is refused with words, and moves nothing.
    async fn bad_input_is_told_why(app: &TestApp) {
        let (world, acme, invoice) = billed(app).await;
        let gateway = acme.owner.mutate("paymentCreate", json!({"invoiceId": invoice["id"], "method": "LINK"}), "payment { id }").await;
        assert_eq!(gateway.user_error().map(|error| error["code"].clone()), Some(json!("NO_GATEWAY")), "{}", gateway.body);
        let payment = paid(&world, &acme, &invoice, "23.60").await;
        let good = back(&acme, &payment, Some("1.00"), "a-good-key");
        let with = |field: &str, value: Value| { let mut input = good.clone(); input[field] = value; input };
        let table = [
            (with("idempotencyKey", json!("short")), "BAD_IDEMPOTENCY_KEY", json!(["idempotencyKey"])),
            (with("idempotencyKey", json!("with a space")), "BAD_IDEMPOTENCY_KEY", json!(["idempotencyKey"])),
            (with("reason", json!(" ")), "BAD_REASON", json!(["reason"])),
            (with("amount", usd("0.00")), "NOT_REFUNDABLE", json!(["amount"])),
            (with("amount", usd("-1.00")), "NOT_REFUNDABLE", json!(["amount"])),
            (with("amount", usd("1.001")), "BAD_AMOUNT", json!(["amount", "amount"])),
            (with("amount", json!({"amount": "1.00", "currency": "EUR"})), "NOT_REFUNDABLE", json!(["amount"])),
            (with("paymentId", json!("pay_00000000000000000000000001")), "NOT_FOUND", json!(["paymentId"])),
            (with("invoiceId", json!("inv_00000000000000000000000001")), "NOT_SETTLED_BY_PAYMENT", json!(["invoiceId"])),
        ];
        for (input, code, path) in table {
            let refused = world.operator.mutate("refundCreate", input, REFUND).await;
            assert_eq!(refused.user_error().map(|error| (error["code"].clone(), error["path"].clone())), Some((json!(code), path)), "{}", refused.body);
        }
        world.operator.make("refundCreate", good.clone(), REFUND).await;
        let other = world.operator.mutate("refundCreate", with("amount", usd("2.00")), REFUND).await;
        assert_eq!(other.user_error().map(|error| error["code"].clone()), Some(json!("IDEMPOTENCY_KEY_REUSED")), "{}", other.body);
        let future = json!({"organisationId": acme.id, "amount": usd("1.00"), "method": "CASH", "receivedAt": "2999-01-01T00:00:00Z", "idempotencyKey": "from-the-future"});
        let future = world.operator.mutate("paymentRecord", future, "payment { id }").await;
        assert_eq!(future.user_error().map(|error| error["path"].clone()), Some(json!(["receivedAt"])), "{}", future.body);
        assert_eq!(sums(&acme).await, json!(["PAID", "23.60", "1.00", "1.00", "0.00"]));
        app.rest().await;
    }
}
