//! The gate all usage goes through: events of many callers, saved in few transactions.
//!
//! A caller hands over validated rows and waits. A saver takes whatever has queued up, about
//! [`ROWS_PER_TRANSACTION`] rows at most, saves it in one transaction and answers each caller after the
//! commit. While one transaction is being written the next one gathers. A lone caller never waits for a
//! timer; where a crowd was a moment ago its return is awaited for a few milliseconds, because answered
//! callers come back one by one and a commit for the first of them would keep the others waiting. A
//! caller that goes away loses only the answer: sending the same events again finds duplicates.

use billing::ids::OrganisationId;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::audit::{self, Action, Actor, Changes, Subject};
use crate::error::{Error, ErrorKind};
use crate::store::audit::{NewAuditEvent, SubjectType};
use crate::store::rejection::RejectedEvent;
use crate::store::usage::{NewUsage, SaveOutcome};
use crate::store::{self, Backend, Store};

/// Rows in one transaction. More brought no gain when measured on either database.
pub const ROWS_PER_TRANSACTION: usize = 1_000;

/// Callers that may wait in line; more wait before they can queue, which slows them, and lose nothing.
const WAITING_CALLERS: usize = 4_096;

/// How long a crowd is awaited.
const PATIENCE: Duration = Duration::from_millis(2);

/// How often a transaction that lost against another one is tried again.
const ATTEMPTS: u32 = 6;

/// Whose events they are and when they came, for the audit trail.
#[derive(Clone)]
pub struct Sender {
    /// Who sends them.
    pub actor: Actor,
    /// The organisation they are recorded for.
    pub organisation: OrganisationId,
    /// When they came.
    pub now: DateTime<Utc>,
}

/// Rows and rejected events of one caller.
#[derive(Default)]
pub struct Delivery {
    /// Valid events.
    pub rows: Vec<NewUsage>,
    /// Events to keep for inspection.
    pub rejections: Vec<RejectedEvent>,
    /// Who is named in the audit trail; nobody for bulk deliveries, which leave no row there.
    pub sender: Option<Sender>,
}

/// One caller's part of what is saved together.
struct Part {
    rows: usize,
    rejections: usize,
    sender: Option<Sender>,
}

type Answer = Result<Vec<SaveOutcome>, Error>;

struct Waiting {
    delivery: Delivery,
    answer: oneshot::Sender<Answer>,
}

/// The way in. Cheap to clone; savers end when the last clone is dropped.
#[derive(Clone)]
pub struct UsageGate {
    line: mpsc::Sender<Waiting>,
}

impl UsageGate {
    /// Starts the savers: one for SQLite, which has one writer, and four for PostgreSQL.
    pub fn start(store: &Store) -> Self {
        let (line, waiting) = mpsc::channel(WAITING_CALLERS);
        let waiting = Arc::new(Mutex::new(Line { waiting, crowd: 1 }));
        let savers = if store.backend() == Backend::Sqlite { 1 } else { 4 };
        for _ in 0..savers {
            tokio::spawn(save_for_ever(store.clone(), Arc::clone(&waiting)));
        }
        Self { line }
    }

    /// Saves one delivery and tells what became of each row, in order, once it is durable.
    pub async fn save(&self, delivery: Delivery) -> Answer {
        let (answer, saved) = oneshot::channel();
        let closed = || Error::unavailable("SHUTTING_DOWN", "The server is shutting down. Send the same events again.");
        self.line.send(Waiting { delivery, answer }).await.map_err(|_| closed())?;
        saved.await.map_err(|_| closed())?
    }
}

/// Callers in the order they came; whoever gathers holds it.
struct Line {
    waiting: mpsc::Receiver<Waiting>,
    /// How many callers were gathered last.
    crowd: usize,
}

impl Line {
    /// The callers of the next transaction; none when every gate is gone.
    async fn gather(&mut self) -> Option<Vec<Waiting>> {
        let first = self.waiting.recv().await?;
        let deadline = Instant::now() + PATIENCE;
        let mut rows = first.delivery.rows.len();
        let mut gathered = vec![first];
        while rows < ROWS_PER_TRANSACTION {
            let next = match self.waiting.try_recv() {
                Ok(next) => next,
                Err(_) if gathered.len() >= self.crowd => break,
                Err(_) => match timeout_at(deadline, self.waiting.recv()).await {
                    Ok(Some(next)) => next,
                    Ok(None) | Err(_) => break,
                },
            };
            rows += next.delivery.rows.len();
            gathered.push(next);
        }
        self.crowd = gathered.len();
        Some(gathered)
    }
}

async fn save_for_ever(store: Store, line: Arc<Mutex<Line>>) {
    loop {
        let Some(gathered) = line.lock().await.gather().await else { return };
        save_gathered(&store, gathered).await;
    }
}

async fn save_gathered(store: &Store, gathered: Vec<Waiting>) {
    let mut all = Delivery::default();
    let mut parts = Vec::with_capacity(gathered.len());
    let mut answers = Vec::with_capacity(gathered.len());
    for Waiting { delivery, answer } in gathered {
        parts.push(Part { rows: delivery.rows.len(), rejections: delivery.rejections.len(), sender: delivery.sender });
        answers.push(answer);
        all.rows.extend(delivery.rows);
        all.rejections.extend(delivery.rejections);
    }
    match save_with_retries(store, &all, &parts).await {
        Ok(outcomes) => {
            let mut outcomes = outcomes.into_iter();
            for (part, answer) in parts.into_iter().zip(answers) {
                // A caller that went away has its events saved all the same.
                let _ = answer.send(Ok(outcomes.by_ref().take(part.rows).collect()));
            }
        }
        Err(error) if parts.len() > 1 && error.kind != ErrorKind::Unavailable => {
            // One bad delivery must not fail its neighbours: each is saved on its own.
            let (mut rows, mut rejections) = (all.rows.into_iter(), all.rejections.into_iter());
            for (part, answer) in parts.into_iter().zip(answers) {
                let delivery = Delivery {
                    rows: rows.by_ref().take(part.rows).collect(),
                    rejections: rejections.by_ref().take(part.rejections).collect(),
                    sender: None,
                };
                let _ = answer.send(save_with_retries(store, &delivery, &[part]).await);
            }
        }
        Err(error) => answer_all(answers, &error),
    }
}

fn answer_all(answers: Vec<oneshot::Sender<Answer>>, error: &Error) {
    let (kind, code, public) = (error.kind, error.code, error.public.clone());
    tracing::warn!(error = ?error, callers = answers.len(), "usage could not be saved");
    for answer in answers {
        let _ = answer.send(Err(Error::new(kind, code, public.clone())));
    }
}

async fn save_with_retries(store: &Store, all: &Delivery, parts: &[Part]) -> Answer {
    let mut pause = Duration::from_millis(2);
    for _ in 1..ATTEMPTS {
        match save_once(store, all, parts).await {
            Err(error) if error.kind == ErrorKind::Unavailable => tokio::time::sleep(pause).await,
            done => return done,
        }
        pause *= 4;
    }
    save_once(store, all, parts).await
}

async fn save_once(store: &Store, all: &Delivery, parts: &[Part]) -> Answer {
    let tx = store.begin().await?;
    let outcomes = store::usage::save_batch_in_tx(&tx, &all.rows).await?;
    store::rejection::insert_many_in_tx(&tx, &all.rejections).await?;
    audit::record_all_in_tx(&tx, &trail(parts, &outcomes)).await?;
    tx.commit().await?;
    Ok(outcomes)
}

/// One row for each caller that is named: how many events, never which.
fn trail(parts: &[Part], outcomes: &[SaveOutcome]) -> Vec<NewAuditEvent> {
    let mut rest = outcomes;
    let mut trail = Vec::new();
    for part in parts {
        let (ours, others) = rest.split_at(part.rows.min(rest.len()));
        rest = others;
        let Some(sender) = &part.sender else { continue };
        let count = |wanted: &SaveOutcome| ours.iter().filter(|outcome| *outcome == wanted).count();
        let changes = Changes::new()
            .set("accepted", count(&SaveOutcome::Accepted))
            .set("duplicates", count(&SaveOutcome::Duplicate))
            .set("conflicts", count(&SaveOutcome::Conflict))
            .set("rejected", part.rejections);
        let subject = Subject::nameless(Some(sender.organisation), SubjectType::Usage);
        trail.push(audit::row(&sender.actor, Action::UsageIngested, subject, changes, sender.now));
    }
    trail
}
