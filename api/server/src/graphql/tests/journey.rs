//! A walk through the schema on a real (SQLite) database: catalogue, usage, preview, tenancy, alerts.

use async_graphql::{Request, Variables};
use billing::ids::{ApiKeyId, OrganisationId, ProjectId};
use billing::period::Interval;
use chrono::{TimeDelta, Utc};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

use crate::app::{App, bill_period};
use crate::config::Settings;
use crate::graphql::{UndashSchema, attach, schema};
use crate::store::alert_event::{NewAlertEvent, append_in_tx};
use crate::viewer::{Role, Scope, Viewer};

struct World {
    app: Arc<App>,
    schema: UndashSchema,
    _folder: tempfile::TempDir,
}

fn viewer(scope: Scope, role: Role) -> Viewer {
    Viewer::holding(ApiKeyId::from_uuid(uuid::Uuid::now_v7()), scope, role)
}

fn operator() -> Viewer {
    viewer(Scope::Operator, Role::Owner)
}

fn owner(organisation: &str) -> Viewer {
    viewer(Scope::Organisation(organisation.parse().unwrap()), Role::Owner)
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { data_dir: folder.path().to_owned(), plugin_threads: 1, ..Settings::default() };
        let app = App::start(settings, Utc::now()).await.unwrap();
        Self { schema: schema(Arc::clone(&app)), app, _folder: folder }
    }

    fn request(&self, viewer: &Viewer, document: &str, variables: Value) -> Request {
        attach(Request::new(document).variables(Variables::from_json(variables)), viewer.clone(), &self.app)
    }

    /// The data and the codes of the errors.
    async fn ask(&self, viewer: &Viewer, document: &str, variables: Value) -> (Value, Vec<String>) {
        let answer = self.schema.execute(self.request(viewer, document, variables)).await;
        let codes = answer.errors.iter().map(|error| {
            error
                .extensions
                .as_ref()
                .and_then(|all| all.get("code"))
                .map_or_else(|| error.message.clone(), |code| code.to_string().replace('"', ""))
        });
        (answer.data.into_json().unwrap(), codes.collect())
    }

    async fn data(&self, viewer: &Viewer, document: &str, variables: Value) -> Value {
        let answer = self.schema.execute(self.request(viewer, document, variables)).await;
        assert!(answer.errors.is_empty(), "{document}: {:?}", answer.errors);
        answer.data.into_json().unwrap()
    }

    /// Makes something as the operator and answers it.
    async fn make(&self, field: &str, entity: &str, input: Value) -> Value {
        let kind = format!("{}{}", field[..1].to_uppercase(), &field[1..]);
        let document = format!(
            "mutation($input: {kind}Input!) {{ {field}(input: $input) {{ {entity} {{ id }} errors {{ code message path }} }} }}"
        );
        let answer = self.data(&operator(), &document, json!({ "input": input })).await[field].clone();
        assert_eq!(answer["errors"], json!([]), "{field}");
        answer[entity]["id"].clone()
    }

    /// A tenant with a project and a subscription to a plan of 0.002 a token and 10.00 a month.
    async fn tenant(&self, name: &str) -> (String, String, String) {
        let issuer = json!({"name": name, "country": "DE", "invoicePrefix": name.to_uppercase(), "taxRegime": {"model": "FLAT", "parameters": [
            {"name": "code", "text": "VAT"}, {"name": "rate_percent", "number": "19"}]}});
        let issuer = self.make("issuingEntityCreate", "issuingEntity", issuer).await;
        self.make(
            "metricCreate",
            "metric",
            json!({"code": format!("{name}.tokens"), "name": "Tokens", "aggregation": "SUM"}),
        )
        .await;
        let terms = json!({"currency": "EUR",
            "charges": [{"code": "tokens", "name": "Tokens", "metric": format!("{name}.tokens"), "model": "PER_UNIT", "parameters": [{"name": "unit_amount", "number": "0.002"}]}],
            "fixedFees": [{"code": "base", "name": "Base fee", "amount": "10.00"}]});
        let plan = self.make("planCreate", "plan", json!({"code": name, "name": "Plan", "terms": terms})).await;
        let organisation = json!({"name": name, "country": "DE", "currency": "EUR", "timezone": "Europe/Berlin", "issuingEntityId": issuer});
        let organisation = self.make("organisationCreate", "organisation", organisation).await;
        let project = self
            .make("projectCreate", "project", json!({"organisationId": organisation, "code": "main", "name": "Main"}))
            .await;
        let subscription = json!({"organisationId": organisation, "planId": plan, "startsAt": "2026-01-01T00:00:00Z"});
        let subscription = self.make("subscriptionCreate", "subscription", subscription).await;
        let text = |id: Value| id.as_str().unwrap().to_owned();
        (text(organisation), text(project), text(subscription))
    }
}

#[tokio::test]
async fn from_catalogue_to_preview() {
    let world = World::new().await;
    let (organisation, project, subscription) = world.tenant("acme").await;
    let tenant = owner(&organisation);
    let event = |id: &str, at: &str, value: Value| json!({"transactionId": id, "metric": "acme.tokens", "projectId": project, "occurredAt": at, "value": value, "properties": [{"name": "model", "value": "x"}]});
    let events = json!([
        event("a", "2026-01-10T12:00:00Z", json!("1000.5")),
        event("a", "2026-01-10T12:00:00Z", json!("1000.5")),
        event("b", "2026-01-11T12:00:00+01:00", json!(2000)),
        event("c", "2026-01-11T12:00:00Z", json!(1.5)),
        event("d", "soon", json!("1")),
    ]);
    let document = "mutation($e: [UsageEventInput!]!) { usageIngest(input: {events: $e}) { accepted duplicates rejected results { status field code } errors { code } } }";
    let answer = world.data(&tenant, document, json!({ "e": events })).await["usageIngest"].clone();
    assert_eq!(
        (&answer["accepted"], &answer["duplicates"], &answer["rejected"]),
        (&json!(2), &json!(1), &json!(2)),
        "{answer}"
    );
    assert_eq!(answer["results"][3], json!({"status": "REJECTED", "field": "value", "code": "NOT_A_NUMBER"}));
    assert_eq!(answer["results"][4]["code"], "BAD_TIME");

    let document = "query($m: ID!) { usageSeries(input: {metric: $m, granularity: DAY, timezone: \"Europe/Berlin\", groupBy: [PROJECT], window: {gte: \"2026-01-09T23:00:00Z\", lt: \"2026-01-12T23:00:00Z\"}}) \
        { total { quantity eventCount } groups { key { value } points { quantity isFinal } } otherGroup { total { quantity } } } }";
    let series = world.data(&tenant, document, json!({"m": "acme.tokens"})).await["usageSeries"].clone();
    assert_eq!(series["total"], json!({"quantity": "3000.5", "eventCount": "2"}));
    let quantities: Vec<&Value> =
        series["groups"][0]["points"].as_array().unwrap().iter().map(|point| &point["quantity"]).collect();
    assert_eq!(quantities, [&json!("1000.5"), &json!("2000"), &json!("0")]);
    assert_eq!(series["groups"][0]["key"][0]["value"], json!(project));

    let document = "{ usageEvents(first: 1) { nodes { transactionId value metric { code } project { code } properties { name value kind } } pageInfo { hasNextPage endCursor } } usageRejections { totalCount totalCountCapped nodes { code body } } }";
    let usage = world.data(&tenant, document, json!({})).await;
    assert_eq!(usage["usageEvents"]["nodes"][0]["transactionId"], "b");
    assert_eq!(usage["usageEvents"]["nodes"][0]["project"]["code"], "main");
    assert_eq!(usage["usageRejections"]["totalCount"], 2);
    let document = "query($a: String) { usageEvents(first: 5, after: $a) { nodes { transactionId } pageInfo { hasNextPage hasPreviousPage } } }";
    let next = world.data(&tenant, document, json!({"a": usage["usageEvents"]["pageInfo"]["endCursor"]})).await;
    assert_eq!(
        next["usageEvents"],
        json!({"nodes": [{"transactionId": "a"}], "pageInfo": {"hasNextPage": false, "hasPreviousPage": true}})
    );
    let (_, codes) = world
        .ask(
            &tenant,
            "query($a: String) { usageRejections(after: $a) { totalCount } }",
            json!({"a": usage["usageEvents"]["pageInfo"]["endCursor"]}),
        )
        .await;
    assert_eq!(codes, ["INVALID_CURSOR"]);

    let document = "query($s: ID!) { invoicePreview(subscriptionId: $s) { subtotal { amount currency } tax { amount } total { amount } lines { description quantity amount { amount } tax { amount } steps { label } } taxes { code ratePercent } } }";
    let preview = world.data(&tenant, document, json!({"s": subscription})).await["invoicePreview"].clone();
    assert_eq!(preview["subtotal"], json!({"amount": "16.00", "currency": "EUR"}), "{preview}");
    assert_eq!((&preview["tax"]["amount"], &preview["total"]["amount"]), (&json!("3.04"), &json!("19.04")));
    assert_eq!(preview["lines"][0]["quantity"], "3000.5");
}

#[tokio::test]
async fn from_draft_to_document() {
    let world = World::new().await;
    let (organisation, project, _) = world.tenant("acme").await;
    let tenant = owner(&organisation);
    let document = "mutation($p: ID!) { usageIngest(input: {events: [{transactionId: \"a\", metric: \"acme.tokens\", projectId: $p, occurredAt: \"2026-01-10T12:00:00Z\", value: 3000}]}) { accepted } }";
    world.data(&tenant, document, json!({"p": project})).await;
    let only = Some(organisation.parse().unwrap());
    let now = "2026-04-10T00:00:00Z".parse().unwrap();
    // A grace of sixty days leaves the later months as drafts.
    let run = bill_period::Run {
        now,
        grace: TimeDelta::days(60),
        organisation: only,
        claim: false,
        by: crate::app::audit::actor(crate::store::audit::ActorKind::Cli),
    };
    let summary = bill_period::run(&world.app, run).await.unwrap();
    assert_eq!((summary.issued, summary.drafted, summary.held.len()), (1, 2, 0), "{:?}", summary.held);

    let document = "{ invoices(first: 50) { totalCount nodes { id number state subtotal { amount } tax { amount } organisation { name } subscription { plan { code } } seller { legalName } issuingEntity { id } lines { kind amount { amount } quantity eventCount metric { code } } taxes { code amount { amount } } pdf { url } } } }";
    let page = world.data(&tenant, document, json!({})).await["invoices"].clone();
    assert_eq!(page["totalCount"], 3);
    let issued = &page["nodes"].as_array().unwrap().iter().find(|invoice| invoice["state"] == "OPEN").unwrap().clone();
    assert_eq!(
        (&issued["number"], &issued["subtotal"]["amount"], &issued["tax"]["amount"]),
        (&json!("ACME-000001"), &json!("16.00"), &json!("3.04"))
    );
    assert_eq!(
        (&issued["lines"][0]["eventCount"], &issued["lines"][0]["metric"]["code"], &issued["issuingEntity"]),
        (&json!("1"), &json!("acme.tokens"), &Value::Null)
    );
    assert!(issued["pdf"]["url"].as_str().unwrap().contains("/v1/invoices/"), "{issued}");
    let document = "query($f: InvoiceFilter!) { invoices(filter: $f) { totalCount nodes { pdf { url } } } }";
    let drafts = world.data(&tenant, document, json!({"f": {"state": {"in": ["DRAFT"]}}})).await;
    assert_eq!(drafts["invoices"], json!({"totalCount": 2, "nodes": [{"pdf": null}, {"pdf": null}]}));

    let document = "query($i: ID!) { invoiceExplain(id: $i) { lines { callIndex line { chargeCode } } calls { kind world input } plugins { kind name } } invoiceRecompute(id: $i) { identical differences { path issued recomputed } } }";
    let explained = world.data(&tenant, document, json!({"i": issued["id"]})).await;
    assert_eq!(explained["invoiceRecompute"], json!({"identical": true, "differences": []}));
    assert_eq!(explained["invoiceExplain"]["lines"][0]["callIndex"], 0);
    assert_eq!(explained["invoiceExplain"]["calls"][0]["kind"], "PRICING");

    let input = json!({"organisationId": organisation, "id": page["nodes"][0]["id"]});
    let (_, codes) = world
        .ask(
            &tenant,
            "mutation($i: InvoiceFinalizeInput!) { invoiceFinalize(input: $i) { errors { code } } }",
            json!({ "i": input }),
        )
        .await;
    assert_eq!(codes, ["FORBIDDEN"]);
    let document = "mutation($i: InvoiceFinalizeInput!, $v: InvoiceVoidInput!) { invoiceFinalize(input: $i) { invoice { number state } errors { code } } invoiceVoid(input: $v) { invoice { number state } errors { code } } }";
    let done = world
        .data(&operator(), document, json!({"i": input, "v": {"organisationId": organisation, "id": issued["id"]}}))
        .await;
    assert_eq!(done["invoiceFinalize"]["invoice"], json!({"number": "ACME-000002", "state": "OPEN"}), "{done}");
    assert_eq!(done["invoiceVoid"]["invoice"], json!({"number": "ACME-000001", "state": "VOID"}));
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_there() {
    let world = World::new().await;
    let (acme, project, subscription) = world.tenant("acme").await;
    let (rival, _, _) = world.tenant("rival").await;
    let outsider = owner(&rival);
    let document = "query($s: ID!, $p: ID!, $o: ID!) { subscription(id: $s) { id } project(id: $p) { id } organisation(id: $o) { id } node(id: $s) { id } nodes(ids: [$o, $p]) { id } invoicePreview(subscriptionId: $s) { total { amount } } }";
    let (data, codes) = world.ask(&outsider, document, json!({"s": subscription, "p": project, "o": acme})).await;
    assert_eq!(
        data,
        json!({"subscription": null, "project": null, "organisation": null, "node": null, "nodes": [null, null], "invoicePreview": null})
    );
    assert_eq!(codes, ["NOT_FOUND"; 4]);
    let (_, codes) = world
        .ask(&outsider, "query($o: ID!) { subscriptions(organisationId: $o) { totalCount } }", json!({"o": acme}))
        .await;
    assert_eq!(codes, ["NOT_FOUND"]);
    let plans = world.data(&outsider, "{ plans { totalCount nodes { code latestVersion { number } versions { number } } } viewer { scope role organisation { name } permissions } }", json!({})).await;
    assert_eq!(
        plans["plans"],
        json!({"totalCount": 1, "nodes": [{"code": "rival", "latestVersion": null, "versions": [{"number": 1}]}]})
    );
    assert_eq!(plans["viewer"]["organisation"]["name"], "rival");

    let (_, codes) = world
        .ask(
            &outsider,
            "{ plugins { totalCount } billingRuns { totalCount } issuingEntities { totalCount } }",
            json!({}),
        )
        .await;
    assert_eq!(codes, ["FORBIDDEN"; 3]);
    let ids: (OrganisationId, ProjectId) = (acme.parse().unwrap(), project.parse().unwrap());
    let sender = viewer(Scope::Project(ids.0, ids.1), Role::Ingest);
    let seen = world.data(&sender, "{ projects { totalCount nodes { code } } plans { totalCount } viewer { project { code } organisation { id } } }", json!({})).await;
    assert_eq!(
        seen,
        json!({"projects": {"totalCount": 1, "nodes": [{"code": "main"}]}, "plans": {"totalCount": 0}, "viewer": {"project": {"code": "main"}, "organisation": null}})
    );
    let (_, codes) = world.ask(&operator(), "{ subscriptions { totalCount } }", json!({})).await;
    assert_eq!(codes, ["MISSING_FIELD"]);

    let document = "mutation { projectCreate(input: {code: \"main\", name: \"Again\"}) { project { id } errors { __typename code path } } }";
    let again = world.data(&outsider, document, json!({})).await;
    assert_eq!(
        again["projectCreate"],
        json!({"project": null, "errors": [{"__typename": "ConflictError", "code": "TAKEN", "path": ["code"]}]})
    );
    let document = "mutation { apiKeyCreate(input: {name: \"k\", scope: ORGANISATION, role: VIEWER}) { apiKey { id scope role } secret errors { code } } }";
    let made = world.data(&outsider, document, json!({})).await["apiKeyCreate"].clone();
    assert!(made["secret"].as_str().unwrap().starts_with("undash_org_"), "{made}");
    let revoked = world
        .data(
            &outsider,
            "mutation($k: ID!) { apiKeyRevoke(input: {id: $k}) { apiKey { revokedAt } errors { code } } }",
            json!({"k": made["apiKey"]["id"]}),
        )
        .await;
    assert!(revoked["apiKeyRevoke"]["apiKey"]["revokedAt"].is_string());
}

#[tokio::test]
async fn alerts_are_replayed_then_followed() {
    let world = World::new().await;
    let (organisation, _, subscription) = world.tenant("acme").await;
    let tenant = owner(&organisation);
    let document = "mutation($s: ID!) { alertRuleCreate(input: {name: \"Budget\", subscriptionId: $s, subject: COST, thresholds: [\"10\", 20]}) { alertRule { id subject thresholds } errors { code message } } }";
    let rule = world.data(&tenant, document, json!({"s": subscription})).await["alertRuleCreate"]["alertRule"].clone();
    assert_eq!(rule["thresholds"], json!(["10", "20"]));
    let fire = async |number: i64| {
        let now = Utc::now();
        let event = NewAlertEvent {
            organisation_id: organisation.parse().unwrap(),
            id: billing::ids::Id::from_uuid(uuid::Uuid::now_v7()),
            rule_id: rule["id"].as_str().unwrap().parse().unwrap(),
            subscription_id: subscription.parse().unwrap(),
            period: Interval::new(now, now + TimeDelta::days(1)).unwrap(),
            threshold: number.into(),
            observed: number.into(),
            currency: None,
            occurred_at: now,
        };
        let tx = world.app.store.begin().await.unwrap();
        append_in_tx(&tx, &event).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        world.app.bus.alert_written(event.organisation_id);
    };
    let document = "subscription($a: String) { usageAlertEvents(after: $a) { cursor replayed event { threshold alertRule { name } } } }";
    let follow =
        |after: Value| Box::pin(world.schema.execute_stream(world.request(&tenant, document, json!({ "a": after }))));
    async fn next(stream: &mut (impl futures_util::Stream<Item = async_graphql::Response> + Unpin)) -> Value {
        let answer = tokio::time::timeout(Duration::from_secs(10), stream.next()).await.unwrap().unwrap();
        assert!(answer.errors.is_empty(), "{:?}", answer.errors);
        answer.data.into_json().unwrap()["usageAlertEvents"].clone()
    }

    let mut live = follow(Value::Null);
    let start = next(&mut live).await;
    assert_eq!((&start["event"], &start["replayed"]), (&Value::Null, &json!(false)));
    fire(1).await;
    assert_eq!(next(&mut live).await["event"], json!({"threshold": "1", "alertRule": {"name": "Budget"}}));
    drop(live);
    for number in 2..=250 {
        fire(number).await;
    }
    let mut resumed = follow(start["cursor"].clone());
    for number in 1..=250_i64 {
        let item = next(&mut resumed).await;
        assert_eq!((&item["event"]["threshold"], &item["replayed"]), (&json!(number.to_string()), &json!(true)));
    }
    fire(251).await;
    let item = next(&mut resumed).await;
    assert_eq!((&item["event"]["threshold"], &item["replayed"]), (&json!("251"), &json!(false)));

    let polled = world.data(&tenant, "query($a: String) { usageAlertEvents(after: $a, first: 2) { totalCount nodes { threshold } pageInfo { hasNextPage } } }", json!({"a": start["cursor"]})).await;
    assert_eq!(
        polled["usageAlertEvents"],
        json!({"totalCount": 251, "nodes": [{"threshold": "1"}, {"threshold": "2"}], "pageInfo": {"hasNextPage": true}})
    );
    let latest = world
        .data(
            &tenant,
            "{ usageAlertEvents(last: 1) { nodes { threshold } pageInfo { hasNextPage hasPreviousPage } } }",
            json!({}),
        )
        .await;
    assert_eq!(
        latest["usageAlertEvents"],
        json!({"nodes": [{"threshold": "251"}], "pageInfo": {"hasNextPage": false, "hasPreviousPage": true}})
    );

    let answer = follow(json!("nonsense")).next().await.unwrap();
    assert_eq!(answer.errors[0].extensions.as_ref().unwrap().get("code"), Some(&"INVALID_CURSOR".into()));
    let sender =
        viewer(Scope::Project(organisation.parse().unwrap(), ProjectId::from_uuid(uuid::Uuid::nil())), Role::Ingest);
    let refused =
        Box::pin(world.schema.execute_stream(world.request(&sender, document, json!({})))).next().await.unwrap();
    assert_eq!(refused.errors[0].extensions.as_ref().unwrap().get("code"), Some(&"FORBIDDEN".into()));
}
