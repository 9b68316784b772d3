//! What cargo knows about a guest's crate, and the paths that must not reach its bytes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;

use crate::{BuildError, Toolchain};

/// A crate that may become a plugin.
pub(crate) struct Guest {
    pub(crate) package: String,
    /// The name of the file the compiler writes, without its extension.
    pub(crate) library: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) target_dir: PathBuf,
    workspace_root: PathBuf,
    /// Folders that hold the sources of other crates.
    registries: BTreeSet<PathBuf>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    source: Option<String>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

pub(crate) fn read(toolchain: &Toolchain, crate_dir: &Path) -> Result<Guest, BuildError> {
    let manifest_path = crate_dir.join("Cargo.toml");
    let manifest_path = manifest_path.canonicalize().map_err(|error| BuildError::file(&manifest_path, &error))?;
    let output = toolchain
        .bare_cargo()
        .args(["metadata", "--format-version", "1"])
        .args(["--filter-platform", toolchain.host()])
        .arg("--manifest-path")
        .arg(&manifest_path)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(format!("could not start: {error}")))?;
    if !output.status.success() {
        return Err(failed(format!("ended with {}", output.status)));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)
        .map_err(|error| failed(format!("answered something unexpected: {error}")))?;
    guest(metadata, manifest_path)
}

fn failed(outcome: String) -> BuildError {
    BuildError::Command { command: "cargo metadata".to_owned(), outcome }
}

fn guest(metadata: Metadata, manifest_path: PathBuf) -> Result<Guest, BuildError> {
    let registries = metadata
        .packages
        .iter()
        .filter(|package| package.source.is_some())
        .filter_map(|package| package.manifest_path.parent()?.parent())
        .map(Path::to_owned)
        .collect();
    let package =
        metadata.packages.into_iter().find(|package| package.manifest_path == manifest_path).ok_or_else(|| {
            BuildError::NotAPlugin { reason: format!("{} names no package", manifest_path.display()) }
        })?;
    let library =
        package.targets.iter().find(|target| target.crate_types.iter().any(|kind| kind == "cdylib")).ok_or_else(
            || BuildError::NotAPlugin {
                reason: "add `crate-type = [\"cdylib\", \"rlib\"]` to `[lib]` in its Cargo.toml".to_owned(),
            },
        )?;
    Ok(Guest {
        library: library.name.replace('-', "_"),
        package: package.name,
        manifest_path,
        target_dir: metadata.target_directory,
        workspace_root: metadata.workspace_root,
        registries,
    })
}

impl Guest {
    /// Flags that give every source the same path on every machine. A later prefix wins, so the outermost is first.
    pub(crate) fn remapped_paths(&self, toolchain: &Toolchain) -> Vec<String> {
        let mut pairs = vec![(toolchain.std_sources(), "/rust")];
        pairs.extend(self.registries.iter().map(|dir| (dir.clone(), "/crates")));
        pairs.push((self.workspace_root.clone(), "/guest"));
        if let Ok(real) = toolchain.std_sources().canonicalize() {
            pairs.push((real, "/rust"));
        }
        pairs.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())).collect()
    }
}
