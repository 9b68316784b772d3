//! Usage in, in small numbers: the same rules and the same use case as the bulk endpoint, with an answer for each event.

use async_graphql::{
    Context, Enum, ID, InputObject, InputValueResult, Object, Scalar, ScalarType, SimpleObject, Value,
};
use billing::metering::{RawEvent, RawProperty, RawValue};
use serde_json::{Map, json};

use super::access::{Call, Need, enter};
use super::fault::Result;
use super::scalar::whole_number;
use super::usage_rejection::UsageRejectionCode;
use super::user_error::UserError;
use crate::app::record_usage::{Arrival, EventOutcome, EventStatus, record_usage_in_trail};
use crate::error::Error;
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[Need::mutation("usageIngest", Permission::UsageWrite)];

/// Events in one mutation at most.
pub(super) const EVENTS_PER_MUTATION: usize = 250;

/// What a sender may write where a value belongs.
#[derive(Clone)]
struct UsageValue(Value);

/// A value of a usage event: an exact decimal number as a string, such as `"12.5"`, or a whole number; in a property
/// also any text, true or false. What does not belong there refuses only its own event, not the whole request.
#[Scalar(name = "UsageValue")]
impl ScalarType for UsageValue {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(value))
    }

    fn to_value(&self) -> Value {
        self.0.clone()
    }
}

/// What the rules of metering call a value of the wrong kind.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Number(_) => "a floating-point number, which may have been rounded; send it as a string",
        Value::Boolean(_) => "true or false",
        Value::List(_) => "a list",
        Value::Object(_) => "an object",
        _ => "something else",
    }
}

impl UsageValue {
    fn read(&self) -> Option<RawValue> {
        Some(match &self.0 {
            Value::Null => return None,
            Value::String(text) => RawValue::Text(text.clone()),
            Value::Number(number) => {
                whole_number(&number.to_string()).map_or(RawValue::Other(kind(&self.0)), RawValue::Number)
            }
            other => RawValue::Other(kind(other)),
        })
    }

    fn read_property(&self) -> RawProperty {
        match &self.0 {
            Value::String(text) => RawProperty::Text(text.clone()),
            Value::Boolean(truth) => RawProperty::Bool(*truth),
            Value::Number(number) => {
                whole_number(&number.to_string()).map_or(RawProperty::Other(kind(&self.0)), RawProperty::Number)
            }
            other => RawProperty::Other(kind(other)),
        }
    }

    fn json(&self) -> serde_json::Value {
        self.0.clone().into_json().unwrap_or_default()
    }
}

/// The usage events to record, at most 250. Send more through `POST /v1/events`.
#[derive(InputObject)]
struct UsageIngestInput {
    /// The organisation; a key of the operator must name it.
    organisation_id: Option<ID>,
    /// The events. Each is judged on its own.
    events: Vec<UsageEventInput>,
}

/// One usage event. What is wrong with it is in its own result.
#[derive(InputObject)]
struct UsageEventInput {
    /// Your id of the event, unique within the organisation for ever: sending the event again counts it once.
    transaction_id: String,
    /// The code of the metric.
    metric: String,
    /// The project it was used in; may be left out with a project's key.
    project_id: Option<ID>,
    /// When it happened: RFC 3339 with an offset, such as `2026-01-31T23:59:59Z`.
    occurred_at: String,
    /// The amount of usage; not needed when the metric only counts.
    value: Option<UsageValue>,
    /// What you want to add; at most 32, each name once.
    #[graphql(default)]
    properties: Vec<UsagePropertyInput>,
}

/// Something added to an event.
#[derive(InputObject)]
struct UsagePropertyInput {
    /// Its name, at most 64 bytes.
    name: String,
    /// A text of at most 256 bytes, a number, true or false.
    value: UsageValue,
}

/// What `usageIngest` answers. Everything that is accepted is durable by then.
#[derive(SimpleObject)]
struct UsageIngestPayload {
    /// What became of each event, in the order of the input.
    results: Vec<UsageIngestResult>,
    /// How many were recorded now.
    accepted: i32,
    /// How many had been recorded before with the same content.
    duplicates: i32,
    /// How many used a transaction id again for another content.
    conflicts: i32,
    /// How many broke a rule.
    rejected: i32,
    /// Why no event was looked at; empty as soon as one was.
    errors: Vec<UserError>,
}

/// What became of one event.
#[derive(SimpleObject)]
struct UsageIngestResult {
    /// Its place in the input, from 0.
    index: i32,
    /// Its transaction id.
    transaction_id: Option<String>,
    /// The answer.
    status: UsageEventStatus,
    /// The field that was refused; null unless the status is CONFLICT or REJECTED.
    field: Option<String>,
    /// Why, for programs; null unless the status is REJECTED.
    code: Option<UsageRejectionCode>,
    /// Why, in a sentence; null unless the status is CONFLICT or REJECTED.
    message: Option<String>,
}

/// What became of a usage event. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum UsageEventStatus {
    /// Recorded now; it will be billed once.
    Accepted,
    /// Recorded before with the same content; nothing changed.
    Duplicate,
    /// Its transaction id was used before for another content; the first event is kept.
    Conflict,
    /// It breaks a rule; it is kept for inspection and not billed.
    Rejected,
}

#[derive(Default)]
pub(super) struct UsageIngestMutation;

#[Object]
impl UsageIngestMutation {
    /// Records usage events. Sending the same events again changes nothing.
    async fn usage_ingest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The events.")] input: UsageIngestInput,
    ) -> Result<UsageIngestPayload> {
        let call = enter(ctx)?;
        match ingest(&call, input).await {
            Ok(outcomes) => Ok(UsageIngestPayload::of(outcomes)),
            Err(error) => {
                Ok(UsageIngestPayload { errors: vec![UserError::of(error)?], ..UsageIngestPayload::of(Vec::new()) })
            }
        }
    }
}

async fn ingest(call: &Call<'_>, input: UsageIngestInput) -> Result<Vec<EventOutcome>, Error> {
    let organisation = call.organisation(input.organisation_id.as_ref())?;
    if input.events.len() > EVENTS_PER_MUTATION {
        let words = format!(
            "{} events in one usageIngest; send at most {EVENTS_PER_MUTATION} at a time, or use POST /v1/events.",
            input.events.len()
        );
        return Err(Error::invalid("TOO_MANY", words).at(["events"]));
    }
    let arrivals = input.events.into_iter().map(UsageEventInput::arrive).collect();
    record_usage_in_trail(call.app, call.viewer, organisation, arrivals, call.now).await
}

impl UsageEventInput {
    /// The event, and the text that is kept should it be refused.
    fn arrive(self) -> Arrival<'static> {
        let properties: Map<String, serde_json::Value> =
            self.properties.iter().map(|property| (property.name.clone(), property.value.json())).collect();
        let body = json!({
            "transactionId": self.transaction_id,
            "metric": self.metric,
            "projectId": self.project_id.as_ref().map(|id| id.as_str()),
            "occurredAt": self.occurred_at,
            "value": self.value.as_ref().map(UsageValue::json),
            "properties": properties,
        });
        let event = RawEvent {
            transaction_id: self.transaction_id,
            metric: self.metric,
            project_id: self.project_id.map(|id| id.0),
            occurred_at: self.occurred_at,
            value: self.value.as_ref().and_then(UsageValue::read),
            properties: self
                .properties
                .into_iter()
                .map(|property| (property.name, property.value.read_property()))
                .collect(),
        };
        Arrival::new(Ok(event), body.to_string())
    }
}

impl UsageIngestPayload {
    fn of(outcomes: Vec<EventOutcome>) -> Self {
        let results: Vec<UsageIngestResult> =
            outcomes.into_iter().enumerate().map(|(index, outcome)| UsageIngestResult::of(index, outcome)).collect();
        let count =
            |status| i32::try_from(results.iter().filter(|result| result.status == status).count()).unwrap_or(i32::MAX);
        Self {
            accepted: count(UsageEventStatus::Accepted),
            duplicates: count(UsageEventStatus::Duplicate),
            conflicts: count(UsageEventStatus::Conflict),
            rejected: count(UsageEventStatus::Rejected),
            errors: Vec::new(),
            results,
        }
    }
}

impl UsageIngestResult {
    fn of(index: usize, outcome: EventOutcome) -> Self {
        let (status, field, code, message) = match outcome.status {
            EventStatus::Accepted => (UsageEventStatus::Accepted, None, None, None),
            EventStatus::Duplicate => (UsageEventStatus::Duplicate, None, None, None),
            EventStatus::Conflict => {
                (UsageEventStatus::Conflict, Some("transactionId"), None, Some(EventStatus::CONFLICT_WORDS.to_owned()))
            }
            EventStatus::Rejected(rejection) => (
                UsageEventStatus::Rejected,
                Some(rejection.field),
                Some(rejection.code.into()),
                Some(rejection.message),
            ),
        };
        Self {
            index: i32::try_from(index).unwrap_or(i32::MAX),
            transaction_id: outcome.transaction_id,
            status,
            field: field.map(str::to_owned),
            code,
            message,
        }
    }
}
