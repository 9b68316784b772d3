//! Usage-based billing: usage events in, correct invoices out.
//!
//! The rooms and the direction between them are drawn in `ARCHITECTURE.md`; a test keeps them true.

// The merged roots of the schema nest one future in another for each noun.
#![recursion_limit = "256"]

pub mod addresses;
pub mod app;
pub mod bus;
pub mod cli;
pub mod config;
pub mod error;
pub mod files;
pub mod gateway;
pub mod graphql;
pub mod http;
pub mod limiter;
pub mod limits;
pub mod links;
pub mod metrics;
pub mod pdf;
pub mod plugin;
pub mod sessions;
pub mod store;
pub mod viewer;
pub mod worker;
