//! The journeys: what the product promises, through the doors its users go through, on both databases.
//!
//! One file a promise. What they stand on is in `harness`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests fail loudly")]

mod audit;
mod authz;
mod billing_twice;
mod conformance;
mod dead_letters;
mod demo;
mod first_bill;
mod identity;
mod killed;
mod late_usage;
mod limits;
mod payments;
mod plugins_up;
mod refunds;
mod schema;
mod statements;
mod tenancy;
mod tidy;
mod trusted_documents;
mod uploads;
mod usage_in;
