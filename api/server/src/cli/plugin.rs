//! `undash plugin`: an author's tools, with the same judge as the server.

use clap::Subcommand;
use plugin_host::HostSettings;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use crate::config::Settings;
use crate::error::Error;
use crate::plugin::{Plugins, kind_of};

/// What to do with a plugin.
#[derive(Subcommand)]
pub(super) enum PluginVerb {
    /// Build a plugin crate into a component
    ///
    /// Needs the wasm32-unknown-unknown target of rustup, or Debian's rustc-web, cargo-web and
    /// rust-web-src packages. Equal sources give equal bytes.
    Build {
        /// Folder of the crate
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// Where to write the component
        #[arg(long, short, default_value = "plugin.wasm", value_name = "FILE")]
        output: PathBuf,
    },
    /// Judge a component as the server would when it is uploaded
    ///
    /// Prints its kind, world and digest, or what is wrong with it and how to mend that. Then runs the
    /// fixture twice, in fresh instances, and compares.
    Check {
        /// The component
        file: PathBuf,
        /// An input of the contract as JSON, to run instead of the built-in one
        #[arg(long, value_name = "FILE")]
        fixture: Option<PathBuf>,
    },
}

pub(super) async fn run(settings: Settings, verb: PluginVerb) -> Result<ExitCode, Error> {
    match verb {
        PluginVerb::Build { folder, output } => {
            let built = plugin_build::build_component(&folder, &output)
                .map_err(|error| Error::refused("BUILD_FAILED", error.to_string()))?;
            println!("{}", built.display());
            Ok(ExitCode::SUCCESS)
        }
        PluginVerb::Check { file, fixture } => check(&settings, &file, fixture.as_deref()).await,
    }
}

async fn check(settings: &Settings, file: &Path, fixture: Option<&Path>) -> Result<ExitCode, Error> {
    let bytes: Arc<[u8]> = read(file)?.into();
    let fixture = fixture.map(read).transpose()?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let plugins = Plugins::start(HostSettings { threads: settings.plugin_threads, ..HostSettings::default() })
        .map_err(Error::internal)?;
    let inspection = match plugins.inspect(Arc::clone(&bytes)).await {
        Ok(inspection) => inspection,
        Err(refusal) => {
            println!("refused ({}): {}\n  {}", refusal.code, refusal.message, refusal.fix);
            return Ok(ExitCode::FAILURE);
        }
    };
    println!(
        "kind    {}\nworld   {}\nsize    {} bytes\ndigest  {}",
        kind_of(inspection.kind).as_str(),
        inspection.world,
        bytes.len(),
        inspection.digest
    );
    plugins
        .prepare(&inspection.digest, bytes)
        .await
        .map_err(|error| Error::refused("PLUGIN_REFUSED", error.to_string()))?;
    match plugins.rehearse(kind_of(inspection.kind), &inspection.digest, fixture).await {
        Ok(rehearsal) => {
            println!("fixture passed twice, {} fuel", rehearsal.fuel);
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            println!("fixture failed: {why}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(file)
        .map_err(|error| Error::invalid("BAD_FILE", format!("{} cannot be read: {error}.", file.display())))
}
