//! The `undash` program as the tests run it: the same entry point as `api/server/src/main.rs`, built together with
//! the tests so that they never meet yesterday's binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    undash::cli::main()
}
