//! Plugins as an integrator brings them: the two steps of an upload, and a customer's rule to upload.

use harness::{Answer, Client, TestApp};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A customer's pricing rule: its source is in `guests/flat-price`.
pub(crate) const FLAT_PRICE: &[u8] = include_bytes!("../guests/flat-price.wasm");

/// Hexadecimal SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Announces bytes and sends them; answers the id of the upload.
pub(crate) async fn upload(app: &TestApp, client: &Client, bytes: &[u8]) -> Value {
    let ticket = announce(client, bytes.len(), &sha256(bytes)).await;
    let status = put(app, &ticket, bytes).await.status;
    assert_eq!(status, 204);
    ticket["id"].clone()
}

/// Announces bytes; answers where to send them.
pub(crate) async fn announce(client: &Client, size: usize, sha256: &str) -> Value {
    let input = json!({"filename": "plugin.wasm", "size": size, "sha256": sha256});
    client
        .make("pluginUploadCreate", input, "pluginUpload { id uploadUrl method headers { name value } expiresAt }")
        .await["pluginUpload"]
        .take()
}

/// Sends bytes to where the ticket says, as it says.
pub(crate) async fn put(app: &TestApp, ticket: &Value, bytes: &[u8]) -> Answer {
    assert_eq!(ticket["method"], "PUT");
    let mut request = app.http.put(app.link(ticket["uploadUrl"].as_str().unwrap()));
    for header in ticket["headers"].as_array().unwrap() {
        request = request.header(header["name"].as_str().unwrap(), header["value"].as_str().unwrap());
    }
    let response = request.body(bytes.to_vec()).send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
}

/// Makes an upload a version of a plugin, whatever comes of it.
pub(crate) async fn version(client: &Client, name: &str, upload: &Value, fixture: Option<Value>) -> Answer {
    let input = json!({"name": name, "uploadId": upload, "fixture": fixture.map(|fixture| fixture.to_string())});
    client
        .mutate(
            "pluginVersionCreate",
            input,
            "plugin { id name kind } pluginVersion { id number digest report { world sizeBytes fuelUsed } }",
        )
        .await
}

/// Brings bytes in and puts them in force.
pub(crate) async fn install(
    app: &TestApp,
    client: &Client,
    name: &str,
    bytes: &[u8],
    target: Value,
    from: &str,
) -> String {
    let upload = upload(app, client, bytes).await;
    let made = version(client, name, &upload, None).await;
    assert!(made.is_fine(), "{}", made.body);
    let id = made.data("/pluginVersionCreate/pluginVersion/id").as_str().unwrap().to_owned();
    client
        .make(
            "pluginActivate",
            json!({"pluginVersionId": id, "target": target, "effectiveFrom": from}),
            "pluginActivation { id }",
        )
        .await;
    id
}
