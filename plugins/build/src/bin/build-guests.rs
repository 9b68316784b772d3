//! `build-guests` writes the standard guests to `plugins/dist`; `build-guests --check` proves that they are what their
//! sources say. Arguments and words for people only; the building is the library's.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool speaks to its terminal")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use plugin_build::{BuildError, Built, Manifest, Toolchain, build_component_with, digest, shape};

/// Builds the standard guests.
#[derive(Parser)]
struct Arguments {
    /// Builds into a temporary folder and compares with `plugins/dist` instead of writing there.
    #[arg(long)]
    check: bool,
    /// The checkout to build; the one this program was compiled from by default.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))]
    root: PathBuf,
    /// Where intermediate files go; `target/guests` by default.
    #[arg(long)]
    target_dir: Option<PathBuf>,
}

const GUESTS: [&str; 3] = ["pricing", "tax", "template"];

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let root = arguments.root.canonicalize()?;
    let dist = root.join("plugins/dist");
    let toolchain = Toolchain::find()?;
    println!("building with {}", toolchain.name());
    let target_dir = arguments.target_dir.as_deref();
    if !arguments.check {
        std::fs::create_dir_all(&dist)?;
        let manifest = build(&root, &toolchain, &dist, target_dir)?;
        let text = serde_json::to_string_pretty(&manifest)?;
        std::fs::write(dist.join("manifest.json"), text + "\n")?;
        return Ok(());
    }
    let fresh = arguments.target_dir.clone().unwrap_or_else(|| root.join("target/guests")).join("check");
    std::fs::create_dir_all(&fresh)?;
    let manifest = build(&root, &toolchain, &fresh, target_dir)?;
    let recorded: Manifest = serde_json::from_slice(&std::fs::read(dist.join("manifest.json"))?)?;
    compare(&manifest, &recorded, &fresh, &dist)
}

fn build(
    root: &Path,
    toolchain: &Toolchain,
    out: &Path,
    target_dir: Option<&Path>,
) -> Result<Manifest, Box<dyn std::error::Error>> {
    let mut manifest = Manifest::default();
    for guest in GUESTS {
        let crate_dir = root.join("plugins/standard").join(guest);
        let path = build_component_with(toolchain, &crate_dir, out, target_dir)?;
        let bytes = std::fs::read(&path)?;
        let built = Built {
            name: format!("standard-{guest}"),
            kind: shape(&bytes)?.kind.to_owned(),
            digest: digest(&bytes),
            size: bytes.len(),
            toolchain: toolchain.name().to_owned(),
        };
        println!("{} {} bytes {}", built.name, built.size, built.digest);
        manifest.guests.push(built);
    }
    Ok(manifest)
}

fn compare(
    fresh: &Manifest,
    recorded: &Manifest,
    fresh_dir: &Path,
    dist: &Path,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut wrong = Vec::new();
    for guest in &fresh.guests {
        let file = format!("{}.wasm", guest.name);
        let kept = std::fs::read(dist.join(&file))?;
        let entry = recorded.guests.iter().find(|built| built.name == guest.name);
        let Some(entry) = entry.filter(|built| built.digest == digest(&kept)) else {
            wrong.push(format!("{file} is not the file manifest.json describes"));
            continue;
        };
        if entry.digest == guest.digest {
            println!("{file}: equal bytes");
        } else if entry.toolchain == guest.toolchain {
            wrong.push(format!("{file} differs from its sources; run `build-guests` and keep the result"));
        } else {
            println!(
                "{file}: built by `{}`, which is another toolchain than this one, so its bytes may differ; its \
                 interfaces are compared, and what it computes is tested by `cargo test -p plugin-host`",
                entry.toolchain
            );
            if shape(&kept)? != shape(&std::fs::read(fresh_dir.join(&file))?)? {
                wrong.push(format!("{file} has other interfaces than its sources"));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(BuildError::NotAPlugin { reason: wrong.join("; ") }.into()) }
}
