//! What the simulator promises, seen from outside.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail loudly")]

mod errors;
mod mandates;
mod money;
mod payments;
mod refunds;
mod stage;
mod webhooks;
