//! Builders: an operator's catalogue and a tenant with sensible defaults, made through GraphQL like
//! anybody's. A journey says only what matters to it.

use serde_json::{Value, json};

use crate::{Client, TestApp};
use throwaway::unique;

/// The month the tests bill: past on every clock, young enough to be taken.
pub const PERIOD: (&str, &str) = ("2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z");

/// The operator's side: an issuing entity, the three metrics of the demo and its plan.
pub struct World {
    /// With the operator's key.
    pub operator: Client,
    /// The issuing entity.
    pub issuer: String,
    /// The plan.
    pub plan: String,
    /// Ids of `context_tokens`, `generated_tokens` and `requests`.
    pub metrics: [String; 3],
}

/// A customer: an organisation with one project and a subscription for [`PERIOD`].
pub struct Tenant {
    /// The organisation.
    pub id: String,
    /// Its project.
    pub project: String,
    /// Its subscription.
    pub subscription: String,
    /// With the key of an owner of the organisation.
    pub owner: Client,
    /// With a key that may only send usage of the project.
    pub ingest: Client,
}

/// The terms of the demo, whose numbers anybody can check by hand.
pub fn demo_terms() -> Value {
    json!({
        "currency": "USD",
        "cadence": "MONTH",
        "charges": [
            {"code": "context_tokens", "name": "Context tokens", "metric": "context_tokens", "model": "PER_UNIT",
             "parameters": [{"name": "unit_amount", "number": "0.000003"}]},
            {"code": "generated_tokens", "name": "Generated tokens", "metric": "generated_tokens", "model": "GRADUATED",
             "parameters": [{"name": "tiers", "tiers": [
                {"upTo": "100000", "unitAmount": "0.000015"},
                {"upTo": "500000", "unitAmount": "0.000012"},
                {"unitAmount": "0.00001"}]}]},
            {"code": "requests", "name": "Requests", "metric": "requests", "model": "PACKAGE",
             "parameters": [{"name": "package_size", "number": "1000"}, {"name": "package_amount", "number": "0.25"}, {"name": "free_units", "number": "1000"}]},
        ],
        "fixedFees": [{"code": "platform", "name": "Platform fee", "amount": "20.00", "timing": "ARREARS"}],
    })
}

impl World {
    /// Makes the catalogue on an empty server.
    pub async fn new(app: &TestApp) -> Self {
        let operator = app.operator();
        let issuer = issuer(&operator, "INV").await;
        let metrics = [
            metric(&operator, "context_tokens", "SUM").await,
            metric(&operator, "generated_tokens", "SUM").await,
            metric(&operator, "requests", "COUNT").await,
        ];
        let plan = plan(&operator, "llm-api", demo_terms()).await;
        Self { operator, issuer, plan, metrics }
    }

    /// Makes a customer on the plan of the world.
    pub async fn tenant(&self, app: &TestApp, name: &str) -> Tenant {
        let tenant = self.tenant_without_subscription(app, name).await;
        let subscription = self.subscribe(&tenant.id, &self.plan, PERIOD).await;
        Tenant { subscription, ..tenant }
    }

    /// Makes a customer that subscribes to nothing yet.
    pub async fn tenant_without_subscription(&self, app: &TestApp, name: &str) -> Tenant {
        let id = self.organisation(name).await;
        let project = project(&self.operator, &id, "production").await;
        let owner =
            app.client(&self.key(json!({"scope": "ORGANISATION", "organisationId": id, "role": "OWNER"})).await);
        let ingest = app.client(
            &self.key(json!({"scope": "PROJECT", "organisationId": id, "projectId": project, "role": "INGEST"})).await,
        );
        Tenant { id, project, subscription: String::new(), owner, ingest }
    }

    /// Makes an organisation.
    pub async fn organisation(&self, name: &str) -> String {
        let input = json!({
            "name": name, "legalName": format!("{name} Private Limited"), "address": ["Unit 7, Marine Lines", "Mumbai 400020"],
            "country": "IN", "region": "27", "timezone": "UTC", "currency": "USD", "issuingEntityId": self.issuer, "email": "accounts@customer.example",
        });
        text(&self.operator.make("organisationCreate", input, "organisation { id }").await["organisation"]["id"])
    }

    /// Makes a key; the input needs no name.
    pub async fn key(&self, mut input: Value) -> String {
        input["name"] = json!("test");
        text(&self.operator.make("apiKeyCreate", input, "secret").await["secret"])
    }

    /// Subscribes an organisation to a plan for one stretch of time.
    pub async fn subscribe(&self, organisation: &str, plan: &str, (from, until): (&str, &str)) -> String {
        let input = json!({"organisationId": organisation, "planId": plan, "startsAt": from, "endsAt": until});
        text(&self.operator.make("subscriptionCreate", input, "subscription { id }").await["subscription"]["id"])
    }

    /// Makes a plan.
    pub async fn plan(&self, code: &str, terms: Value) -> String {
        plan(&self.operator, code, terms).await
    }

    /// Makes a project.
    pub async fn project(&self, organisation: &str, code: &str) -> String {
        project(&self.operator, organisation, code).await
    }
}

impl Tenant {
    /// Sends one event of the period with a value, and expects it to be taken.
    pub async fn use_once(&self, transaction: &str, metric: &str, value: &str) {
        let event = json!([{"transactionId": transaction, "metric": metric, "projectId": self.project, "occurredAt": "2024-03-10T12:00:00Z", "value": value}]);
        let answer = self.owner.post_events("application/json", event.to_string()).await;
        assert_eq!((answer.status, &answer.body["accepted"]), (200, &json!(1)), "{}", answer.body);
    }

    /// The only invoice of the organisation, with `selection` on it.
    pub async fn invoice(&self, selection: &str) -> Value {
        let mut data = self.owner.get(&format!("{{ invoices {{ nodes {{ {selection} }} }} }}"), json!({})).await;
        let nodes = data["invoices"]["nodes"].as_array_mut().expect("a list");
        assert_eq!(nodes.len(), 1, "one invoice: {nodes:?}");
        nodes.remove(0)
    }
}

async fn issuer(operator: &Client, prefix: &str) -> String {
    let input = json!({
        "name": unique("Undash Test"), "address": ["12 Residency Road", "Bengaluru 560025"], "country": "IN", "region": "29", "taxId": "29ABACS0877M1ZS",
        "taxRegime": {"model": "FLAT", "parameters": [{"name": "code", "text": "IGST"}, {"name": "name", "text": "IGST"}, {"name": "rate_percent", "number": "18"}]},
        "invoicePrefix": prefix, "paymentTermsDays": 15, "footer": "made by a test",
    });
    text(&operator.make("issuingEntityCreate", input, "issuingEntity { id }").await["issuingEntity"]["id"])
}

async fn metric(operator: &Client, code: &str, aggregation: &str) -> String {
    let input = json!({"code": code, "name": code, "unit": "unit", "aggregation": aggregation});
    text(&operator.make("metricCreate", input, "metric { id }").await["metric"]["id"])
}

async fn plan(operator: &Client, code: &str, terms: Value) -> String {
    let input = json!({"code": code, "name": code, "terms": terms});
    text(&operator.make("planCreate", input, "plan { id }").await["plan"]["id"])
}

async fn project(operator: &Client, organisation: &str, code: &str) -> String {
    let input = json!({"organisationId": organisation, "code": code, "name": code});
    text(&operator.make("projectCreate", input, "project { id }").await["project"]["id"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is a text")).to_owned()
}
