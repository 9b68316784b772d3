//! Wake-ups: hints that something was written, so that nobody has to wait for the next poll.
//!
//! A hint carries no truth. Whoever receives one reads the rows; whoever misses one reads them at the
//! next poll. So a lost, doubled or late hint is harmless.

use billing::ids::OrganisationId;
use std::sync::Arc;
use tokio::sync::{Notify, broadcast};

/// Hints that a slow receiver may have queued before it is told to look for itself.
const QUEUED_HINTS: usize = 1_024;

/// The in-process bus.
#[derive(Clone)]
pub struct Bus {
    alerts: broadcast::Sender<OrganisationId>,
    work: Arc<Notify>,
}

impl Default for Bus {
    fn default() -> Self {
        Self { alerts: broadcast::Sender::new(QUEUED_HINTS), work: Arc::new(Notify::new()) }
    }
}

impl Bus {
    /// Says that an organisation has a new alert event.
    pub fn alert_written(&self, organisation: OrganisationId) {
        // An error only means that nobody listens.
        let _ = self.alerts.send(organisation);
    }

    /// Hears about new alert events of every organisation; the listener filters.
    pub fn alerts(&self) -> broadcast::Receiver<OrganisationId> {
        self.alerts.subscribe()
    }

    /// Says that a worker has something to do.
    pub fn work_written(&self) {
        self.work.notify_waiters();
    }

    /// Resolves at the next [`Self::work_written`].
    pub async fn work(&self) {
        self.work.notified().await;
    }
}
