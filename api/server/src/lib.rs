//! Usage-based billing: usage events in, correct invoices out.
//!
//! The rooms and the direction between them are drawn in `ARCHITECTURE.md`; a test keeps them true.

// The roots of the schema are merged one in another, and the compiler lays their futures out that deep.
#![recursion_limit = "256"]

pub mod app;
pub mod bus;
pub mod cli;
pub mod config;
pub mod error;
pub mod files;
pub mod graphql;
pub mod http;
pub mod links;
pub mod pdf;
pub mod plugin;
pub mod store;
pub mod viewer;
pub mod worker;
