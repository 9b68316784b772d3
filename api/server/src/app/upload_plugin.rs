//! Plugins in, in three steps: announce, send the bytes by signed link, make a version.
//!
//! A version is immutable and keyed by the digest of its bytes. Making one inspects the bytes and runs
//! the plugin on our fixtures, twice; what production would refuse is refused here, with words.

use billing::ids::UploadId;
use chrono::{DateTime, Duration, Utc};
use plugin_host::Refusal;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

use super::audit::{self, Action, Changes, Subject};
use super::catalogue::{check_code, missing};
use super::{App, fresh, to_microseconds};
use crate::error::{Error, ErrorKind};
use crate::plugin::{Rehearsal, kind_of};
use crate::store;
use crate::store::audit::{ActorKind, SubjectType};
use crate::store::plugin::{Component, Plugin, PluginVersion, Upload};
use crate::viewer::{Permission, Viewer};

/// Largest component, in bytes: the standard profile of the contract.
pub const COMPONENT_BYTES: i64 = plugin_contract::STANDARD.wasm_size as i64;

/// How long an upload may take from announcement to bytes.
const LINK_MINUTES: i64 = 15;

/// Where and how to send the bytes.
pub struct UploadTicket {
    /// Names the upload in `pluginVersionCreate`.
    pub id: UploadId,
    /// Where to send them.
    pub url: String,
    /// HTTP method.
    pub method: &'static str,
    /// Headers to send along.
    pub headers: Vec<(String, String)>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// What the signed link of an upload is about.
pub fn subject(id: UploadId) -> String {
    format!("plugin-upload/{id}")
}

/// Announces an upload.
pub async fn create_upload(
    app: &App,
    viewer: &Viewer,
    filename: String,
    size: i64,
    sha256: String,
    now: DateTime<Utc>,
) -> Result<UploadTicket, Error> {
    viewer.require(Permission::PluginsWrite)?;
    if size <= 0 || size > COMPONENT_BYTES {
        return Err(Error::invalid("TOO_LARGE", format!("size must be from 1 to {COMPONENT_BYTES} bytes; build with opt-level = \"s\" and lto to make the component smaller.")).at(["size"]));
    }
    let sha256 = sha256.strip_prefix("sha256:").unwrap_or(&sha256).to_ascii_lowercase();
    if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::invalid("BAD_DIGEST", "sha256 must be the 64 hexadecimal digits of the file's SHA-256.")
            .at(["sha256"]));
    }
    if filename.is_empty() || filename.len() > 255 || filename.chars().any(char::is_control) {
        return Err(Error::invalid("BAD_NAME", "filename must have 1 to 255 visible characters.").at(["filename"]));
    }
    let expires_at = to_microseconds(now + Duration::minutes(LINK_MINUTES));
    let upload =
        Upload { id: fresh(), filename, size, sha256, expires_at, received_at: None, created_at: to_microseconds(now) };
    let tx = app.store.begin().await?;
    store::plugin::insert_upload_in_tx(&tx, &upload).await?;
    let changes = Changes::new()
        .set("filename", &upload.filename)
        .set("size", upload.size)
        .set("sha256", &upload.sha256)
        .set("expiresAt", audit::time(expires_at));
    let announced = Subject::of_operator(SubjectType::PluginUpload, upload.id);
    audit::record_in_tx(&tx, viewer, Action::PluginUploadAnnounced, announced, changes, now).await?;
    tx.commit().await?;
    let query = app.signer.sign(&subject(upload.id), expires_at);
    Ok(UploadTicket {
        id: upload.id,
        url: format!("{}/v1/uploads/{}?{query}", app.base_url(), upload.id),
        method: "PUT",
        headers: vec![("Content-Type".to_owned(), "application/wasm".to_owned())],
        expires_at,
    })
}

/// How many bytes an upload announced, while it is open.
pub async fn expected_size(app: &App, id: UploadId, now: DateTime<Utc>) -> Result<usize, Error> {
    Ok(usize::try_from(open_upload(app, id, now).await?.size).unwrap_or(0))
}

/// Keeps the bytes of an upload. Sending the same bytes again changes nothing.
pub async fn receive(app: &App, id: UploadId, bytes: Vec<u8>, now: DateTime<Utc>) -> Result<(), Error> {
    let upload = open_upload(app, id, now).await?;
    if bytes.len() as i64 != upload.size {
        return Err(Error::invalid(
            "WRONG_SIZE",
            format!(
                "{} bytes arrived and {} were announced. Send the whole file, or announce it again.",
                bytes.len(),
                upload.size
            ),
        ));
    }
    let digest = hex::encode(Sha256::digest(&bytes));
    if digest != upload.sha256 {
        return Err(Error::invalid(
            "WRONG_DIGEST",
            format!(
                "The bytes have SHA-256 {digest} and {} was announced. Send the file that was announced.",
                upload.sha256
            ),
        ));
    }
    let tx = app.store.begin().await?;
    if !store::plugin::receive_upload_in_tx(&tx, id, &bytes, to_microseconds(now)).await? {
        return Err(expired(id));
    }
    if upload.received_at.is_none() {
        // Whoever holds the signed link sends the bytes; it was handed to the one who announced them.
        let by = audit::actor(ActorKind::Stranger);
        let changes = Changes::new().set("sha256", &digest).set("receivedAt", audit::time(to_microseconds(now)));
        let subject = Subject::of_operator(SubjectType::PluginUpload, id);
        audit::record_in_tx(&tx, by, Action::PluginUploadReceived, subject, changes, now).await?;
    }
    tx.commit().await
}

/// Keeps the bytes of an upload that came with a key instead of by the signed link.
pub async fn receive_from(
    app: &App,
    viewer: &Viewer,
    id: UploadId,
    bytes: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    viewer.require(Permission::PluginsWrite)?;
    receive(app, id, bytes, now).await
}

/// Makes the received bytes the next version of the plugin called `name`, or of a new one.
/// `fixture` is an input of the contract as JSON that the plugin must answer; ours is used without one.
pub async fn create_version(
    app: &App,
    viewer: &Viewer,
    name: String,
    upload: UploadId,
    fixture: Option<String>,
    now: DateTime<Utc>,
) -> Result<(Plugin, PluginVersion), Error> {
    viewer.require(Permission::PluginsWrite)?;
    check_code("name", &name)?;
    open_upload(app, upload, now).await?;
    let bytes: Arc<[u8]> = store::plugin::upload_bytes(&app.store, upload)
        .await?
        .ok_or_else(|| {
            Error::refused("NOT_RECEIVED", "The bytes of this upload have not arrived. PUT them to uploadUrl first.")
                .at(["uploadId"])
        })?
        .into();
    let inspection = app.plugins.inspect(Arc::clone(&bytes)).await.map_err(|refusal| refused(&refusal))?;
    let kind = kind_of(inspection.kind);
    let known = store::plugin::find_by_name(&app.store, &name).await?;
    if let Some(plugin) = known.as_ref().filter(|plugin| plugin.kind != kind) {
        return Err(Error::refused(
            "WRONG_KIND",
            format!(
                "The plugin `{name}` is of kind {} and this component is of kind {}. Use another name.",
                plugin.kind.as_str(),
                kind.as_str()
            ),
        )
        .at(["name"]));
    }
    app.plugins
        .prepare(&inspection.digest, Arc::clone(&bytes))
        .await
        .map_err(|error| Error::refused("PLUGIN_REFUSED", format!("{error}.")).at(["uploadId"]))?;
    let rehearsal = app
        .plugins
        .rehearse(kind, &inspection.digest, fixture)
        .await
        .map_err(|why| Error::refused("FIXTURE_FAILED", why).at(["fixture"]))?;

    let component = Component {
        digest: inspection.digest,
        kind,
        world: inspection.world,
        size: bytes.len() as i64,
        created_at: to_microseconds(now),
    };
    save(app, viewer, name, known, upload, component, &bytes, &rehearsal, now).await
}

#[allow(clippy::too_many_arguments, reason = "one transaction over everything that was found out before it")]
async fn save(
    app: &App,
    viewer: &Viewer,
    name: String,
    known: Option<Plugin>,
    upload: UploadId,
    component: Component,
    bytes: &[u8],
    rehearsal: &Rehearsal,
    now: DateTime<Utc>,
) -> Result<(Plugin, PluginVersion), Error> {
    let conflict = |error: Error| match error.kind {
        ErrorKind::Conflict => Error::conflict(
            "VERSION_CONFLICT",
            "Another version of this plugin was made at the same moment. Look at it, then try again.",
        ),
        _ => error,
    };
    let report = json!({"world": component.world, "size": component.size, "fixture": {"fuel": rehearsal.fuel, "memoryPeak": rehearsal.memory_peak, "fingerprint": rehearsal.fingerprint}});
    let tx = app.store.begin().await?;
    store::plugin::insert_component_in_tx(&tx, &component, bytes).await?;
    let plugin = match known {
        Some(plugin) => plugin,
        None => {
            let plugin = Plugin { id: fresh(), name, kind: component.kind, created_at: to_microseconds(now) };
            store::plugin::insert_in_tx(&tx, &plugin).await.map_err(conflict)?;
            plugin
        }
    };
    let version =
        store::plugin::insert_version_in_tx(&tx, fresh(), plugin.id, &component.digest, report, to_microseconds(now))
            .await
            .map_err(conflict)?;
    if !store::plugin::finish_upload_in_tx(&tx, upload).await? {
        return Err(
            Error::conflict("ALREADY_USED", "This upload was made a version at the same moment.").at(["uploadId"])
        );
    }
    let changes = Changes::new()
        .set("name", &plugin.name)
        .set("kind", plugin.kind.as_str())
        .set("pluginId", plugin.id)
        .set("number", version.number)
        .set("digest", &component.digest)
        .set("uploadId", upload);
    let subject = Subject::of_operator(SubjectType::PluginVersion, version.id);
    audit::record_in_tx(&tx, viewer, Action::PluginVersionCreated, subject, changes, now).await?;
    tx.commit().await?;
    Ok((plugin, version))
}

async fn open_upload(app: &App, id: UploadId, now: DateTime<Utc>) -> Result<Upload, Error> {
    let upload = store::plugin::find_upload(&app.store, id).await?.ok_or_else(|| missing("upload", &id, "uploadId"))?;
    if now < upload.expires_at { Ok(upload) } else { Err(expired(id)) }
}

fn expired(id: UploadId) -> Error {
    Error::refused("UPLOAD_EXPIRED", format!("The upload {id} has expired. Announce it again.")).at(["uploadId"])
}

fn refused(refusal: &Refusal) -> Error {
    Error::refused(
        "PLUGIN_REFUSED",
        format!("{} ({}). {}", refusal.message.trim_end_matches('.'), refusal.code, refusal.fix),
    )
    .at(["uploadId"])
}
