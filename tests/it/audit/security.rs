//! Security events: a key in a new place, callers that are turned away, floods.

use harness::Database;

use super::*;

both! {
    async fn a_key_is_told_once_for_each_place(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant_without_subscription(app, "Acme").await;
        let viewer = "{ viewer { apiKeyId } }";
        let asked = futures_util::future::join_all((0..20).map(|_| acme.owner.get(viewer, json!({})))).await;
        let key = asked[0]["viewer"]["apiKeyId"].clone();
        if app.database == Database::Postgres {
            // Another node, whose memory is empty, asks the rows.
            let other = app.second_node().await;
            let again = other.client(acme.owner.key()).get(viewer, json!({})).await;
            assert_eq!(again["viewer"]["apiKeyId"], key);
            other.finish().await;
        }
        let rows: Vec<Value> = chain(app, OPERATOR_KEY, Some(&acme.id)).await.into_iter().filter(|row| row["action"] == "API_KEY_USED_FROM_NEW_ADDRESS" && row["subjectId"] == key).collect();
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!((&rows[0]["address"], &rows[0]["actorKeyId"]), (&json!("127.0.0.1"), &key));
        // From elsewhere it is new, once.
        let elsewhere = undash::app::authenticate::Whence { address: Some("2001:db8::1".parse().unwrap()), origin: None };
        for _ in 0..2 {
            undash::app::authenticate::authenticate(&app.app, acme.owner.key(), &elsewhere, chrono::Utc::now()).await.unwrap();
        }
        let rows: Vec<Value> = chain(app, OPERATOR_KEY, Some(&acme.id)).await.into_iter().filter(|row| row["action"] == "API_KEY_USED_FROM_NEW_ADDRESS" && row["subjectId"] == key).collect();
        assert_eq!((rows.len(), &rows[1]["changes"][0]["after"]), (2, &json!("2001:db8::/64")));
    }

    async fn who_is_turned_away_is_counted(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant_without_subscription(app, "Acme").await;
        let stranger = app.client("undash_org_nobodynobodynobodynobody");
        let document = "{ viewer { role } }";
        assert!(futures_util::future::join_all((0..50).map(|_| stranger.ask(document, json!({})))).await.iter().all(|answer| answer.status == 401));
        let made = acme.owner.make("apiKeyCreate", json!({"name": "x", "scope": "ORGANISATION", "role": "VIEWER"}), "secret apiKey { id }").await;
        let (viewer, key) = (app.client(made["secret"].as_str().unwrap()), &made["apiKey"]["id"]);
        for _ in 0..3 {
            assert_eq!(viewer.ask("{ apiKeys { totalCount } }", json!({})).await.code(), Some("FORBIDDEN"));
        }
        acme.owner.make("apiKeyRevoke", json!({"id": key}), "apiKey { id }").await;
        assert_eq!(viewer.ask(document, json!({})).await.status, 401);

        let deadline = Instant::now() + Duration::from_secs(15);
        let (installation, own) = loop {
            let [installation, own] = [chain(app, OPERATOR_KEY, None).await, chain(app, OPERATOR_KEY, Some(&acme.id)).await];
            let refused = |rows: Vec<Value>| rows.into_iter().filter(|row| row["action"] == "CALL_REFUSED").collect::<Vec<_>>();
            let (installation, own) = (refused(installation), refused(own));
            if !installation.is_empty() && own.len() >= 2 {
                break (installation, own);
            }
            assert!(Instant::now() < deadline, "refused calls are told in time");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        // The flood may lie over the edge of a minute.
        assert!(installation.len() <= 2, "50 calls, {} rows", installation.len());
        assert_eq!((&installation[0]["actorKind"], &installation[0]["subjectId"], reason(&installation[0])), (&json!("STRANGER"), &json!("127.0.0.1"), "UNKNOWN_KEY"));
        let reasons: BTreeSet<&str> = own.iter().map(reason).collect();
        assert_eq!(reasons, BTreeSet::from(["FORBIDDEN", "REVOKED_KEY"]));
        assert!(own.iter().all(|row| row["subjectId"] == *key && row["actorKeyId"] == *key));
    }
}

fn reason(row: &Value) -> &str {
    row["changes"][0]["after"].as_str().unwrap()
}
