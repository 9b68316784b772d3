//! How the events of a metric become one quantity.

use std::fmt;
use std::str::FromStr;

use crate::ids::MetricId;

/// How the events of a metric become one quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Aggregation {
    /// The number of events; their values are ignored.
    Count,
    /// The sum of the values.
    Sum,
    /// The largest value.
    Max,
    /// The smallest value.
    Min,
}

impl Aggregation {
    /// Every aggregation.
    pub const ALL: [Self; 4] = [Self::Count, Self::Sum, Self::Max, Self::Min];

    /// The name in the API and in stored rows: `COUNT`, `SUM`, `MAX`, `MIN`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "COUNT",
            Self::Sum => "SUM",
            Self::Max => "MAX",
            Self::Min => "MIN",
        }
    }

    /// Whether an event of such a metric must carry a value.
    #[must_use]
    pub const fn needs_value(self) -> bool {
        !matches!(self, Self::Count)
    }
}

impl fmt::Display for Aggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no aggregation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownAggregation;

impl fmt::Display for UnknownAggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not an aggregation; use COUNT, SUM, MAX or MIN")
    }
}

impl std::error::Error for UnknownAggregation {}

impl FromStr for Aggregation {
    type Err = UnknownAggregation;

    fn from_str(text: &str) -> Result<Self, UnknownAggregation> {
        Self::ALL.into_iter().find(|aggregation| aggregation.as_str() == text).ok_or(UnknownAggregation)
    }
}

/// A metric as metering needs it: who it is and how it aggregates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MetricRef {
    /// The metric's identifier.
    pub id: MetricId,
    /// How its events become one quantity.
    pub aggregation: Aggregation,
}
