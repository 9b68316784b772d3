//! The `undash` program, for what only a process of its own can show.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The program. It is built first, which takes a moment when nothing has changed: an old one left over
/// from yesterday would test yesterday's code.
pub fn undash() -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        // …/target/debug/deps/it-0123 lies beside …/target/debug/undash.
        let test = std::env::current_exe().expect("the path of the tests");
        let folder = test.parent().and_then(|deps| deps.parent()).expect("a target folder");
        let program = folder.join("undash");
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "-p", "undash", "--bin", "undash"]).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        cargo.env("CARGO_TARGET_DIR", folder.parent().expect("a target folder"));
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        match cargo.status() {
            Ok(status) if status.success() => {}
            // Without cargo, as in an image that holds only programs, the one that is there has to do.
            outcome => assert!(program.exists(), "undash cannot be built ({outcome:?}) and is not at {}", program.display()),
        }
        program
    });
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
