//! The `undash` program, for what only a process of its own can show.

use std::path::Path;
use std::process::Command;

/// The program, which cargo builds beside the tests.
pub fn undash() -> Command {
    // …/target/debug/deps/it-0123 lies below …/target/debug/undash-under-test.
    let test = std::env::current_exe().expect("the path of the tests");
    let folder = test.parent().and_then(Path::parent).expect("a target folder");
    let program = folder.join("undash-under-test");
    assert!(program.exists(), "{} is missing: run the tests with cargo", program.display());
    let mut command = Command::new(program);
    // Settings of whoever runs the tests must not leak in.
    for (variable, _) in std::env::vars_os() {
        if variable.to_str().is_some_and(|name| name.starts_with("UNDASH_") || name == "DATABASE_URL") {
            command.env_remove(variable);
        }
    }
    command.env("UNDASH_LOG", "warn");
    command
}
