//! What the caller decides about a host. Read from nowhere: the caller hands it in.

use std::fmt;
use std::path::PathBuf;

use plugin_contract::{LimitProfile, STANDARD};

/// Where compiled plugins are kept between runs.
#[derive(Clone)]
pub struct CacheSettings {
    /// A folder only this process writes to.
    pub dir: PathBuf,
    /// Authenticates the files: machine code from a file without a valid code is never run.
    pub key: [u8; 32],
}

impl fmt::Debug for CacheSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheSettings").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// The settings of a [`crate::Host`].
#[derive(Clone, Debug)]
pub struct HostSettings {
    /// Threads that run guests; at least 1.
    pub threads: usize,
    /// Calls that may wait for a thread before `Failure::Capacity`.
    pub queue: usize,
    /// `None` compiles each plugin once per process.
    pub cache: Option<CacheSettings>,
    /// The limits of inspection and of every call.
    pub profile: LimitProfile,
}

impl Default for HostSettings {
    fn default() -> Self {
        Self { threads: 2, queue: 1_024, cache: None, profile: STANDARD }
    }
}

/// Why a host could not be started.
#[derive(Debug)]
pub struct HostError {
    message: String,
}

impl HostError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for HostError {}
