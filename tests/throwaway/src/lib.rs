//! A scratch folder, a PostgreSQL server and Redis servers for tests, gone with the process that made them.
//!
//! A crate of its own because two kinds of tests need it: those inside the server's store and the
//! journeys. It knows nothing of the product.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test may fail loudly")]

mod postgres;
mod redis;
mod scratch;

pub use postgres::{Server, SharedDatabase, server};
pub use redis::Redis;
pub use scratch::{root, scratch, unique};
