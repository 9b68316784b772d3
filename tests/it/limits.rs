//! How often and how much anybody may ask: what it costs, who must wait and for how long, and that all of it is published.

use harness::{Database, OPERATOR_KEY, Redis, TestApp, World, both, run_with};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use undash::config::{Rate, Secret, Settings};

const PAGE: &str = "{ metrics(first: 50) { nodes { id } } }";

fn rate(per_second: u64, burst: u64) -> Option<Rate> {
    Some(Rate { per_second, burst })
}

/// A POST to GraphQL as it is on the wire.
async fn post(app: &TestApp, key: &str, document: &str) -> (u16, Option<String>, Value) {
    let request = app.http.post(format!("http://{}/graphql", app.address)).header("accept", "application/json");
    let response = request.bearer_auth(key).json(&json!({"query": document})).send().await.unwrap();
    let wait = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), wait, response.json().await.unwrap())
}

async fn metrics(app: &TestApp, key: &str) -> (u16, String) {
    let response = app.http.get(format!("http://{}/metrics", app.address)).bearer_auth(key).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

both! {
    /// An answer says what it cost; what it did not use is there again.
    async fn an_answer_says_what_it_cost(app: &TestApp) {
        let world = World::new(app).await;
        let operator = &world.operator;
        let standing = || async {
            let limits = operator.get("{ apiLimits { rates { measure scope remaining } } }", json!({})).await;
            let rates = limits["apiLimits"]["rates"].as_array().unwrap().clone();
            let of_cost = rates.iter().find(|rate| rate["measure"] == "COST" && rate["scope"] == "KEY").unwrap();
            of_cost["remaining"].as_str().unwrap().parse::<u64>().unwrap()
        };
        let before = standing().await;
        let answer = operator.ask(PAGE, json!({})).await;
        let cost = &answer.body["extensions"]["cost"];
        assert_eq!((&cost["requested"], &cost["actual"], &cost["limit"]), (&json!(52), &json!(5), &json!(5000)));
        assert_eq!(cost["bucket"]["max"], 100_000);
        assert!(standing().await + 60 > before, "only a little is gone");
        let free = operator.ask("{ __schema { types { name } } }", json!({})).await;
        assert_eq!(free.body["extensions"]["cost"]["requested"], 0, "introspection is free");
        let dear = operator.ask("{ metrics(first: 100) { nodes { id } } m: metrics(first: 100) { nodes { id } } invoiceRecompute(id: \"x\", organisationId: \"y\") { matches } }", json!({})).await;
        assert!(dear.body["extensions"]["cost"]["requested"].as_u64().unwrap() > 400);
    }

    /// What is published is what is enforced.
    async fn every_limit_is_published(app: &TestApp) {
        let data = app.operator().get("{ apiLimits { cost documentBytes bodyBytes depth fields aliases directives executionWaitMs usageIngestEvents bulkEvents maxPageSize uploadFiles uploadFileBytes costModel streams { perKey } rates { measure scope burst perSecond remaining } } }", json!({})).await;
        let limits = &data["apiLimits"];
        for (name, number) in [("cost", 5_000), ("documentBytes", 20_480), ("bodyBytes", 1 << 20), ("depth", 12), ("fields", 1_000), ("aliases", 30), ("directives", 50), ("executionWaitMs", 10_000), ("usageIngestEvents", 250), ("bulkEvents", 10_000), ("maxPageSize", 100), ("uploadFiles", 1)] {
            assert_eq!(limits[name], number, "{name}");
        }
        assert_eq!(limits["streams"]["perKey"], 20);
        assert!(limits["costModel"].as_str().unwrap().contains("usageSeries"));
        let rates = &app.app.settings.rates;
        let published = limits["rates"].as_array().unwrap();
        for (measure, scope, rate) in [
            ("REQUESTS", "ADDRESS", rates.address),
            ("FAILED_KEYS", "ADDRESS", rates.failed_keys),
            ("REQUESTS", "KEY", rates.key_requests),
            ("COST", "KEY", rates.key_cost),
            ("EVENTS", "KEY", rates.key_events),
        ] {
            let found = published.iter().find(|found| found["measure"] == measure && found["scope"] == scope).unwrap();
            let rate = rate.unwrap();
            assert_eq!((found["burst"].as_str().unwrap(), found["perSecond"].as_str().unwrap()), (rate.burst.to_string().as_str(), rate.per_second.to_string().as_str()), "{measure} {scope}");
        }
        let world = World::new(app).await;
        let tenant = world.tenant_without_subscription(app, "Acme").await;
        let own = tenant.owner.get("{ apiLimits { rates { scope } } }", json!({})).await;
        assert!(own["apiLimits"]["rates"].as_array().unwrap().iter().any(|rate| rate["scope"] == "ORGANISATION"));
    }

    /// Nobody learns anything of the schema without a key; with one everything is there.
    async fn introspection_needs_a_key(app: &TestApp) {
        let introspection = "{ __schema { queryType { name } } }";
        let stranger = app.stranger().ask(introspection, json!({})).await;
        assert_eq!((stranger.status, stranger.code()), (401, Some("UNAUTHENTICATED")));
        let unread = app.stranger().send("this is not JSON at all".to_owned()).await;
        assert_eq!((unread.status, unread.code()), (401, Some("UNAUTHENTICATED")), "the body is not looked at");
        let known = app.operator().get(introspection, json!({})).await;
        assert_eq!(known["__schema"]["queryType"]["name"], "Query");
        let page = app.http.get(format!("http://{}/", app.address)).send().await.unwrap();
        assert!(page.status().is_success() && page.text().await.unwrap().contains("/graphql"), "GraphiQL itself is open");
    }
}

#[test]
fn an_empty_bucket_says_when_to_come_back() {
    let change = |settings: &mut Settings| settings.rates.key_cost = rate(20, 100);
    run_with(Database::Sqlite, change, async |app| {
        let limits = app.operator().get("{ apiLimits { cost } }", json!({})).await;
        assert_eq!(limits["apiLimits"]["cost"], 100, "no operation may cost more than a bucket holds");
        let (status, _, answer) = post(app, OPERATOR_KEY, "{ metrics(first: 100) { nodes { id } } }").await;
        assert_eq!(
            (status, &answer["errors"][0]["extensions"]["code"]),
            (200, &json!("QUERY_TOO_COMPLEX")),
            "{answer}"
        );
        // Nothing is found, so nearly all is given back each time: the bucket must be emptied by what is used.
        let dear = "{ usageSeries(input: {organisationId: \"org_00000000000000000000000000\", metric: \"x\", granularity: DAY, window: {gte: \"2024-01-01T00:00:00Z\", lt: \"2025-01-01T00:00:00Z\"}}) { timezone } }";
        let (status, _, answer) = post(app, OPERATOR_KEY, dear).await;
        assert_eq!(status, 200, "{answer}");
        let tenants = "{ a: metrics(first: 90) { nodes { id } } }";
        let mut refused = None;
        let all: Vec<_> = (0..4).map(|_| post(app, OPERATOR_KEY, tenants)).collect();
        for one in harness_join(all).await {
            if one.0 == 429 {
                refused = Some(one);
            }
        }
        let (_, wait, answer) = refused.expect("four at once are more than the bucket holds");
        let told = &answer["errors"][0]["extensions"];
        assert_eq!((&told["code"], &told["retryable"]), (&json!("RATE_LIMITED"), &json!(true)), "{answer}");
        let wait: u64 = wait.expect("Retry-After").parse().unwrap();
        assert!((1..=5).contains(&wait), "{wait} s");
        tokio::time::sleep(Duration::from_secs(wait)).await;
        assert_eq!(post(app, OPERATOR_KEY, tenants).await.0, 200, "after the wait it is granted");
        let (_, page) = metrics(app, OPERATOR_KEY).await;
        assert!(page.contains("undash_rate_limit_refusals_total{layer=\"key\",what=\"cost\"}"), "{page}");
    });
}

async fn harness_join<T>(all: Vec<impl Future<Output = T>>) -> Vec<T> {
    futures_util::future::join_all(all).await
}

#[test]
fn requests_and_events_have_buckets_of_their_own() {
    let change = |settings: &mut Settings| {
        settings.rates.key_requests = rate(1, 40);
        settings.rates.key_events = rate(1, 3);
    };
    run_with(Database::Sqlite, change, async |app| {
        let world = World::new(app).await;
        let tenant = world.tenant_without_subscription(app, "Acme").await;
        let event = |number: u32| json!({"transactionId": format!("t{number}"), "metric": "requests", "projectId": tenant.project, "occurredAt": "2024-03-10T12:00:00Z"});
        let taken = tenant.ingest.post_events("application/json", json!([event(1), event(2)]).to_string()).await;
        assert_eq!(taken.status, 200, "{}", taken.body);
        let refused = tenant.ingest.post_events("application/json", json!([event(3), event(4)]).to_string()).await;
        assert_eq!(
            (refused.status, &refused.body["error"]["code"], &refused.body["error"]["retryable"]),
            (429, &json!("RATE_LIMITED"), &json!(true))
        );
        let never = tenant
            .ingest
            .post_events("application/json", json!([event(3), event(4), event(5), event(6)]).to_string())
            .await;
        assert_eq!(never.status, 413, "more than the bucket ever holds is not worth waiting for: {}", never.body);
        let mut statuses = Vec::new();
        for _ in 0..45 {
            statuses.push(tenant.owner.ask("{ __typename }", json!({})).await.status);
        }
        assert!(statuses.contains(&200) && statuses.contains(&429), "{statuses:?}");
        let (_, page) = metrics(app, OPERATOR_KEY).await;
        for line in [
            "undash_usage_events_total{outcome=\"accepted\"} 2",
            "undash_rate_limit_refusals_total{layer=\"key\",what=\"events\"}",
            "undash_rate_limit_refusals_total{layer=\"key\",what=\"requests\"}",
        ] {
            assert!(page.contains(line), "{line} is missing in\n{page}");
        }
    });
}

#[test]
fn an_address_that_guesses_keys_must_wait() {
    let change = |settings: &mut Settings| settings.rates.failed_keys = rate(1, 5);
    run_with(Database::Sqlite, change, async |app| {
        let guess = |number: u32| format!("undash_org_guess{number}");
        let mut statuses = Vec::new();
        for number in 0..10 {
            // A key in use stays in use meanwhile.
            assert_eq!(post(app, OPERATOR_KEY, "{ __typename }").await.0, 200);
            let (status, wait, answer) = post(app, &guess(number), "{ __typename }").await;
            if status == 429 {
                assert!(
                    wait.is_some() && answer["errors"][0]["message"].as_str().unwrap().contains("invalid keys"),
                    "{answer}"
                );
            }
            statuses.push(status);
        }
        assert_eq!(statuses[0], 401);
        assert!(statuses.contains(&429), "{statuses:?}");
        let bulk = app.client(&guess(99)).post_events("application/json", "[]").await;
        assert_eq!(bulk.status, 429, "{}", bulk.body);
    });
}

#[test]
fn metrics_are_for_the_operator() {
    let change = |settings: &mut Settings| settings.metrics_token = Some(Secret::new("collector-of-metrics"));
    run_with(Database::Sqlite, change, async |app| {
        let world = World::new(app).await;
        let tenant = world.tenant_without_subscription(app, "Acme").await;
        assert_eq!(metrics(app, "nobody").await.0, 401);
        assert_eq!(metrics(app, tenant.owner.key()).await.0, 403);
        assert_eq!(metrics(app, OPERATOR_KEY).await.0, 200);
        let (status, page) = metrics(app, "collector-of-metrics").await;
        assert_eq!(status, 200);
        for name in [
            "undash_http_requests_total{route=\"/graphql\",method=\"POST\",status=\"200\"}",
            "undash_http_request_seconds_bucket",
            "undash_graphql_operations_total{kind=\"mutation\",outcome=\"whole\"}",
            "undash_cost_charged_total",
            "undash_limiter_fallback_active 0",
            "undash_sockets_open 0",
            "undash_outbox_waiting",
            "undash_outbox_oldest_age_seconds",
            "undash_outbox_dead 0",
            "undash_http_requests_total{route=\"/metrics\",method=\"GET\",status=\"403\"} 1",
        ] {
            assert!(page.contains(name), "{name} is missing in\n{page}");
        }
        assert!(!page.contains(&tenant.id) && !page.contains("key_"), "no label is an id");
    });
}

#[test]
fn two_servers_share_one_budget_and_go_on_without_redis() {
    let Some(mut redis) = Redis::start() else { return };
    let change = |url: String| {
        move |settings: &mut Settings| {
            settings.redis_url = Some(Secret::new(url));
            settings.rates.address = rate(1, 60);
        }
    };
    run_with(Database::Sqlite, change(redis.url()), async |app| {
        let other = TestApp::start_with(Database::Sqlite, change(redis.url())).await;
        let mut granted = 0;
        for turn in 0..80 {
            let server = if turn % 2 == 0 { app } else { &other };
            granted += u32::from(post(server, OPERATOR_KEY, "{ __typename }").await.0 == 200);
        }
        assert!((60..=75).contains(&granted), "{granted} of 80: both draw from the same 60");
        redis.kill();
        let began = Instant::now();
        assert_eq!(post(app, OPERATOR_KEY, "{ __typename }").await.0, 200, "this server counts for itself");
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        let (_, page) = metrics(app, OPERATOR_KEY).await;
        assert!(
            page.contains("undash_limiter_fallback_active 1") && page.contains("undash_limiter_fallbacks_total 1"),
            "{page}"
        );
        redis.restart();
        let deadline = Instant::now() + Duration::from_secs(10);
        while !metrics(app, OPERATOR_KEY).await.1.contains("undash_limiter_fallback_active 0") {
            assert!(Instant::now() < deadline, "Redis is found again");
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
        assert_eq!(post(&other, OPERATOR_KEY, "{ __typename }").await.0, 200);
        assert_ne!(redis.cli(&["dbsize"]).as_deref(), Some("0"), "the buckets are on Redis again");
        other.finish().await;
    });
}
