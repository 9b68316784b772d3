//! `cargo bench -p undash-tests`: what the product does per second, each number as a ratio to a yardstick that
//! runs in the same process and the same minute, with its target beside it.
//!
//! A busy machine makes every absolute number small; a ratio of two things measured in turns survives that. Nothing
//! here passes or fails: the table says what was met and by how much the rest was missed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::float_arithmetic,
    reason = "a program for developers that measures and prints"
)]

mod arguments;
mod billing_run;
mod clock;
mod documents;
mod growth;
mod ingestion;
mod place;
mod postgres;
mod pricing;
mod questions;
mod raw;
mod table;
mod tenants;
mod wire;
mod workload;

use std::process::ExitCode;

use crate::arguments::{Arguments, Section};
use crate::place::Engines;
use crate::table::Table;

/// Whatever goes wrong ends the run with its words.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(words) => {
            eprintln!("{words}");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    match runtime.block_on(run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the benchmark broke off: {error}");
            let mut cause = error.source();
            while let Some(inner) = cause {
                eprintln!("  because: {inner}");
                cause = inner.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Outcome<()> {
    let started = std::time::Instant::now();
    let mut table = Table::default();
    table.opening(arguments);
    if arguments.wants(Section::Pricing) {
        pricing::measure(arguments, &mut table)?;
    }
    if arguments.wants(Section::Pdf) {
        documents::measure(arguments, &mut table).await?;
    }
    if arguments.wants(Section::Billing) {
        billing_run::measure(arguments, &mut table).await?;
    }
    let engines = Engines::start(arguments).await?;
    if arguments.wants(Section::Ingestion) {
        ingestion::measure(arguments, &engines, &mut table).await?;
    }
    if arguments.wants(Section::Growth) {
        growth::measure(arguments, &engines, &mut table).await?;
    }
    table.closing(started.elapsed());
    Ok(())
}
