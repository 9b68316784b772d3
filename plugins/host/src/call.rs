//! One call of a guest: a fresh store, a verdict, and what it cost.
//!
//! No instance outlives its call, so that nothing one customer's data left behind can reach another's. Whatever goes
//! wrong, the store is dropped and the failure has a class.

use std::time::{Duration, Instant};

use plugin_contract::{Budget, LimitProfile};
use wasmtime::{Engine, PoolConcurrencyLimitError, Store, Trap, WasmBacktrace};

use crate::engine::TICK;
use crate::failure::Failure;
use crate::sandbox::{Sandbox, clean};
use crate::v1;

/// How serious a guest thinks a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// For the author.
    Debug,
    /// Worth keeping.
    Info,
    /// Something looks wrong.
    Warn,
    /// Something is wrong; a panic's message comes as one of these.
    Error,
}

/// A line a guest logged, without control characters and perhaps shortened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The guest's own judgement.
    pub level: LogLevel,
    /// The guest's own words: untrusted text.
    pub text: String,
}

/// The outcome of a call.
#[derive(Clone, Debug)]
pub struct Call<T> {
    /// The accepted answer, or why there is none.
    pub answer: Result<T, Failure>,
    /// Fuel consumed; comparable between equal engine fingerprints only.
    pub fuel_used: u64,
    /// Bytes of linear memory at the end, which is the most there ever were.
    pub memory_peak: usize,
    /// What the guest logged.
    pub logs: Vec<LogLine>,
    /// Wall-clock time of the guest's run, without waiting for a thread.
    pub duration: Duration,
}

impl<T> Call<T> {
    /// A call that never reached the guest.
    pub(crate) fn refused(failure: Failure) -> Self {
        Self { answer: Err(failure), fuel_used: 0, memory_peak: 0, logs: Vec::new(), duration: Duration::ZERO }
    }
}

/// What a call may use and how many lines it carries.
pub(crate) struct Terms<'a> {
    pub(crate) profile: &'a LimitProfile,
    pub(crate) budget: Budget,
    pub(crate) lines: usize,
}

/// Where a wasmtime error came from.
pub(crate) enum Stage<E> {
    /// While memories and instances were made; start functions run here.
    Instantiating(E),
    /// While the exported function ran, or its answer was read.
    Running(E),
}

/// What an invocation ends in.
pub(crate) type Invoked<T> = Result<Result<T, v1::types::Failure>, Stage<wasmtime::Error>>;

/// A store with every limit set. Fuel and deadline come before instantiation, because start functions run in it.
pub(crate) fn store(engine: &Engine, terms: &Terms<'_>) -> wasmtime::Result<(Store<Sandbox>, u64)> {
    let profile = terms.profile;
    let fuel = profile.fuel(terms.lines);
    let mut store = Store::new(engine, Sandbox::new(profile));
    store.limiter(|sandbox| sandbox);
    store.set_fuel(fuel)?;
    // One tick more, because the current one may be nearly over.
    store.set_epoch_deadline(profile.deadline_ms / (TICK.as_millis() as u64) + 1);
    store.set_hostcall_fuel(terms.budget.hostcall_bytes);
    store.set_max_component_handles(profile.handles);
    Ok((store, fuel))
}

/// Runs `invoke` in a fresh store and judges what comes back with `check`.
pub(crate) fn run<T>(
    engine: &Engine,
    terms: &Terms<'_>,
    invoke: impl FnOnce(&mut Store<Sandbox>) -> Invoked<T>,
    check: impl FnOnce(&mut T) -> Result<(), Failure>,
) -> Call<T> {
    if terms.lines > terms.profile.lines {
        return Call::refused(Failure::TooManyLines { limit: terms.profile.lines });
    }
    let started = Instant::now();
    let (mut store, fuel) = match store(engine, terms) {
        Ok(made) => made,
        Err(error) => {
            return Call::refused(Failure::Internal { message: format!("{error:#}") });
        }
    };
    let answer = match invoke(&mut store) {
        Ok(Ok(mut answer)) => check(&mut answer).map(|()| answer),
        Ok(Err(refusal)) => Err(guest_error(&refusal)),
        Err(stage) => Err(classify(&stage, store.data(), terms, fuel)),
    };
    let fuel_used = fuel.saturating_sub(store.get_fuel().unwrap_or(0));
    let memory_peak = store.data().memory_peak();
    let logs = store.data_mut().take_log();
    Call { answer, fuel_used, memory_peak, logs, duration: started.elapsed() }
}

fn guest_error(refusal: &v1::types::Failure) -> Failure {
    Failure::GuestError {
        code: clean(&refusal.code, 64),
        message: clean(&refusal.message, 1_024),
        path: clean(&refusal.path, 256),
    }
}

/// The class of an error wasmtime reports.
pub(crate) fn classify(stage: &Stage<wasmtime::Error>, sandbox: &Sandbox, terms: &Terms<'_>, fuel: u64) -> Failure {
    let (Stage::Instantiating(error) | Stage::Running(error)) = stage;
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return classify_trap(*trap, error, sandbox, terms, fuel);
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return Failure::Capacity;
    }
    let text = clean(&format!("{error:#}"), 512);
    if text.contains("fuel allocated for hostcalls") || text.contains("too much data") {
        return Failure::OutputTooLarge { what: "bytes", limit: terms.budget.output_bytes };
    }
    if text.contains("handle") && text.contains("limit") {
        return Failure::HandleLimit;
    }
    match stage {
        Stage::Instantiating(_) if sandbox.was_denied() => Failure::MemoryLimit { limit: terms.profile.memory_size },
        Stage::Instantiating(_) => Failure::Internal { message: text },
        // Reading the answer: a pointer out of bounds, text that is not UTF-8, an unknown variant.
        Stage::Running(_) => Failure::InvalidOutput { path: String::new(), rule: "encoding", got: text },
    }
}

fn classify_trap(trap: Trap, error: &wasmtime::Error, sandbox: &Sandbox, terms: &Terms<'_>, fuel: u64) -> Failure {
    let kind = match trap {
        Trap::OutOfFuel => return Failure::Fuel { budget: fuel },
        Trap::Interrupt => return Failure::HostTimeout,
        Trap::StackOverflow => return Failure::StackOverflow,
        Trap::StringOutOfBounds
        | Trap::ListOutOfBounds
        | Trap::InvalidDiscriminant
        | Trap::InvalidChar
        | Trap::UnalignedPointer => {
            return Failure::InvalidOutput {
                path: String::new(),
                rule: "encoding",
                got: clean(&trap.to_string(), 512),
            };
        }
        // A guest that was refused memory gives up with whatever its language does; the cause helps more.
        _ if sandbox.was_denied() => {
            return Failure::MemoryLimit { limit: terms.profile.memory_size };
        }
        Trap::UnreachableCodeReached => "unreachable",
        Trap::MemoryOutOfBounds => "memory-out-of-bounds",
        Trap::TableOutOfBounds => "table-out-of-bounds",
        Trap::IndirectCallToNull => "indirect-call-to-null",
        Trap::BadSignature => "bad-signature",
        Trap::IntegerOverflow => "integer-overflow",
        Trap::IntegerDivisionByZero => "integer-division-by-zero",
        Trap::BadConversionToInteger => "bad-conversion-to-integer",
        Trap::CannotEnterComponent => "cannot-enter-component",
        Trap::CannotLeaveComponent => "cannot-leave-component",
        _ => "other",
    };
    Failure::Trap { kind, frames: frames(error) }
}

fn frames(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    backtrace.frames().iter().filter_map(|frame| frame.func_name()).map(|name| clean(name, 128)).collect()
}
