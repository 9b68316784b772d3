//! `undash jobs`: effects that leave the database, from a terminal, also when no server runs.

use billing::ids::{OrganisationId, OutboxId};
use chrono::{SecondsFormat, Utc};
use clap::{Args, Subcommand};
use std::process::ExitCode;
use std::str::FromStr as _;

use crate::app::{App, audit, manage_jobs};
use crate::config::Settings;
use crate::error::Error;
use crate::store::audit::ActorKind;
use crate::store::outbox::{self, Filter, Job, JobState};
use crate::store::{MAX_PAGE, Page};

/// What to do with jobs.
#[derive(Subcommand)]
pub(super) enum JobsVerb {
    /// List jobs, the latest first; those that were given up when nothing is said
    List(Which),
    /// Show one job with its payload and what went wrong
    Show {
        /// The job (job_…)
        id: OutboxId,
    },
    /// Try jobs that were given up again
    ///
    /// They are due at once, and as often as new ones. A running server takes them; without one, the next
    /// that starts. Running a job twice does no harm.
    Replay(Named),
    /// Let jobs that were given up be, for ever
    ///
    /// What they were to do does not happen. The reason stays with them and in the audit trail.
    Discard {
        #[command(flatten)]
        named: Named,
        /// Why nobody needs what they were to do
        #[arg(long)]
        reason: String,
    },
}

/// Which jobs are listed.
#[derive(Args)]
pub(super) struct Which {
    /// WAITING, RUNNING, DONE, DEAD or DISCARDED; all with ANY
    #[arg(long, value_name = "STATE", default_value = "DEAD")]
    state: String,
    /// Only of this topic, such as invoice.render
    #[arg(long)]
    topic: Option<String>,
    /// Only of this organisation (org_…)
    #[arg(long, value_name = "ID")]
    organisation: Option<OrganisationId>,
}

/// Which jobs are changed.
#[derive(Args)]
pub(super) struct Named {
    /// The jobs (job_…)
    #[arg(required_unless_present = "all_dead", conflicts_with = "all_dead")]
    ids: Vec<OutboxId>,
    /// Every job that was given up
    #[arg(long)]
    all_dead: bool,
    /// With --all-dead: only of this topic
    #[arg(long, requires = "all_dead")]
    topic: Option<String>,
}

pub(super) async fn run(settings: Settings, verb: JobsVerb) -> Result<ExitCode, Error> {
    super::logs::start(&settings)?;
    let app = App::start(settings, Utc::now()).await?;
    let by = audit::actor(ActorKind::Cli);
    match verb {
        JobsVerb::List(which) => list(&app, which).await,
        JobsVerb::Show { id } => show(&app, id).await,
        JobsVerb::Replay(named) => {
            let ids = ids(&app, named).await?;
            for ids in ids.chunks(manage_jobs::MOST_JOBS) {
                manage_jobs::replay(&app, &by, ids, Utc::now()).await?;
            }
            println!("{} jobs are due again", ids.len());
            Ok(ExitCode::SUCCESS)
        }
        JobsVerb::Discard { named, reason } => {
            let ids = ids(&app, named).await?;
            for ids in ids.chunks(manage_jobs::MOST_JOBS) {
                manage_jobs::discard(&app, &by, ids, &reason, Utc::now()).await?;
            }
            println!("{} jobs are let be", ids.len());
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn list(app: &App, which: Which) -> Result<ExitCode, Error> {
    let states = match which.state.as_str() {
        "ANY" => Vec::new(),
        state => {
            let words = "--state is one of WAITING, RUNNING, DONE, DEAD, DISCARDED and ANY.";
            vec![JobState::from_str(state).map_err(|_| Error::invalid("BAD_STATE", words))?]
        }
    };
    let filter = Filter { states, topic: which.topic, organisation_id: which.organisation };
    let jobs = all(app, &filter).await?;
    for job in &jobs {
        println!("{}", line(job));
    }
    println!("{} jobs", jobs.len());
    Ok(ExitCode::SUCCESS)
}

/// Every job that passes a filter.
async fn all(app: &App, filter: &Filter) -> Result<Vec<Job>, Error> {
    let (now, mut page, mut jobs) = (Utc::now(), Page::first(MAX_PAGE), Vec::new());
    loop {
        let rows = outbox::page(&app.store, filter, &page, now).await?;
        jobs.extend(rows.items);
        match jobs.last().filter(|_| rows.has_next) {
            Some(last) => page.after = Some(crate::store::Keyed::cursor(last)),
            None => return Ok(jobs),
        }
    }
}

async fn ids(app: &App, named: Named) -> Result<Vec<OutboxId>, Error> {
    if !named.all_dead {
        return Ok(named.ids);
    }
    let filter = Filter { states: vec![JobState::Dead], topic: named.topic, organisation_id: None };
    Ok(all(app, &filter).await?.into_iter().map(|job| job.id).collect())
}

async fn show(app: &App, id: OutboxId) -> Result<ExitCode, Error> {
    let Some(job) = outbox::find(&app.store, id, Utc::now()).await? else {
        return Err(Error::not_found("NOT_FOUND", format!("There is no job {id}.")));
    };
    println!("{}", line(&job));
    println!("payload: {}", job.payload);
    if let Some(reason) = &job.discard_reason {
        println!("let be: {reason}");
    }
    Ok(ExitCode::SUCCESS)
}

fn line(job: &Job) -> String {
    let organisation = job.organisation_id.map_or_else(|| "-".to_owned(), |id| id.to_string());
    let at = job.created_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let words = job.last_error.as_ref().map(|words| format!("  {words}")).unwrap_or_default();
    let (state, tries) = (job.state.as_str(), format!("{} of {} tries", job.attempts, job.attempt_limit));
    format!("{}  {at}  {state}  {}  {organisation}  {tries}{words}", job.id, job.topic)
}
