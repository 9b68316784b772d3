//! Jobs: effects that leave the database, each a row of the outbox. Their errors speak of machines and of every tenant,
//! so only the operator sees them.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use billing::ids::OutboxId;
use std::sync::Arc;

use super::access::{Call, Need, enter, linked, loaders};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter};
use super::cursor::List;
use super::fault::{Result, nullable};
use super::ident::{parse_id, show_id, unknown};
use super::organisation::Organisation;
use super::scalar::Instant;
use super::user_error::payload;
use crate::app::manage_jobs;
use crate::error::Error;
use crate::store::outbox as records;
use crate::viewer::Permission;

/// What fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("jobs", Permission::JobsRead),
    Need::query("job", Permission::JobsRead),
    Need::mutation("jobsReplay", Permission::JobsWrite),
    Need::mutation("jobsDiscard", Permission::JobsWrite),
    Need::field("Job.organisation", Permission::OrganisationsRead),
];

/// An effect that leaves the database.
pub(super) struct Job(records::Job);

/// A job: something that has to happen outside the database, such as the PDF of an invoice. It was written together with
/// what it follows from, is tried until it succeeds, and may run twice without harm.
#[Object]
impl Job {
    /// Its id, `job_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// The organisation it is for; null where it is for none, and for keys that may not read organisations.
    async fn organisation(&self, ctx: &Context<'_>) -> Option<Result<Organisation>> {
        linked(ctx, "Job.organisation", async {
            match self.0.organisation_id {
                Some(organisation) => Ok(loaders(ctx)?.load_one(organisation).await?.map(Organisation::from)),
                None => Ok(None),
            }
        })
        .await
    }

    /// What has to be done, such as `invoice.render`.
    async fn topic(&self) -> &str {
        &self.0.topic
    }

    /// What that needs, as JSON.
    async fn payload(&self) -> String {
        self.0.payload.to_string()
    }

    /// Where it stands.
    async fn state(&self) -> JobState {
        self.0.state.into()
    }

    /// How often it was tried.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// How often it is tried before it is given up.
    async fn attempt_limit(&self) -> i32 {
        self.0.attempt_limit
    }

    /// When it is tried next, at the earliest; null when it is not.
    async fn next_attempt_at(&self) -> Option<Instant> {
        let waits = matches!(self.0.state, records::JobState::Waiting | records::JobState::Running);
        waits.then_some(Instant(self.0.available_at))
    }

    /// What went wrong last, with every cause; null when nothing has.
    async fn last_error(&self) -> Option<&str> {
        self.0.last_error.as_deref()
    }

    /// When it was written.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }

    /// When it was done, given up or let be; null before.
    async fn ended_at(&self) -> Option<Instant> {
        self.0.ended_at.map(Instant)
    }

    /// Why somebody let it be; null otherwise.
    async fn discard_reason(&self) -> Option<&str> {
        self.0.discard_reason.as_deref()
    }
}

/// Where a job stands. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "records::JobState")]
enum JobState {
    /// To be tried at its time.
    Waiting,
    /// A worker is at it.
    Running,
    /// Finished.
    Done,
    /// Given up; somebody has to look.
    Dead,
    /// Given up, and let be by somebody.
    Discarded,
}

/// Which jobs. Everything that is given must hold.
#[derive(InputObject, Default)]
struct JobFilter {
    /// In any of these states; in any state when empty. DEAD are those that need somebody.
    #[graphql(default)]
    states: Vec<JobState>,
    /// Of this topic.
    topic: Option<String>,
    /// Of this organisation.
    organisation_id: Option<ID>,
}

/// One by id, for `node`.
pub(super) async fn node(call: &Call<'_>, id: OutboxId) -> Result<Option<Job>, Error> {
    Ok(records::find(&call.app.store, id, call.now).await?.map(Job))
}

#[derive(Default)]
pub(super) struct JobQuery;

#[Object]
impl JobQuery {
    /// One job. NOT_FOUND when it does not exist.
    async fn job(&self, ctx: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Option<Result<Job>> {
        nullable(async {
            let call = enter(ctx)?;
            let id = parse_id(&id, "id")?;
            Ok(Some(node(&call, id).await?.ok_or_else(|| unknown("job", id))?))
        })
        .await
    }

    /// Jobs, the latest first: of every organisation and of none.
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these.")] filter: Option<JobFilter>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Job>> {
        let call = enter(ctx)?;
        let JobFilter { states, topic, organisation_id } = filter.unwrap_or_default();
        let filter = records::Filter {
            states: states.into_iter().map(Into::into).collect(),
            topic,
            organisation_id: organisation_id.as_ref().map(|id| parse_id(id, "filter.organisationId")).transpose()?,
        };
        let list = List::of("jobs", &filter);
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let (app, now) = (Arc::clone(call.app), call.now);
        let rows = records::page(&app.store, &filter, &page, now).await?;
        let count = counter(move || {
            let (app, filter) = (Arc::clone(&app), filter.clone());
            async move { records::count_capped(&app.store, &filter, now, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, Job))
    }
}

/// Which jobs are tried again.
#[derive(InputObject)]
struct JobsReplayInput {
    /// Their ids, 1 to 100; each must be DEAD.
    ids: Vec<ID>,
}

/// Which jobs are let be.
#[derive(InputObject)]
struct JobsDiscardInput {
    /// Their ids, 1 to 100; each must be DEAD.
    ids: Vec<ID>,
    /// Why nobody needs what they were to do, in 1 to 500 characters; it stays with the job and in the audit trail.
    reason: String,
}

payload! {
    /// What `jobsReplay` answers.
    JobsReplayPayload {
        /// The jobs, which are due again, in the order in which they were named; null when there are errors, and then none was changed.
        jobs: Vec<Job>
    }
}

payload! {
    /// What `jobsDiscard` answers.
    JobsDiscardPayload {
        /// The jobs, which nobody tries again, in the order in which they were named; null when there are errors, and then none was changed.
        jobs: Vec<Job>
    }
}

#[derive(Default)]
pub(super) struct JobMutation;

#[Object]
impl JobMutation {
    /// Lets jobs that were given up be tried again at once, and as often as new ones: all of them or none.
    async fn jobs_replay(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones.")] input: JobsReplayInput,
    ) -> Result<JobsReplayPayload> {
        let call = enter(ctx)?;
        JobsReplayPayload::answer(replay(&call, &input).await)
    }

    /// Lets jobs that were given up be, for ever: all of them or none. What they were to do does not happen.
    async fn jobs_discard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones, and why.")] input: JobsDiscardInput,
    ) -> Result<JobsDiscardPayload> {
        let call = enter(ctx)?;
        JobsDiscardPayload::answer(discard(&call, &input).await)
    }
}

async fn replay(call: &Call<'_>, input: &JobsReplayInput) -> Result<Vec<Job>, Error> {
    let jobs = manage_jobs::replay(call.app, &call.viewer.into(), &ids(&input.ids)?, call.now).await?;
    Ok(jobs.into_iter().map(Job).collect())
}

async fn discard(call: &Call<'_>, input: &JobsDiscardInput) -> Result<Vec<Job>, Error> {
    let ids = ids(&input.ids)?;
    let jobs = manage_jobs::discard(call.app, &call.viewer.into(), &ids, &input.reason, call.now).await?;
    Ok(jobs.into_iter().map(Job).collect())
}

fn ids(ids: &[ID]) -> Result<Vec<OutboxId>, Error> {
    ids.iter().map(|id| parse_id(id, "ids")).collect()
}
