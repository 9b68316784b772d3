//! Runs plugin components in a sandbox: inspection, limits, compilation cache, a bounded pool of threads.
//!
//! The only room that speaks to wasmtime. It has never heard of billing: it knows the records of the contract,
//! whether an answer is well formed, and what a call cost, but not whether a price is right. Nothing here opens a
//! socket, reads a setting or touches the database.

mod answer;
mod cache;
mod call;
mod compile;
mod engine;
mod failure;
mod fingerprint;
mod host;
mod inspect;
mod pool;
mod prepared;
mod sandbox;
mod settings;
pub mod v1;

pub use call::{Call, LogLevel, LogLine};
pub use failure::Failure;
pub use fingerprint::digest;
pub use host::Host;
pub use inspect::{Inspection, PluginKind, Refusal};
pub use plugin_contract::{LimitProfile, STANDARD};
pub use settings::{CacheSettings, HostError, HostSettings};
