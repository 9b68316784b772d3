//! Which components answer for a bill: the most specific activation that came into force before the period
//! ended, or the standard guest.

use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

use super::App;
use super::rate_period::{Account, NotRated};
use crate::error::Error;
use crate::plugin::{Kind, StandardGuest};
use crate::store;
use crate::store::plugin::{ActivePlugin, Target, active_at};

/// The digests of the components that answer for a bill.
pub(super) struct GuestsInForce {
    active: Vec<ActivePlugin>,
}

impl GuestsInForce {
    /// Those that answer for a period that ends at `period_end`. An organisation's own comes before that of its plan
    /// (for prices) and of its issuing entity (for taxes and documents).
    pub(super) async fn of(app: &App, account: &Account, period_end: DateTime<Utc>) -> Result<Self, Error> {
        let targets = [
            Target::Organisation(account.organisation.id),
            Target::Plan(account.subscription.plan_id),
            Target::IssuingEntity(account.issuer.id),
        ];
        Ok(Self { active: active_at(&app.store, &targets, period_end - TimeDelta::microseconds(1)).await? })
    }

    /// The one of a kind. It is loaded when this returns.
    pub(super) async fn loaded(&self, app: &App, kind: Kind) -> Result<String, NotRated> {
        let active = self.active.iter().find(|active| active.activation.kind == kind);
        let digest =
            active.map_or_else(|| StandardGuest::of(kind).digest().to_owned(), |active| active.version.digest.clone());
        load(app, &digest).await?;
        Ok(digest)
    }
}

/// Makes sure a component can be called on this node.
pub(super) async fn load(app: &App, digest: &str) -> Result<(), NotRated> {
    if app.plugins.is_ready(digest) {
        return Ok(());
    }
    let bytes = store::plugin::component_bytes(&app.store, digest)
        .await?
        .ok_or_else(|| Error::internal(format!("the component {digest} is missing from the database")))?;
    Ok(app.plugins.prepare(digest, Arc::from(bytes)).await?)
}
