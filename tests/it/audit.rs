//! The audit trail: what is done is told, in a chain that outsiders can verify, and whoever tampers with it is found
//! out. One promise a file below; here are reading, exporting, and what workers do.

use harness::{OPERATOR_KEY, TestApp, World, both};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

mod money;
mod mutations;
mod plugin_steps;
mod security;
mod tampering;
mod wired;

/// A chain as it is exported, without the head.
pub(crate) async fn chain(app: &TestApp, key: &str, organisation: Option<&str>) -> Vec<Value> {
    let (status, text) = export(app, key, organisation).await;
    assert_eq!(status, 200, "{text}");
    let mut rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let head = rows.pop().unwrap();
    assert_eq!(head["head"]["sequence"], rows.len(), "the last line is the head");
    rows
}

pub(crate) async fn export(app: &TestApp, key: &str, organisation: Option<&str>) -> (u16, String) {
    let mut request = app.http.get(format!("http://{}/v1/audit-events", app.address)).bearer_auth(key);
    if let Some(organisation) = organisation {
        request = request.query(&[("organisation_id", organisation)]);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

both! {
    /// Clients read it as a connection, and an outsider verifies an export with nothing but its bytes.
    async fn it_is_read_and_exported(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        let globex = world.tenant_without_subscription(app, "Globex").await;
        let page = "query($first: Int, $after: String, $last: Int, $before: String, $filter: AuditEventFilter) { auditEvents(first: $first, after: $after, last: $last, before: $before, filter: $filter) { totalCount pageInfo { hasNextPage hasPreviousPage endCursor startCursor } nodes { __typename id organisationId sequence action actorKind actorKeyId subjectType subjectId changes { field before after } previousHash hash recordedAt } } }";
        // Once the worker has drafted the month that is over, nothing is added behind our back.
        wait_for(app, &acme.id, "INVOICE_DRAFTED").await;
        let all = acme.owner.get(page, json!({"first": 100})).await["auditEvents"].clone();
        let nodes = all["nodes"].as_array().unwrap();
        assert_eq!(all["totalCount"], nodes.len());
        assert_eq!(nodes.last().unwrap()["action"], "ORGANISATION_CREATED");
        assert!(nodes.windows(2).all(|pair| pair[0]["previousHash"] == pair[1]["hash"]), "newest first, chained");
        assert!(nodes.iter().all(|node| node["organisationId"] == acme.id));
        // Page by page, forward and backward, it is the same list.
        for (size, cursor, edge, more) in [("first", "after", "endCursor", "hasNextPage"), ("last", "before", "startCursor", "hasPreviousPage")] {
            let (mut seen, mut at) = (Vec::new(), Value::Null);
            loop {
                let part = acme.owner.get(page, json!({size: 2, cursor: at})).await["auditEvents"].clone();
                let ids = part["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone());
                if size == "first" { seen.extend(ids); } else { seen.splice(0..0, ids); }
                if part["pageInfo"][more] == false { break; }
                at = part["pageInfo"][edge].clone();
            }
            assert_eq!(seen, nodes.iter().map(|node| node["id"].clone()).collect::<Vec<_>>(), "{size}");
        }
        let one = |filter: Value| { let acme = &acme; async move { acme.owner.get(page, json!({"filter": filter})).await["auditEvents"]["nodes"].clone() } };
        let project = one(json!({"subjectId": acme.project, "actions": ["PROJECT_CREATED", "PLAN_CREATED"]})).await;
        assert_eq!(project.as_array().unwrap().len(), 1);
        assert_eq!(project[0]["changes"][0], json!({"field": "code", "before": null, "after": "production"}));
        assert_eq!(one(json!({"actorKeyId": project[0]["actorKeyId"], "subjectId": acme.project})).await[0]["id"], project[0]["id"]);
        assert_eq!(one(json!({"recordedAt": {"lt": "2020-01-01T00:00:00Z"}})).await, json!([]));
        assert_eq!(one(json!({"recordedAt": {"gte": project[0]["recordedAt"], "lt": "2100-01-01T00:00:00Z"}, "subjectId": acme.project})).await[0]["id"], project[0]["id"]);

        // Found by its id: by its owner and the operator, by nobody else.
        let node = "query($id: ID!) { node(id: $id) { id } }";
        let id = json!({"id": project[0]["id"]});
        for friend in [&acme.owner, &world.operator] {
            assert_eq!(friend.get(node, id.clone()).await["node"]["id"], project[0]["id"]);
        }
        assert_eq!(globex.owner.get(node, id.clone()).await["node"], Value::Null);
        assert_eq!(acme.ingest.get(node, id).await["node"], Value::Null);

        // The export is the owner's, the operator's, and nobody else's.
        assert_eq!(export(app, acme.owner.key(), Some(&globex.id)).await.0, 404);
        assert_eq!(export(app, acme.ingest.key(), None).await.0, 403);
        assert_eq!(export(app, "undash_org_wrong", None).await.0, 401);
        assert_eq!(export(app, acme.owner.key(), Some("org_1")).await.0, 400);
        for organisation in [None, Some(acme.id.as_str())] {
            let (_, text) = export(app, OPERATOR_KEY, organisation).await;
            outsider(&text);
        }
        assert_eq!(export(app, acme.owner.key(), None).await.1, export(app, OPERATOR_KEY, Some(&acme.id)).await.1);
    }

    /// What workers and the command line do with money is told as well, one row for each step, many in one commit.
    async fn what_nobody_asked_for_is_told_too(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant(app, "Acme").await;
        let drafted = wait_for(app, &acme.id, "INVOICE_DRAFTED").await;
        assert_eq!((&drafted["actorKind"], &drafted["actorKeyId"]), (&json!("WORKER"), &Value::Null));
        app.bill().await;
        let issued = wait_for(app, &acme.id, "INVOICE_FINALISED").await;
        assert_eq!((&issued["actorKind"], &issued["subjectId"]), (&json!("CLI"), &drafted["subjectId"]));
        assert!(issued["changes"].as_array().unwrap().contains(&json!({"field": "number", "before": null, "after": "INV-000001"})));
        // Bulk usage is its own record; a second run of the bill changes nothing.
        acme.use_once("bulk", "context_tokens", "1").await;
        app.bill().await;
        let actions: Vec<Value> = chain(app, OPERATOR_KEY, Some(&acme.id)).await.iter().map(|row| row["action"].clone()).collect();
        assert_eq!(actions.iter().filter(|action| **action == "INVOICE_FINALISED").count(), 1);
        assert!(!actions.contains(&json!("USAGE_INGESTED")));
    }
}

/// The row with an action, as soon as it is there.
pub(crate) async fn wait_for(app: &TestApp, organisation: &str, action: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        let rows = chain(app, OPERATOR_KEY, Some(organisation)).await;
        if let Some(row) = rows.into_iter().find(|row| row["action"] == action) {
            return row;
        }
        assert!(Instant::now() < deadline, "{action} was not told in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The script of the documentation, given nothing but the bytes; where there is no Python, a line that says so.
fn outsider(text: &str) {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/verify_audit.py");
    let verdict = |text: &str| -> Option<(bool, String)> {
        let mut python = Command::new("python3")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        // A script that has seen enough closes its end.
        let _ = python.stdin.take().unwrap().write_all(text.as_bytes());
        let output = python.wait_with_output().unwrap();
        Some((output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()))
    };
    let Some((whole, words)) = verdict(text) else {
        assert!(std::env::var_os("CI").is_none(), "python3 is missing");
        eprintln!("SKIPPED: an export is verified by the documented script, which needs python3");
        return;
    };
    assert!(whole, "{words}");
    let lines: Vec<&str> = text.lines().collect();
    let without = |gone: usize| {
        lines.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, line)| format!("{line}\n")).collect::<String>()
    };
    for (forged, expected) in [
        (text.replacen("OWNER", "ADMIN", 1), "was altered"),
        (without(1), "row 2 is missing"),
        (without(lines.len() - 2), "rows are missing at the end"),
        (without(lines.len() - 1), "rows are missing at the end"),
        (text.replacen("\"address\":null", "\"address\":\"\"", 1), "was altered"),
    ] {
        if forged == text {
            continue;
        }
        let (whole, words) = verdict(&forged).unwrap();
        assert!(!whole && words.contains(expected), "{expected}: {words}");
    }
}
