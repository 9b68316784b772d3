//! The engine's switches and the clock that interrupts guests.
//!
//! Every switch is here, because each is part of the engine fingerprint. `MULTI_MEMORY` stays on although no upload
//! may use it: with it off wasmtime 48 panics on components whose inner components call each other, since its own
//! adapter modules need it. Uploads are held to the narrower set by the validator in `inspect`.

use std::num::NonZeroUsize;
use std::time::Duration;

use plugin_contract::LimitProfile;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OperatorCost, PoolingAllocationConfig, WasmBacktraceDetails,
    WasmFeatures,
};

use crate::settings::HostError;

/// How often the epoch advances.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Builds the engine and starts its clock, which ends by itself when the engine is dropped.
pub(crate) fn start(profile: &LimitProfile, threads: usize) -> Result<Engine, HostError> {
    let engine = Engine::new(&config(profile, threads))
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

fn config(profile: &LimitProfile, threads: usize) -> Config {
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
        .memory_init_cow(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(profile, threads)));
    config
}

/// Callers on threads of their own that may be in a guest at one time, besides the host's own threads.
const GUESTS: usize = 16;

/// Memory is mapped once and reused: only the pages a call wrote are set back. A slot is address space, not memory.
fn pool(profile: &LimitProfile, threads: usize) -> PoolingAllocationConfig {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let calls = threads.saturating_add(GUESTS);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(count(calls))
        .total_core_instances(count(calls.saturating_mul(profile.core_instances)))
        .total_memories(count(calls.saturating_mul(profile.memories)))
        .total_tables(count(calls.saturating_mul(profile.tables)))
        .max_core_instances_per_component(count(profile.core_instances))
        .max_memories_per_component(count(profile.memories))
        .max_tables_per_component(count(profile.tables))
        .max_memories_per_module(count(profile.memories))
        .max_tables_per_module(count(profile.tables))
        .max_memory_size(profile.memory_size)
        .table_elements(profile.table_elements)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Bytes of a slot that are overwritten after a call instead of being given back to the system.
const KEEP_RESIDENT: usize = 256 << 10;

/// A refused `memory.grow` costs the host microseconds at a fuel price of 1, which let 10 M fuel run for 230 ms.
fn operator_cost() -> OperatorCost {
    let mut cost = OperatorCost::new();
    cost.MemoryGrow = u8::MAX;
    cost.TableGrow = u8::MAX;
    cost.variable.memory_grow_per_page = 64;
    cost
}
