//! Every mutation leaves exactly the row it should, a refused one none, and secrets are in no row. The mutations come
//! from the schema itself, so that a new one without a step fails here.

use super::*;
use crate::authz::{root_fields, variables, write_documents};
use crate::dead_letters::{dead_letter, give_up};
use crate::uploads::sha256;

/// The row of a request, if it left one; never more.
fn of_request<'a>(rows: &'a [Value], request: &str) -> Option<&'a Value> {
    let mut ours = rows.iter().filter(|row| row["requestId"] == request);
    let row = ours.next();
    assert!(ours.next().is_none(), "one request, one row");
    row
}

/// Performs mutations and looks what they left.
pub(super) struct Witness<'a> {
    pub(super) app: &'a TestApp,
    operator_key: String,
    pub(super) organisation: String,
    performed: BTreeSet<String>,
}

impl Witness<'_> {
    async fn ask(&self, document: &str, variables: Value) -> (String, Value) {
        let response = self
            .app
            .http
            .post(format!("http://{}/graphql", self.app.address))
            .bearer_auth(OPERATOR_KEY)
            .json(&json!({"query": document, "variables": variables}))
            .send()
            .await
            .unwrap();
        let request = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        (request, response.json().await.unwrap())
    }

    async fn mutate(&self, field: &str, input: &Value, selection: &str) -> (String, Value) {
        let (first, rest) = field.split_at(1);
        let document = format!(
            "mutation($input: {}{rest}Input!) {{ {field}(input: $input) {{ {selection} errors {{ code message }} }} }}",
            first.to_uppercase()
        );
        self.ask(&document, json!({"input": input})).await
    }

    async fn both_chains(&self) -> [Vec<Value>; 2] {
        [chain(self.app, OPERATOR_KEY, None).await, chain(self.app, OPERATOR_KEY, Some(&self.organisation)).await]
    }

    /// Performs a mutation that must succeed, and that must leave `action` with `changed` fields in a chain; answers
    /// the payload.
    pub(super) async fn does(
        &mut self,
        field: &str,
        input: Value,
        selection: &str,
        expected: (&str, &str, &str),
    ) -> Value {
        let (action, place, changed) = expected;
        let (request, mut body) = self.mutate(field, &input, selection).await;
        let payload = body["data"][field].take();
        assert!(payload.is_object() && payload["errors"] == json!([]), "{field}: {body} {payload}");
        let [installation, own] = self.both_chains().await;
        let (here, there) = if place == "installation" { (&installation, &own) } else { (&own, &installation) };
        assert!(of_request(there, &request).is_none(), "{field} is told in the other chain");
        let row =
            of_request(here, &request).unwrap_or_else(|| panic!("{field} left no row in the chain of the {place}"));
        assert_eq!(row["action"], action, "{field}");
        assert_eq!(
            (&row["actorKind"], &row["actorKeyId"], &row["actorRole"]),
            (&json!("API_KEY"), &json!(self.operator_key), &json!("OWNER"))
        );
        assert_eq!(row["address"], "127.0.0.1", "{field}");
        let fields: Vec<&str> =
            row["changes"].as_array().unwrap().iter().map(|change| change["field"].as_str().unwrap()).collect();
        assert_eq!(fields.join(" "), changed, "{field}: {row}");
        self.performed.insert(field.to_owned());
        payload
    }

    /// Does the same again, which changes nothing and therefore leaves nothing.
    pub(super) async fn changes_nothing(&self, field: &str, input: Value, selection: &str) {
        let (request, body) = self.mutate(field, &input, selection).await;
        assert!(body["data"][field]["errors"] == json!([]), "{body}");
        assert!(self.both_chains().await.iter().all(|rows| of_request(rows, &request).is_none()), "{field}");
    }
}

harness::both_with_razorpay! {
    async fn every_mutation_leaves_its_row_and_a_refused_one_none(app: &TestApp, _razorpay: &Simulator) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        let key = world.operator.get("{ viewer { apiKeyId } }", json!({})).await["viewer"]["apiKeyId"].as_str().unwrap().to_owned();
        let mut witness = Witness { app, operator_key: key, organisation: acme.id.clone(), performed: BTreeSet::new() };

        // Refused by a rule, with words: nothing is told.
        let documents: Vec<(&str, &str)> = write_documents().collect();
        for (field, document) in &documents {
            let (request, body) = witness.ask(document, variables(&acme.id)).await;
            let refused = body["data"][field]["errors"][0]["code"].is_string() || body["errors"].is_array();
            assert!(refused || *field == "usageIngest", "{field}: {body}");
            assert!(witness.both_chains().await.iter().all(|rows| of_request(rows, &request).is_none()), "{field} was refused and is told");
        }

        let mut secrets = catalogue(&mut witness, &world, &acme.project).await;
        tenant(&mut witness, &world, &acme.id, &acme.project, &acme.subscription).await;
        money::moves(&mut witness, &acme.id).await;
        secrets.extend(plugin_steps::plugins(&mut witness, &world).await);
        secrets.extend(access(&mut witness).await);
        // A file inside a request is kept by the use case that keeps the bytes of a PUT, whose row was looked at.
        witness.performed.insert("pluginUploadSend".to_owned());

        let served: BTreeSet<String> = root_fields(&world.operator).await.into_iter().filter(|(root, _)| root == "Mutation").map(|(_, field)| field).collect();
        let without: Vec<_> = served.difference(&witness.performed).collect();
        assert!(without.is_empty(), "mutations that nobody watched: {without:?}");

        // Secrets are in no row, nor anything that could be one.
        secrets.extend([OPERATOR_KEY.to_owned(), acme.owner.key().to_owned(), acme.ingest.key().to_owned()]);
        let digests: Vec<String> = secrets.iter().map(|secret| sha256(secret.as_bytes())).collect();
        let told: String = witness.both_chains().await.concat().iter().map(Value::to_string).collect();
        for forbidden in secrets.iter().chain(&digests).map(String::as_str).chain(["signature=", "\"secret", "\"token", "password", "Bearer ", "\\u0000asm", "BEGIN PRIVATE"]) {
            assert!(!told.contains(forbidden), "{forbidden} is in the audit trail");
        }
    }
}

async fn catalogue(witness: &mut Witness<'_>, world: &World, project: &str) -> Vec<String> {
    let organisation = witness.organisation.clone();
    witness
        .does(
            "metricCreate",
            json!({"code": "gpu", "name": "GPU", "unit": "second", "aggregation": "SUM"}),
            "metric { id }",
            ("METRIC_CREATED", "installation", "code name unit aggregation"),
        )
        .await;
    let terms = json!({"currency": "USD", "cadence": "MONTH", "fixedFees": [{"code": "platform", "name": "Platform fee", "amount": "20.00", "timing": "ARREARS"}]});
    let plan = witness
        .does(
            "planCreate",
            json!({"code": "flat", "name": "Flat", "terms": terms}),
            "plan { id }",
            ("PLAN_CREATED", "installation", "code name number terms"),
        )
        .await;
    witness
        .does(
            "planVersionPublish",
            json!({"planId": plan["plan"]["id"], "terms": terms}),
            "planVersion { id }",
            ("PLAN_VERSION_PUBLISHED", "installation", "planId number terms"),
        )
        .await;
    let regime = json!({"model": "FLAT", "parameters": [{"name": "code", "text": "IGST"}, {"name": "name", "text": "IGST"}, {"name": "rate_percent", "number": "18"}]});
    witness.does("issuingEntityCreate", json!({"name": "Second", "address": ["Road 1"], "country": "IN", "taxRegime": regime, "invoicePrefix": "SEC"}), "issuingEntity { id }", ("ISSUING_ENTITY_CREATED", "installation", "name legalName address country taxRegime.model brandColour invoicePrefix paymentTermsDays footer")).await;

    let made = witness
        .does(
            "apiKeyCreate",
            json!({"name": "ops", "scope": "OPERATOR", "role": "SUPPORT"}),
            "secret apiKey { id }",
            ("API_KEY_CREATED", "installation", "name prefix scope role"),
        )
        .await;
    let key = json!({"name": "ci", "scope": "PROJECT", "organisationId": organisation, "projectId": project, "role": "INGEST", "expiresAt": "2100-01-01T00:00:00Z"});
    let own = witness
        .does(
            "apiKeyCreate",
            key,
            "secret apiKey { id }",
            ("API_KEY_CREATED", "organisation", "name prefix scope projectId role expiresAt"),
        )
        .await;
    let revoke = json!({"id": own["apiKey"]["id"]});
    witness
        .does("apiKeyRevoke", revoke.clone(), "apiKey { id }", ("API_KEY_REVOKED", "organisation", "revokedAt"))
        .await;
    witness.changes_nothing("apiKeyRevoke", revoke, "apiKey { id }").await;

    let globex = json!({"name": "Globex", "legalName": "Globex", "address": ["Road 2"], "country": "IN", "currency": "USD", "issuingEntityId": world.issuer});
    // A new organisation begins a chain of its own.
    let (request, body) = witness.mutate("organisationCreate", &globex, "organisation { id }").await;
    let globex = body["data"]["organisationCreate"]["organisation"]["id"].as_str().unwrap();
    let rows = chain(witness.app, OPERATOR_KEY, Some(globex)).await;
    assert_eq!(
        (rows.len(), &rows[0]["action"], &rows[0]["requestId"], &rows[0]["sequence"]),
        (1, &json!("ORGANISATION_CREATED"), &json!(request), &json!(1))
    );
    witness.performed.insert("organisationCreate".to_owned());
    vec![made["secret"].as_str().unwrap().to_owned(), own["secret"].as_str().unwrap().to_owned()]
}

async fn tenant(witness: &mut Witness<'_>, world: &World, organisation: &str, project: &str, ended: &str) {
    witness
        .does(
            "projectCreate",
            json!({"organisationId": organisation, "code": "staging", "name": "Staging"}),
            "project { id }",
            ("PROJECT_CREATED", "organisation", "code name"),
        )
        .await;
    let start = chrono::Utc::now().to_rfc3339();
    let subscribed = witness
        .does(
            "subscriptionCreate",
            json!({"organisationId": organisation, "planId": world.plan, "startsAt": start}),
            "subscription { id nextPeriod { start end } }",
            ("SUBSCRIPTION_CREATED", "organisation", "planId planVersionId anchor startsAt"),
        )
        .await;
    let subscription = &subscribed["subscription"];
    let ends = json!({"organisationId": organisation, "id": subscription["id"], "endsAt": "2100-01-01T00:00:00Z"});
    witness
        .does("subscriptionEnd", ends, "subscription { id }", ("SUBSCRIPTION_ENDED", "organisation", "endsAt"))
        .await;
    let rule = json!({"organisationId": organisation, "name": "Budget", "subscriptionId": subscription["id"], "subject": "COST", "thresholds": ["100", "200.5"]});
    let rule = witness
        .does(
            "alertRuleCreate",
            rule,
            "alertRule { id }",
            ("ALERT_RULE_CREATED", "organisation", "name subscriptionId subject thresholds"),
        )
        .await;
    let disable = json!({"organisationId": organisation, "id": rule["alertRule"]["id"]});
    witness
        .does(
            "alertRuleDisable",
            disable.clone(),
            "alertRule { id }",
            ("ALERT_RULE_DISABLED", "organisation", "disabledAt"),
        )
        .await;
    witness.changes_nothing("alertRuleDisable", disable, "alertRule { id }").await;
    let event = |id: &str| json!({"transactionId": id, "metric": "requests", "projectId": project, "occurredAt": "2024-03-10T12:00:00Z"});
    let events = json!({"organisationId": organisation, "events": [event("a"), event("b"), event("a"), {"transactionId": "c", "metric": "no such", "projectId": project, "occurredAt": "2024-03-10T12:00:00Z"}]});
    witness
        .does(
            "usageIngest",
            events,
            "accepted",
            ("USAGE_INGESTED", "organisation", "accepted duplicates conflicts rejected"),
        )
        .await;
    let told = chain(witness.app, OPERATOR_KEY, Some(organisation)).await;
    let counts: Vec<&Value> = told.iter().find(|row| row["action"] == "USAGE_INGESTED").unwrap()["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| &change["after"])
        .collect();
    assert_eq!(counts, [&json!("2"), &json!("1"), &json!("0"), &json!("1")]);

    // The worker drafts the month that is over.
    let drafted = wait_for(witness.app, organisation, "INVOICE_DRAFTED").await;
    assert!(
        drafted["changes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|change| change["field"] == "subscriptionId" && change["after"] == ended)
    );
    let invoice = json!({"organisationId": organisation, "id": drafted["subjectId"]});
    witness
        .does(
            "invoiceFinalize",
            invoice.clone(),
            "invoice { number }",
            ("INVOICE_FINALISED", "organisation", "state number issuedAt dueAt"),
        )
        .await;
    witness.changes_nothing("invoiceFinalize", invoice.clone(), "invoice { number }").await;
    witness.does("invoiceVoid", invoice, "invoice { state }", ("INVOICE_VOIDED", "organisation", "state")).await;

    hold(witness.app, organisation, subscription).await;
    let run = json!({"organisationId": organisation, "subscriptionId": subscription["id"], "periodStart": subscription["nextPeriod"]["start"]});
    witness
        .does("billingRunRetry", run, "billingRun { id }", ("BILLING_RUN_RETRIED", "organisation", "periodStart state"))
        .await;

    let job = json!({"ids": [dead_letter(witness.app, organisation).await]});
    witness.does("jobsReplay", job.clone(), "jobs { id }", ("JOB_REPLAYED", "organisation", "state topic")).await;
    give_up(witness.app).await;
    let let_be = json!({"ids": job["ids"], "reason": "A test."});
    witness.does("jobsDiscard", let_be, "jobs { id }", ("JOB_DISCARDED", "organisation", "state topic reason")).await;
}

/// Holds a period that is not over, so that no worker touches it.
async fn hold(app: &TestApp, organisation: &str, subscription: &Value) {
    use undash::store::billing_run::{RunKey, claim_in_tx, hold};
    let time = |field: &str| subscription["nextPeriod"][field].as_str().unwrap().parse().unwrap();
    let key = RunKey {
        organisation_id: organisation.parse().unwrap(),
        subscription_id: subscription["id"].as_str().unwrap().parse().unwrap(),
        period_start: time("start"),
    };
    let (store, now) = (&app.app.store, chrono::Utc::now());
    let tx = store.begin().await.unwrap();
    assert!(claim_in_tx(&tx, &key, time("end"), now, chrono::TimeDelta::seconds(1)).await.unwrap());
    tx.commit().await.unwrap();
    assert!(hold(store, &key, "told to", now + chrono::TimeDelta::days(1), now).await.unwrap());
}

async fn access(witness: &mut Witness<'_>) -> Vec<String> {
    let organisation = witness.organisation.clone();
    let role = json!({"organisationId": organisation, "name": "Reader", "permissions": ["USAGE_READ"]});
    let role =
        witness.does("roleCreate", role, "role { id }", ("ROLE_CREATED", "organisation", "name permissions")).await;
    let id = &role["role"]["id"];
    let changed = json!({"id": id, "expectedVersion": 1, "permissions": ["USAGE_READ", "INVOICES_READ"]});
    witness.does("roleUpdate", changed, "role { id }", ("ROLE_UPDATED", "organisation", "permissions")).await;
    witness
        .does("roleDelete", json!({"id": id}), "role { id }", ("ROLE_DELETED", "organisation", "name permissions"))
        .await;
    let key = json!({"name": "ops", "scope": "ORGANISATION", "organisationId": organisation, "role": "VIEWER"});
    let key = witness
        .does(
            "apiKeyCreate",
            key,
            "secret apiKey { id }",
            ("API_KEY_CREATED", "organisation", "name prefix scope role"),
        )
        .await;
    let changed = json!({"id": key["apiKey"]["id"], "expectedVersion": 1, "ipAllowList": ["192.0.2.0/24"]});
    witness.does("apiKeyUpdate", changed, "apiKey { id }", ("API_KEY_UPDATED", "organisation", "ipAllowList")).await;
    let list = json!({"organisationId": organisation, "expectedVersion": 1, "ipAllowList": ["127.0.0.0/8"]});
    witness
        .does(
            "organisationAccessUpdate",
            list,
            "organisation { id }",
            ("ORGANISATION_ACCESS_UPDATED", "organisation", "ipAllowList"),
        )
        .await;
    let session = json!({"organisationId": organisation, "audience": "https://app.example.com", "expiresInSeconds": 60, "permissions": ["USAGE_READ"]});
    let session = witness
        .does("sessionCreate", session, "token", ("SESSION_CREATED", "organisation", "audience permissions expiresAt"))
        .await;
    let document = json!({"documents": [{"name": "Who", "text": "{ viewer { role } }"}]});
    let registered = witness
        .does(
            "trustedDocumentRegister",
            document.clone(),
            "trustedDocuments { id }",
            ("TRUSTED_DOCUMENT_REGISTERED", "installation", "name digest"),
        )
        .await;
    witness.changes_nothing("trustedDocumentRegister", document, "trustedDocuments { id }").await;
    let id = &registered["trustedDocuments"][0]["id"];
    witness
        .does(
            "trustedDocumentRemove",
            json!({"id": id}),
            "trustedDocument { id }",
            ("TRUSTED_DOCUMENT_REMOVED", "installation", "name digest"),
        )
        .await;
    vec![key["secret"].as_str().unwrap().to_owned(), session["token"].as_str().unwrap().to_owned()]
}
