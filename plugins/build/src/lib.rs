//! Builds plugin crates into components, with rustup's or Debian's wasm toolchain.
//!
//! The same bytes come out on every machine with the same toolchain, wherever the sources lie: paths are remapped and
//! no variable of the caller's environment reaches the compiler. Nothing here runs a plugin or judges it.

mod component;
mod error;
mod manifest;
mod metadata;
mod toolchain;

use std::path::{Path, PathBuf};

pub use component::{Shape, componentise, shape};
pub use error::BuildError;
pub use manifest::{Built, Manifest, digest};
pub use toolchain::Toolchain;

/// The target every guest is compiled for: no system interface at all.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the crate in `crate_dir` and writes the component to `out`, a file or an existing folder.
///
/// # Errors
/// When no toolchain is installed, the crate does not compile, or what comes out is no plugin.
pub fn build_component(crate_dir: &Path, out: &Path) -> Result<PathBuf, BuildError> {
    let toolchain = Toolchain::find()?;
    build_component_with(&toolchain, crate_dir, out, None)
}

/// [`build_component`] with a toolchain found before, and with intermediate files in `target_dir`; without one they go
/// to `guests` in the target folder of the crate's workspace.
///
/// # Errors
/// As [`build_component`].
pub fn build_component_with(
    toolchain: &Toolchain,
    crate_dir: &Path,
    out: &Path,
    target_dir: Option<&Path>,
) -> Result<PathBuf, BuildError> {
    let guest = metadata::read(toolchain, crate_dir)?;
    let target_dir = match target_dir {
        Some(dir) => dir.to_owned(),
        None => guest.target_dir.join("guests"),
    };
    let mut cargo = toolchain.cargo();
    cargo
        .arg("build")
        .arg("--manifest-path")
        .arg(&guest.manifest_path)
        .args(["--lib", "--profile", "guest", "--target", TARGET])
        .arg("--target-dir")
        .arg(&target_dir)
        .args(PROFILE.iter().flat_map(|setting| ["--config", *setting]))
        .env("CARGO_ENCODED_RUSTFLAGS", guest.remapped_paths(toolchain).join("\x1f"));
    toolchain::run(&mut cargo)?;
    let module = target_dir.join(TARGET).join("guest").join(format!("{}.wasm", guest.library));
    let bytes = std::fs::read(&module).map_err(|error| BuildError::file(&module, &error))?;
    let component = componentise(&bytes)?;
    let path = if out.is_dir() { out.join(format!("{}.wasm", guest.package)) } else { out.to_owned() };
    std::fs::write(&path, component).map_err(|error| BuildError::file(&path, &error))?;
    Ok(path)
}

/// The profile of guests, given on the command line so that a crate outside our workspace gets it as well.
const PROFILE: [&str; 7] = [
    "profile.guest.inherits=\"release\"",
    "profile.guest.opt-level=3",
    "profile.guest.lto=\"fat\"",
    "profile.guest.codegen-units=1",
    "profile.guest.panic=\"abort\"",
    "profile.guest.strip=\"symbols\"",
    "profile.guest.overflow-checks=true",
];
