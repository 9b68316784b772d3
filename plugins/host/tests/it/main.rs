//! The host from outside: the standard guests as built, and hostile components written for the occasion.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod guests;
mod hostile_calls;
mod hostile_uploads;
mod lifecycle;
mod standard;
