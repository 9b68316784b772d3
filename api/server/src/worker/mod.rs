//! Loops without input: look at the rows, do what they say, note that it is done.
//!
//! A hint on the bus only hurries a loop; the timer alone would do. Normal work and recovery after a
//! crash are the same path, because a loop never remembers anything.

mod alerts;
mod billing;
mod outbox;
mod refusals;
mod schedules;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::error::Error;
use crate::store;

/// The workers of this process.
pub struct Workers {
    tracker: TaskTracker,
}

impl Workers {
    /// Resolves when every loop has ended after the shutdown.
    pub async fn finished(self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}

/// Starts every loop.
pub fn start(app: &Arc<App>, shutdown: CancellationToken) -> Workers {
    let workers = start_effects(app, shutdown.clone());
    workers.tracker.spawn(repeat(Arc::clone(app), "billing", shutdown, billing::once));
    workers
}

/// Starts the loops that follow what is written, and not the one that bills: for an import of old
/// usage, whose periods ended long ago and must not be billed half-way.
pub fn start_effects(app: &Arc<App>, shutdown: CancellationToken) -> Workers {
    let tracker = TaskTracker::new();
    tracker.spawn(repeat(Arc::clone(app), "alerts", shutdown.clone(), alerts::once));
    tracker.spawn(repeat(Arc::clone(app), "outbox", shutdown.clone(), outbox::once));
    tracker.spawn(repeat(Arc::clone(app), "schedules", shutdown.clone(), schedules::once));
    tracker.spawn(refusals::write(Arc::clone(app), shutdown));
    Workers { tracker }
}

/// Does everything that is due now, in the order a restart would. For `undash demo` and tests, which
/// want to see the end of it.
pub async fn run_to_rest(app: &Arc<App>) -> Result<(), Error> {
    loop {
        let alerted = store::unhurried(alerts::once(Arc::clone(app))).await?;
        let sent = store::unhurried(outbox::once(Arc::clone(app))).await?;
        if alerted + sent == 0 {
            return Ok(());
        }
    }
}

/// Runs `once` until shutdown: again at once while it finds work, else at the next hint or tick. A
/// failure is logged and tried again at the next tick.
async fn repeat<F, R>(app: Arc<App>, name: &'static str, shutdown: CancellationToken, once: F)
where
    F: Fn(Arc<App>) -> R,
    R: Future<Output = Result<usize, Error>>,
{
    /// Hints come in swarms while usage streams in: the first is followed at once, the next look is so much later.
    const SETTLE: Duration = Duration::from_millis(25);
    loop {
        let looked = Instant::now();
        match store::unhurried(once(Arc::clone(&app))).await {
            Ok(0) => {}
            Ok(done) => {
                tracing::debug!(worker = name, done, "worked");
                if shutdown.is_cancelled() {
                    return;
                }
                continue;
            }
            Err(error) => tracing::error!(worker = name, error = ?error, "work failed; it will be tried again"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = app.bus.work() => tokio::time::sleep_until(looked + SETTLE).await,
            () = tokio::time::sleep(app.settings.worker_interval) => {}
        }
    }
}
