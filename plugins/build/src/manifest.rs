//! The list beside the built guests: what each is, and what built it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One built guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Built {
    /// Package name, and the file's name without `.wasm`.
    pub name: String,
    /// `pricing`, `tax` or `template`.
    pub kind: String,
    /// `sha256:…` of the file.
    pub digest: String,
    /// Bytes.
    pub size: usize,
    /// What built it; equal toolchains build equal bytes.
    pub toolchain: String,
}

/// The contents of `manifest.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Sorted by name.
    pub guests: Vec<Built>,
}

/// `sha256:` and the hexadecimal SHA-256 of `bytes`.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}
