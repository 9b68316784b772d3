//! The engine's switches and the clock that interrupts guests.
//!
//! Every switch is here, because each is part of the engine fingerprint. `MULTI_MEMORY` stays on although no upload
//! may use it: with it off wasmtime 48 panics on components whose inner components call each other, since its own
//! adapter modules need it. Uploads are held to the narrower set by the validator in `inspect`.

use std::num::NonZeroUsize;
use std::time::Duration;

use plugin_contract::LimitProfile;
use wasmtime::{Config, Engine, OperatorCost, WasmBacktraceDetails, WasmFeatures};

use crate::settings::HostError;

/// How often the epoch advances.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Builds the engine and starts its clock, which ends by itself when the engine is dropped.
pub(crate) fn start(profile: &LimitProfile) -> Result<Engine, HostError> {
    let engine = Engine::new(&config(profile))
        .map_err(|error| HostError::new(format!("the wasm engine could not start: {error:#}")))?;
    let weak = engine.weak();
    std::thread::Builder::new()
        .name("plugin-clock".to_owned())
        .spawn(move || {
            while let Some(engine) = weak.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        })
        .map_err(|error| HostError::new(format!("the plugin clock could not start: {error}")))?;
    Ok(engine)
}

fn config(profile: &LimitProfile) -> Config {
    let mut config = Config::new();
    config
        .wasm_features(
            WasmFeatures::SIMD
                | WasmFeatures::RELAXED_SIMD
                | WasmFeatures::MEMORY64
                | WasmFeatures::THREADS
                | WasmFeatures::GC
                | WasmFeatures::FUNCTION_REFERENCES
                | WasmFeatures::EXCEPTIONS
                | WasmFeatures::STACK_SWITCHING
                | WasmFeatures::CUSTOM_PAGE_SIZES
                | WasmFeatures::WIDE_ARITHMETIC,
            false,
        )
        .concurrency_support(false)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .consume_fuel(true)
        .epoch_interruption(true)
        .operator_cost(operator_cost())
        .max_wasm_stack(profile.wasm_stack)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .wasm_backtrace_max_frames(NonZeroUsize::new(16))
        .native_unwind_info(false)
        .memory_init_cow(true);
    config
}

/// A refused `memory.grow` costs the host microseconds at a fuel price of 1, which let 10 M fuel run for 230 ms.
fn operator_cost() -> OperatorCost {
    let mut cost = OperatorCost::new();
    cost.MemoryGrow = u8::MAX;
    cost.TableGrow = u8::MAX;
    cost.variable.memory_grow_per_page = 64;
    cost
}
