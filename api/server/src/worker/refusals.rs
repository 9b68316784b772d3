//! Brings refused calls into the audit trail, every second, and what is left of them at the end.

use chrono::Utc;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use crate::app::{App, refusals};

const EVERY: Duration = Duration::from_secs(1);

/// Writes until shutdown, and once more then. A failure is logged; its counts are written later.
pub(super) async fn write(app: Arc<App>, shutdown: CancellationToken) {
    loop {
        let over = tokio::select! {
            () = shutdown.cancelled() => true,
            () = tokio::time::sleep(EVERY) => false,
        };
        if let Err(error) = refusals::write(&app, Utc::now(), over).await {
            tracing::error!(error = ?error, "refused calls could not be written to the audit trail");
        }
        if over {
            return;
        }
    }
}
