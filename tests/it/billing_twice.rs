//! Nothing is billed twice and nothing wrongly: a second run, two servers at once, a plugin that fails.

use harness::{Database, PERIOD, World, both};
use plugin_host::digest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use undash::plugin::{Kind, StandardGuest};

use crate::uploads::{FLAT_PRICE, install};

/// Customers billed at once.
const CUSTOMERS: usize = 12;

both! {
    /// The second run finds the invoice and changes nothing, not even a version.
    async fn a_second_run_changes_nothing(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        acme.use_once("t", "context_tokens", "1000000").await;
        assert_eq!(app.bill().await.issued, 1);
        app.rest().await;
        let before = acme.invoice(WHOLE).await;
        assert_eq!(before["total"]["amount"], "27.14");
        for _ in 0..2 {
            let summary = app.bill().await;
            assert_eq!((summary.issued, summary.drafted, summary.held.len()), (0, 0, 0));
        }
        // Usage that comes after the bill changes nothing either.
        acme.use_once("late", "context_tokens", "1000000").await;
        app.bill().await;
        app.rest().await;
        assert_eq!(acme.invoice(WHOLE).await, before);
    }

    /// Usage that comes into a draft counts, and finalising through the API takes the next number.
    async fn a_draft_takes_late_usage_until_it_is_issued(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        let draft = until(|| async {
            let data = acme.owner.get("{ invoices { nodes { id state number total { amount } } } }", json!({})).await;
            data["invoices"]["nodes"].get(0).cloned()
        }).await;
        assert_eq!((&draft["state"], &draft["number"], &draft["total"]["amount"]), (&json!("DRAFT"), &Value::Null, &json!("23.60")));
        acme.use_once("late", "context_tokens", "1000000").await;
        let issued = world.operator.make("invoiceFinalize", json!({"organisationId": acme.id, "id": draft["id"]}), "invoice { id state number total { amount } }").await;
        assert_eq!(issued["invoice"], json!({"id": draft["id"], "state": "OPEN", "number": "INV-000001", "total": {"amount": "27.14"}}));
        app.rest().await;
    }

    /// Many runs at the same moment: each period becomes one invoice, and the numbers have no gap.
    async fn runs_at_once_make_one_invoice_each(app: &TestApp) {
        let world = World::new(app).await;
        let mut organisations = Vec::new();
        for n in 0..CUSTOMERS {
            let organisation = world.organisation(&format!("Customer {n}")).await;
            world.subscribe(&organisation, &world.plan, PERIOD).await;
            organisations.push(organisation);
        }
        // On PostgreSQL a second server, with its own memory; on SQLite, which is one process, two runs in it.
        let second = if app.database == Database::Postgres { Some(app.second_node().await) } else { None };
        let other = second.as_ref().unwrap_or(app);
        let (a, b, c) = tokio::join!(app.bill(), other.bill(), other.bill());
        assert!(a.held.is_empty() && b.held.is_empty() && c.held.is_empty());
        let d = app.bill().await;
        app.rest().await;

        let mut numbers = BTreeSet::new();
        for organisation in &organisations {
            let data = world.operator.get("query($id: ID) { invoices(organisationId: $id) { nodes { number state total { amount } } } }", json!({"id": organisation})).await;
            let invoices = data["invoices"]["nodes"].as_array().unwrap();
            assert_eq!(invoices.len(), 1, "one invoice: {invoices:?}");
            assert_eq!((&invoices[0]["state"], &invoices[0]["total"]["amount"]), (&json!("OPEN"), &json!("23.60")));
            numbers.insert(invoices[0]["number"].as_str().unwrap().to_owned());
        }
        let expected: BTreeSet<String> = (1..=CUSTOMERS).map(|n| format!("INV-{n:06}")).collect();
        assert_eq!(numbers, expected);
        if let Some(second) = second {
            second.finish().await;
        }
        assert_eq!(a.issued + b.issued + c.issued + d.issued, CUSTOMERS, "each run counts only what it issued itself");
    }

    /// A plugin that fails holds the period with its reason. Nothing is billed and no number is lost; when it is
    /// mended the period is billed as if nothing had happened.
    async fn a_failing_plugin_holds_the_period(app: &TestApp) {
        let world = World::new(app).await;
        let terms = json!({"currency": "USD", "charges": [{"code": "c", "name": "Tokens", "metric": "context_tokens", "model": "CUSTOM:moody", "parameters": [{"name": "panic", "flag": true}]}]});
        let plan = world.plan("moody", terms).await;
        install(app, &world.operator, "flat-price", FLAT_PRICE, json!({"planId": plan}), "2024-03-01T00:00:00Z").await;
        let acme = world.tenant_without_subscription(app, "Acme").await;
        acme.use_once("t", "context_tokens", "1000000").await;
        let subscription = world.subscribe(&acme.id, &plan, PERIOD).await;

        let summary = app.bill().await;
        assert_eq!((summary.issued, summary.drafted, summary.held.len()), (0, 0, 1));
        assert!(summary.held[0].1.contains("this plan told me to fail"), "{}", summary.held[0].1);
        // The server's own worker has met it too, and says so to the operator.
        let run = until(|| async {
            let data = world.operator.get("{ billingRuns(states: [HELD]) { nodes { id subscriptionId state attempts reason period { start } } } }", json!({})).await;
            data["billingRuns"]["nodes"].get(0).cloned()
        }).await;
        assert_eq!((&run["subscriptionId"], &run["period"]["start"]), (&json!(subscription), &json!(PERIOD.0)));
        assert!(run["reason"].as_str().unwrap().contains("this plan told me to fail") && run["reason"].as_str().unwrap().contains(&digest(FLAT_PRICE)), "{run}");
        let nothing = acme.owner.get("{ invoices { totalCount } subscriptions { nodes { state nextPeriod { start } } } }", json!({})).await;
        assert_eq!(nothing["invoices"]["totalCount"], 0);
        assert_eq!(nothing["subscriptions"]["nodes"][0], json!({"state": "ACTIVE", "nextPeriod": {"start": PERIOD.0}}));

        // Held again under the standard rule, which does not know this model; then a rule that does.
        install(app, &world.operator, "standard", StandardGuest::of(Kind::Pricing).bytes, json!({"planId": plan}), "2024-03-02T00:00:00Z").await;
        let summary = app.bill().await;
        assert_eq!((summary.issued, summary.held.len()), (0, 1));
        let ours = json!({"currency": "USD", "charges": [{"code": "c", "name": "Tokens", "metric": "context_tokens", "model": "PER_UNIT", "parameters": [{"name": "unit_amount", "number": "0.000003"}]}]});
        let mended = world.plan("mended", ours).await;
        let next = world.subscribe(&acme.id, &mended, PERIOD).await;
        assert_eq!(app.bill().await.issued, 1, "one held period does not hold up another");
        app.rest().await;
        let invoice = acme.invoice("number subscription { id } total { amount }").await;
        assert_eq!(invoice, json!({"number": "INV-000001", "subscription": {"id": next}, "total": {"amount": "3.54"}}));

        // Asking for it lets the held period be tried again at once; it is held with the new reason.
        let retried = world.operator.make("billingRunRetry", json!({"organisationId": acme.id, "subscriptionId": subscription, "periodStart": PERIOD.0}), "billingRun { subscriptionId }").await;
        assert_eq!(retried["billingRun"]["subscriptionId"], subscription);
        until(|| async {
            let data = world.operator.get("{ billingRuns(states: [HELD]) { nodes { reason } } }", json!({})).await;
            data["billingRuns"]["nodes"].get(0)?["reason"].as_str()?.contains("unknown-model").then_some(())
        }).await;
    }
}

const WHOLE: &str =
    "id number state version issuedAt dueAt total { amount } lines { quantity amount { amount } eventSet }";

/// Asks until there is something.
async fn until<T, F: Future<Output = Option<T>>>(mut ask: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < deadline, "nothing came in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
