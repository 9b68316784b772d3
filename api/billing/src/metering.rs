//! Usage: which events are sound, when two are the same, and what they add up to.
//!
//! An event enters as a [`RawEvent`] (whatever the wire said), becomes a [`UsageEvent`] or a
//! [`Rejection`] with words, and is counted in [`Totals`]. Storing, counting duplicates and
//! answering the sender happen elsewhere; so does any pricing.

mod aggregation;
mod digest;
mod event;
mod rejection;
mod totals;
mod validate;

pub use aggregation::{Aggregation, MetricRef, UnknownAggregation};
pub use digest::{content_digest, transaction_digest};
pub use event::{PropertyValue, RawEvent, RawProperty, RawValue, UsageEvent};
pub use rejection::{Rejection, RejectionCode, UnknownRejectionCode};
pub use totals::{Overflow, Totals};
pub use validate::{
    Catalogue, EventLimits, MAX_EVENT_BYTES, MAX_METRIC_CODE_BYTES, MAX_PROPERTIES, MAX_PROPERTY_KEY_BYTES,
    MAX_PROPERTY_TEXT_BYTES, MAX_TRANSACTION_ID_BYTES, MAX_VALUE_EXPONENT, validate,
};
