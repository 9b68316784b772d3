//! Whether an uploaded file may become a plugin: every check that needs no compiler.
//!
//! The order matters: cheap and certain checks first, so that hostile bytes meet as little code as possible. Each
//! refusal has a stable code, a sentence and a fix, because its reader is the plugin's author.

mod refusal;
mod structure;
mod world;

pub use refusal::Refusal;

use plugin_contract::{LimitProfile, World};
use wasmparser::{Validator, WasmFeatures};

use crate::fingerprint::digest;

/// What a plugin does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PluginKind {
    /// Prices the charges of a period.
    Pricing,
    /// Calculates the taxes of an invoice.
    Tax,
    /// Turns an invoice into a document.
    Template,
}

impl PluginKind {
    /// `pricing`, `tax` or `template`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pricing => "pricing",
            Self::Tax => "tax",
            Self::Template => "template",
        }
    }
}

/// What a file turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// `sha256:…` of the bytes as uploaded.
    pub digest: String,
    /// What the plugin does.
    pub kind: PluginKind,
    /// Full name of the world it targets, such as `undash:pricing/pricing-rule@1.0.0`.
    pub world: String,
    /// Bytes.
    pub size: usize,
}

/// What the toolchains of our guests need, and nothing else: no SIMD, threads, garbage collection, exceptions,
/// 64-bit or multiple memories, and none of the asynchronous component model.
const ALLOWED: WasmFeatures = WasmFeatures::MVP
    .union(WasmFeatures::MUTABLE_GLOBAL)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::COMPONENT_MODEL);

const COMPONENT: [u8; 8] = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];
const MODULE: [u8; 8] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/// Judges `bytes` without compiling them. Run it on a thread with a large stack: nested input recurses.
pub(crate) fn inspect(bytes: &[u8], profile: &LimitProfile) -> Result<Inspection, Refusal> {
    check_preamble(bytes, profile)?;
    // The structural walk comes before the validator: it is linear, and bounds what the validator may meet.
    let surface = structure::walk(bytes, profile)?;
    Validator::new_with_features(ALLOWED).validate_all(bytes).map_err(|error| refusal::not_valid(&error, bytes))?;
    let (world, kind) = world::detect(&surface)?;
    world::check_imports(&surface, &world)?;
    world::check_target(&world, bytes)?;
    Ok(inspection(bytes, &world, kind))
}

fn inspection(bytes: &[u8], world: &World, kind: PluginKind) -> Inspection {
    Inspection { digest: digest(bytes), kind, world: world.name.to_owned(), size: bytes.len() }
}

fn check_preamble(bytes: &[u8], profile: &LimitProfile) -> Result<(), Refusal> {
    if bytes.len() > profile.wasm_size {
        return Err(Refusal::new(
            "too-large",
            format!("the file has {} bytes; at most {} are allowed", bytes.len(), profile.wasm_size),
            "build with optimisation for size, link-time optimisation and stripped symbols",
        ));
    }
    if bytes.starts_with(&COMPONENT) {
        return Ok(());
    }
    if bytes.starts_with(&MODULE) {
        return Err(Refusal::new(
            "core-module",
            "the file is a core module, not a component".to_owned(),
            "turn it into a component with `wasm-tools component new`, or build it with `undash plugin build`",
        ));
    }
    if bytes.starts_with(b"\x7fELF") || wasmtime::Engine::detect_precompiled(bytes).is_some() {
        return Err(Refusal::new(
            "precompiled",
            "the file holds machine code, which is never accepted".to_owned(),
            "upload the `.wasm` component it was compiled from",
        ));
    }
    Err(Refusal::new(
        "not-a-component",
        "the file does not begin like a WebAssembly component".to_owned(),
        "upload the binary `.wasm` component itself: not its text form, not an archive of it",
    ))
}
