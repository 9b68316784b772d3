//! What a dashboard's page costs the database: a number of statements that does not grow with the page.

use async_graphql::Request;
use billing::ids::ApiKeyId;
use harness::{World, both};
use serde_json::{Value, json};
use std::sync::Arc;
use undash::graphql::{attach, schema};
use undash::store::statements_of;
use undash::viewer::{Role, Scope, Viewer};
use uuid::Uuid;

const PAGE: &str = "{ invoices(first: 50) {
    nodes { id number state issuedAt total { amount currency } organisation { id name }
        lines { description quantity amount { amount currency } } }
    pageInfo { hasNextPage endCursor } } }";

both! {
    /// Invoices, lines, organisation.
    async fn a_page_of_fifty_invoices_takes_three_statements(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant_without_subscription(app, "Acme").await;
        world.subscribe(&acme.id, &world.plan, ("2020-01-01T00:00:00Z", "2024-04-01T00:00:00Z")).await;
        let mut issued = 0;
        while issued < 51 {
            let more = app.bill().await.issued;
            assert!(more > 0, "{issued} of 51 invoices are issued and no more come");
            issued += more;
        }

        let viewer = Viewer::holding(ApiKeyId::from_uuid(Uuid::now_v7()), Scope::Organisation(acme.id.parse().unwrap()), Role::Viewer);
        let schema = schema(Arc::clone(&app.app));
        let ask = async |document: &str| {
            let (answer, statements) = statements_of(schema.execute(attach(Request::new(document), viewer.clone(), &app.app))).await;
            assert!(answer.errors.is_empty(), "{:?}", answer.errors);
            (answer.data.into_json().unwrap(), statements)
        };
        let (answer, statements) = ask(PAGE).await;
        let nodes = answer["invoices"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), 50);
        let whole = |node: &Value| node["organisation"]["name"] == "Acme" && node["lines"].as_array().unwrap().len() == 4;
        assert!(nodes.iter().all(whole), "{answer}");
        assert_eq!(statements.len(), 3, "{statements:#?}");

        // What lists do not show of a line is read instead of what they show, or after it.
        let (whole, statements) = ask("{ invoices(first: 50) { nodes { lines { description steps { label } } } } }").await;
        assert_eq!(statements.len(), 2, "{statements:#?}");
        let steps = |node: &Value| node["lines"].as_array().unwrap().iter().filter(|line| line["steps"] != json!([])).count();
        assert_eq!(whole["invoices"]["nodes"].as_array().unwrap().iter().map(steps).min(), Some(1), "{whole}");

        // The same through the edges, and what is asked for under a name of the client's own.
        let (_, statements) = ask("{ invoices(first: 50) { edges { cursor node { buyer: organisation { name } rows: lines { description } ...More } } } } fragment More on Invoice { taxes { code } }").await;
        assert_eq!(statements.len(), 4, "{statements:#?}");
        // Nothing is read that nobody asks for.
        let (answer, statements) = ask("{ invoices(first: 50) { nodes { number } } }").await;
        assert_eq!(statements.len(), 1, "{statements:#?}");
        assert_eq!(answer["invoices"]["nodes"][0], json!({"number": nodes[0]["number"]}));
    }
}
