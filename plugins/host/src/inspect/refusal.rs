//! Why an upload is refused, in words for its author.

use std::fmt;

use wasmparser::{BinaryReaderError, Validator, WasmFeatures};

use crate::sandbox::clean;

/// A refused upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The stable name of the rule.
    pub code: &'static str,
    /// What is wrong, naming the place.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { code, message: clean(&message.into(), 1_024), fix: fix.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.fix)
    }
}

impl std::error::Error for Refusal {}

/// Tells a feature we do not allow from bytes that no engine would take.
pub(super) fn not_valid(error: &BinaryReaderError, bytes: &[u8]) -> Refusal {
    let valid_elsewhere = Validator::new_with_features(WasmFeatures::all()).validate_all(bytes).is_ok();
    let text = format!("{} (at byte {})", error.message(), error.offset());
    if valid_elsewhere {
        Refusal::new(
            "feature-not-allowed",
            text,
            "build for a target without SIMD, threads, garbage collection, exceptions, 64-bit or multiple memories",
        )
    } else {
        Refusal::new("invalid-wasm", text, "build the component again; the file is damaged or not WebAssembly")
    }
}
