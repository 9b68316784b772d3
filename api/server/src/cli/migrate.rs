//! `undash migrate`: bring the database up to date, or say what is missing.

use clap::Args;
use std::process::ExitCode;

use crate::app::start::store_settings;
use crate::config::Settings;
use crate::error::Error;
use crate::files::Files;
use crate::store::Store;

/// Flags of `undash migrate`.
#[derive(Args)]
pub(super) struct MigrateArguments {
    /// Only list the migrations that have not run; ends with code 1 if there are any
    #[arg(long)]
    status: bool,
}

pub(super) async fn run(settings: Settings, arguments: MigrateArguments) -> Result<ExitCode, Error> {
    Files::open(settings.data_dir.clone())?;
    let store = Store::connect(&store_settings(&settings)).await?;
    let pending = store.pending_migrations().await?;
    if arguments.status {
        for name in &pending {
            println!("{name}");
        }
        println!("{} migrations to run", pending.len());
        return Ok(if pending.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    store.migrate().await?;
    println!("{} migrations run; the database is up to date", pending.len());
    Ok(ExitCode::SUCCESS)
}
