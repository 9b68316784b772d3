//! Who may call, and from where: custom roles, tokens lent to a browser, lists of addresses, and proxies that are
//! believed only when the operator says so.

use harness::{Client, TestApp, World, both};
use serde_json::{Value, json};

const WHO: &str = "{ viewer { role scope permissions } }";

/// Asks with a token as a page of `origin` would.
async fn from_page(app: &TestApp, token: &str, origin: Option<&str>, query: &str) -> (u16, Value) {
    let mut request = app.http.post(format!("http://{}/graphql", app.address)).bearer_auth(token);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    let response = request.json(&json!({"query": query})).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn session(client: &Client, input: Value) -> String {
    client.make("sessionCreate", input, "token session { expiresAt }").await["token"].as_str().unwrap().to_owned()
}

both! {
    async fn a_session_is_for_one_page_and_never_more_than_its_key(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant_without_subscription(app, "Acme").await;
        let made = acme.owner.make("apiKeyCreate", json!({"name": "backend", "scope": "ORGANISATION", "role": "DEVELOPER"}), "secret apiKey { id }").await;
        let (key, id) = (app.client(made["secret"].as_str().unwrap()), made["apiKey"]["id"].clone());
        let page = "https://app.example.com";
        let token = session(&key, json!({"audience": page, "expiresInSeconds": 600, "permissions": ["USAGE_READ", "PROJECTS_READ"]})).await;
        assert!(token.starts_with("undash_ses_"), "{token}");

        let (status, body) = from_page(app, &token, Some(page), "{ viewer { scope } projects { totalCount } }").await;
        assert_eq!((status, &body["data"]["viewer"]["scope"], &body["data"]["projects"]["totalCount"]), (200, &json!("ORGANISATION"), &json!(1)), "{body}");
        // Elsewhere, or without an origin, it is nothing.
        for origin in [Some("https://evil.example.com"), Some("https://app.example.com.evil.org"), Some("null"), None] {
            assert_eq!(from_page(app, &token, origin, WHO).await.0, 401, "{origin:?}");
        }
        // What its key may and it was not given, and what no session may.
        for query in ["{ subscriptions { totalCount } }", "{ apiKeys { totalCount } }", "mutation { sessionCreate(input: {audience: \"https://app.example.com\", expiresInSeconds: 60}) { token } }", "mutation { apiKeyCreate(input: {name: \"x\", scope: ORGANISATION, role: VIEWER}) { secret } }"] {
            let (_, body) = from_page(app, &token, Some(page), query).await;
            assert_eq!(body["errors"][0]["extensions"]["code"], "FORBIDDEN", "{query}: {body}");
        }
        // Asking for more than the key has, or for longer than an hour.
        let more = key.mutate("sessionCreate", json!({"audience": page, "expiresInSeconds": 60, "permissions": ["INVOICES_READ"]}), "token").await;
        assert_eq!(more.code(), Some("FORBIDDEN"), "{}", more.body);
        for (input, code) in [
            (json!({"audience": page, "expiresInSeconds": 3601}), "OUT_OF_RANGE"),
            (json!({"audience": "app.example.com", "expiresInSeconds": 60}), "BAD_AUDIENCE"),
            (json!({"audience": page, "expiresInSeconds": 60, "permissions": []}), "MISSING_FIELD"),
        ] {
            assert_eq!(key.mutate("sessionCreate", input, "token").await.user_error().unwrap()["code"], code);
        }
        // A changed token is none, whichever letter it is.
        for place in (11..token.len()).step_by(7) {
            let mut forged = token.clone().into_bytes();
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            assert_eq!(from_page(app, std::str::from_utf8(&forged).unwrap(), Some(page), WHO).await.0, 401, "letter {place}");
        }
        assert_eq!(from_page(app, &token[..token.len() - 1], Some(page), WHO).await.0, 401);
        // It ends by itself, and with its key.
        let short = session(&key, json!({"audience": page, "expiresInSeconds": 1})).await;
        tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
        assert_eq!(from_page(app, &short, Some(page), WHO).await.0, 401);
        acme.owner.make("apiKeyRevoke", json!({"id": id}), "apiKey { id }").await;
        assert_eq!(from_page(app, &token, Some(page), WHO).await.0, 401);
    }

    async fn a_custom_role_is_what_its_permissions_are(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant_without_subscription(app, "Acme").await;
        let globex = world.tenant_without_subscription(app, "Globex").await;
        let role = acme.owner.make("roleCreate", json!({"name": "Auditor", "permissions": ["INVOICES_READ", "AUDIT_READ"]}), "role { id version }").await;
        let role = &role["role"]["id"];
        let made = acme.owner.make("apiKeyCreate", json!({"name": "auditor", "scope": "ORGANISATION", "roleId": role}), "secret apiKey { id role }").await;
        assert_eq!(made["apiKey"]["role"], "CUSTOM");
        let auditor = app.client(made["secret"].as_str().unwrap());
        assert!(auditor.ask("{ invoices { totalCount } auditEvents { totalCount } }", json!({})).await.is_fine());
        assert_eq!(auditor.ask("{ subscriptions { totalCount } }", json!({})).await.code(), Some("FORBIDDEN"));

        // Nobody hands out what they lack, and a tenant never what is the operator's.
        let beyond = acme.owner.mutate("roleCreate", json!({"name": "Big", "permissions": ["CATALOGUE_WRITE"]}), "role { id }").await;
        assert_eq!(beyond.user_error().unwrap()["code"], "ROLE_DOES_NOT_FIT");
        // Another tenant's role is not there.
        for (field, input) in [("roleUpdate", json!({"id": role, "expectedVersion": 1, "name": "Mine"})), ("roleDelete", json!({"id": role})), ("apiKeyCreate", json!({"name": "x", "scope": "ORGANISATION", "roleId": role}))] {
            let answer = globex.owner.mutate(field, input, "errors { code }").await;
            assert_eq!(answer.user_error().unwrap()["code"], "NOT_FOUND", "{field}: {}", answer.body);
        }
        assert_eq!(globex.owner.get("query($id: ID!) { node(id: $id) { id } }", json!({"id": role})).await["node"], Value::Null);

        // A change is seen by the keys that have it, at once on this node; an old look at it is refused.
        let changed = json!({"id": role, "expectedVersion": 1, "permissions": ["SUBSCRIPTIONS_READ"]});
        acme.owner.make("roleUpdate", changed.clone(), "role { version }").await;
        assert_eq!(acme.owner.mutate("roleUpdate", changed, "role { id }").await.user_error().unwrap()["code"], "VERSION_CONFLICT");
        assert!(auditor.ask("{ subscriptions { totalCount } }", json!({})).await.is_fine());
        assert_eq!(auditor.ask("{ invoices { totalCount } }", json!({})).await.code(), Some("FORBIDDEN"));

        // In use it stays; unused it goes.
        assert_eq!(acme.owner.mutate("roleDelete", json!({"id": role}), "role { id }").await.user_error().unwrap()["code"], "ROLE_IN_USE");
        acme.owner.make("apiKeyRevoke", json!({"id": made["apiKey"]["id"]}), "apiKey { id }").await;
        acme.owner.make("roleDelete", json!({"id": role}), "role { id }").await;
    }

    async fn addresses_decide_who_is_heard(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant_without_subscription(app, "Acme").await;
        // A key with a list of its own: the tests call from 127.0.0.1.
        for (list, heard) in [(json!(["127.0.0.0/8"]), true), (json!(["::ffff:127.0.0.1"]), true), (json!(["192.0.2.0/24", "2001:db8::/32"]), false)] {
            let made = acme.owner.make("apiKeyCreate", json!({"name": "x", "scope": "ORGANISATION", "role": "DEVELOPER", "ipAllowList": list}), "secret").await;
            let client = app.client(made["secret"].as_str().unwrap());
            let answer = client.ask(WHO, json!({})).await;
            assert_eq!((answer.status, answer.is_fine()), (if heard { 200 } else { 403 }, heard), "{list}: {}", answer.body);
            let bulk = client.post_events("application/json", "[]").await;
            assert_eq!(bulk.status, if heard { 200 } else { 403 }, "{list}: {}", bulk.body);
        }
        let bad = acme.owner.mutate("apiKeyCreate", json!({"name": "x", "scope": "ORGANISATION", "role": "VIEWER", "ipAllowList": ["10.0.0.0/8", "10.0.0.0/99"]}), "secret").await;
        let error = bad.user_error().unwrap();
        assert_eq!(error["path"], json!(["ipAllowList", "1"]), "{error}");

        // The organisation's list binds every key of it, but not the operator's; nobody locks itself out by accident.
        let update = |list: Value, version: i32, force: bool| json!({"expectedVersion": version, "ipAllowList": list, "force": force});
        let locked = acme.owner.mutate("organisationAccessUpdate", update(json!(["192.0.2.1"]), 1, false), "organisation { id }").await;
        assert_eq!(locked.user_error().unwrap()["code"], "LOCKS_YOU_OUT");
        acme.owner.make("organisationAccessUpdate", update(json!(["192.0.2.1"]), 1, true), "organisation { id }").await;
        for client in [&acme.owner, &acme.ingest] {
            let answer = client.ask(WHO, json!({})).await;
            assert_eq!((answer.status, answer.code()), (403, Some("FORBIDDEN")), "{}", answer.body);
        }
        // The header of a proxy that nobody trusts moves no one.
        let response = app.http.post(format!("http://{}/graphql", app.address)).bearer_auth(acme.owner.key()).header("x-forwarded-for", "192.0.2.1").json(&json!({"query": WHO})).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 403);
        let mut open = update(json!([]), 2, false);
        open["organisationId"] = json!(acme.id);
        world.operator.make("organisationAccessUpdate", open, "organisation { id }").await;
        assert!(acme.owner.ask(WHO, json!({})).await.is_fine());
    }
}
