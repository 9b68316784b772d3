//! Names for bytes and for engines: what a result depends on besides its input.
//!
//! Fuel and stack depth change with the engine's version and settings, so a result is only comparable between equal
//! fingerprints. Pure functions; no files.

use std::hash::{Hash, Hasher};

use plugin_contract::LimitProfile;
use sha2::{Digest, Sha256};
use wasmtime::Engine;

/// `sha256:` and the hexadecimal SHA-256 of `bytes`.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// Names the engine, its settings, its fuel prices and the limit profile, in 32 hexadecimal
/// digits.
pub(crate) fn engine_fingerprint(engine: &Engine, profile: &LimitProfile) -> String {
    let mut hash = Sha256Hasher(Sha256::new());
    hash.write(env!("CARGO_PKG_VERSION").as_bytes());
    hash.write(std::env::consts::ARCH.as_bytes());
    hash.write(std::env::consts::OS.as_bytes());
    // Covers wasmtime's version, the target, every compiler setting and the table of operator costs.
    engine.precompile_compatibility_hash().hash(&mut hash);
    hash.write(format!("{profile:?}").as_bytes());
    hex::encode(&hash.0.finalize()[..16])
}

/// Feeds a stable digest from code that only knows `std::hash`.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Never asked for: the digest is taken instead.
    fn finish(&self) -> u64 {
        0
    }
}
