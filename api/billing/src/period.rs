//! Time as billing sees it: half-open intervals, billing periods, proration by day.
//!
//! Period boundaries are midnights of the organisation's time zone and are derived from the
//! anchor each time, never from the previous boundary, so that an anchor on the 31st comes back
//! to the 31st after February. Nothing here asks what time it is.

mod cadence;
mod interval;
mod local;
mod proration;

pub use cadence::{Anchor, Cadence, CadenceUnit, UnknownCadence};
pub use interval::{Interval, IntervalError};
pub use local::{local_midnight, quarter_hour, truncate_to_micros};
pub use proration::{ProrationRefused, prorate};
