//! Why a guest could not be built, in words for its author.

use std::fmt;
use std::path::Path;

/// Why there is no component.
#[derive(Debug)]
pub enum BuildError {
    /// No compiler for wasm is installed.
    NoToolchain,
    /// A command could not be started, or failed; its own output went to the terminal.
    Command {
        /// The command.
        command: String,
        /// What it ended in.
        outcome: String,
    },
    /// A file could not be read or written.
    File {
        /// The file.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// The crate is not a plugin.
    NotAPlugin {
        /// What is missing.
        reason: String,
    },
}

impl BuildError {
    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::File { path: path.display().to_string(), reason: error.to_string() }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoToolchain => f.write_str(
                "no compiler for wasm32-unknown-unknown was found; run `rustup target add wasm32-unknown-unknown`, or \
                 on Debian `apt install rustc-web cargo-web rust-web-src`",
            ),
            Self::Command { command, outcome } => write!(f, "`{command}` {outcome}"),
            Self::File { path, reason } => write!(f, "{path}: {reason}"),
            Self::NotAPlugin { reason } => write!(f, "this crate is not a plugin: {reason}"),
        }
    }
}

impl std::error::Error for BuildError {}
