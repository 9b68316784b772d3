//! From what was sent to an event that can be billed, or to words that say why not.
//!
//! Every limit on an event is here. The first fault found is reported; nothing is repaired
//! silently, and nothing depends on the order of properties.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::rejection::{Rejection, RejectionCode as Code};
use super::{MetricRef, RawEvent, RawValue, UsageEvent};
use crate::decimal::{self, DecimalError, MAX_PRICE_SCALE};
use crate::ids::ProjectId;
use crate::period::truncate_to_micros;

mod properties;

/// The longest transaction id, in bytes of UTF-8.
pub const MAX_TRANSACTION_ID_BYTES: usize = 255;
/// The longest metric code, in bytes.
pub const MAX_METRIC_CODE_BYTES: usize = 64;
/// The most properties of one event.
pub const MAX_PROPERTIES: usize = 32;
/// The longest name of a property, in bytes.
pub const MAX_PROPERTY_KEY_BYTES: usize = 64;
/// The longest text of a property, in bytes.
pub const MAX_PROPERTY_TEXT_BYTES: usize = 256;
/// The most bytes all texts of one event may have together.
pub const MAX_EVENT_BYTES: usize = 4096;
/// A value's magnitude must be below ten to this power.
pub const MAX_VALUE_EXPONENT: u32 = 15;

/// What an event may refer to: the metrics and projects its sender can see.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue<'a> {
    /// Metrics by code.
    pub metrics: &'a HashMap<String, MetricRef>,
    /// The projects the sender may record usage for.
    pub projects: &'a HashSet<ProjectId>,
    /// The project of events that name none, for senders bound to one project.
    pub default_project: Option<ProjectId>,
}

/// How far from now an event may lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventLimits {
    /// Events older than this are refused.
    pub max_past: TimeDelta,
    /// Events further ahead than this are refused; allows for clocks that differ.
    pub max_future: TimeDelta,
}

impl EventLimits {
    /// Limits from spans that cannot be negative; one too long to be counted is no limit.
    #[must_use]
    pub fn new(max_past: Duration, max_future: Duration) -> Self {
        let span = |span| TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
        Self { max_past: span(max_past), max_future: span(max_future) }
    }
}

/// Turns what was sent into a usage event.
///
/// Times are cut to the microsecond and properties sorted by name; nothing else is changed.
///
/// # Errors
/// A [`Rejection`] that names the first field at fault.
pub fn validate(
    raw: RawEvent,
    catalogue: &Catalogue<'_>,
    limits: &EventLimits,
    now: DateTime<Utc>,
) -> Result<UsageEvent, Rejection> {
    let bytes = size(&raw);
    if bytes > MAX_EVENT_BYTES {
        let message = format!("The event has {bytes} bytes; at most {MAX_EVENT_BYTES} are taken.");
        return Err(Rejection::new("event", Code::TooLong, message));
    }
    let transaction_id = transaction_id(raw.transaction_id)?;
    let metric = metric(&raw.metric, catalogue)?;
    let project_id = project(raw.project_id.as_deref(), catalogue)?;
    let occurred_at = occurred_at(&raw.occurred_at, limits, now)?;
    let value = raw.value.as_ref().map(value).transpose()?;
    if value.is_none() && metric.aggregation.needs_value() {
        let message = format!(
            "value is missing; the metric {:?} is aggregated by {} and needs a number.",
            raw.metric, metric.aggregation
        );
        return Err(Rejection::new("value", Code::MissingValue, message));
    }
    let properties = properties::properties(raw.properties)?;
    Ok(UsageEvent { transaction_id, metric, project_id, occurred_at, value, properties })
}

/// The bytes of all texts together; what the wire wrapped around them does not count.
fn size(raw: &RawEvent) -> usize {
    let value = match &raw.value {
        Some(RawValue::Text(text) | RawValue::Number(text)) => text.len(),
        Some(RawValue::Other(_)) | None => 0,
    };
    raw.transaction_id.len()
        + raw.metric.len()
        + raw.project_id.as_ref().map_or(0, String::len)
        + raw.occurred_at.len()
        + value
        + properties::size(&raw.properties)
}

fn transaction_id(id: String) -> Result<String, Rejection> {
    const FIELD: &str = "transactionId";
    if id.is_empty() {
        let message =
            "transactionId is missing; give each event an id of its own, so that sending it twice counts it once.";
        return Err(Rejection::new(FIELD, Code::MissingField, message));
    }
    if id.len() > MAX_TRANSACTION_ID_BYTES {
        let message = format!("transactionId has {} bytes; at most {MAX_TRANSACTION_ID_BYTES} are taken.", id.len());
        return Err(Rejection::new(FIELD, Code::TooLong, message));
    }
    if !is_printable(&id) || id.trim() != id {
        let message = "transactionId holds control characters or begins or ends with a space; use visible characters.";
        return Err(Rejection::new(FIELD, Code::NotPrintable, message));
    }
    Ok(id)
}

fn metric(code: &str, catalogue: &Catalogue<'_>) -> Result<MetricRef, Rejection> {
    const FIELD: &str = "metric";
    if code.is_empty() {
        let message = "metric is missing; give the code of a metric.";
        return Err(Rejection::new(FIELD, Code::MissingField, message));
    }
    if code.len() > MAX_METRIC_CODE_BYTES {
        let message = format!("metric has {} bytes; a metric code has at most {MAX_METRIC_CODE_BYTES}.", code.len());
        return Err(Rejection::new(FIELD, Code::TooLong, message));
    }
    catalogue.metrics.get(code).copied().ok_or_else(|| {
        let message = format!("metric {code:?} does not exist; use the code of an existing metric or create it first.");
        Rejection::new(FIELD, Code::UnknownMetric, message)
    })
}

fn project(id: Option<&str>, catalogue: &Catalogue<'_>) -> Result<ProjectId, Rejection> {
    const FIELD: &str = "projectId";
    let Some(text) = id else {
        return catalogue.default_project.ok_or_else(|| {
            let message = "projectId is missing; give the id of a project or use a key that belongs to one.";
            Rejection::new(FIELD, Code::MissingField, message)
        });
    };
    let id: ProjectId = text
        .parse()
        .map_err(|error| Rejection::new(FIELD, Code::UnknownProject, format!("projectId is not an id: {error}.")))?;
    if !catalogue.projects.contains(&id) {
        let message = format!("projectId {id} does not exist or is not yours; use the id of one of your projects.");
        return Err(Rejection::new(FIELD, Code::UnknownProject, message));
    }
    Ok(id)
}

fn occurred_at(text: &str, limits: &EventLimits, now: DateTime<Utc>) -> Result<DateTime<Utc>, Rejection> {
    const FIELD: &str = "occurredAt";
    if text.is_empty() {
        let message = "occurredAt is missing; give the time of the usage, such as \"2026-01-31T23:59:59Z\".";
        return Err(Rejection::new(FIELD, Code::MissingField, message));
    }
    let at = DateTime::parse_from_rfc3339(text).map_err(|_| {
        let message = "occurredAt is not RFC 3339 with an offset; write it as \"2026-01-31T23:59:59Z\".";
        Rejection::new(FIELD, Code::BadTime, message)
    })?;
    let at = truncate_to_micros(at.with_timezone(&Utc));
    if now.checked_sub_signed(limits.max_past).is_some_and(|earliest| at < earliest) {
        let message = format!(
            "occurredAt {} is more than {} ago; such late usage is not taken.",
            at.to_rfc3339(),
            words(limits.max_past)
        );
        return Err(Rejection::new(FIELD, Code::TooOld, message));
    }
    if now.checked_add_signed(limits.max_future).is_some_and(|latest| at > latest) {
        let message = format!(
            "occurredAt {} is more than {} ahead; check the sender's clock.",
            at.to_rfc3339(),
            words(limits.max_future)
        );
        return Err(Rejection::new(FIELD, Code::InFuture, message));
    }
    Ok(at)
}

fn words(span: TimeDelta) -> String {
    match (span.num_days(), span.num_minutes()) {
        (days, _) if days > 1 => format!("{days} days"),
        (_, minutes) if minutes > 1 => format!("{minutes} minutes"),
        _ => format!("{} seconds", span.num_seconds()),
    }
}

fn value(raw: &RawValue) -> Result<Decimal, Rejection> {
    const FIELD: &str = "value";
    let read = match raw {
        RawValue::Text(text) => decimal::parse(text),
        RawValue::Number(literal) => decimal::parse_json_number(literal),
        RawValue::Other(kind) => {
            let message = format!("value is of kind {kind}; give a number, best as text such as \"12.5\".");
            return Err(Rejection::new(FIELD, Code::NotANumber, message));
        }
    };
    let value = read.map_err(|error| {
        let code = if error == DecimalError::Grammar { Code::NotANumber } else { Code::OutOfRange };
        Rejection::new(FIELD, code, format!("value {error}."))
    })?;
    let too_large = value.abs() >= Decimal::from(10_u64.pow(MAX_VALUE_EXPONENT));
    if too_large || decimal::scale(value) > MAX_PRICE_SCALE {
        let message = format!(
            "value is out of range; give less than 10^{MAX_VALUE_EXPONENT} with at most {MAX_PRICE_SCALE} digits after the point."
        );
        return Err(Rejection::new(FIELD, Code::OutOfRange, message));
    }
    Ok(value)
}

/// Whether every character can be seen: no control characters, none that turn the direction of
/// writing, no line separators. (A zero byte cannot even be stored by every database.)
pub(super) fn is_printable(text: &str) -> bool {
    !text.chars().any(|character| {
        character.is_control() || matches!(character, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
    })
}

#[cfg(test)]
mod tests;
