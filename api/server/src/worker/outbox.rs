//! Effects that leave the database, each from its own row: run at least once, harmless twice.

use billing::ids::OrganisationId;
use chrono::{TimeDelta, Utc};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::str::FromStr;
use std::sync::Arc;

use crate::app::collect_payment::{self, OPEN_PAYMENT};
use crate::app::evaluate_alerts::ANNOUNCE_ALERT;
use crate::app::finalise_invoice::RENDER_INVOICE;
use crate::app::request_refund::SEND_REFUND;
use crate::app::send_mail::{self, MAIL_REFUSED, SEND_MAIL};
use crate::app::take_webhook::{self, TAKE_WEBHOOK};
use crate::app::{App, invoice_document, settle_refund};
use crate::error::Error;
use crate::store;
use crate::store::outbox::Job;

/// Jobs taken at once.
const BATCH: u32 = 16;

/// Time a job may take before another worker may take it.
const LEASE_SECONDS: i64 = 120;

/// What this worker knows to do.
const TOPICS: &[&str] = &[RENDER_INVOICE, ANNOUNCE_ALERT, OPEN_PAYMENT, SEND_REFUND, TAKE_WEBHOOK, SEND_MAIL];

/// Runs the jobs that are due; tells how many there were.
pub(super) async fn once(app: Arc<App>) -> Result<usize, Error> {
    let now = Utc::now();
    let jobs = store::outbox::claim(&app.store, TOPICS, BATCH, now, TimeDelta::seconds(LEASE_SECONDS)).await?;
    for job in &jobs {
        finish(&app, job, attempt(&app, job).await).await?;
    }
    Ok(jobs.len())
}

/// One try. A job that panics fails like any other, and one that took its worker with it each time is tried no more:
/// neither may keep the jobs behind it from their turn.
async fn attempt(app: &App, job: &Job) -> Result<(), Error> {
    if job.attempts > job.attempt_limit {
        return Err(Error::internal("its worker did not come back from the last attempt"));
    }
    let run = AssertUnwindSafe(run(app, job)).catch_unwind().await;
    run.unwrap_or_else(|_| Err(Error::internal("the attempt panicked")))
}

async fn run(app: &App, job: &Job) -> Result<(), Error> {
    let now = Utc::now();
    match job.topic.as_str() {
        RENDER_INVOICE => {
            invoice_document::render(app, organisation(job)?, named(job, "invoiceId")?, Some(now)).await.map(|_| ())
        }
        ANNOUNCE_ALERT => {
            app.bus.alert_written(organisation(job)?);
            Ok(())
        }
        OPEN_PAYMENT => {
            // Whoever asked has tried, or was killed while trying.
            collect_payment::open(app, organisation(job)?, named(job, "paymentId")?, true, now).await.map(|_| ())
        }
        SEND_REFUND => settle_refund::send(app, organisation(job)?, named(job, "refundId")?, now).await,
        SEND_MAIL => send_mail::send(app, organisation(job)?, job, now).await,
        TAKE_WEBHOOK => take_webhook::take(app, &named::<String>(job, "eventId")?, now).await,
        other => Err(Error::internal(format!("nobody knows the topic {other}"))),
    }
}

fn organisation(job: &Job) -> Result<OrganisationId, Error> {
    job.organisation_id.ok_or_else(|| Error::internal("the job names no organisation"))
}

/// What the payload says under `field`.
fn named<T: FromStr>(job: &Job, field: &str) -> Result<T, Error> {
    let value = job.payload.get(field).and_then(|value| value.as_str()).and_then(|text| text.parse().ok());
    value.ok_or_else(|| Error::internal(format!("the payload has no usable `{field}`")))
}

async fn finish(app: &App, job: &Job, outcome: Result<(), Error>) -> Result<(), Error> {
    let now = Utc::now();
    let Err(error) = outcome else {
        store::outbox::done(&app.store, job, now).await?;
        return Ok(());
    };
    let words = chain(&error);
    tracing::warn!(job = %job.id, topic = job.topic, attempt = job.attempts, error = words, "an effect failed");
    // A server that will never take a mail is not asked again.
    if job.attempts >= job.attempt_limit || error.code == MAIL_REFUSED {
        store::outbox::dead(&app.store, job, now, &words).await?;
    } else {
        store::outbox::retry(&app.store, job, now + backoff(job.attempts), &words).await?;
    }
    Ok(())
}

/// Doubles from one second to about an hour, with up to a quarter of jitter so that failures spread out.
fn backoff(attempts: i32) -> TimeDelta {
    let seconds = 1_i64 << attempts.clamp(1, 12);
    let jitter = rand::random_range(0..=seconds * 250);
    TimeDelta::milliseconds(seconds * 1_000 + jitter)
}

fn chain(error: &Error) -> String {
    let mut words = error.to_string();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(inner) = cause {
        words.push_str(": ");
        words.push_str(&inner.to_string());
        cause = inner.source();
    }
    words
}
