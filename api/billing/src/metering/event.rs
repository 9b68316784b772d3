//! The shapes of a usage event before and after it was looked at.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::MetricRef;
use crate::ids::ProjectId;

/// A usage event as it arrived: nothing about it is known to be true.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawEvent {
    /// The sender's name for the event, unique within the organisation for ever; empty if missing.
    pub transaction_id: String,
    /// The code of the metric; empty if missing.
    pub metric: String,
    /// The public id of the project, if the sender named one.
    pub project_id: Option<String>,
    /// When the usage happened, RFC 3339; empty if missing.
    pub occurred_at: String,
    /// The amount of usage; `None` if missing or null.
    pub value: Option<RawValue>,
    /// Names and values as they were sent, in any order.
    pub properties: Vec<(String, RawProperty)>,
}

/// The value of an event as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawValue {
    /// A string.
    Text(String),
    /// The literal text of a number, never read through a float.
    Number(String),
    /// Something that is not a number at all, by the name of its kind, such as `object`.
    Other(&'static str),
}

/// The value of a property as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawProperty {
    /// A string.
    Text(String),
    /// The literal text of a number, never read through a float.
    Number(String),
    /// True or false.
    Bool(bool),
    /// Something a property may not be, by the name of its kind, such as `array`.
    Other(&'static str),
}

/// A sound usage event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageEvent {
    /// The sender's name for the event, unique within the organisation for ever.
    pub transaction_id: String,
    /// What was used.
    pub metric: MetricRef,
    /// The project it was used in.
    pub project_id: ProjectId,
    /// When it happened, to the microsecond.
    pub occurred_at: DateTime<Utc>,
    /// The amount of usage: below 10^15, at most 12 digits after the point.
    pub value: Option<Decimal>,
    /// Names and values, sorted by name, each name once.
    pub properties: Vec<(String, PropertyValue)>,
}

/// The value of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PropertyValue {
    /// A text.
    Text(String),
    /// An exact number; `1.0` and `1` are the same.
    Number(Decimal),
    /// True or false.
    Bool(bool),
}
