//! From component bytes to machine code: the softest part of the sandbox.
//!
//! Compilation is not covered by fuel, and wasmtime does not treat its cost as a security matter. Uploads reach this
//! file only after the structural walk of `inspect`. [`compile`] takes bytes and returns bytes so that it can move to
//! a process with resource limits without a change to its callers.

use plugin_contract::LimitProfile;
use wasmtime::Engine;

/// Deeply nested input recurses deeply in the compiler.
const STACK: usize = 64 << 20;

/// Why there is no machine code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CompileError {
    /// The compiler refused, or crashed.
    Failed(String),
    /// The machine code is larger than allowed.
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
}

/// Compiles on a thread of its own and waits for it. A panic of the compiler is an error here, not a crash.
pub(crate) fn compile(engine: &Engine, bytes: &[u8], profile: &LimitProfile) -> Result<Vec<u8>, CompileError> {
    let native = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("plugin-compile".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || engine.precompile_component(bytes))
            .map_err(|error| CompileError::Failed(format!("no thread to compile on: {error}")))?;
        match thread.join() {
            Ok(Ok(native)) => Ok(native),
            Ok(Err(error)) => Err(CompileError::Failed(format!("{error:#}"))),
            Err(_) => Err(CompileError::Failed("the compiler crashed".to_owned())),
        }
    })?;
    if native.len() > profile.native_size {
        return Err(CompileError::TooLarge { found: native.len(), limit: profile.native_size });
    }
    Ok(native)
}
