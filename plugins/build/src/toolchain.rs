//! Which compiler builds guests: rustup's with the wasm target, or Debian's that builds the standard library too.
//!
//! Only looks and runs; installs nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{BuildError, TARGET};

const DEBIAN_CARGO: &str = "/usr/share/cargo/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";

/// Variables of the caller that would change what is built.
const FOREIGN: [&str; 10] = [
    "RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_TARGET_DIR",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTUP_TOOLCHAIN",
    "CARGO_INCREMENTAL",
    "LD_LIBRARY_PATH",
    "CARGO_MANIFEST_DIR",
];

/// A compiler that can build guests.
#[derive(Clone, Debug)]
pub struct Toolchain {
    cargo: PathBuf,
    rustc: PathBuf,
    /// Set when the standard library has to be built from its sources.
    linker: Option<PathBuf>,
    /// Compiler, linker and the origin of the standard library: equal names build equal bytes.
    name: String,
    sysroot: PathBuf,
    host: String,
}

impl Toolchain {
    /// Looks for rustup's wasm target first and for Debian's packages second.
    ///
    /// # Errors
    /// `NoToolchain`.
    pub fn find() -> Result<Self, BuildError> {
        Self::rustup().or_else(Self::debian).ok_or(BuildError::NoToolchain)
    }

    /// Names compiler, linker and the origin of the standard library. Equal names build equal bytes.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn rustup() -> Option<Self> {
        let rustc = PathBuf::from("rustc");
        let sysroot = PathBuf::from(output(&rustc, &["--print", "sysroot"])?);
        if !sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir() {
            return None;
        }
        let version = output(&rustc, &["--version"])?;
        let host = output(&rustc, &["--print", "host-tuple"])?;
        Some(Self {
            cargo: PathBuf::from("cargo"),
            rustc,
            linker: None,
            name: format!("{version}, prebuilt std"),
            sysroot,
            host,
        })
    }

    fn debian() -> Option<Self> {
        let cargo = PathBuf::from(DEBIAN_CARGO);
        let rustc = PathBuf::from(DEBIAN_RUSTC);
        if !cargo.is_file() || !rustc.is_file() || !Path::new(DEBIAN_SOURCES).is_file() {
            return None;
        }
        let linker = linker()?;
        let version = output(&rustc, &["--version"])?;
        let linker_version =
            output(&linker, &["-flavor", "wasm", "--version"]).or_else(|| output(&linker, &["--version"]))?;
        let sysroot = PathBuf::from(output(&rustc, &["--print", "sysroot"])?);
        let host = output(&rustc, &["--print", "host-tuple"])?;
        Some(Self {
            cargo,
            rustc,
            linker: Some(linker),
            name: format!("{version}, std built from source, {linker_version}"),
            sysroot,
            host,
        })
    }

    /// Where the sources of the standard library lie, for path remapping.
    pub(crate) fn std_sources(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib/src/rust")
    }

    /// The machine the compiler runs on.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// A cargo command in a clean environment.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = self.bare_cargo();
        if let Some(linker) = &self.linker {
            command
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                .arg("-Zbuild-std=std,panic_abort");
        }
        command
    }

    /// A cargo command that does not compile.
    pub(crate) fn bare_cargo(&self) -> Command {
        let mut command = Command::new(&self.cargo);
        for name in FOREIGN {
            command.env_remove(name);
        }
        command.env("RUSTC", &self.rustc);
        command
    }
}

/// rustup ships the linker with every toolchain; Debian ships it as a package of its own.
fn linker() -> Option<PathBuf> {
    let rustup = || {
        let sysroot = PathBuf::from(output(Path::new("rustc"), &["--print", "sysroot"])?);
        let host = output(Path::new("rustc"), &["--print", "host-tuple"])?;
        let path = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
        path.is_file().then_some(path)
    };
    rustup().or_else(|| {
        let wasm_ld = PathBuf::from("wasm-ld");
        output(&wasm_ld, &["--version"]).map(|_| wasm_ld)
    })
}

fn output(program: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .env_remove("LD_LIBRARY_PATH")
        .env_remove("RUSTUP_TOOLCHAIN")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// Runs a command whose output people may read.
pub(crate) fn run(command: &mut Command) -> Result<(), BuildError> {
    let shown = command.get_program().to_string_lossy().into_owned();
    let failed = |outcome: String| BuildError::Command { command: shown.clone(), outcome };
    let status = command.stdin(Stdio::null()).status().map_err(|error| failed(format!("could not start: {error}")))?;
    if status.success() { Ok(()) } else { Err(failed(format!("ended with {status}"))) }
}
