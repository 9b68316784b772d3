//! Bytes in and out by signed link: plugin uploads and invoice PDFs.

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use billing::ids::{InvoiceId, OrganisationId, UploadId};
use chrono::Utc;
use futures_util::StreamExt as _;
use serde::Deserialize;
use std::sync::Arc;

use crate::app::App;
use crate::app::{invoice_document, upload_plugin};
use crate::error::Error;
use crate::http::events::too_large;
use crate::http::problem::problem;

/// What a signed link carries.
#[derive(Deserialize)]
pub(super) struct Signature {
    expires: i64,
    signature: String,
}

/// Takes the bytes of an announced upload.
pub(super) async fn put_upload(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(link): Query<Signature>,
    body: Body,
) -> Response {
    answer(receive(&app, &id, &link, body).await.map(|()| StatusCode::NO_CONTENT.into_response()))
}

async fn receive(app: &App, id: &str, link: &Signature, body: Body) -> Result<(), Error> {
    let id: UploadId = id.parse().map_err(|_| Error::not_found("NOT_FOUND", "There is no such upload."))?;
    let now = Utc::now();
    // The link is checked before a byte is read.
    app.signer.check(&upload_plugin::subject(id), link.expires, &link.signature, now)?;
    let announced = upload_plugin::expected_size(app, id, now).await?;
    let mut bytes = Vec::with_capacity(announced);
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| Error::invalid("BAD_BODY", "The upload broke off. Send it again."))?;
        if bytes.len() + part.len() > announced {
            return Err(too_large(format!(
                "The upload is larger than the {announced} bytes announced. Announce its real size."
            )));
        }
        bytes.extend_from_slice(&part);
    }
    upload_plugin::receive(app, id, bytes, now).await
}

/// Hands out the PDF of an invoice.
pub(super) async fn get_invoice_pdf(
    State(app): State<Arc<App>>,
    Path((organisation, invoice)): Path<(String, String)>,
    Query(link): Query<Signature>,
) -> Response {
    answer(pdf(&app, &organisation, &invoice, &link).await)
}

async fn pdf(app: &App, organisation: &str, invoice: &str, link: &Signature) -> Result<Response, Error> {
    let unknown = || Error::not_found("NOT_FOUND", "There is no such invoice.");
    let organisation: OrganisationId = organisation.parse().map_err(|_| unknown())?;
    let invoice: InvoiceId = invoice.parse().map_err(|_| unknown())?;
    app.signer.check(&invoice_document::subject(organisation, invoice), link.expires, &link.signature, Utc::now())?;
    let file = invoice_document::pdf(app, organisation, invoice).await?;
    let mut response = file.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(value) = HeaderValue::from_str(&format!("inline; filename=\"{}\"", file.name)) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

fn answer(result: Result<Response, Error>) -> Response {
    result.unwrap_or_else(|error| problem(&error))
}
