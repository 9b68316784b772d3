//! An integrator brings a plugin: what is refused and in which words, and how the next invoice is priced
//! by it.

use harness::{PERIOD, World, both};
use serde_json::{Value, json};

use crate::uploads::{FLAT_PRICE, announce, put, sha256, upload, version};

/// March and April, so that a plugin can come into force between them.
const TWO_MONTHS: (&str, &str) = (PERIOD.0, "2024-05-01T00:00:00Z");

both! {
    /// Uploaded in two steps, in force from April on: March is priced by the standard rule, April by the plugin.
    async fn an_uploaded_rule_prices_the_next_invoice(app: &TestApp) {
        let world = World::new(app).await;
        let plan = world.plan("tokens", terms(&json!([{"name": "unit_amount", "number": "0.000003"}]))).await;
        let upload = upload(app, &world.operator, FLAT_PRICE).await;
        let made = version(&world.operator, "flat-price", &upload, None).await;
        assert!(made.is_fine(), "{}", made.body);
        let digest = format!("sha256:{}", sha256(FLAT_PRICE));
        let of_version = made.data("/pluginVersionCreate/pluginVersion");
        assert_eq!((&of_version["number"], &of_version["digest"]), (&json!(1), &json!(digest)));
        assert_eq!(made.data("/pluginVersionCreate/plugin/kind"), "PRICING");
        assert!(of_version["report"]["fuelUsed"].as_str().unwrap().parse::<u64>().unwrap() > 100, "it was rehearsed");
        let input = json!({"pluginVersionId": of_version["id"], "target": {"planId": plan}, "effectiveFrom": PERIOD.1});
        world.operator.make("pluginActivate", input.clone(), "pluginActivation { id }").await;

        let acme = world.tenant_without_subscription(app, "Acme").await;
        for (id, at) in [("m", "2024-03-10T00:00:00Z"), ("a", "2024-04-10T00:00:00Z")] {
            let event = json!([{"transactionId": id, "metric": "context_tokens", "projectId": acme.project, "occurredAt": at, "value": "1000000"}]);
            assert_eq!(acme.owner.post_events("application/json", event.to_string()).await.body["accepted"], 1);
        }
        world.subscribe(&acme.id, &plan, TWO_MONTHS).await;
        assert_eq!(app.bill().await.issued, 2);
        app.rest().await;

        let data = acme.owner.get("{ invoices { nodes { id period { start } subtotal { amount } } } }", json!({})).await;
        let mut invoices = data["invoices"]["nodes"].as_array().unwrap().clone();
        invoices.sort_by_key(|invoice| invoice["period"]["start"].to_string());
        assert_eq!(invoices.iter().map(|invoice| &invoice["subtotal"]["amount"]).collect::<Vec<_>>(), ["3.00", "7.77"]);

        let explain = "query($id: ID!) { invoiceExplain(id: $id) { plugins { kind name digest } } invoiceRecompute(id: $id) { identical } }";
        let april = acme.owner.get(explain, json!({"id": invoices[1]["id"]})).await;
        assert_eq!(april["invoiceExplain"]["plugins"][0], json!({"kind": "PRICING", "name": "flat-price v1", "digest": digest}));
        assert_eq!(april["invoiceRecompute"]["identical"], true);
        let march = acme.owner.get(explain, json!({"id": invoices[0]["id"]})).await;
        assert_eq!((&march["invoiceExplain"]["plugins"][0]["name"], &march["invoiceRecompute"]["identical"]), (&json!("standard-pricing"), &json!(true)));

        // April is billed: nothing may come into force within it any more, and nothing changes behind our back.
        let late = json!({"pluginVersionId": input["pluginVersionId"], "target": {"planId": plan}, "effectiveFrom": "2024-04-15T00:00:00Z"});
        let refused = world.operator.mutate("pluginActivate", late, "pluginActivation { id }").await;
        assert_eq!((&refused.user_error().unwrap()["code"], &refused.user_error().unwrap()["path"]), (&json!("ALREADY_BILLED"), &json!(["effectiveFrom"])));
    }

    /// What cannot be a plugin is refused with words, and leaves nothing behind.
    async fn what_cannot_be_a_plugin_is_refused(app: &TestApp) {
        let operator = app.operator();
        // A rule like any other that wants to see the environment as well: one more import at its end, of an instance
        // of a type that it has already.
        let import = wat::parse_str(r#"(component (import "wasi:cli/environment@0.2.0" (instance)))"#).unwrap();
        let foreign = [FLAT_PRICE, &import[8..]].concat();
        let empty = wat::parse_str("(component)").unwrap();
        let module = wat::parse_str("(module)").unwrap();
        for (bytes, words) in [
            (b"MZ\x90\x00 this is a program".to_vec(), ["component", ""]),
            (module, ["component", ""]),
            (foreign, ["wasi:cli/environment", "import"]),
            (empty, ["world", ""]),
            (FLAT_PRICE[..FLAT_PRICE.len() / 2].to_vec(), ["", ""]),
        ] {
            let upload = upload(app, &operator, &bytes).await;
            let refused = version(&operator, "bad", &upload, None).await;
            let error = refused.user_error().unwrap_or_else(|| panic!("taken: {}", refused.body));
            assert_eq!((&error["code"], &error["path"]), (&json!("PLUGIN_REFUSED"), &json!(["uploadId"])), "{error}");
            let message = error["message"].as_str().unwrap();
            for word in words {
                assert!(message.contains(word), "`{message}` should say {word}");
            }
        }
        assert_eq!(operator.get("{ plugins { totalCount } }", json!({})).await["plugins"]["totalCount"], 0);
    }

    /// A plugin that traps on the fixture of its author is no version; the same bytes without it are one.
    async fn a_plugin_that_traps_on_its_fixture_is_refused(app: &TestApp) {
        let operator = app.operator();
        let bytes = upload(app, &operator, FLAT_PRICE).await;
        for (fixture, words) in [
            (question(&json!([{"name": "panic", "value": {"Flag": true}}])), "this plan told me to fail"),
            (json!({"charges": "none"}), "not an input of the contract"),
        ] {
            let refused = version(&operator, "flat-price", &bytes, Some(fixture)).await;
            let error = refused.user_error().unwrap_or_else(|| panic!("taken: {}", refused.body));
            assert_eq!((&error["code"], &error["path"]), (&json!("FIXTURE_FAILED"), &json!(["fixture"])), "{error}");
            assert!(error["message"].as_str().unwrap().contains(words), "{error} should say {words}");
        }
        let taken = version(&operator, "flat-price", &bytes, Some(question(&json!([])))).await;
        assert!(taken.is_fine(), "{}", taken.body);
        // An upload becomes one version.
        let twice = version(&operator, "flat-price", &bytes, None).await;
        assert!(!twice.is_fine(), "{}", twice.body);
    }

    /// The bytes must be those that were announced, and come by the link.
    async fn the_bytes_must_be_the_announced_ones(app: &TestApp) {
        let operator = app.operator();
        let too_large = operator.mutate("pluginUploadCreate", json!({"filename": "p.wasm", "size": 64 << 20, "sha256": "0".repeat(64)}), "pluginUpload { id }").await;
        assert_eq!((&too_large.user_error().unwrap()["code"], &too_large.user_error().unwrap()["path"]), (&json!("TOO_LARGE"), &json!(["size"])));
        let no_digest = operator.mutate("pluginUploadCreate", json!({"filename": "p.wasm", "size": 10, "sha256": "xyz"}), "pluginUpload { id }").await;
        assert_eq!(no_digest.user_error().unwrap()["code"], "BAD_DIGEST");

        let ticket = announce(&operator, 5, &sha256(b"right")).await;
        let early = version(&operator, "early", &ticket["id"], None).await;
        assert_eq!(early.user_error().unwrap()["code"], "NOT_RECEIVED");
        for (bytes, status, code) in [(b"wrong".as_slice(), 400, "WRONG_DIGEST"), (b"shor", 400, "WRONG_SIZE"), (b"longer", 413, "TOO_LARGE")] {
            let refused = put(app, &ticket, bytes).await;
            assert_eq!((refused.status, &refused.body["error"]["code"]), (status, &json!(code)), "{}", refused.body);
        }
        assert_eq!(put(app, &ticket, b"right").await.status, 204);
        assert_eq!(put(app, &ticket, b"right").await.status, 204, "the same bytes again change nothing");

        let other = announce(&operator, 5, &sha256(b"other")).await;
        let mut bent = ticket.clone();
        bent["uploadUrl"] = json!(ticket["uploadUrl"].as_str().unwrap().replace(ticket["id"].as_str().unwrap(), other["id"].as_str().unwrap()));
        let refused = put(app, &bent, b"other").await;
        assert!([401, 403].contains(&refused.status), "a link is good for one upload: {} {}", refused.status, refused.body);
    }
}

fn terms(parameters: &Value) -> Value {
    json!({
        "currency": "USD",
        "charges": [{"code": "context_tokens", "name": "Context tokens", "metric": "context_tokens", "model": "PER_UNIT", "parameters": parameters}],
    })
}

/// An input of the contract with one charge.
fn question(parameters: &Value) -> Value {
    json!({
        "reference": "fixture", "currency": "USD", "period": {"start": PERIOD.0, "end": PERIOD.1}, "as_of": PERIOD.1, "attributes": [],
        "charges": [{"code": "c", "metric_code": "m", "quantity": "1", "event_count": 1, "model": "CUSTOM:flat", "parameters": parameters, "attributes": []}],
    })
}
