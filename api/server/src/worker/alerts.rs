//! Looks at organisations whose usage has changed and lets their alert rules fire.

use chrono::{TimeDelta, Utc};
use std::sync::Arc;

use crate::app::{App, evaluate_alerts};
use crate::error::Error;
use crate::store;

/// Organisations taken at once.
const BATCH: u32 = 32;

/// Time an evaluation may take before another worker may take it.
const LEASE_SECONDS: i64 = 30;

/// Evaluates what has changed; tells how many organisations that were.
pub(super) async fn once(app: Arc<App>) -> Result<usize, Error> {
    let now = Utc::now();
    let changes = store::usage_change::claim(&app.store, BATCH, now, TimeDelta::seconds(LEASE_SECONDS)).await?;
    for change in &changes {
        match evaluate_alerts::evaluate(&app, change.organisation_id, now).await {
            Ok(_) => store::usage_change::evaluated(&app.store, change).await?,
            // The claim runs out and the row is taken again: one broken organisation holds up no other.
            Err(error) => {
                tracing::error!(organisation = %change.organisation_id, error = ?error, "alert rules could not be evaluated");
            }
        }
    }
    Ok(changes.len())
}
