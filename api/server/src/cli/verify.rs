//! `undash verify`: are the books right?

use billing::ids::OrganisationId;
use chrono::Utc;
use clap::Args;
use std::process::ExitCode;

use crate::app::{App, verify};
use crate::config::Settings;
use crate::error::Error;
use crate::store;

/// Flags of `undash verify`.
#[derive(Args)]
pub(super) struct VerifyArguments {
    /// Verify only this organisation (org_…)
    #[arg(long, value_name = "ID")]
    organisation: Option<OrganisationId>,
}

pub(super) async fn run(settings: Settings, arguments: VerifyArguments) -> Result<ExitCode, Error> {
    super::logs::start(&settings)?;
    let app = App::start(settings, Utc::now()).await?;
    let verdict = store::unhurried(verify::verify(&app, arguments.organisation)).await?;
    for finding in &verdict.findings {
        println!("{finding}");
    }
    println!(
        "{} organisations, {} totals counted, {} invoices computed again: {} findings",
        verdict.organisations,
        verdict.totals,
        verdict.invoices,
        verdict.findings.len()
    );
    Ok(if verdict.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
