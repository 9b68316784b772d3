//! Asks payment gateways, now and then, about what they have not told.

use chrono::Utc;
use std::sync::Arc;

use crate::app::{App, sweep_gateway};
use crate::error::Error;

/// Asks about what is due; tells how much that was.
pub(super) async fn once(app: Arc<App>) -> Result<usize, Error> {
    sweep_gateway::due(&app, Utc::now()).await
}
