//! Usage in: judge each event, save the good ones through the gate, keep the bad ones for inspection.
//!
//! The second run of the same events finds duplicates and changes nothing. An event is answered
//! `ACCEPTED` only after the commit that holds it.

use billing::ids::{MetricId, OrganisationId, ProjectId};
use billing::metering::{self, Catalogue, EventLimits, MetricRef, RawEvent, Rejection, RejectionCode, UsageEvent};
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::usage_gate::{Delivery, ROWS_PER_TRANSACTION, Sender};
use super::{App, fresh, to_microseconds};
use crate::error::Error;
use crate::metrics::UsageCount;
use crate::store::rejection::RejectedEvent;
use crate::store::usage::{NewUsage, SaveOutcome};
use crate::viewer::{Permission, Viewer};

/// Events in one request to the bulk endpoint.
pub const EVENTS_PER_REQUEST: usize = 10_000;

/// Bytes in the body of one request to the bulk endpoint.
pub const BULK_BYTES: usize = 16 << 20;

/// Bytes of a rejected event's body that are kept.
const KEPT_BODY_BYTES: usize = 16 << 10;

/// One event as it came in: what could be read of it, and the text to keep should it be rejected.
pub struct Arrival<'a> {
    event: Result<RawEvent, Rejection>,
    body: Cow<'a, str>,
}

impl<'a> Arrival<'a> {
    /// An event that was read (or not) from `body`.
    pub fn new(event: Result<RawEvent, Rejection>, body: impl Into<Cow<'a, str>>) -> Self {
        Self { event, body: body.into() }
    }

    /// As much of the body as is kept of a rejected event.
    fn kept(body: &str) -> String {
        let mut end = body.len().min(KEPT_BODY_BYTES);
        while !body.is_char_boundary(end) {
            end -= 1;
        }
        body[..end].to_owned()
    }
}

/// What became of one event.
pub struct EventOutcome {
    /// Its transaction id, as far as it had one.
    pub transaction_id: Option<String>,
    /// The answer.
    pub status: EventStatus,
}

/// The four answers an event can get.
pub enum EventStatus {
    /// Saved now; it will be billed once.
    Accepted,
    /// Saved before with the same content; nothing changed.
    Duplicate,
    /// Its transaction id was used before for another content; the first is kept.
    Conflict,
    /// It breaks a rule; it is kept for inspection and not billed.
    Rejected(Rejection),
}

impl EventStatus {
    /// What a conflict means and how to mend it.
    pub const CONFLICT_WORDS: &str = "This transactionId was used before for an event with another content; the first one is kept. Send a corrected event under a new transactionId.";

    /// The name as shown.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Duplicate => "DUPLICATE",
            Self::Conflict => "CONFLICT",
            Self::Rejected(_) => "REJECTED",
        }
    }
}

/// Records the events of one request and who sent them, in one transaction for up to a thousand of them; the answers
/// are in the order of the events.
pub async fn record_usage_in_trail(
    app: &App,
    viewer: &Viewer,
    organisation: OrganisationId,
    arrivals: Vec<Arrival<'_>>,
    now: DateTime<Utc>,
) -> Result<Vec<EventOutcome>, Error> {
    let sender = Sender { actor: viewer.into(), organisation, now };
    record(app, viewer, organisation, arrivals, Some(sender), now).await
}

/// Records the events of one request in bulk, without a row in the audit trail: the events themselves are the record.
/// The answers are in the order of the events.
pub async fn record_usage(
    app: &App,
    viewer: &Viewer,
    organisation: OrganisationId,
    arrivals: Vec<Arrival<'_>>,
    now: DateTime<Utc>,
) -> Result<Vec<EventOutcome>, Error> {
    record(app, viewer, organisation, arrivals, None, now).await
}

async fn record(
    app: &App,
    viewer: &Viewer,
    organisation: OrganisationId,
    arrivals: Vec<Arrival<'_>>,
    sender: Option<Sender>,
    now: DateTime<Utc>,
) -> Result<Vec<EventOutcome>, Error> {
    viewer.require(Permission::UsageWrite)?;
    let lookups = Lookups::for_events(app, viewer, organisation, &arrivals).await?;
    let limits = EventLimits::new(app.settings.usage_max_past, app.settings.usage_max_future);
    let recorded_at = to_microseconds(now);

    let mut outcomes = Vec::with_capacity(arrivals.len());
    let mut accepted = Vec::with_capacity(arrivals.len());
    let empty = || Delivery { sender: sender.clone(), ..Delivery::default() };
    let mut deliveries = vec![empty()];
    for (index, arrival) in arrivals.into_iter().enumerate() {
        let transaction_id = arrival.event.as_ref().ok().map(|event| event.transaction_id.clone());
        if deliveries
            .last()
            .is_some_and(|delivery| delivery.rows.len() + delivery.rejections.len() >= ROWS_PER_TRANSACTION)
        {
            deliveries.push(empty());
        }
        let judged = arrival.event.and_then(|raw| metering::validate(raw, &lookups.catalogue(), &limits, now));
        let mut status = EventStatus::Accepted;
        if let Some(delivery) = deliveries.last_mut() {
            match judged {
                Ok(event) => {
                    accepted.push(index);
                    delivery.rows.push(new_usage(organisation, event, recorded_at));
                }
                Err(rejection) => {
                    let id = transaction_id.as_deref();
                    delivery.rejections.push(new_rejection(
                        organisation,
                        viewer,
                        id,
                        Arrival::kept(&arrival.body),
                        &rejection,
                        recorded_at,
                    ));
                    status = EventStatus::Rejected(rejection);
                }
            }
        }
        outcomes.push(EventOutcome { transaction_id: transaction_id.map(cut), status });
    }
    let saves = deliveries.into_iter().filter(|delivery| !delivery.rows.is_empty() || !delivery.rejections.is_empty());
    let saved = futures_util::future::try_join_all(saves.map(|delivery| app.usage.save(delivery))).await?;
    for (index, outcome) in accepted.into_iter().zip(saved.into_iter().flatten()) {
        outcomes[index].status = match outcome {
            SaveOutcome::Accepted => EventStatus::Accepted,
            SaveOutcome::Duplicate => EventStatus::Duplicate,
            SaveOutcome::Conflict => EventStatus::Conflict,
        };
    }
    app.bus.work_written();
    app.metrics.usage_answered(counted(&outcomes));
    Ok(outcomes)
}

fn counted(outcomes: &[EventOutcome]) -> UsageCount {
    let mut count = UsageCount::default();
    for outcome in outcomes {
        *match outcome.status {
            EventStatus::Accepted => &mut count.accepted,
            EventStatus::Duplicate => &mut count.duplicate,
            EventStatus::Conflict => &mut count.conflict,
            EventStatus::Rejected(_) => &mut count.rejected,
        } += 1;
    }
    count
}

/// What the rules of metering look things up in, for one request.
struct Lookups {
    metrics: HashMap<String, MetricRef>,
    projects: HashSet<ProjectId>,
    default_project: Option<ProjectId>,
}

impl Lookups {
    async fn for_events(
        app: &App,
        viewer: &Viewer,
        organisation: OrganisationId,
        arrivals: &[Arrival<'_>],
    ) -> Result<Self, Error> {
        let codes: HashSet<&str> = arrivals
            .iter()
            .filter_map(|arrival| arrival.event.as_ref().ok())
            .map(|event| event.metric.as_str())
            .collect();
        let metrics = app.catalogue.metrics(&app.store, &codes).await?;
        let own = viewer.own_project();
        let named: HashSet<ProjectId> = arrivals
            .iter()
            .filter_map(|arrival| arrival.event.as_ref().ok()?.project_id.as_ref()?.parse().ok())
            .collect();
        let mut projects = app.catalogue.projects(&app.store, organisation, &named).await?;
        if let Some(own) = own {
            // A project key cannot write into a sister project: to it that project does not exist.
            projects.retain(|project| *project == own);
            projects.insert(own);
        }
        Ok(Self { metrics, projects, default_project: own })
    }

    fn catalogue(&self) -> Catalogue<'_> {
        Catalogue { metrics: &self.metrics, projects: &self.projects, default_project: self.default_project }
    }
}

fn new_usage(organisation: OrganisationId, event: UsageEvent, recorded_at: DateTime<Utc>) -> NewUsage {
    NewUsage {
        organisation,
        transaction_digest: metering::transaction_digest(&event.transaction_id),
        content_digest: metering::content_digest(&event),
        event,
        recorded_at,
    }
}

fn new_rejection(
    organisation: OrganisationId,
    viewer: &Viewer,
    transaction_id: Option<&str>,
    body: String,
    rejection: &Rejection,
    recorded_at: DateTime<Utc>,
) -> RejectedEvent {
    let mut rejected = RejectedEvent::of(organisation, fresh(), body, rejection, recorded_at);
    rejected.project_id = viewer.own_project();
    rejected.transaction_id = transaction_id.map(|id| cut(id.to_owned()));
    rejected
}

/// Ids come back to the caller; one of 10 kB is not repeated in full.
fn cut(mut text: String) -> String {
    const SHOWN: usize = 255;
    if text.len() > SHOWN {
        let mut end = SHOWN;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

/// The rejection of an event whose metric is not in the catalogue, for callers outside this file.
pub fn unknown_metric(code: &str) -> Rejection {
    Rejection::new(
        "metric",
        RejectionCode::UnknownMetric,
        format!("There is no metric `{code}`. Query `metrics` for the codes."),
    )
}

/// A metric's id by its code, for use cases that name one.
pub async fn metric_id(app: &App, code: &str) -> Result<MetricId, Error> {
    let codes = HashSet::from([code]);
    let metrics = app.catalogue.metrics(&app.store, &codes).await?;
    metrics
        .get(code)
        .map(|metric| metric.id)
        .ok_or_else(|| Error::invalid("UNKNOWN_METRIC", unknown_metric(code).message).at(["metric"]))
}
