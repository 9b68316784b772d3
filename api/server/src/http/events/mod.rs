//! `POST /v1/events`: the same events as `usageIngest`, in bulk, with an answer for each.
//!
//! Three shapes of body, told apart by content type: a JSON array (`application/json`), one JSON
//! object a line (`application/x-ndjson`) and CloudEvents in batch mode
//! (`application/cloudevents-batch+json`). Reading is here; every rule about events is in
//! `billing::metering`, and saving goes through the same use case as GraphQL.

mod cloud;
mod plain;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use billing::metering::{RawEvent, Rejection};
use chrono::Utc;
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;

use crate::app::App;
use crate::app::record_usage::{Arrival, BULK_BYTES, EVENTS_PER_REQUEST, EventOutcome, EventStatus, record_usage};
use crate::error::{Error, ErrorKind};
use crate::http::problem::problem;
use crate::limiter::Measure;
use crate::viewer::{Permission, Viewer};

/// Takes a body of events and answers for each.
pub async fn post(
    State(app): State<Arc<App>>,
    axum::Extension(viewer): axum::Extension<Viewer>,
    request: Request,
) -> Response {
    match take(&app, &viewer, request).await {
        Ok(answer) => (StatusCode::OK, Json(answer)).into_response(),
        Err(error) => problem(&error),
    }
}

async fn take(app: &App, viewer: &Viewer, request: Request) -> Result<Answer, Error> {
    viewer.require(Permission::UsageWrite).inspect_err(|_| app.refusals.forbidden(viewer, Utc::now()))?;
    let shape = Shape::of(request.headers())?;
    let organisation = match request.headers().get("undash-organisation") {
        Some(named) => viewer.organisation(Some(crate::http::header_id(named, "Undash-Organisation")?))?,
        None => viewer.organisation(None)?,
    };
    // One before the body is read, the others when they are known.
    app.limiter.spend(viewer, Measure::Events, 1).await.map_err(|wait| wait.error())?;
    let body = Bytes::from_request(request, &()).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            too_large(format!("The body is larger than {} MiB: send fewer events at a time.", BULK_BYTES >> 20))
        } else {
            Error::invalid("BAD_BODY", "The body could not be read to its end. Send it again.")
        }
    })?;
    let most = EVENTS_PER_REQUEST.min(usize::try_from(app.limiter.most(Measure::Events)).unwrap_or(usize::MAX));
    let arrivals = shape.read(&body, most)?;
    let others = (arrivals.len() as u64).saturating_sub(1);
    if let Err(wait) = app.limiter.spend(viewer, Measure::Events, others).await {
        app.limiter.give_back(viewer, Measure::Events, 1).await;
        return Err(wait.error());
    }
    let outcomes = record_usage(app, viewer, organisation, arrivals, Utc::now()).await?;
    Ok(Answer::of(outcomes))
}

pub(crate) fn too_large(sentence: String) -> Error {
    Error::new(ErrorKind::Invalid, "TOO_LARGE", sentence)
}

#[derive(Clone, Copy)]
enum Shape {
    Array,
    Lines,
    CloudEvents,
}

impl Shape {
    fn of(headers: &HeaderMap) -> Result<Self, Error> {
        let written = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match written.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "application/json" => Ok(Self::Array),
            "application/x-ndjson" | "application/jsonl" | "application/ndjson" => Ok(Self::Lines),
            "application/cloudevents-batch+json" => Ok(Self::CloudEvents),
            _ => Err(Error::new(
                ErrorKind::Invalid,
                "UNSUPPORTED_MEDIA_TYPE",
                "Content-Type must be application/json (an array), application/x-ndjson (an object a line) or application/cloudevents-batch+json.",
            )),
        }
    }

    fn read(self, body: &[u8], most: usize) -> Result<Vec<Arrival<'_>>, Error> {
        let text = std::str::from_utf8(body).map_err(|error| {
            Error::invalid("BAD_BODY", format!("The body is not UTF-8 from byte {} on.", error.valid_up_to()))
        })?;
        let parts: Vec<&str> = match self {
            Self::Array | Self::CloudEvents => elements(text)?,
            Self::Lines => text.lines().map(str::trim).filter(|line| !line.is_empty()).collect(),
        };
        if parts.len() > most {
            return Err(too_large(format!("{} events in one request: send at most {most} at a time.", parts.len())));
        }
        let read: fn(&str) -> Result<RawEvent, Rejection> = match self {
            Self::Array | Self::Lines => plain::event,
            Self::CloudEvents => cloud::event,
        };
        Ok(parts.into_iter().map(|part| Arrival::new(read(part), part)).collect())
    }
}

fn elements(text: &str) -> Result<Vec<&str>, Error> {
    let parts: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| {
        Error::invalid(
            "BAD_JSON",
            format!("The body is not a JSON array of events: {error}. Nothing was saved. Mend the JSON, or send one object a line as application/x-ndjson."),
        )
    })?;
    Ok(parts.into_iter().map(RawValue::get).collect())
}

/// What the request achieved, in counts and for each event.
#[derive(Serialize)]
struct Answer {
    accepted: usize,
    duplicates: usize,
    conflicts: usize,
    rejected: usize,
    results: Vec<EventAnswer>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventAnswer {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl Answer {
    fn of(outcomes: Vec<EventOutcome>) -> Self {
        let count = |wanted: &str| outcomes.iter().filter(|outcome| outcome.status.as_str() == wanted).count();
        Self {
            accepted: count("ACCEPTED"),
            duplicates: count("DUPLICATE"),
            conflicts: count("CONFLICT"),
            rejected: count("REJECTED"),
            results: outcomes.into_iter().enumerate().map(|(index, outcome)| EventAnswer::of(index, outcome)).collect(),
        }
    }
}

impl EventAnswer {
    fn of(index: usize, outcome: EventOutcome) -> Self {
        let status = outcome.status.as_str();
        let (field, code, message) = match outcome.status {
            EventStatus::Accepted | EventStatus::Duplicate => (None, None, None),
            EventStatus::Conflict => {
                (Some("transactionId"), Some("CONFLICT"), Some(EventStatus::CONFLICT_WORDS.to_owned()))
            }
            EventStatus::Rejected(rejection) => {
                (Some(rejection.field), Some(rejection.code.as_str()), Some(rejection.message))
            }
        };
        Self { index, transaction_id: outcome.transaction_id, status, field, code, message }
    }
}

/// One event from one line of a file, by the same rules.
pub fn read_line(line: &str) -> Result<RawEvent, Rejection> {
    plain::event(line)
}
