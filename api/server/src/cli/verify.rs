//! `undash verify`: are the books right, and is the audit trail as it was written?

use billing::ids::OrganisationId;
use chrono::Utc;
use clap::{Args, Subcommand};
use std::process::ExitCode;

use crate::app::{App, verify, verify_audit};
use crate::config::Settings;
use crate::error::Error;
use crate::store;

/// Flags of `undash verify`.
#[derive(Args)]
pub(super) struct VerifyArguments {
    /// Verify only this organisation (org_…)
    #[arg(long, value_name = "ID", global = true)]
    organisation: Option<OrganisationId>,
    #[command(subcommand)]
    only: Option<Part>,
}

/// One part of what is verified.
#[derive(Subcommand)]
enum Part {
    /// Check only the audit trail
    ///
    /// Every change and every security event is a row, numbered without holes and chained by hashes, one
    /// chain for each organisation and one for the installation. This walks each chain and names the first
    /// row that was removed, altered, reordered or inserted, or the rows missing at its end. It prints the
    /// head of each chain: note the heads elsewhere, and compare them later, to notice even a chain that was
    /// written anew as a whole. Ends with code 1 if anything is wrong. docs/audit.md has the recipe.
    Audit,
}

pub(super) async fn run(settings: Settings, arguments: VerifyArguments) -> Result<ExitCode, Error> {
    super::logs::start(&settings)?;
    let app = App::start(settings, Utc::now()).await?;
    let books = match arguments.only {
        Some(Part::Audit) => 0,
        None => books(&app, arguments.organisation).await?,
    };
    let trail = trail(&app, &arguments).await?;
    Ok(if books + trail == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn books(app: &App, only: Option<OrganisationId>) -> Result<usize, Error> {
    let verdict = store::unhurried(verify::verify(app, only)).await?;
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
    Ok(verdict.findings.len())
}

async fn trail(app: &App, arguments: &VerifyArguments) -> Result<usize, Error> {
    let verdict = verify_audit::verify(app, arguments.organisation).await?;
    for finding in &verdict.findings {
        println!("audit trail: {finding}");
    }
    if arguments.only.is_some() {
        for (chain, head) in &verdict.chains {
            println!("head of {}: {} {}", verify_audit::name(*chain), head.sequence, hex::encode(head.hash));
        }
    }
    println!(
        "{} audit chains, {} rows checked: {} findings",
        verdict.chains.len(),
        verdict.rows,
        verdict.findings.len()
    );
    Ok(verdict.findings.len())
}
