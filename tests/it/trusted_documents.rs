//! Documents known before they are sent: those of the operator's front ends, and those a client has sent before; and files
//! that come inside a request.

use harness::{Client, World, both};
use serde_json::{Value, json};

use crate::uploads::{FLAT_PRICE, announce, sha256, version};

const WHO: &str = "query Who { viewer { scope role } }";

async fn register(operator: &Client, documents: Value) -> harness::Answer {
    operator
        .mutate(
            "trustedDocumentRegister",
            json!({ "documents": documents }),
            "trustedDocuments { id documentId name text }",
        )
        .await
}

async fn run(client: &Client, document_id: &Value) -> harness::Answer {
    client.send(json!({ "documentId": document_id }).to_string()).await
}

both! {
    /// A key in a browser runs what the front end was built with, and nothing else.
    async fn a_key_of_a_front_end_runs_trusted_documents_only(app: &TestApp) {
        let world = World::new(app).await;
        let organisation = world.organisation("Acme").await;
        let key = world.key(json!({"scope": "ORGANISATION", "organisationId": organisation, "role": "VIEWER", "trustedDocumentsOnly": true})).await;
        let page = app.client(&key);
        let refused = page.ask(WHO, json!({})).await;
        assert_eq!((refused.status, refused.code()), (403, Some("TRUSTED_DOCUMENT_REQUIRED")));
        let id = json!(format!("sha256:{}", sha256(WHO.as_bytes())));
        assert_eq!(run(&page, &id).await.code(), Some("TRUSTED_DOCUMENT_NOT_FOUND"));

        let documents = json!([{"name": "Who", "text": WHO}, {"name": "Who again", "text": WHO}]);
        let made = register(&world.operator, documents.clone()).await;
        assert!(made.is_fine(), "{}", made.body);
        let list = made.data("/trustedDocumentRegister/trustedDocuments").clone();
        assert_eq!((&list[0]["documentId"], &list[1]["id"]), (&id, &list[0]["id"]), "one text is one document");
        let again = register(&world.operator, documents).await;
        assert_eq!(again.data("/trustedDocumentRegister/trustedDocuments/0/id"), &list[0]["id"], "a second time changes nothing");

        let answer = run(&page, &id).await;
        assert_eq!(answer.data("/viewer/role"), "VIEWER", "{}", answer.body);
        assert_eq!(run(&app.operator(), &id).await.data("/viewer/role"), "OWNER", "any key may run them");
        let shown = world.operator.get("query($id: ID!) { trustedDocuments { totalCount nodes { id name registeredByKeyId } } node(id: $id) { ... on TrustedDocument { text } } apiKeys(organisationId: \"ORG\") { nodes { trustedDocumentsOnly } } }".replace("ORG", &organisation).as_str(), json!({"id": list[0]["id"]})).await;
        assert_eq!((&shown["trustedDocuments"]["totalCount"], &shown["node"]["text"]), (&json!(1), &json!(WHO)));
        assert_eq!(shown["apiKeys"]["nodes"][0]["trustedDocumentsOnly"], true);

        let removed = world.operator.mutate("trustedDocumentRemove", json!({"id": list[0]["id"]}), "trustedDocument { name }").await;
        assert!(removed.is_fine(), "{}", removed.body);
        assert_eq!(run(&page, &id).await.code(), Some("TRUSTED_DOCUMENT_NOT_FOUND"), "gone at once on this server");
    }

    /// What would never run is not registered, and one bad document keeps all of them out.
    async fn a_document_that_would_not_run_is_refused(app: &TestApp) {
        let deep = format!("{{ {} }}", "a: viewer { role } ".repeat(31));
        for (text, words) in [
            ("query { nothing }", "nothing"),
            ("query {", "expected"),
            ("query A { viewer { role } } query B { viewer { role } }", "operation"),
            (deep.as_str(), "alias"),
            ("{ invoices(first: 100) { nodes { lines { steps { label } metric { id } plugin: taxCategory } taxes { code } } } a: invoices(first: 100) { nodes { lines { steps { label } } } } }", ""),
        ] {
            let answer = register(&app.operator(), json!([{"name": "good", "text": WHO}, {"name": "bad", "text": text}])).await;
            let error = answer.user_error().unwrap_or_else(|| panic!("{text}: {}", answer.body));
            assert_eq!((&error["code"], &error["path"]), (&json!("BAD_DOCUMENT"), &json!(["documents", "1", "text"])), "{error}");
            assert!(error["message"].as_str().unwrap().to_lowercase().contains(words), "{error}");
        }
        let count = app.operator().get("{ trustedDocuments { totalCount } }", json!({})).await;
        assert_eq!(count["trustedDocuments"]["totalCount"], 0);
    }

    /// Automatic persisted queries: the digest alone is enough once the text was sent, within one organisation.
    async fn a_document_is_remembered_for_the_organisation_that_sent_it(app: &TestApp) {
        let world = World::new(app).await;
        let acme = world.tenant_without_subscription(app, "Acme").await;
        let globex = world.tenant_without_subscription(app, "Globex").await;
        let persisted = json!({"persistedQuery": {"version": 1, "sha256Hash": sha256(WHO.as_bytes())}});
        let short = json!({ "extensions": persisted }).to_string();
        let long = json!({ "query": WHO, "extensions": persisted }).to_string();
        assert_eq!(acme.owner.send(short.clone()).await.code(), Some("PERSISTED_QUERY_NOT_FOUND"));
        assert!(acme.owner.send(long).await.is_fine());
        assert_eq!(acme.owner.send(short.clone()).await.data("/viewer/role"), "OWNER");
        assert_eq!(acme.ingest.send(short.clone()).await.data("/viewer/role"), "INGEST", "another key of the organisation");
        assert_eq!(globex.owner.send(short).await.code(), Some("PERSISTED_QUERY_NOT_FOUND"));
    }

    /// The second path for a plugin's bytes, and what imitates it.
    async fn a_file_comes_inside_a_request(app: &TestApp) {
        let world = World::new(app).await;
        let operator = &world.operator;
        let ticket = announce(operator, FLAT_PRICE.len(), &sha256(FLAT_PRICE)).await;
        let send = async |key: &str, preflight: bool, bytes: &[u8]| {
            let document = "mutation($input: PluginUploadSendInput!) { pluginUploadSend(input: $input) { pluginUpload { uploadId sizeBytes } errors { code path } } }";
            let operations = json!({"query": document, "variables": {"input": {"uploadId": ticket["id"], "file": null}}});
            let mut body = format!("--b\r\ncontent-disposition: form-data; name=\"operations\"\r\n\r\n{operations}\r\n--b\r\ncontent-disposition: form-data; name=\"map\"\r\n\r\n{{\"0\":[\"variables.input.file\"]}}\r\n--b\r\ncontent-disposition: form-data; name=\"0\"; filename=\"p.wasm\"\r\n\r\n").into_bytes();
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n--b--\r\n");
            let mut request = app.http.post(format!("http://{}/graphql", app.address)).bearer_auth(key).header("content-type", "multipart/form-data; boundary=b").header("accept", "application/json");
            if preflight {
                request = request.header("graphql-require-preflight", "1");
            }
            let response = request.body(body).send().await.unwrap();
            let status = response.status().as_u16();
            (status, response.json::<Value>().await.unwrap())
        };
        assert_eq!(send("undash_op_nobody", true, FLAT_PRICE).await.0, 401);
        let tenant = world.tenant_without_subscription(app, "Acme").await;
        assert_eq!(send(tenant.owner.key(), true, FLAT_PRICE).await.0, 403, "who may upload nothing is not read");
        assert_eq!(send(operator.key(), false, FLAT_PRICE).await.0, 400, "a foreign page cannot send the header");
        let (_, wrong) = send(operator.key(), true, b"other bytes").await;
        assert_eq!(wrong["data"]["pluginUploadSend"]["errors"][0]["code"], "WRONG_SIZE", "{wrong}");
        let most = usize::try_from(undash::app::upload_plugin::COMPONENT_BYTES).unwrap();
        assert_eq!(send(operator.key(), true, &vec![0; most + 1]).await.0, 413);
        for _ in 0..2 {
            let (status, answer) = send(operator.key(), true, FLAT_PRICE).await;
            assert_eq!((status, &answer["data"]["pluginUploadSend"]["pluginUpload"]), (200, &json!({"uploadId": ticket["id"], "sizeBytes": FLAT_PRICE.len()})), "{answer}");
        }
        let made = version(operator, "flat", &ticket["id"], None).await;
        assert!(made.is_fine(), "{}", made.body);

        for imitation in ["#__graphql_file__:0", "#__graphql_file__:x", "#__graphql_file__:99999999999999999999"] {
            let answer = operator.mutate("pluginUploadSend", json!({"uploadId": ticket["id"], "file": imitation}), "pluginUpload { uploadId }").await;
            assert!(answer.status == 400 || answer.status == 200, "{}", answer.body);
            assert!(answer.code().is_some_and(|code| code != "INTERNAL"), "{}", answer.body);
        }
        assert!(operator.ask(WHO, json!({})).await.is_fine(), "and the server is well");
        let left = std::fs::read_dir(app.app.settings.data_dir.join("uploads")).unwrap().count();
        assert_eq!(left, 0, "no file stays behind");
    }
}
