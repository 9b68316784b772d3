//! Plugins in: announce the file, send its bytes by the link, make a version of them.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Upload, UploadValue};
use std::io::Read as _;

use super::access::{Call, Need, enter};
use super::fault::Result;
use super::ident::{parse_id, show_id};
use super::plugin::{Plugin, PluginVersion};
use super::scalar::Instant;
use super::user_error::{UserError, payload};
use crate::app::upload_plugin::{self, UploadTicket};
use crate::error::Error;
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::mutation("pluginUploadCreate", Permission::PluginsWrite),
    Need::mutation("pluginUploadSend", Permission::PluginsWrite),
    Need::mutation("pluginVersionCreate", Permission::PluginsWrite),
];

/// The file that will be sent.
#[derive(InputObject)]
struct PluginUploadCreateInput {
    /// The name of the file, for people.
    filename: String,
    /// Its size in bytes.
    size: i32,
    /// Its SHA-256, 64 hexadecimal digits.
    sha256: String,
}

/// Where and how to send the bytes of a plugin.
#[derive(SimpleObject)]
pub(super) struct PluginUpload {
    /// Its id, `upl_…`, for `pluginVersionCreate`.
    id: ID,
    /// Where to send the bytes; needs no key.
    upload_url: String,
    /// The HTTP method to send them with.
    method: String,
    /// The headers to send along.
    headers: Vec<HttpHeader>,
    /// Until when the bytes must be sent and made a version.
    expires_at: Instant,
}

/// A header of an HTTP request.
#[derive(SimpleObject)]
struct HttpHeader {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

impl PluginUpload {
    fn of(ticket: UploadTicket) -> Self {
        Self {
            id: show_id(ticket.id),
            upload_url: ticket.url,
            method: ticket.method.to_owned(),
            headers: ticket.headers.into_iter().map(|(name, value)| HttpHeader { name, value }).collect(),
            expires_at: ticket.expires_at.into(),
        }
    }
}

payload! {
    /// What `pluginUploadCreate` answers.
    PluginUploadCreatePayload {
        /// Where to send the bytes; null when there are errors.
        plugin_upload: PluginUpload
    }
}

/// The bytes of an announced file.
#[derive(InputObject)]
struct PluginUploadSendInput {
    /// The upload that was announced.
    upload_id: ID,
    /// The file, in a multipart request with the header `GraphQL-Require-Preflight`. There is nothing to receive without
    /// it.
    file: Option<Upload>,
}

/// What was received.
#[derive(SimpleObject)]
struct PluginUploadReceipt {
    /// The upload, for `pluginVersionCreate`.
    upload_id: ID,
    /// How many bytes arrived.
    size_bytes: i32,
}

payload! {
    /// What `pluginUploadSend` answers.
    PluginUploadSendPayload {
        /// What was received; null when there are errors.
        plugin_upload: PluginUploadReceipt
    }
}

/// Which bytes become a version of which plugin.
#[derive(InputObject)]
struct PluginVersionCreateInput {
    /// The name of the plugin: 1 to 64 of a-z, 0-9, `.`, `_` and `-`. A new name makes a new plugin.
    name: String,
    /// The upload whose bytes have been sent.
    upload_id: ID,
    /// A question of the contract as JSON that the plugin must answer; ours is used when left out.
    fixture: Option<String>,
}

/// What `pluginVersionCreate` answers.
#[derive(SimpleObject)]
struct PluginVersionCreatePayload {
    /// The new version; null when there are errors.
    plugin_version: Option<PluginVersion>,
    /// The plugin it is a version of; null when there are errors.
    plugin: Option<Plugin>,
    /// Why nothing was done; empty on success.
    errors: Vec<UserError>,
}

#[derive(Default)]
pub(super) struct PluginVersionMutation;

#[Object]
impl PluginVersionMutation {
    /// Announces the file of a plugin and answers where to send its bytes.
    async fn plugin_upload_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The file.")] input: PluginUploadCreateInput,
    ) -> Result<PluginUploadCreatePayload> {
        let call = enter(ctx)?;
        let PluginUploadCreateInput { filename, size, sha256 } = input;
        let ticket =
            upload_plugin::create_upload(call.app, call.viewer, filename, i64::from(size), sha256, call.now).await;
        PluginUploadCreatePayload::answer(ticket.map(PluginUpload::of))
    }

    /// Sends the bytes of an announced file in a multipart request, for programs that cannot follow `uploadUrl`. Sending
    /// the same bytes again changes nothing.
    async fn plugin_upload_send(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The file.")] input: PluginUploadSendInput,
    ) -> Result<PluginUploadSendPayload> {
        let call = enter(ctx)?;
        let file = match input.file {
            Some(file) => Some(file.value(ctx).map_err(Error::internal)?),
            None => None,
        };
        PluginUploadSendPayload::answer(receive(&call, &input.upload_id, file).await)
    }

    /// Makes the bytes of an upload the next version of a plugin: they are inspected, then rehearsed. A version that
    /// production would refuse is refused here.
    async fn plugin_version_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which bytes, for which plugin.")] input: PluginVersionCreateInput,
    ) -> Result<PluginVersionCreatePayload> {
        let call = enter(ctx)?;
        match create(&call, input).await {
            Ok((plugin, version)) => Ok(PluginVersionCreatePayload {
                plugin_version: Some(version),
                plugin: Some(plugin),
                errors: Vec::new(),
            }),
            Err(error) => Ok(PluginVersionCreatePayload {
                plugin_version: None,
                plugin: None,
                errors: vec![UserError::of(error)?],
            }),
        }
    }
}

async fn receive(call: &Call<'_>, id: &ID, file: Option<UploadValue>) -> Result<PluginUploadReceipt, Error> {
    let upload = parse_id(id, "uploadId")?;
    let missing = || {
        let words = "file is missing. Send it in a multipart request, or PUT the bytes to uploadUrl.";
        Error::invalid("MISSING_FIELD", words).at(["file"])
    };
    let file = file.ok_or_else(missing)?;
    // The transport has written it to disk, no larger than a plugin may be.
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        file.into_read().read_to_end(&mut bytes).map(|_| bytes)
    });
    let bytes = read.await.map_err(Error::internal)?.map_err(Error::internal)?;
    let size_bytes = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
    upload_plugin::receive_from(call.app, call.viewer, upload, bytes, call.now).await?;
    Ok(PluginUploadReceipt { upload_id: show_id(upload), size_bytes })
}

async fn create(call: &Call<'_>, input: PluginVersionCreateInput) -> Result<(Plugin, PluginVersion), Error> {
    let upload = parse_id(&input.upload_id, "uploadId")?;
    let (plugin, version) =
        upload_plugin::create_version(call.app, call.viewer, input.name, upload, input.fixture, call.now).await?;
    Ok((Plugin(plugin), PluginVersion(version)))
}
