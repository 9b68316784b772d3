//! Money through a gateway: whatever goes wrong on the way, what ends here is what happened there, once.

use chrono::{TimeDelta, Utc};
use harness::{Simulator, Tenant, TestApp, World, both_with_razorpay, webhook};
use razorpay_sim::{
    Fault, NewDispute, Payer, RefundCourse, Release, Times, Trouble, Verdict, WebhookFault, WebhookTrouble,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use undash::app::sweep_gateway;

/// An invoice of 23.60 USD.
async fn billed(app: &TestApp) -> (World, Tenant, String) {
    let world = World::new(app).await;
    let acme = world.tenant(app, "Acme").await;
    assert_eq!(app.bill().await.issued, 1);
    let invoice = acme.invoice("id").await["id"].as_str().unwrap().to_owned();
    (world, acme, invoice)
}

const PAYMENT: &str = "id state method payUrl checkout { keyId orderId } gatewayPaymentId captured { amount } decline { code message } disputed { amount }";

async fn ask(acme: &Tenant, invoice: &str, method: &str) -> Value {
    let input = json!({"invoiceId": invoice, "method": method});
    acme.owner.make("paymentCreate", input, &format!("payment {{ {PAYMENT} }}")).await["payment"].take()
}

async fn payment(acme: &Tenant, id: &Value) -> Value {
    let document = format!("query($id: ID!) {{ payment(id: $id) {{ {PAYMENT} }} }}");
    acme.owner.get(&document, json!({"id": id})).await["payment"].take()
}

/// Waits until a payment stands in a state.
async fn reaches(app: &TestApp, acme: &Tenant, id: &Value, state: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let payment = payment(acme, id).await;
        if payment["state"] == state {
            return payment;
        }
        assert!(Instant::now() < deadline, "not {state}: {payment}");
        app.app.bus.work_written();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

async fn refund(world: &World, acme: &Tenant, payment: &Value, amount: &str, key: &str) -> Value {
    let input = json!({"organisationId": acme.id, "paymentId": payment["id"], "amount": {"amount": amount, "currency": "USD"}, "reason": "Outage", "idempotencyKey": key});
    world.operator.make("refundCreate", input, "refund { id state }").await["refund"].take()
}

async fn refund_reaches(app: &TestApp, acme: &Tenant, id: &Value, state: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let found = acme
            .owner
            .get("query($id: ID!) { refund(id: $id) { id state failure gatewayRefundId origin } }", json!({"id": id}))
            .await;
        if found["refund"]["state"] == state {
            return found["refund"].clone();
        }
        assert!(Instant::now() < deadline, "not {state}: {found}");
        app.app.bus.work_written();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
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

fn paid() -> Value {
    json!(["PAID", "23.60", "0.00", "0.00", "0.00"])
}

/// An invoice paid by a link.
async fn settled(app: &TestApp, razorpay: &Simulator) -> (World, Tenant, Value) {
    let (world, acme, invoice) = billed(app).await;
    let link = ask(&acme, &invoice, "LINK").await;
    razorpay.pay_link(razorpay.links()[0]["id"].as_str().unwrap(), &Payer::pays()).unwrap();
    let payment = reaches(app, &acme, &link["id"], "CAPTURED").await;
    (world, acme, payment)
}

both_with_razorpay! {
    /// A link is asked for, paid, and the invoice with it. Asking twice asks once.
    async fn a_link_is_paid(app: &TestApp, razorpay: &Simulator) {
        let (_, acme, invoice) = billed(app).await;
        let link = ask(&acme, &invoice, "LINK").await;
        assert_eq!((&link["state"], link["payUrl"].as_str().is_some()), (&json!("PENDING"), true), "{link}");
        assert_eq!(ask(&acme, &invoice, "LINK").await["id"], link["id"]);
        assert_eq!(razorpay.links().len(), 1);
        razorpay.pay_link(razorpay.links()[0]["id"].as_str().unwrap(), &Payer::pays()).unwrap();
        let payment = reaches(app, &acme, &link["id"], "CAPTURED").await;
        assert_eq!((&payment["captured"]["amount"], &payment["payUrl"]), (&json!("23.60"), &Value::Null));
        assert_eq!(sums(&acme).await, paid());
        app.rest().await;
        mails(app, &acme, 2);
        let again = acme.owner.mutate("paymentCreate", json!({"invoiceId": invoice, "method": "LINK"}), "payment { id }").await;
        assert_eq!(again.user_error().map(|error| error["code"].clone()), Some(json!("NOTHING_DUE")), "{}", again.body);
    }

    /// A card is declined, which is told; the bank did not answer, and agrees later: that counts.
    async fn a_decline_is_not_the_end(app: &TestApp, razorpay: &Simulator) {
        let (_, acme, invoice) = billed(app).await;
        let asked = ask(&acme, &invoice, "CHECKOUT").await;
        assert_eq!(asked["checkout"]["keyId"], harness::RAZORPAY_KEY.0);
        let order = asked["checkout"]["orderId"].as_str().unwrap();
        razorpay.pay_order(order, &Payer::declines("insufficient_fund")).unwrap();
        let declined = reaches(app, &acme, &asked["id"], "FAILED").await;
        assert!(declined["decline"]["code"].as_str().unwrap().contains("insufficient_fund"), "{declined}");
        assert_eq!(declined["checkout"]["orderId"], order, "it can be paid still");
        razorpay.pay_order(order, &Payer::authorises_late()).unwrap();
        let came = reaches(app, &acme, &asked["id"], "CAPTURED").await;
        assert_eq!(came["decline"], Value::Null);
        assert_eq!(sums(&acme).await, paid());
    }

    /// Webhooks twice, in reverse, forged, unsigned, under an old secret: the same end.
    async fn webhooks_as_they_come(app: &TestApp, razorpay: &Simulator) {
        let (_, acme, invoice) = billed(app).await;
        let asked = ask(&acme, &invoice, "CHECKOUT").await;
        let order = asked["checkout"]["orderId"].as_str().unwrap();
        razorpay.webhook_fault(WebhookFault::next("", WebhookTrouble::Twice).times(Times::Always));
        razorpay.hold_webhooks();
        razorpay.pay_order(order, &Payer::declines("card_declined")).unwrap();
        razorpay.pay_order(order, &Payer::pays()).unwrap();
        razorpay.release_webhooks(Release::Reversed);
        reaches(app, &acme, &asked["id"], "CAPTURED").await;
        razorpay.quiet().await;
        app.rest().await;
        assert_eq!((payment(&acme, &asked["id"]).await["state"].clone(), sums(&acme).await), (json!("CAPTURED"), paid()));

        let forged = json!({"event": "payment.captured", "payload": {}}).to_string();
        let url = webhook(app).url;
        for signature in [None, Some("00".repeat(32)), Some("no hex".to_owned())] {
            let mut request = app.http.post(&url).body(forged.clone());
            if let Some(signature) = signature {
                request = request.header("X-Razorpay-Signature", signature);
            }
            assert_eq!(request.send().await.unwrap().status(), 401);
        }
    }

    /// Lost and forged on the way, and sound at the second try: nothing is missed. Without any webhook the sweep finds it.
    async fn lost_webhooks(app: &TestApp, razorpay: &Simulator) {
        let (_, acme, invoice) = billed(app).await;
        let link = ask(&acme, &invoice, "LINK").await;
        razorpay.webhook_fault(WebhookFault::next("", WebhookTrouble::Lost).times(Times::Always));
        razorpay.pay_link(razorpay.links()[0]["id"].as_str().unwrap(), &Payer::pays()).unwrap();
        razorpay.quiet().await;
        app.rest().await;
        assert_eq!(payment(&acme, &link["id"]).await["state"], "PENDING");
        for _ in 0..2 {
            sweep_gateway::sweep(&app.app, TimeDelta::zero(), Utc::now()).await.unwrap();
        }
        assert_eq!((payment(&acme, &link["id"]).await["state"].clone(), sums(&acme).await), (json!("CAPTURED"), paid()));
    }

    /// The gateway makes the order and the answer is lost; it is busy; it is slow: one order in the end.
    async fn no_answer_makes_no_second_order(app: &TestApp, razorpay: &Simulator) {
        for (trouble, method, orders) in [
            (Trouble::HangsUpAfter, "CHECKOUT", "/v1/orders"),
            (Trouble::HangsUpBefore, "LINK", "/v1/payment_links"),
            (Trouble::ServerError, "CHECKOUT", "/v1/orders"),
            (Trouble::TooManyRequestsInWords, "LINK", "/v1/payment_links"),
            (Trouble::AnswersLate(Duration::from_secs(3)), "LINK", "/v1/payment_links"),
        ] {
            let made = || razorpay.orders().len() + razorpay.links().len();
            let before = made();
            razorpay.fault(Fault::next(trouble).at("POST", orders));
            let tenant = fresh(app, &format!("{trouble:?}")).await;
            let invoice = tenant.invoice("id").await["id"].as_str().unwrap().to_owned();
            let asked = ask(&tenant, &invoice, method).await;
            assert_eq!(asked["state"], "REQUESTED", "{trouble:?}: nobody knows");
            // The half minute that whoever asked has for the first try, over at once.
            hurry(app, &tenant).await;
            let opened = reaches(app, &tenant, &asked["id"], "PENDING").await;
            assert_eq!(made(), before + 1, "{trouble:?}: {opened}");
            razorpay.clear_faults();
        }
    }

    /// A refund whose answer is lost after it happened is asked about with the same key: money goes back once.
    async fn a_refund_goes_back_once(app: &TestApp, razorpay: &Simulator) {
        let (world, acme, payment) = settled(app, razorpay).await;
        for (n, trouble) in [Trouble::HangsUpAfter, Trouble::HangsUpBefore, Trouble::GatewayError, Trouble::TooManyRequests, Trouble::WebhookFirst, Trouble::BadGatewayPage, Trouble::OperationInProgress].into_iter().enumerate() {
            razorpay.fault(Fault::next(trouble).at("POST", "/v1/payments/*/refund"));
            let asked = refund(&world, &acme, &payment, "2.00", &format!("trouble-{n}")).await;
            let done = refund_reaches(app, &acme, &asked["id"], "SUCCEEDED").await;
            assert_eq!(done["origin"], "REQUEST", "{trouble:?}");
            assert_eq!(razorpay.refunds().len(), n + 1, "{trouble:?}");
        }
        assert_eq!(sums(&acme).await, json!(["PAID", "23.60", "14.00", "14.00", "0.00"]));
        let all = acme.owner.get("{ refunds { totalCount } creditNotes { totalCount } }", json!({})).await;
        assert_eq!((&all["refunds"]["totalCount"], &all["creditNotes"]["totalCount"]), (&json!(7), &json!(7)), "none was imported as somebody else's");
    }

    /// The bank bounces a refund after it had succeeded: what was reserved is free, the organisation is owed the money.
    async fn a_refund_bounces(app: &TestApp, razorpay: &Simulator) {
        let (world, acme, payment) = settled(app, razorpay).await;
        razorpay.set_refunds(RefundCourse::FailsAfterProcessed);
        let bounced = refund(&world, &acme, &payment, "23.60", "bounces-1").await;
        let failed = refund_reaches(app, &acme, &bounced["id"], "FAILED").await;
        assert!(failed["failure"].as_str().unwrap().contains("bank"), "{failed}");
        assert_eq!(sums(&acme).await, json!(["PAID", "23.60", "23.60", "0.00", "-23.60"]));
        // A plain no of the gateway fails at once, with its words.
        razorpay.set_balance(Some(0));
        let poor = refund(&world, &acme, &payment, "1.00", "no-balance").await;
        let poor = refund_reaches(app, &acme, &poor["id"], "FAILED").await;
        assert!(poor["failure"].as_str().is_some_and(|words| words.len() > 10), "{poor}");
    }

    /// Refunds made in the dashboard and disputes are money, too.
    async fn what_happens_at_the_gateway_counts_here(app: &TestApp, razorpay: &Simulator) {
        let (world, acme, payment) = settled(app, razorpay).await;
        let there = payment["gatewayPaymentId"].as_str().unwrap();
        razorpay.refund_at_dashboard(there, 500).unwrap();
        razorpay.quiet().await;
        app.rest().await;
        let seen = acme.owner.get("{ refunds { nodes { origin state amount { amount } creditNote { total { amount } } } } }", json!({})).await;
        assert_eq!(seen["refunds"]["nodes"], json!([{"origin": "GATEWAY", "state": "SUCCEEDED", "amount": {"amount": "5.00"}, "creditNote": {"total": {"amount": "5.00"}}}]));
        assert_eq!(sums(&acme).await, json!(["PAID", "23.60", "5.00", "5.00", "0.00"]));

        let dispute = razorpay.open_dispute(there, NewDispute { amount: Some(1_000), ..NewDispute::default() }).unwrap();
        razorpay.quiet().await;
        app.rest().await;
        let too_much = json!({"organisationId": acme.id, "paymentId": payment["id"], "amount": {"amount": "8.61", "currency": "USD"}, "reason": "Twice?", "idempotencyKey": "disputed-1"});
        let refused = world.operator.mutate("refundCreate", too_much, "refund { id }").await;
        assert!(refused.user_error().unwrap()["message"].as_str().unwrap().contains("8.60 USD is left"), "{}", refused.body);
        razorpay.decide_dispute(&dispute, Verdict::Won).unwrap();
        razorpay.quiet().await;
        app.rest().await;
        let all = refund(&world, &acme, &payment, "18.60", "all-the-rest").await;
        refund_reaches(app, &acme, &all["id"], "SUCCEEDED").await;
        assert_eq!(sums(&acme).await, json!(["PAID", "23.60", "23.60", "23.60", "0.00"]));
    }

    /// A hundred refunds at once through the gateway, while it is in trouble: never more than came.
    async fn a_hundred_refunds_in_bad_weather(app: &TestApp, razorpay: &Simulator) {
        let (world, acme, payment) = settled(app, razorpay).await;
        for trouble in [Trouble::HangsUpAfter, Trouble::ServerError, Trouble::WebhookFirst] {
            razorpay.fault(Fault::next(trouble).times(Times::Percent(10)));
        }
        razorpay.webhook_fault(WebhookFault::next("", WebhookTrouble::Twice).times(Times::Percent(20)));
        let (operator, organisation, id) = (&world.operator, &acme.id, &payment["id"]);
        let answers = futures_util::future::join_all((0..100).map(|n| async move {
            let input = json!({"organisationId": organisation, "paymentId": id, "amount": {"amount": "1.00", "currency": "USD"}, "reason": "A crowd", "idempotencyKey": format!("crowd-{n:03}")});
            operator.mutate("refundCreate", input, "refund { id }").await
        })).await;
        assert_eq!(answers.iter().filter(|answer| answer.data("/refundCreate/refund/id").is_string()).count(), 23);
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            app.app.bus.work_written();
            let left = acme.owner.get("{ refunds(filter: {states: [REQUESTED, UNKNOWN, PENDING]}) { totalCount } }", json!({})).await;
            if left["refunds"]["totalCount"] == 0 { break; }
            assert!(Instant::now() < deadline, "{left}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        razorpay.clear_faults();
        let there: i64 = razorpay.refunds().iter().map(|refund| refund["amount"].as_i64().unwrap()).sum();
        assert_eq!((razorpay.refunds().len(), there), (23, 2_300));
        assert_eq!(sums(&acme).await, json!(["PAID", "23.60", "23.00", "23.00", "0.00"]));
        razorpay.quiet().await;
        app.rest().await;
        let books = undash::app::verify::verify(&app.app, None).await.unwrap();
        assert_eq!(books.findings, Vec::<String>::new());
    }
}

/// The mails in the outbox folder, each to the customer and from the seller, as many as there should be.
fn mails(app: &TestApp, acme: &Tenant, expected: usize) {
    let folder = app.app.settings.data_dir.join("outbox");
    let mails: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| String::from_utf8(std::fs::read(entry.unwrap().path()).unwrap()).unwrap())
        .collect();
    assert_eq!(mails.len(), expected, "{} of {}", mails.len(), acme.id);
    for mail in &mails {
        assert!(mail.contains("To: ") && mail.contains("accounts@customer.example"), "{mail}");
        assert!(mail.contains("Message-ID: <job_") && mail.contains("INV-000001"), "{mail}");
    }
    assert_eq!(mails.iter().filter(|mail| mail.contains("application/pdf")).count(), 1, "the invoice has its document");
}

/// A customer with an invoice of its own.
async fn fresh(app: &TestApp, name: &str) -> Tenant {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let operator = app.operator();
    let found = operator.get("{ plans { nodes { id } } issuingEntities { nodes { id } } }", json!({})).await;
    let world = match found["plans"]["nodes"][0]["id"].as_str() {
        None => World::new(app).await,
        Some(plan) => World {
            operator,
            issuer: found["issuingEntities"]["nodes"][0]["id"].as_str().unwrap().to_owned(),
            plan: plan.to_owned(),
            metrics: [const { String::new() }; 3],
        },
    };
    let tenant = world.tenant(app, &format!("{name} {}", NEXT.fetch_add(1, Ordering::Relaxed))).await;
    assert_eq!(app.bill().await.issued, 1);
    tenant
}

/// Makes waiting jobs of an organisation due now.
async fn hurry(app: &TestApp, tenant: &Tenant) {
    use undash::store::outbox;
    let later = Utc::now() + TimeDelta::minutes(1);
    for job in outbox::claim(&app.app.store, &["payment.open"], 10, later, TimeDelta::zero()).await.unwrap() {
        assert_eq!(job.organisation_id.map(|id| id.to_string()).as_deref(), Some(tenant.id.as_str()));
        assert!(outbox::retry(&app.app.store, &job, Utc::now(), "hurried").await.unwrap());
    }
    app.app.bus.work_written();
}
