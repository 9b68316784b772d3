//! Dead letters: effects that were given up are tried again, or let be with a reason.

use billing::ids::OutboxId;
use chrono::{DateTime, Utc};

use super::App;
use super::audit::{self, Action, Actor, Changes, Subject};
use super::catalogue::missing;
use crate::error::Error;
use crate::store;
use crate::store::Tx;
use crate::store::audit::SubjectType;
use crate::store::outbox::{Job, JobState};

/// Jobs in one call at most.
pub const MOST_JOBS: usize = 100;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// Lets jobs that were given up be tried again at once, all or none.
pub async fn replay(app: &App, by: &Actor, ids: &[OutboxId], now: DateTime<Utc>) -> Result<Vec<Job>, Error> {
    let jobs = change(app, by, ids, now, Change::Replay).await?;
    app.bus.work_written();
    Ok(jobs)
}

/// Lets jobs that were given up be: nobody tries them again, all or none. What they were to do does not happen.
pub async fn discard(
    app: &App,
    by: &Actor,
    ids: &[OutboxId],
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Job>, Error> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        let words = format!("Say in 1 to {LONGEST_REASON} characters why nobody needs it.");
        return Err(Error::invalid("BAD_REASON", words).at(["reason"]));
    }
    change(app, by, ids, now, Change::Discard(reason)).await
}

#[derive(Clone, Copy)]
enum Change<'a> {
    Replay,
    Discard(&'a str),
}

async fn change(
    app: &App,
    by: &Actor,
    ids: &[OutboxId],
    now: DateTime<Utc>,
    change: Change<'_>,
) -> Result<Vec<Job>, Error> {
    if ids.is_empty() || ids.len() > MOST_JOBS {
        return Err(Error::invalid("BAD_COUNT", format!("Name 1 to {MOST_JOBS} jobs.")).at(["ids"]));
    }
    let tx = app.store.begin().await?;
    for id in ids {
        change_in_tx(&tx, by, *id, now, change).await?;
    }
    tx.commit().await?;
    let mut jobs = Vec::with_capacity(ids.len());
    for id in ids {
        jobs.push(store::outbox::find(&app.store, *id, now).await?.ok_or_else(|| missing("job", id, "ids"))?);
    }
    Ok(jobs)
}

async fn change_in_tx(tx: &Tx, by: &Actor, id: OutboxId, now: DateTime<Utc>, change: Change<'_>) -> Result<(), Error> {
    let job = store::outbox::find(tx, id, now).await?.ok_or_else(|| missing("job", &id, "ids"))?;
    let (done, action, to) = match change {
        Change::Replay => (store::outbox::replay_in_tx(tx, id, now).await?, Action::JobReplayed, JobState::Waiting),
        Change::Discard(reason) => {
            (store::outbox::discard_in_tx(tx, id, reason, now).await?, Action::JobDiscarded, JobState::Discarded)
        }
    };
    if !done {
        let words = format!("The job {id} is {}; only one that is DEAD can be changed.", job.state.as_str());
        return Err(Error::refused("JOB_NOT_DEAD", words).at(["ids"]));
    }
    let mut changes = Changes::new().changed("state", job.state.as_str(), to.as_str()).set("topic", &job.topic);
    if let Change::Discard(reason) = change {
        changes = changes.set("reason", reason);
    }
    let subject = Subject::named(job.organisation_id, SubjectType::Job, id.to_string());
    audit::record_in_tx(tx, by, action, subject, changes, now).await
}
