//! An effect that cannot be done ends where somebody finds it, with what went wrong, and does not stand in the way.

use billing::ids::OutboxId;
use chrono::{TimeDelta, Utc};
use harness::{TestApp, World, both};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use undash::app::finalise_invoice::RENDER_INVOICE;
use undash::store::outbox::{self, ATTEMPTS, NewJob};
use uuid::Uuid;

const SHOWN: &str =
    "id state topic attempts attemptLimit nextAttemptAt lastError payload discardReason organisation { name }";

both! {
    /// A document of an invoice that is not there: tried as often as it may be, given up, tried again by somebody, given
    /// up again, and let be. The document of an invoice that is there comes out meanwhile.
    async fn what_cannot_be_done_is_found_and_let_be(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        let id = poison(app, &acme.id).await;
        assert_eq!(app.bill().await.issued, 1);
        let dead = given_up(app, &world, &id).await;
        assert_eq!((&dead["topic"], &dead["organisation"]["name"], &dead["nextAttemptAt"]), (&json!(RENDER_INVOICE), &json!("Acme"), &Value::Null));
        assert!(dead["attempts"].as_i64().unwrap() >= i64::from(ATTEMPTS) && dead["payload"].as_str().unwrap().contains("inv_"), "{dead}");
        assert!(dead["lastError"].as_str().unwrap().contains("There is no invoice"), "{dead}");
        let pdf = acme.owner.get("{ invoices { nodes { pdf { url } } } }", json!({})).await;
        let link = app.link(pdf["invoices"]["nodes"][0]["pdf"]["url"].as_str().unwrap());
        assert_eq!(app.http.get(link).send().await.unwrap().status(), 200, "the other document is there");

        let denied = acme.owner.ask("query($id: ID!) { job(id: $id) { payload } }", json!({"id": id})).await;
        assert_eq!(denied.code(), Some("FORBIDDEN"), "{}", denied.body);
        let found = world.operator.get("query($id: ID!) { node(id: $id) { ... on Job { state } } }", json!({"id": id})).await;
        assert_eq!(found["node"]["state"], "DEAD");

        let replayed = world.operator.make("jobsReplay", json!({"ids": [id]}), &format!("jobs {{ {SHOWN} }}")).await;
        let again = &replayed["jobs"][0];
        assert_eq!(again["attemptLimit"].as_i64(), dead["attempts"].as_i64().map(|tries| tries + i64::from(ATTEMPTS)), "{again}");
        let twice = world.operator.mutate("jobsReplay", json!({"ids": [id]}), "jobs { id }").await;
        assert_eq!(twice.user_error().map(|error| error["code"].clone()), Some(json!("JOB_NOT_DEAD")), "{}", twice.body);

        given_up(app, &world, &id).await;
        let nothing = format!("job_{}1", "0".repeat(25));
        let half = world.operator.mutate("jobsDiscard", json!({"ids": [id, nothing], "reason": "no such invoice"}), "jobs { id }").await;
        assert_eq!(half.user_error().map(|error| error["code"].clone()), Some(json!("NOT_FOUND")), "all of them or none: {}", half.body);
        let wordless = world.operator.mutate("jobsDiscard", json!({"ids": [id], "reason": " "}), "jobs { id }").await;
        assert_eq!(wordless.user_error().map(|error| error["path"].clone()), Some(json!(["reason"])), "{}", wordless.body);
        let discarded = world.operator.make("jobsDiscard", json!({"ids": [id], "reason": "no such invoice"}), &format!("jobs {{ {SHOWN} }}")).await;
        let discarded = &discarded["jobs"][0];
        assert_eq!((&discarded["state"], &discarded["discardReason"]), (&json!("DISCARDED"), &json!("no such invoice")));
        // The mail with the other document may still be on its way.
        app.rest().await;
        let left = world.operator.get("{ jobs(filter: {states: [DEAD, WAITING, RUNNING]}) { totalCount } }", json!({})).await;
        assert_eq!(left["jobs"]["totalCount"], 0);
    }
}

/// Of a topic that no worker takes.
const NOBODYS: &str = "test.nothing";

/// A job that was given up.
pub(crate) async fn dead_letter(app: &TestApp, organisation: &str) -> String {
    let (id, now) = (OutboxId::from_uuid(Uuid::now_v7()), Utc::now());
    let job = NewJob {
        id,
        organisation_id: Some(organisation.parse().unwrap()),
        topic: NOBODYS.to_owned(),
        payload: json!({}),
        dedupe_key: None,
        available_at: now,
    };
    let tx = app.app.store.begin().await.unwrap();
    assert!(outbox::enqueue_in_tx(&tx, &job, now).await.unwrap());
    tx.commit().await.unwrap();
    give_up(app).await;
    id.to_string()
}

pub(crate) async fn give_up(app: &TestApp) {
    let now = Utc::now();
    let jobs = outbox::claim(&app.app.store, &[NOBODYS], 1, now, TimeDelta::minutes(1)).await.unwrap();
    assert!(outbox::dead(&app.app.store, &jobs[0], now, "nobody does it").await.unwrap());
}

/// Orders the document of an invoice that is not there.
async fn poison(app: &TestApp, organisation: &str) -> String {
    let (id, now) = (OutboxId::from_uuid(Uuid::now_v7()), Utc::now());
    let job = NewJob {
        id,
        organisation_id: Some(organisation.parse().unwrap()),
        topic: RENDER_INVOICE.to_owned(),
        payload: json!({"invoiceId": format!("inv_{}1", "0".repeat(25))}),
        dedupe_key: None,
        available_at: now,
    };
    let tx = app.app.store.begin().await.unwrap();
    assert!(outbox::enqueue_in_tx(&tx, &job, now).await.unwrap());
    tx.commit().await.unwrap();
    id.to_string()
}

/// Lets the hours between attempts pass at once, until the workers give the job up; answers it.
async fn given_up(app: &TestApp, world: &World, id: &str) -> Value {
    let (store, tomorrow) = (&app.app.store, Utc::now() + TimeDelta::days(1));
    // Attempts of somebody else, on a day when no worker looks, until one is left.
    'tries: loop {
        for job in
            outbox::claim(store, &[RENDER_INVOICE], 16, tomorrow + TimeDelta::days(1), TimeDelta::zero()).await.unwrap()
        {
            let is_last = job.attempts + 1 >= job.attempt_limit;
            let at = if job.id.to_string() == id && !is_last { tomorrow } else { Utc::now() };
            assert!(outbox::retry(store, &job, at, "a passing failure").await.unwrap());
            if job.id.to_string() == id && is_last {
                break 'tries;
            }
        }
    }
    app.app.bus.work_written();
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let job = world
            .operator
            .get(&format!("query($id: ID!) {{ job(id: $id) {{ {SHOWN} }} }}"), json!({"id": id}))
            .await["job"]
            .clone();
        if job["state"] == "DEAD" {
            return job;
        }
        assert!(Instant::now() < deadline, "{job}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
