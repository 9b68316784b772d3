//! Two organisations side by side: every query and mutation across the border, driven from a table over
//! the whole schema. What is somebody else's does not exist.

use harness::{Client, PERIOD, Socket, Tenant, TestApp, World, both, demo_terms};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

use crate::authz::root_fields;
use cases::{Answer, CASES, Denied, Nothing};
use money::MONEY;

mod cases;
mod money;

fn cases() -> impl Iterator<Item = &'static (&'static str, &'static str, Answer, &'static str)> {
    CASES.iter().chain(MONEY)
}

both! {
    /// Acme asks for everything of Globex, with every document of the table.
    async fn what_is_somebody_elses_does_not_exist(app: &TestApp) {
        let listed: BTreeSet<(String, String)> = cases().map(|(root, field, ..)| ((*root).to_owned(), (*field).to_owned())).collect();
        assert_eq!(listed, root_fields(&app.operator()).await, "every field has a case");
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        let globex = globex(app, &world).await;
        let before = globex.everything().await;
        for client in [&acme.owner, &acme.ingest] {
            let mut wrong = Vec::new();
            for (root, field, expected, document) in cases() {
                let answer = globex.reached_by(app, client, root, document).await;
                let denied = ["NOT_FOUND", "FORBIDDEN"].iter().any(|code| answer.contains(&format!("\"code\":\"{code}\"")));
                // An ingest key is refused where an owner is not; that is denial as well.
                if (*expected == Denied && !denied) || (*expected == Nothing && !denied && answer.contains("\"errors\":[{")) {
                    wrong.push(format!("{root}.{field} should be {expected:?}: {document}\n   {answer}"));
                }
                if let Some(trace) = globex.markers.iter().find(|marker| answer.contains(marker.as_str())) {
                    wrong.push(format!("{root}.{field} shows {trace}: {document}\n   {answer}"));
                }
            }
            assert!(wrong.is_empty(), "{} leaks:\n{}", wrong.len(), wrong.join("\n"));
        }
        assert_eq!(globex.everything().await, before, "nothing of Globex changed");
    }

    /// Whatever a list shows is found again by its id alone: by its owner and by the operator, and by nobody else.
    async fn a_thing_is_found_by_its_id_alone(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        let globex = globex(app, &world).await;
        let node = "query($id: ID!) { node(id: $id) { id __typename } }";
        for kind in ["org", "prj", "sub", "inv", "pay", "rfn", "crn", "alr", "ale", "evt", "rej", "key"] {
            let id = json!({"id": globex.variables[kind]});
            for friend in [&world.operator, &globex.tenant.owner] {
                assert_eq!(friend.get(node, id.clone()).await["node"]["id"], id["id"], "{kind}");
            }
            assert_eq!(acme.owner.get(node, id).await["node"], Value::Null, "{kind}");
        }
        let run = json!({"id": globex.variables["run"]});
        assert_eq!(world.operator.get(node, run.clone()).await["node"], json!({"id": run["id"], "__typename": "BillingRun"}));
        assert_eq!(globex.tenant.owner.get(node, run).await["node"], Value::Null, "only the operator sees runs");
    }

    /// The doors beside GraphQL: the bulk endpoint, the links, the cursors.
    async fn nothing_crosses_beside_graphql(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        let globex = globex(app, &world).await;
        let before = globex.everything().await;

        let event = json!([{"transactionId": "planted", "metric": "context_tokens", "projectId": globex.tenant.project, "occurredAt": "2024-03-10T00:00:00Z", "value": "1"}]).to_string();
        let named = acme.owner.post_events_for(Some(&globex.tenant.id), "application/json", event.clone()).await;
        assert_eq!((named.status, &named.body["error"]["code"]), (404, &json!("NOT_FOUND")), "{}", named.body);
        let own = acme.owner.post_events("application/json", event).await;
        assert_eq!(own.body["results"][0]["code"], "UNKNOWN_PROJECT", "{}", own.body);
        // The same transaction id is another event in another organisation.
        acme.use_once("globex-usage", "context_tokens", "7").await;

        // Acme's link to its own document opens no other.
        app.bill().await;
        app.rest().await;
        let invoice = acme.invoice("id pdf { url }").await;
        let (own_id, link) = (invoice["id"].as_str().unwrap(), invoice["pdf"]["url"].as_str().unwrap());
        assert_eq!(app.http.get(app.link(link)).send().await.unwrap().status(), 200);
        let foreign = link.replace(own_id, &globex.invoice).replace(&acme.id, &globex.tenant.id);
        let status = app.http.get(app.link(&foreign)).send().await.unwrap().status().as_u16();
        assert!([401, 403, 404].contains(&status), "{status}");

        // A cursor of one list is no cursor of another.
        let cursor = globex.tenant.owner.get("{ usageAlertEvents { pageInfo { endCursor } } }", json!({})).await["usageAlertEvents"]["pageInfo"]["endCursor"].take();
        let refused = acme.owner.ask("query($after: String) { usageAlertEvents(after: $after) { totalCount } }", json!({"after": cursor})).await;
        assert_eq!(refused.code(), Some("INVALID_CURSOR"), "{}", refused.body);
        assert_eq!(globex.everything().await, before);
    }

    /// Alerts of one organisation never reach the socket of another.
    async fn alerts_reach_nobody_else(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        let mut socket = Socket::connect(app.address, Some(acme.owner.key())).await.unwrap();
        socket.subscribe("subscription { usageAlertEvents { cursor event { observed } } }", json!({})).await;
        assert_eq!(socket.next().await.unwrap()["usageAlertEvents"]["event"], Value::Null);
        globex(app, &world).await;
        assert!(socket.is_silent_for(Duration::from_millis(1_500)).await);
    }

    /// A project's key sees its own project and none of its sisters.
    async fn projects_are_apart_for_their_keys(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        let sister = world.project(&acme.id, "staging").await;
        let reader = app.client(&world.key(json!({"scope": "PROJECT", "organisationId": acme.id, "projectId": sister, "role": "VIEWER"})).await);
        acme.use_once("production-usage", "context_tokens", "5").await;
        let input = json!({"window": {"gte": PERIOD.0, "lt": PERIOD.1}, "granularity": "MONTH", "metric": "context_tokens"});
        let seen = reader.get("query($input: UsageSeriesInput!) { usageSeries(input: $input) { total { quantity } } usageEvents { edges { node { transactionId } } } projects { nodes { code } } }", json!({"input": input})).await;
        assert_eq!(seen["usageSeries"]["total"]["quantity"], "0");
        assert_eq!(seen["usageEvents"]["edges"], json!([]));
        assert_eq!(seen["projects"]["nodes"], json!([{"code": "staging"}]));
        let foreign = reader.ask("query($id: ID!) { project(id: $id) { code } }", json!({"id": acme.project})).await;
        assert_eq!(foreign.code(), Some("NOT_FOUND"));
        let planted = json!([{"transactionId": "x", "metric": "context_tokens", "projectId": sister, "occurredAt": "2024-03-10T00:00:00Z", "value": "1"}]);
        let answer = acme.ingest.post_events("application/json", planted.to_string()).await;
        assert_eq!(answer.body["results"][0]["code"], "UNKNOWN_PROJECT", "{}", answer.body);
    }
}

/// The other organisation, with one of everything.
struct Globex {
    tenant: Tenant,
    invoice: String,
    variables: Value,
    /// What must never be read by anybody else.
    markers: Vec<String>,
}

async fn globex(app: &TestApp, world: &World) -> Globex {
    let tenant = world.tenant_without_subscription(app, "Globex").await;
    let plan = world.plan("globex-secret-plan", demo_terms()).await;
    let subscription = world.subscribe(&tenant.id, &plan, PERIOD).await;
    let rule = json!({"name": "Globex rule", "subscriptionId": subscription, "subject": "COST", "thresholds": ["1"]});
    let rule = tenant.owner.make("alertRuleCreate", rule, "alertRule { id }").await["alertRule"]["id"].take();
    tenant.use_once("globex-usage", "context_tokens", "987654321").await;
    tenant.owner.post_events("application/x-ndjson", "{\"globex\": \"rejected\"}").await;
    app.rest().await;
    let invoice = {
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        loop {
            app.bill().await;
            app.rest().await;
            let data = tenant.owner.get("{ invoices { nodes { id } } }", json!({})).await;
            if let Some(id) = data["invoices"]["nodes"][0]["id"].as_str() {
                break id.to_owned();
            }
            assert!(std::time::Instant::now() < deadline, "Globex was not billed");
        }
    };
    let (payment, refund, note) = money(world, &tenant.id, &invoice).await;
    app.rest().await;
    let ids = tenant
        .owner
        .get(
            "{ usageRejections { nodes { id } } apiKeys { nodes { id prefix } } usageAlertEvents { nodes { id } } usageEvents { nodes { id } } }",
            json!({}),
        )
        .await;
    let runs = format!("{{ billingRuns(organisationId: \"{}\") {{ nodes {{ id }} }} }}", tenant.id);
    let runs = world.operator.get(&runs, json!({})).await;
    assert_eq!(ids["usageAlertEvents"]["nodes"].as_array().map(Vec::len), Some(1));
    let nothing = |kind: &str| format!("{kind}_{}", "0".repeat(25) + "1");
    let variables = json!({
        "org": tenant.id, "prj": tenant.project, "sub": subscription, "inv": invoice, "alr": rule, "plan": plan, "ise": world.issuer,
        "key": ids["apiKeys"]["nodes"][0]["id"], "rej": ids["usageRejections"]["nodes"][0]["id"],
        "ale": ids["usageAlertEvents"]["nodes"][0]["id"], "evt": ids["usageEvents"]["nodes"][0]["id"], "run": runs["billingRuns"]["nodes"][0]["id"],
        "pay": payment, "rfn": refund, "crn": note,
        "plg": nothing("plg"), "pgv": nothing("pgv"), "upl": nothing("upl"),
    });
    let mut markers: Vec<String> = ["Globex", "globex", "987654321", "2962.96", "3519.89"].map(str::to_owned).into();
    markers.extend(
        ids["apiKeys"]["nodes"].as_array().unwrap().iter().map(|key| key["prefix"].as_str().unwrap().to_owned()),
    );
    Globex { tenant: Tenant { subscription, ..tenant }, invoice, variables, markers }
}

/// A payment of an invoice, a part of it refunded, and the credit note of that.
async fn money(world: &World, organisation: &str, invoice: &str) -> (Value, Value, Value) {
    let paid = json!({
        "organisationId": organisation, "amount": {"amount": "3519.89", "currency": "USD"}, "method": "BANK_TRANSFER", "reference": "Globex wire",
        "receivedAt": "2024-04-02T00:00:00Z", "invoiceIds": [invoice], "idempotencyKey": "globex-paid",
    });
    let payment = world.operator.make("paymentRecord", paid, "payment { id }").await["payment"]["id"].take();
    let back = json!({
        "organisationId": organisation, "paymentId": payment, "amount": {"amount": "11.80", "currency": "USD"}, "reason": "Globex was right",
        "idempotencyKey": "globex-back",
    });
    let refund = world.operator.make("refundCreate", back, "refund { id creditNote { id } }").await["refund"].take();
    (payment, refund["id"].clone(), refund["creditNote"]["id"].clone())
}

impl Globex {
    /// What a client reads when it sends the document with Globex's ids.
    async fn reached_by(&self, app: &TestApp, client: &Client, root: &str, document: &str) -> String {
        if root != "SubscriptionRoot" {
            return client.ask(document, self.variables.clone()).await.body.to_string();
        }
        let mut socket = Socket::connect(app.address, Some(client.key())).await.unwrap();
        socket.subscribe(document, self.variables.clone()).await;
        socket.next().await.unwrap_or_else(|errors| errors).to_string()
    }

    /// All there is, as its owner sees it.
    async fn everything(&self) -> Value {
        let mut data = self.tenant.owner.get("{
            organisation { name version } projects { nodes { code } } apiKeys(first: 100) { nodes { id name revokedAt } }
            subscriptions { nodes { id state version endsAt } } invoices { nodes { id number state version total { amount } amountDue { amount } } }
            payments { nodes { id state version } } refunds { nodes { id state } } creditNotes { nodes { id number } }
            alertRules { nodes { id name disabledAt version } } usageAlertEvents { nodes { id observed } }
            usageEvents { edges { node { transactionId value } } } usageRejections { totalCount }
            plans { nodes { code versions { number } } } }", json!({})).await;
        // When a key was last used is no change.
        data.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        data
    }
}
