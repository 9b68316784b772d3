//! What the journeys stand on: the real server in this process, on SQLite and on PostgreSQL, and the
//! clients a customer would use.
//!
//! Nothing here knows how the product works inside, except for three doors: it starts an `App`, it
//! bills by hand as `undash bill` does, and it looks into the outbox when a test has ended. Rules about
//! what a result should be belong to the journeys.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a harness may fail loudly"
)]

mod app;
mod binary;
mod both;
mod database;
mod graphql;
mod razorpay;
mod socket;
mod world;

pub use app::{OPERATOR_KEY, TestApp};
pub use binary::undash;
pub use both::{run, run_with};
pub use database::Database;
pub use graphql::{Answer, Client};
pub use razorpay::{RAZORPAY_KEY, WEBHOOK_SECRET, run_with_razorpay, webhook};
pub use razorpay_sim::Simulator;
pub use socket::Socket;
pub use throwaway::{Redis, SharedDatabase, scratch};
pub use world::{PERIOD, Tenant, World, demo_terms};
