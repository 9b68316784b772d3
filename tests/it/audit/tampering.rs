//! Rows removed, altered, reordered, inserted and cut off by SQL: each time the first wrong row is named.

use harness::undash;
use sea_orm::{ConnectionTrait as _, Database};
use undash::app::verify_audit::verify;

use super::*;

both! {
    async fn whoever_tampers_is_found_out(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant_without_subscription(app, "Acme").await;
        // Many writers at once: numbers stay without holes.
        futures_util::future::join_all((0..12).map(|n| {
            let input = json!({"organisationId": acme.id, "code": format!("p{n}"), "name": "P"});
            let operator = &world.operator;
            async move { operator.make("projectCreate", input, "project { id }").await }
        })).await;
        let clean = verify(&app.app, None).await.unwrap();
        assert!(clean.findings.is_empty(), "{:?}", clean.findings);
        assert_eq!(clean.chains.len(), 2);
        let rows = chain(app, OPERATOR_KEY, Some(&acme.id)).await;
        let (last, id) = (rows.len(), |number: usize| rows[number - 1]["id"].as_str().unwrap().to_owned());

        let database = Database::connect(app.app.settings.database()).await.unwrap();
        let sql = async |statements: &[String]| for statement in statements {
            database.execute_unprepared(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        };
        let own = "organisation_id = (SELECT organisation_id FROM organisations)";
        sql(&["CREATE TABLE kept AS SELECT * FROM audit_events".to_owned(), "CREATE TABLE kept_heads AS SELECT * FROM audit_heads".to_owned()]).await;
        let cases: Vec<(Vec<String>, String)> = vec![
            (vec![format!("UPDATE audit_events SET actor_role = 'SUPPORT' WHERE {own} AND sequence = 3")], format!("row 3 ({}) was altered", id(3))),
            (vec![format!("UPDATE audit_events SET address = NULL WHERE {own} AND sequence = 2")], format!("row 2 ({}) was altered", id(2))),
            (vec![format!("UPDATE audit_events SET changes = '[]' WHERE {own} AND sequence = 4")], format!("row 4 ({}) was altered", id(4))),
            (vec![format!("UPDATE audit_events SET changes = ' ' || changes WHERE {own} AND sequence = 4")], format!("row 4 ({}) was altered", id(4))),
            (vec![format!("DELETE FROM audit_events WHERE {own} AND sequence = 5")], format!("row 5 was removed: row 6 ({}) follows a row that is not there", id(6))),
            (vec![format!("DELETE FROM audit_events WHERE {own} AND sequence < 4")], "rows 1 to 3 were removed".to_owned()),
            (vec![
                format!("UPDATE audit_events SET sequence = 0 WHERE {own} AND sequence = 3"),
                format!("UPDATE audit_events SET sequence = 3 WHERE {own} AND sequence = 7"),
                format!("UPDATE audit_events SET sequence = 7 WHERE {own} AND sequence = 0"),
            ], format!("row 3 ({}) was reordered: it was written as row 7", id(7))),
            (vec![format!("DELETE FROM audit_events WHERE {own} AND sequence >= {}", last - 1)], format!("the chain is truncated: its last rows, {} to {last}, were removed", last - 1)),
            (vec![format!("DELETE FROM audit_events WHERE {own}")], format!("the chain is truncated: its last rows, 1 to {last}, were removed")),
            (vec![format!("INSERT INTO audit_events SELECT organisation_id, sequence + 1, organisation_id, recorded_at, actor_kind, actor_key_id, actor_session_id, actor_role, address, request_id, action, subject_type, subject_id, changes, hash, hash FROM audit_events WHERE {own} AND sequence = {last}")], format!("row {} (aud_", last + 1)),
            (vec![format!("UPDATE audit_heads SET hash = (SELECT hash FROM kept WHERE {own} AND sequence = 1) WHERE {own}")], "the head of the chain was altered".to_owned()),
            (vec![format!("DELETE FROM audit_heads WHERE {own}")], "the head of the chain was removed".to_owned()),
            (vec![format!("DELETE FROM audit_heads WHERE {own}"), format!("DELETE FROM audit_events WHERE {own}")], "the whole chain was removed".to_owned()),
        ];
        for (statements, expected) in &cases {
            sql(statements).await;
            let found = verify(&app.app, None).await.unwrap().findings;
            assert!(found.len() == 1 && found[0].starts_with(&acme.id) && found[0].contains(expected), "{statements:?}\nshould be: {expected}\nis: {found:?}");
            sql(&["DELETE FROM audit_events".to_owned(), "INSERT INTO audit_events SELECT * FROM kept".to_owned(), "DELETE FROM audit_heads".to_owned(), "INSERT INTO audit_heads SELECT * FROM kept_heads".to_owned()]).await;
            assert!(verify(&app.app, None).await.unwrap().findings.is_empty(), "{statements:?} was undone");
        }

        // The verb says the same and ends with 1.
        let (code, words) = verb(app, &["--organisation", &acme.id]).await;
        assert_eq!(code, 0, "{words}");
        assert!(words.contains(&format!("head of {}: {last} ", acme.id)) && words.contains(&format!("{last} rows checked: 0 findings")), "{words}");
        sql(&cases[0].0).await;
        let (code, words) = verb(app, &[]).await;
        assert_eq!(code, 1, "{words}");
        assert!(words.contains(&format!("audit trail: {}: {}", acme.id, cases[0].1)), "{words}");
        sql(&["DROP TABLE kept".to_owned(), "DROP TABLE kept_heads".to_owned()]).await;
        database.close().await.unwrap();
    }
}

/// `undash verify audit` on the database of the server.
async fn verb(app: &TestApp, flags: &[&str]) -> (i32, String) {
    let mut command = undash();
    command.arg("--data-dir").arg(&app.app.settings.data_dir).arg("--database-url").arg(app.app.settings.database());
    command.args(["verify", "audit"]).args(flags);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (output.status.code().unwrap(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}
