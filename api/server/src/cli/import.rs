//! `undash import`: a file of events through the same path as the API.

use billing::ids::{ApiKeyId, OrganisationId, ProjectId};
use chrono::Utc;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use uuid::Uuid;

use crate::app::App;
use crate::app::record_usage::{Arrival, EventOutcome, EventStatus, record_usage_in_trail};
use crate::config::Settings;
use crate::error::Error;
use crate::http::events::read_line;
use crate::viewer::{Role, Scope, Viewer};
use crate::worker;

/// Events handed over at once.
const BATCH: usize = 5_000;

/// Rejections printed; the rest are only counted, and all are kept in the database.
const SHOWN: usize = 10;

/// Flags of `undash import`.
#[derive(Args)]
pub(super) struct ImportArguments {
    /// File of events, one JSON object a line
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Whose usage it is (org_…)
    #[arg(long, value_name = "ID")]
    organisation: OrganisationId,
    /// Project of events that name none (prj_…)
    #[arg(long, value_name = "ID")]
    project: Option<ProjectId>,
    /// Print no progress
    #[arg(long)]
    quiet: bool,
}

/// What became of the events of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(super) struct Counts {
    pub(super) accepted: usize,
    pub(super) duplicates: usize,
    pub(super) conflicts: usize,
    pub(super) rejected: usize,
}

impl Counts {
    pub(super) fn add(&mut self, outcomes: &[EventOutcome]) {
        for outcome in outcomes {
            match outcome.status {
                EventStatus::Accepted => self.accepted += 1,
                EventStatus::Duplicate => self.duplicates += 1,
                EventStatus::Conflict => self.conflicts += 1,
                EventStatus::Rejected(_) => self.rejected += 1,
            }
        }
    }
}

pub(super) async fn run(settings: Settings, arguments: ImportArguments) -> Result<ExitCode, Error> {
    super::logs::start(&settings)?;
    let app = App::start(settings, Utc::now()).await?;
    let viewer = importer(arguments.organisation, arguments.project);
    let unreadable = |error: std::io::Error| {
        Error::invalid("BAD_FILE", format!("The file {} cannot be read: {error}.", arguments.file.display()))
            .at(["file"])
    };
    let file = tokio::fs::File::open(&arguments.file).await.map_err(unreadable)?;
    let bytes = file.metadata().await.map_err(unreadable)?.len();
    let bar = super::progress::bar(usize::try_from(bytes).unwrap_or(usize::MAX), "bytes", arguments.quiet);
    let mut lines = BufReader::new(file).lines();
    let (mut counts, mut batch, mut number) = (Counts::default(), Vec::with_capacity(BATCH), 0_usize);
    loop {
        let line = lines.next_line().await.map_err(unreadable)?;
        let ended = line.is_none();
        if let Some(line) = line {
            number += 1;
            bar.inc(line.len() as u64 + 1);
            if !line.trim().is_empty() {
                batch.push((number, Arrival::new(read_line(&line), line)));
            }
        }
        if batch.len() == BATCH || (ended && !batch.is_empty()) {
            let (numbers, arrivals): (Vec<usize>, Vec<Arrival>) = batch.drain(..).unzip();
            let outcomes = record_usage_in_trail(&app, &viewer, arguments.organisation, arrivals, Utc::now()).await?;
            complain(&numbers, &outcomes, counts.rejected + counts.conflicts);
            counts.add(&outcomes);
        }
        if ended {
            break;
        }
    }
    bar.finish_and_clear();
    worker::run_to_rest(&app).await?;
    println!(
        "{} accepted, {} duplicates, {} conflicts, {} rejected",
        counts.accepted, counts.duplicates, counts.conflicts, counts.rejected
    );
    Ok(if counts.rejected + counts.conflicts == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn complain(numbers: &[usize], outcomes: &[EventOutcome], before: usize) {
    let bad = numbers.iter().zip(outcomes).filter_map(|(number, outcome)| match &outcome.status {
        EventStatus::Rejected(rejection) => Some((number, rejection.message.as_str())),
        EventStatus::Conflict => Some((number, EventStatus::CONFLICT_WORDS)),
        _ => None,
    });
    for (number, words) in bad.take(SHOWN.saturating_sub(before)) {
        eprintln!("line {number}: {words}");
    }
}

/// Whoever sits at the machine imports with the rights of an organisation's owner, or of one project.
pub(super) fn importer(organisation: OrganisationId, project: Option<ProjectId>) -> Viewer {
    let (scope, role) = match project {
        Some(project) => (Scope::Project(organisation, project), Role::Ingest),
        None => (Scope::Organisation(organisation), Role::Owner),
    };
    Viewer::holding(ApiKeyId::from_uuid(Uuid::nil()), scope, role)
}

/// Whoever sits at the machine is the operator.
pub(super) fn operator() -> Viewer {
    Viewer::holding(ApiKeyId::from_uuid(Uuid::nil()), Scope::Operator, Role::Owner)
}
