//! The steps of `mutations` that bring a plugin in.

use harness::PERIOD;

use super::mutations::Witness;
use super::*;
use crate::uploads::{FLAT_PRICE, put, sha256};

pub(super) async fn plugins(witness: &mut Witness<'_>, world: &World) -> Vec<String> {
    let input = json!({"filename": "flat.wasm", "size": FLAT_PRICE.len(), "sha256": sha256(FLAT_PRICE)});
    let ticket = witness
        .does(
            "pluginUploadCreate",
            input,
            "pluginUpload { id uploadUrl method headers { name value } }",
            ("PLUGIN_UPLOAD_ANNOUNCED", "installation", "filename size sha256 expiresAt"),
        )
        .await;
    let ticket = &ticket["pluginUpload"];
    for _ in 0..2 {
        assert_eq!(put(witness.app, ticket, FLAT_PRICE).await.status, 204);
    }
    let received: Vec<Value> = chain(witness.app, OPERATOR_KEY, None)
        .await
        .into_iter()
        .filter(|row| row["action"] == "PLUGIN_UPLOAD_RECEIVED")
        .collect();
    assert_eq!(
        (received.len(), &received[0]["subjectId"], &received[0]["actorKind"]),
        (1, &ticket["id"], &json!("STRANGER"))
    );
    let made = witness
        .does(
            "pluginVersionCreate",
            json!({"name": "flat", "uploadId": ticket["id"]}),
            "pluginVersion { id }",
            ("PLUGIN_VERSION_CREATED", "installation", "name kind pluginId number digest uploadId"),
        )
        .await;
    let version = &made["pluginVersion"]["id"];
    let fields = "kind target pluginVersionId digest effectiveFrom";
    let for_plan = json!({"pluginVersionId": version, "target": {"planId": world.plan}, "effectiveFrom": PERIOD.1});
    witness
        .does("pluginActivate", for_plan, "pluginActivation { id }", ("PLUGIN_ACTIVATED", "installation", fields))
        .await;
    let own = json!({"pluginVersionId": version, "target": {"organisationId": witness.organisation}, "effectiveFrom": "2100-01-01T00:00:00Z"});
    witness.does("pluginActivate", own, "pluginActivation { id }", ("PLUGIN_ACTIVATED", "organisation", fields)).await;
    let link = ticket["uploadUrl"].as_str().unwrap();
    vec![link.split("signature=").nth(1).unwrap().to_owned()]
}
