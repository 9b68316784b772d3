//! Bills the periods that have ended and finalises drafts whose grace is over.

use chrono::{TimeDelta, Utc};
use std::sync::Arc;

use crate::app::App;
use crate::app::audit;
use crate::app::bill_period::{self, Run};
use crate::error::Error;
use crate::store::audit::ActorKind;

/// Bills what is due; tells how much that was.
pub(super) async fn once(app: Arc<App>) -> Result<usize, Error> {
    let grace = TimeDelta::from_std(app.settings.billing_grace).unwrap_or(TimeDelta::zero());
    let by = audit::actor(ActorKind::Worker);
    let summary = bill_period::run(&app, Run { now: Utc::now(), grace, organisation: None, claim: true, by }).await?;
    Ok(summary.issued + summary.drafted)
}
