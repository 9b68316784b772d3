//! `undash bill`: every period that has ended becomes an issued invoice, now.

use billing::ids::OrganisationId;
use chrono::{TimeDelta, Utc};
use clap::Args;
use std::process::ExitCode;

use crate::app::App;
use crate::app::audit;
use crate::app::bill_period::{self, Run};
use crate::config::Settings;
use crate::error::Error;
use crate::store::audit::ActorKind;
use crate::{store, worker};

/// Flags of `undash bill`.
#[derive(Args)]
pub(super) struct BillArguments {
    /// Bill only this organisation (org_…)
    #[arg(long, value_name = "ID")]
    organisation: Option<OrganisationId>,
    /// Make drafts where the grace time of the settings is not over yet, instead of issuing at once
    #[arg(long)]
    respect_grace: bool,
}

pub(super) async fn run(settings: Settings, arguments: BillArguments) -> Result<ExitCode, Error> {
    super::logs::start(&settings)?;
    let now = Utc::now();
    let app = App::start(settings, now).await?;
    let grace = if arguments.respect_grace {
        TimeDelta::from_std(app.settings.billing_grace).unwrap_or_default()
    } else {
        TimeDelta::zero()
    };
    let by = audit::actor(ActorKind::Cli);
    let run = Run { now, grace, organisation: arguments.organisation, claim: false, by };
    let summary = store::unhurried(bill_period::run(&app, run)).await?;
    worker::run_to_rest(&app).await?;
    println!(
        "{} invoices issued, {} drafts made, {} periods had an invoice already",
        summary.issued, summary.drafted, summary.existing
    );
    for (subscription, reason) in &summary.held {
        println!("held: {subscription}: {reason}");
    }
    Ok(if summary.held.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
