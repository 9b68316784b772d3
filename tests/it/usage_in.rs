//! Usage in, through both doors: what is taken, what is refused and in which words, and that one bad event
//! never touches its neighbours.

use futures_util::future::join_all;
use harness::{Client, Tenant, TestApp, World, both};
use serde_json::{Value, json};

/// A moment in the billed month.
const AT: &str = "2024-03-10T12:00:00Z";

both! {
    /// The same event in all three shapes of the bulk endpoint and through GraphQL is one event.
    async fn an_event_counts_once_whichever_way_it_comes(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        let event = json!({"transactionId": "e-1", "metric": "context_tokens", "occurredAt": AT, "value": "12.50", "properties": {"model": "small", "cached": true, "n": 7}});
        let as_array = acme.ingest.post_events("application/json", json!([event]).to_string()).await;
        assert_eq!(counts(&as_array.body), (1, 0, 0, 0), "{}", as_array.body);
        // Another offset, another spelling of the number, another order: the same content.
        let same = json!({"properties": {"n": 7, "cached": true, "model": "small"}, "value": 12.5, "occurredAt": "2024-03-10T17:30:00+05:30", "metric": "context_tokens", "transactionId": "e-1", "projectId": acme.project});
        let as_lines = acme.ingest.post_events("application/x-ndjson", format!("{same}\n\n{same}\n")).await;
        assert_eq!(counts(&as_lines.body), (0, 2, 0, 0), "{}", as_lines.body);
        let mut through_graphql = event.clone();
        through_graphql["properties"] = json!([{"name": "model", "value": "small"}, {"name": "cached", "value": true}, {"name": "n", "value": 7}]);
        let payload = acme.ingest.make("usageIngest", json!({"events": [through_graphql]}), "accepted duplicates conflicts rejected results { index transactionId status field message }").await;
        assert_eq!(payload["results"], json!([{"index": 0, "transactionId": "e-1", "status": "DUPLICATE", "field": null, "message": null}]));

        // Another content under the same id is a conflict, and the first is kept.
        let other = json!({"transactionId": "e-1", "metric": "context_tokens", "occurredAt": AT, "value": "99"});
        let conflict = acme.ingest.post_events("application/json", json!([other]).to_string()).await;
        assert_eq!(counts(&conflict.body), (0, 0, 1, 0));
        assert_eq!(conflict.body["results"][0]["field"], "transactionId");
        assert!(conflict.body["results"][0]["message"].as_str().unwrap().contains("new transactionId"));
        assert_eq!(quantity(&acme, "context_tokens").await, "12.5");
    }

    /// CloudEvents in batch mode: identified by source and id together.
    async fn cloud_events_are_usage(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        let event = |source: &str, id: &str, value: &str| json!({"specversion": "1.0", "source": source, "id": id, "type": "context_tokens", "subject": acme.project, "time": AT, "data": {"value": value}});
        let batch = json!([event("gateway/1", "a", "1"), event("gateway/2", "a", "2"), event("gateway/1", "a", "1"), {"specversion": "0.3"}]);
        let answer = acme.owner.post_events("application/cloudevents-batch+json; charset=utf-8", batch.to_string()).await;
        assert_eq!(counts(&answer.body), (2, 1, 0, 1), "{}", answer.body);
        assert_eq!(answer.body["results"][3]["field"], "specversion");
        assert_eq!(quantity(&acme, "context_tokens").await, "3");
    }

    /// Every kind of bad event between two good ones: the good ones are taken, each bad one is told what and why.
    async fn bad_events_are_told_why_and_touch_no_other(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        let globex = world.tenant(app, "Globex").await;
        let bad = bad_events(&globex.project);
        let mut lines = Vec::new();
        for (n, (line, ..)) in bad.iter().enumerate() {
            lines.push(good(&format!("good-{n}")));
            lines.push(line.clone());
        }
        lines.push(good("good-last"));
        let answer = acme.ingest.post_events("application/x-ndjson", lines.join("\n")).await;
        assert_eq!((answer.status, counts(&answer.body)), (200, (bad.len() as u64 + 1, 0, 0, bad.len() as u64)), "{}", answer.body);
        for (n, (line, field, code, words)) in bad.iter().enumerate() {
            let result = &answer.body["results"][2 * n + 1];
            let shown = &line[..line.len().min(120)];
            assert_eq!((&result["status"], &result["field"], &result["code"]), (&json!("REJECTED"), &json!(field), &json!(code)), "{shown}: {result}");
            let message = result["message"].as_str().unwrap();
            assert!(message.contains(words), "{shown}: `{message}` should say {words}");
            assert!(message.len() < 500, "{shown}: the message does not repeat the input: {} bytes", message.len());
        }
        assert_eq!(quantity(&acme, "context_tokens").await, (bad.len() + 1).to_string());

        // They are kept, so that their sender can see them; sending them again keeps them once.
        acme.ingest.post_events("application/x-ndjson", lines.join("\n")).await;
        let kept = acme.owner.get("{ usageRejections(first: 100) { totalCount nodes { field code message body transactionId } } }", json!({})).await;
        assert_eq!(kept["usageRejections"]["totalCount"], bad.len());
        assert!(kept["usageRejections"]["nodes"].as_array().unwrap().iter().all(|node| !node["message"].as_str().unwrap().is_empty()));
        // Nobody else sees them, and Globex got nothing from its project being named.
        assert_eq!(globex.owner.get("{ usageRejections { totalCount } }", json!({})).await["usageRejections"]["totalCount"], 0);
        assert_eq!(quantity(&globex, "context_tokens").await, "0");
    }

    /// Numbers are taken as they are written, never through a float.
    async fn numbers_are_exact(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        // Each of these becomes another number when it goes through a double.
        let literals = ["9007199254740993", "0.1", "0.2", "123456789012.345678901234", "1e2", "100.000000000001"];
        let lines: Vec<String> = literals.iter().enumerate().map(|(n, literal)| format!(r#"{{"transactionId":"n-{n}","metric":"context_tokens","projectId":"{}","occurredAt":"{AT}","value":{literal}}}"#, acme.project)).collect();
        let answer = acme.owner.post_events("application/json", format!("[{}]", lines.join(","))).await;
        assert_eq!(answer.body["accepted"].as_u64(), Some(literals.len() as u64 - 1), "{}", answer.body);
        assert_eq!(answer.body["results"][0]["code"], "OUT_OF_RANGE", "beyond 10^15");
        assert_eq!(quantity(&acme, "context_tokens").await, "123456789212.645678901235");

        // GraphQL clients may have rounded already: a float is refused, for its event and for an argument.
        let float = json!({"events": [{"transactionId": "f", "metric": "context_tokens", "projectId": acme.project, "occurredAt": AT, "value": 0.1},
            {"transactionId": "g", "metric": "context_tokens", "projectId": acme.project, "occurredAt": AT, "value": 1}]});
        let payload = acme.owner.make("usageIngest", float, "accepted results { status field code message }").await;
        assert_eq!((&payload["results"][0]["status"], &payload["results"][0]["field"], &payload["accepted"]), (&json!("REJECTED"), &json!("value"), &json!(1)));
        assert!(payload["results"][0]["message"].as_str().unwrap().contains("string"), "{payload}");
        let rule = json!({"name": "r", "subscriptionId": acme.subscription, "subject": "COST", "thresholds": [1.5]});
        let refused = acme.owner.mutate("alertRuleCreate", rule, "alertRule { id }").await;
        assert_eq!(refused.code(), Some("GRAPHQL_VALIDATION_FAILED"), "{}", refused.body);
        assert!(refused.message().contains("input.thresholds.0") && refused.message().contains("as a string"), "{}", refused.message());
    }

    /// Many clients send the same events at once: each event is taken from exactly one of them.
    async fn the_same_events_from_many_clients_at_once_count_once(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        let body: String = (0..500).map(|n| good(&format!("e-{n}")) + "\n").collect();
        let answers = join_all((0..8).map(|_| acme.ingest.post_events("application/x-ndjson", body.clone()))).await;
        let sum = |key: &str| answers.iter().map(|answer| answer.body[key].as_u64().unwrap()).sum::<u64>();
        assert_eq!((sum("accepted"), sum("duplicates"), sum("conflicts"), sum("rejected")), (500, 3_500, 0, 0));
        assert_eq!(quantity(&acme, "context_tokens").await, "500");
    }

    /// Requests that are too much are refused as a whole, nothing of them is saved, and the process stays up.
    async fn too_much_is_refused_and_the_process_stays_up(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;

        let many: String = (0..100_000).map(|n| good(&format!("m-{n}")) + "\n").collect();
        let answer = acme.ingest.post_events("application/x-ndjson", many).await;
        assert_eq!((answer.status, &answer.body["error"]["code"]), (413, &json!("TOO_LARGE")), "{}", answer.body);
        assert!(answer.body["error"]["message"].as_str().unwrap().contains("at most 10000"), "{}", answer.body);

        let (status, body) = large(app, &acme.ingest, "/v1/events").await;
        assert!(body.contains("16 MiB"), "{status}: {body}");
        let (_, body) = large(app, &acme.ingest, "/graphql").await;
        assert!(body.contains("PAYLOAD_TOO_LARGE"), "{body}");

        let events: Vec<Value> = (0..251).map(|n| json!({"transactionId": format!("g-{n}"), "metric": "context_tokens", "occurredAt": AT, "value": "1"})).collect();
        let refused = acme.ingest.mutate("usageIngest", json!({"events": events}), "accepted").await;
        let error = refused.user_error().unwrap();
        assert_eq!((&error["code"], &error["path"]), (&json!("TOO_MANY"), &json!(["events"])));
        assert!(error["message"].as_str().unwrap().contains("at most 250"));
        let taken = acme.ingest.make("usageIngest", json!({"events": events[..250]}), "accepted").await;
        assert_eq!(taken["accepted"], 250);

        assert_eq!(app.http.get(format!("http://{}/healthz", app.address)).send().await.unwrap().status(), 200);
        assert_eq!(app.http.get(format!("http://{}/readyz", app.address)).send().await.unwrap().status(), 200);
        assert_eq!(quantity(&acme, "context_tokens").await, "250");
    }

    /// What is not even a list of events, or not from somebody known.
    async fn malformed_requests_are_refused_with_words(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        for (content_type, body, status, code, words) in [
            ("application/json", "[{\"transactionId\": ", 400, "BAD_JSON", "not a JSON array"),
            ("application/json", "{\"transactionId\": \"a\"}", 400, "BAD_JSON", "one object a line"),
            ("application/cloudevents-batch+json", "null", 400, "BAD_JSON", "not a JSON array"),
            ("text/plain", "[]", 415, "UNSUPPORTED_MEDIA_TYPE", "application/x-ndjson"),
            ("", "[]", 415, "UNSUPPORTED_MEDIA_TYPE", "application/json"),
        ] {
            let answer = acme.ingest.post_events(content_type, body).await;
            assert_eq!((answer.status, &answer.body["error"]["code"]), (status, &json!(code)), "{body}: {}", answer.body);
            assert!(answer.body["error"]["message"].as_str().unwrap().contains(words), "{body}: {} should say {words}", answer.body);
        }
        let answer = acme.ingest.post_events("application/x-ndjson", b"\xff\xfe".to_vec()).await;
        assert_eq!((answer.status, &answer.body["error"]["code"]), (400, &json!("BAD_BODY")), "{}", answer.body);
        assert_eq!(counts(&acme.ingest.post_events("application/json", "[]").await.body), (0, 0, 0, 0));
        let malformed = acme.owner.send("{\"query\": ".to_owned()).await;
        assert_eq!((malformed.status, malformed.code()), (400, Some("BAD_REQUEST")), "{}", malformed.body);
        assert_eq!(app.stranger().post_events("application/json", "[]").await.status, 401);
    }

    /// A catalogue that makes no sense is refused where it is made, with the place.
    async fn plans_that_make_no_sense_are_refused(app: &TestApp) {
        let world = World::new(app).await;
        let no_currency = world.operator.mutate("planCreate", json!({"code": "p", "name": "p", "terms": {"currency": "XBT"}}), "plan { id }").await;
        assert_eq!(no_currency.code(), Some("GRAPHQL_VALIDATION_FAILED"), "{}", no_currency.body);
        let message = no_currency.message();
        assert!(["input.terms.currency", "XBT", "ISO 4217"].iter().all(|word| message.contains(word)), "{message}");
        let rounded = world.operator.mutate("planCreate", json!({"code": "p", "name": "p", "terms": {"currency": "USD", "fixedFees": [{"code": "f", "name": "f", "amount": 12.5}]}}), "plan { id }").await;
        let message = rounded.message();
        assert!(["input.terms.fixedFees.0.amount", "as a string, such as"].iter().all(|word| message.contains(word)), "{message}");
        let tier = |up_to: Option<&str>, unit: &str| json!({"upTo": up_to, "unitAmount": unit});
        for (model, tiers, words) in [
            ("GRADUATED", json!([tier(Some("200"), "2"), tier(Some("100"), "1"), tier(None, "1")]), "sort the tiers"),
            ("VOLUME", json!([tier(Some("100"), "2"), tier(Some("100"), "1"), tier(None, "1")]), "sort the tiers"),
            ("GRADUATED", json!([tier(Some("100"), "2")]), "last"),
            ("GRADUATED", json!([tier(None, "2"), tier(Some("100"), "2")]), "only the last tier is open"),
            ("GRADUATED", json!([]), "tier"),
            ("GRADUATED", json!([tier(None, "-1")]), "below zero"),
            ("GRADUATED", json!([tier(None, "0.0000000000001")]), "12"),
        ] {
            let terms = json!({"currency": "USD", "charges": [{"code": "c", "name": "c", "metric": "requests", "model": model, "parameters": [{"name": "tiers", "tiers": tiers}]}]});
            let refused = world.operator.mutate("planCreate", json!({"code": "p", "name": "p", "terms": terms}), "plan { id }").await;
            let error = refused.user_error().unwrap_or_else(|| panic!("{tiers}: {}", refused.body));
            assert_eq!(error["code"], "BAD_PLAN", "{error}");
            let path: Vec<&str> = error["path"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert!(path.starts_with(&["terms", "charges", "0", "parameters", "tiers"]), "{tiers}: the path names the place: {path:?}");
            assert!(error["message"].as_str().unwrap().contains(words), "{tiers}: {error} should say {words}");
        }
        let unknown = json!({"currency": "USD", "charges": [{"code": "c", "name": "c", "metric": "nothing", "model": "PER_UNIT", "parameters": [{"name": "unit_amount", "number": "1"}]}]});
        let refused = world.operator.mutate("planCreate", json!({"code": "p", "name": "p", "terms": unknown}), "plan { id }").await;
        assert_eq!((&refused.user_error().unwrap()["code"], &refused.user_error().unwrap()["path"]), (&json!("UNKNOWN_METRIC"), &json!(["terms", "charges", "0", "metric"])));
        let none = world.operator.get("{ plans { totalCount } }", json!({})).await;
        assert_eq!(none["plans"]["totalCount"], 1, "only the plan of the world");
    }
}

/// Line, field, code, and what the message must say.
fn bad_events(foreign_project: &str) -> Vec<(String, &'static str, &'static str, &'static str)> {
    let with = |field: &str, value: Value| {
        let mut event = json!({"transactionId": "bad", "metric": "context_tokens", "occurredAt": AT, "value": "1"});
        event[field] = value;
        event.to_string()
    };
    let number = |literal: &str| {
        format!(r#"{{"transactionId":"bad","metric":"context_tokens","occurredAt":"{AT}","value":{literal}}}"#)
    };
    vec![
        ("{\"transactionId\": ".to_owned(), "event", "MALFORMED", "not JSON"),
        ("[1, 2]".to_owned(), "event", "MALFORMED", "an array"),
        (with("amount", json!(1)), "event", "MALFORMED", "`amount` is not a field"),
        (with("metric", json!("tokens")), "metric", "UNKNOWN_METRIC", "\"tokens\" does not exist"),
        (with("metric", Value::Null), "metric", "MISSING_FIELD", "missing"),
        (with("value", Value::Null), "value", "MISSING_VALUE", "needs a number"),
        (with("value", json!("ten")), "value", "NOT_A_NUMBER", "value"),
        (with("value", json!("NaN")), "value", "NOT_A_NUMBER", "value"),
        (with("value", json!("1,5")), "value", "NOT_A_NUMBER", "value"),
        (with("value", json!(true)), "value", "NOT_A_NUMBER", "true or false"),
        (with("value", json!([1])), "value", "NOT_A_NUMBER", "an array"),
        (number("1e400"), "value", "OUT_OF_RANGE", "value"),
        (number("1e-400"), "value", "OUT_OF_RANGE", "value"),
        (with("value", json!("1e400")), "value", "NOT_A_NUMBER", "value"),
        (with("value", json!("1000000000000000")), "value", "OUT_OF_RANGE", "10^15"),
        (with("value", json!("0.0000000000001")), "value", "OUT_OF_RANGE", "12 digits"),
        (with("occurredAt", json!("3000-01-01T00:00:00Z")), "occurredAt", "IN_FUTURE", "clock"),
        (with("occurredAt", json!("1999-01-01T00:00:00Z")), "occurredAt", "TOO_OLD", "ago"),
        (with("occurredAt", json!("2024-02-30T00:00:00Z")), "occurredAt", "BAD_TIME", "RFC 3339"),
        (with("occurredAt", json!("2024-03-10 12:00:00")), "occurredAt", "BAD_TIME", "RFC 3339"),
        (with("occurredAt", json!(1_710_072_000)), "occurredAt", "MALFORMED", "must be a string"),
        (with("transactionId", json!("x".repeat(10_240))), "event", "TOO_LONG", "at most 4096"),
        (with("transactionId", json!("x".repeat(256))), "transactionId", "TOO_LONG", "at most 255"),
        (with("transactionId", json!("")), "transactionId", "MISSING_FIELD", "missing"),
        (with("transactionId", json!("a\u{0}b")), "transactionId", "NOT_PRINTABLE", "visible"),
        (with("transactionId", Value::Null), "transactionId", "MISSING_FIELD", "missing"),
        (with("projectId", json!(foreign_project)), "projectId", "UNKNOWN_PROJECT", "not yours"),
        (with("projectId", json!("main")), "projectId", "UNKNOWN_PROJECT", "prj_"),
        (with("properties", json!({"deep": {"er": 1}})), "properties", "BAD_PROPERTY", "deep"),
        (with("properties", json!({"long": "x".repeat(257)})), "properties", "TOO_LONG", "long"),
        (with("properties", json!([1])), "properties", "MALFORMED", "must be an object"),
    ]
}

fn good(id: &str) -> String {
    json!({"transactionId": id, "metric": "context_tokens", "occurredAt": AT, "value": "1"}).to_string()
}

fn counts(body: &Value) -> (u64, u64, u64, u64) {
    let count = |key: &str| body[key].as_u64().unwrap_or(u64::MAX);
    (count("accepted"), count("duplicates"), count("conflicts"), count("rejected"))
}

/// What the month's events of a metric add up to.
async fn quantity(tenant: &Tenant, metric: &str) -> String {
    let input = json!({"window": {"gte": harness::PERIOD.0, "lt": harness::PERIOD.1}, "granularity": "MONTH", "metric": metric});
    let data = tenant
        .owner
        .get(
            "query($input: UsageSeriesInput!) { usageSeries(input: $input) { total { quantity } } }",
            json!({"input": input}),
        )
        .await;
    data["usageSeries"]["total"]["quantity"].as_str().unwrap_or_else(|| panic!("{data}")).to_owned()
}

/// Sends 100 MB without saying so beforehand; answers what came back before the server hung up.
async fn large(app: &TestApp, client: &Client, path: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(app.address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
        client.key()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let sending = tokio::spawn(async move {
        let chunk = format!("{:x}\r\n{}\r\n", 1 << 20, " ".repeat(1 << 20));
        for _ in 0..100 {
            // The server may hang up as soon as it has seen enough.
            if writer.write_all(chunk.as_bytes()).await.is_err() {
                break;
            }
        }
        writer
    });
    let mut text = Vec::new();
    let mut buffer = [0; 4_096];
    while let Ok(read @ 1..) = reader.read(&mut buffer).await {
        text.extend_from_slice(&buffer[..read]);
        if text.ends_with(b"}") {
            break;
        }
    }
    sending.abort();
    let text = String::from_utf8_lossy(&text).into_owned();
    let status =
        text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("an answer: {text}"));
    assert_eq!(status, 413, "{text}");
    (status, text)
}
