//! A multipart request: the envelope, where its files belong, and the files, in this order. Files go to
//! the disk as they arrive, each into a nameless one that is gone when the request is.

use std::{
    collections::HashMap,
    io::{self, Seek},
    path::PathBuf,
};

use async_graphql::{UploadValue, Value};
use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde_json::Value as Json;
use tokio::io::AsyncWriteExt;

use crate::{
    TransportSettings, UploadSettings, code,
    envelope::{Envelope, bad, position},
    failure::Failure,
    files::{Files, VariablePath},
};

/// Bytes of the part `map`.
const MAP_BYTES: usize = 64 * 1024;
/// Bytes the parts' own headers may take.
const FRAMING_BYTES: u64 = 64 * 1024;

/// Whether the body says it is multipart.
pub(super) fn is_multipart(headers: &HeaderMap) -> bool {
    boundary(headers).is_some()
}

fn boundary(headers: &HeaderMap) -> Option<String> {
    multer::parse_boundary(headers.get(header::CONTENT_TYPE)?.to_str().ok()?).ok()
}

/// Reads the whole request.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    settings: &TransportSettings,
) -> Result<(Envelope, Files), Failure> {
    let uploads = &settings.uploads;
    let most = uploads.file_bytes.saturating_mul(uploads.files as u64);
    let whole = most.saturating_add(settings.body_bytes as u64).saturating_add(FRAMING_BYTES + MAP_BYTES as u64);
    let limits = SizeLimit::new()
        .whole_stream(whole)
        .per_field(uploads.file_bytes)
        .for_field("operations", settings.body_bytes as u64)
        .for_field("map", MAP_BYTES as u64);
    let parts = Multipart::with_constraints(
        body.into_data_stream(),
        boundary(headers).unwrap_or_default(),
        Constraints::new().size_limit(limits),
    );
    let late = |_| {
        let seconds = uploads.wait.as_secs();
        Err(Failure::new(code::REQUEST_TIMEOUT, format!("The files did not arrive within {seconds} s.")))
    };
    tokio::time::timeout(uploads.wait, read_parts(parts, uploads)).await.unwrap_or_else(late)
}

async fn read_parts(mut parts: Multipart<'_>, settings: &UploadSettings) -> Result<(Envelope, Files), Failure> {
    let mut envelope = Envelope::from_json(json_part(&mut parts, "operations").await?)?;
    let mut places = read_map(json_part(&mut parts, "map").await?, settings.files, &mut envelope)?;
    let mut files = Files::default();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let paths = part.name().and_then(|name| places.remove(name));
        let paths = paths.ok_or_else(|| bad("Each part after `map` is a file that `map` names, and comes once."))?;
        let number = files.uploads.len();
        files.uploads.push(to_disk(part, settings.directory.clone()).await?);
        files.places.extend(paths.into_iter().map(|path| (path, number)));
    }
    match places.is_empty() {
        true => Ok((envelope, files)),
        false => Err(bad("A file that `map` names did not come.")),
    }
}

async fn json_part(parts: &mut Multipart<'_>, name: &str) -> Result<Json, Failure> {
    let part = parts.next_field().await.map_err(broken)?;
    let part = part
        .filter(|part| part.name() == Some(name))
        .ok_or_else(|| bad("A multipart request has the part `operations`, then the part `map`, then the files."))?;
    let bytes = part.bytes().await.map_err(broken)?;
    serde_json::from_slice(&bytes).map_err(|error| bad(format!("The part `{name}` is not JSON: {}", position(&error))))
}

/// `{"0": ["variables.file"]}`: the part's name and the variables that mean it, each of them null.
fn read_map(map: Json, most: usize, envelope: &mut Envelope) -> Result<HashMap<String, Vec<VariablePath>>, Failure> {
    let Json::Object(entries) = map else {
        return Err(bad("The part `map` is an object: for each file the paths of its variables."));
    };
    if entries.len() > most {
        return Err(Failure::new(
            code::PAYLOAD_TOO_LARGE,
            format!("The request has {} files; at most {most} are allowed.", entries.len()),
        )
        .with("limit", most as u64));
    }
    let mut places = HashMap::new();
    for (name, paths) in entries {
        let paths = paths
            .as_array()
            .filter(|paths| !paths.is_empty())
            .ok_or_else(|| bad("Each entry of `map` is a list of paths such as `variables.file`."))?;
        let paths = paths.iter().map(|path| {
            let path = path.as_str().and_then(VariablePath::read);
            path.filter(|path| path.find(&mut envelope.variables) == Some(&mut Value::Null)).ok_or_else(|| {
                bad("A path in `map` leads to a variable that is null in `operations`, such as `variables.file`.")
            })
        });
        places.insert(name, paths.collect::<Result<_, _>>()?);
    }
    Ok(places)
}

async fn to_disk(mut part: Field<'_>, directory: Option<PathBuf>) -> Result<UploadValue, Failure> {
    let filename = part.file_name().unwrap_or_default().to_owned();
    let content_type = part.content_type().map(ToString::to_string);
    let created = tokio::task::spawn_blocking(move || match directory {
        Some(directory) => tempfile::tempfile_in(directory),
        None => tempfile::tempfile(),
    });
    let file = created.await.map_err(io::Error::other).flatten().map_err(|error| full(&error))?;
    let mut file = tokio::fs::File::from_std(file);
    while let Some(chunk) = part.chunk().await.map_err(broken)? {
        file.write_all(&chunk).await.map_err(|error| full(&error))?;
    }
    file.flush().await.map_err(|error| full(&error))?;
    let mut content = file.into_std().await;
    content.rewind().map_err(|error| full(&error))?;
    Ok(UploadValue { filename, content_type, content })
}

/// The words of the parser are not for clients; what they mean is.
#[allow(clippy::needless_pass_by_value, reason = "the shape `map_err` asks for")]
fn broken(error: multer::Error) -> Failure {
    let too_large = |limit: u64, what: &str| {
        Failure::new(code::PAYLOAD_TOO_LARGE, format!("{what} is larger than {limit} bytes.")).with("limit", limit)
    };
    match error {
        multer::Error::FieldSizeExceeded { limit, field_name } => {
            let is_file = !matches!(field_name.as_deref(), Some("operations" | "map"));
            too_large(limit, if is_file { "A file" } else { "The part `operations` or `map`" })
        }
        multer::Error::StreamSizeExceeded { limit } => too_large(limit, "The request"),
        _ => bad("The body is not multipart, or ended before it was complete."),
    }
}

fn full(error: &io::Error) -> Failure {
    tracing::error!(%error, "an upload could not be kept");
    Failure::new(code::UNAVAILABLE, "The file could not be kept. Try again in a moment.")
}
