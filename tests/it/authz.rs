//! Who may do what: every root field of the schema, asked with every kind of key and without one. The
//! fields come from the schema itself, so a new one without a case fails here.

use harness::{Answer, Client, Socket, TestApp, World, both};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use cases::{CASES, Case, KEYS};

mod cases;

/// The root fields of the schema, asked of the server itself.
pub(crate) async fn root_fields(client: &Client) -> BTreeSet<(String, String)> {
    let data = client.get("{ __schema { queryType { name fields { name } } mutationType { name fields { name } } subscriptionType { name fields { name } } } }", json!({})).await;
    let roots = data["__schema"].as_object().unwrap();
    let fields = |root: &Value| -> Vec<(String, String)> {
        let name = root["name"].as_str().unwrap().to_owned();
        root["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|field| (name.clone(), field["name"].as_str().unwrap().to_owned()))
            .collect()
    };
    roots.values().flat_map(fields).collect()
}

both! {
    /// The table is the whole schema, and it is what happens.
    async fn every_field_is_open_to_whom_it_should_be(app: &TestApp) {
        let world = World::new(app).await;
        let listed: BTreeSet<(String, String)> = CASES.iter().map(|case| (case.root.to_owned(), case.field.to_owned())).collect();
        assert_eq!(listed.len(), CASES.len(), "a field is listed twice");
        let served = root_fields(&world.operator).await;
        let without: Vec<_> = served.difference(&listed).collect();
        let gone: Vec<_> = listed.difference(&served).collect();
        assert!(without.is_empty() && gone.is_empty(), "fields without a case: {without:?}; cases without a field: {gone:?}");

        let acme = world.tenant_without_subscription(app, "Acme").await;
        let keys = keys(app, &world, &acme.id, &acme.project).await;
        let mut wrong = Vec::new();
        for case in CASES {
            let open_to: Vec<char> = case.open_to.chars().filter(|letter| *letter != ' ').collect();
            assert_eq!(open_to.len(), KEYS.len(), "{}", case.field);
            for ((kind, client), expected) in KEYS.iter().zip(&keys).zip(open_to) {
                let code = ask(app, client, case, &acme.id).await;
                let open = code.as_deref() != Some("FORBIDDEN");
                if open != (expected == 'x') || code.as_deref().is_some_and(|code| ["UNAUTHENTICATED", "INTERNAL", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"].contains(&code)) {
                    wrong.push(format!("{}.{} with {kind:?}: {code:?}", case.root, case.field));
                }
            }
            // Without a key nothing is even parsed.
            if case.root != "SubscriptionRoot" {
                let answer = app.stranger().ask(case.document, variables(&acme.id)).await;
                if (answer.status, answer.code()) != (401, Some("UNAUTHENTICATED")) || answer.body.get("data").is_some() {
                    wrong.push(format!("{}.{} without a key: {}", case.root, case.field, answer.body));
                }
            }
        }
        assert!(wrong.is_empty(), "{} doors are wrong:\n{}", wrong.len(), wrong.join("\n"));
        // Nothing was made on the way.
        let counts = world.operator.get("query($org: ID!) { organisations { totalCount } metrics { totalCount } plans { totalCount } issuingEntities { totalCount } projects(organisationId: $org) { totalCount } }", json!({"org": acme.id})).await;
        assert_eq!(counts, json!({"organisations": {"totalCount": 1}, "metrics": {"totalCount": 3}, "plans": {"totalCount": 1}, "issuingEntities": {"totalCount": 1}, "projects": {"totalCount": 1}}));
    }

    /// The bulk endpoint and the links are doors as well.
    async fn the_doors_beside_graphql(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant_without_subscription(app, "Acme").await;
        for (((scope, role), client), may) in KEYS.iter().zip(keys(app, &world, &acme.id, &acme.project).await).zip("xx--xx-x-x-".chars()) {
            let answer = client.post_events_for(Some(&acme.id), "application/json", "[]").await;
            assert_eq!(answer.status, if may == 'x' { 200 } else { 403 }, "{scope} {role}: {}", answer.body);
        }
        assert_eq!(world.operator.post_events("application/json", "[]").await.status, 400, "an operator names the organisation");
        assert_eq!(app.stranger().post_events("application/json", "[]").await.status, 401);
        for path in ["/v1/invoices/org_0/inv_0/pdf", "/v1/invoices/org_0/inv_0/pdf?expires=99999999999&signature=00"] {
            let status = app.http.get(format!("http://{}{path}", app.address)).send().await.unwrap().status().as_u16();
            assert!([400, 401, 403, 404].contains(&status), "{path}: {status}");
        }
    }

    /// Nobody hands out more than they have, and what is taken back ends at once.
    async fn keys_are_handed_out_downwards_and_end(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant_without_subscription(app, "Acme").await;
        let keys: BTreeMap<(&str, &str), Client> = KEYS.into_iter().zip(keys(app, &world, &acme.id, &acme.project).await).collect();
        for (maker, made, may) in [
            (("OPERATOR", "OWNER"), ("OPERATOR", "OWNER"), true),
            (("OPERATOR", "ADMIN"), ("OPERATOR", "ADMIN"), true),
            (("OPERATOR", "ADMIN"), ("OPERATOR", "OWNER"), false),
            (("OPERATOR", "ADMIN"), ("ORGANISATION", "OWNER"), true),
            (("ORGANISATION", "OWNER"), ("ORGANISATION", "OWNER"), true),
            (("ORGANISATION", "ADMIN"), ("ORGANISATION", "OWNER"), false),
            (("ORGANISATION", "ADMIN"), ("ORGANISATION", "ADMIN"), true),
            (("ORGANISATION", "DEVELOPER"), ("ORGANISATION", "VIEWER"), false),
            (("ORGANISATION", "DEVELOPER"), ("PROJECT", "INGEST"), true),
            (("ORGANISATION", "OWNER"), ("OPERATOR", "SUPPORT"), false),
            (("OPERATOR", "OWNER"), ("ORGANISATION", "SUPPORT"), false),
            (("OPERATOR", "OWNER"), ("PROJECT", "OWNER"), false),
        ] {
            let answer = keys[&maker].mutate("apiKeyCreate", new_key(made, &acme.id, &acme.project), "secret apiKey { id prefix }").await;
            assert_eq!(answer.is_fine(), may, "{maker:?} makes {made:?}: {}", answer.body);
            let secret = answer.data("/apiKeyCreate/secret").as_str();
            assert_eq!(secret.is_some(), may, "{maker:?} makes {made:?}: {}", answer.body);
            if let Some(secret) = secret {
                let prefix = answer.data("/apiKeyCreate/apiKey/prefix").as_str().unwrap();
                assert!(secret.starts_with(prefix) && secret.len() >= prefix.len() + 32, "only the start stays visible");
                assert!(app.client(secret).ask("{ viewer { role } }", json!({})).await.is_fine());
            }
        }
        // A key's secret is in no list.
        let made = keys[&("ORGANISATION", "OWNER")].make("apiKeyCreate", new_key(("PROJECT", "INGEST"), &acme.id, &acme.project), "secret apiKey { id }").await;
        let secret = made["secret"].as_str().unwrap();
        let list = acme.owner.get("{ apiKeys(first: 100) { nodes { id name prefix role scope createdAt lastUsedAt } } }", json!({})).await;
        assert!(list.to_string().contains(made["apiKey"]["id"].as_str().unwrap()) && !list.to_string().contains(secret));

        // It works until it is revoked, and then no more; revoking it again changes nothing.
        let client = app.client(secret);
        assert!(client.ask("{ viewer { role } }", json!({})).await.is_fine());
        for _ in 0..2 {
            acme.owner.make("apiKeyRevoke", json!({"id": made["apiKey"]["id"]}), "apiKey { revokedAt }").await;
            assert_eq!(client.ask("{ viewer { role } }", json!({})).await.status, 401);
        }
        let past = acme.owner.mutate("apiKeyCreate", json!({"name": "x", "scope": "ORGANISATION", "role": "VIEWER", "expiresAt": "2020-01-01T00:00:00Z"}), "secret").await;
        assert_eq!(past.user_error().unwrap()["code"], "EXPIRES_IN_PAST");
    }
}

/// Every mutation with a document that a rule refuses.
pub(crate) fn write_documents() -> impl Iterator<Item = (&'static str, &'static str)> {
    CASES.iter().filter(|case| case.root == "Mutation").map(|case| (case.field, case.document))
}

async fn ask(app: &TestApp, client: &Client, case: &Case, organisation: &str) -> Option<String> {
    if case.root != "SubscriptionRoot" {
        let answer: Answer = client.ask(case.document, variables(organisation)).await;
        return answer.code().or_else(|| answer.user_error()?["code"].as_str()).map(str::to_owned);
    }
    let mut socket = Socket::connect(app.address, Some(client.key())).await.unwrap();
    socket.subscribe(case.document, variables(organisation)).await;
    socket.next().await.err().map(|errors| errors[0]["extensions"]["code"].as_str().unwrap_or("?").to_owned())
}

/// Ids of the right kinds that belong to nothing; the organisation is the tenant's own.
pub(crate) fn variables(organisation: &str) -> Value {
    let mut variables = json!({"org": organisation});
    for kind in ["prj", "met", "plan", "sub", "ise", "inv", "alr", "plg", "pgv", "upl", "key", "aud"] {
        variables[kind] = json!(format!("{kind}_{}", "0".repeat(25) + "1"));
    }
    variables
}

fn new_key((scope, role): (&str, &str), organisation: &str, project: &str) -> Value {
    let mut input = json!({"name": format!("{scope} {role}"), "scope": scope, "role": role});
    if scope != "OPERATOR" {
        input["organisationId"] = json!(organisation);
    }
    if scope == "PROJECT" {
        input["projectId"] = json!(project);
    }
    input
}

/// One client for each of [`KEYS`].
async fn keys(app: &TestApp, world: &World, organisation: &str, project: &str) -> Vec<Client> {
    let mut clients = Vec::new();
    for kind in KEYS {
        clients.push(app.client(&world.key(new_key(kind, organisation, project)).await));
    }
    clients
}
