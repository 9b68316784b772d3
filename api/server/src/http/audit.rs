//! `GET /v1/audit-events`: a whole chain of the audit trail as one JSON object a line, streamed.

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use billing::ids::OrganisationId;
use chrono::Utc;
use futures_util::StreamExt as _;
use serde::Deserialize;
use std::sync::Arc;

use crate::app::App;
use crate::app::export_audit;
use crate::error::Error;
use crate::http::problem::problem;
use crate::viewer::Viewer;

/// Whose chain.
#[derive(Deserialize)]
pub(super) struct Wanted {
    organisation_id: Option<String>,
}

/// Streams the chain of an organisation, or of the installation to an operator that names none.
pub(super) async fn export(
    State(app): State<Arc<App>>,
    axum::Extension(viewer): axum::Extension<Viewer>,
    Query(wanted): Query<Wanted>,
) -> Response {
    stream(app, &viewer, wanted).await.unwrap_or_else(|error| problem(&error))
}

async fn stream(app: Arc<App>, viewer: &Viewer, wanted: Wanted) -> Result<Response, Error> {
    let named: Option<OrganisationId> = wanted.organisation_id.map(|text| text.parse()).transpose().map_err(|_| {
        Error::invalid("BAD_ID", "organisation_id must be an id such as org_01J….").at(["organisation_id"])
    })?;
    let organisation = match named {
        None if viewer.is_operator() => None,
        named => Some(viewer.organisation(named)?),
    };
    let lines = export_audit::export(Arc::clone(&app), viewer, organisation)
        .await
        .inspect_err(|error| app.refusals.if_forbidden(viewer, error, Utc::now()))?;
    // The answer has begun by then: it breaks off, without its last line.
    let lines = lines.inspect(|page| {
        if let Err(error) = page {
            tracing::error!(error = ?error, "an export of the audit trail broke off");
        }
    });
    let lines = lines.map(|page| page.map_err(|error| std::io::Error::other(error.public)));
    let mut response = Response::new(Body::from_stream(lines));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}
