//! Letting a period that is held, or was given up, be billed again at once.

use chrono::{DateTime, Utc};

use super::App;
use super::audit::{self, Action, Changes, Subject};
use crate::error::Error;
use crate::store;
use crate::store::audit::SubjectType;
use crate::store::billing_run::{BillingRun, RunKey, RunState};
use crate::viewer::{Permission, Viewer};

/// Makes a held or dead run due. The bill itself is made by the worker, once.
pub async fn retry_bill(app: &App, viewer: &Viewer, key: &RunKey, now: DateTime<Utc>) -> Result<BillingRun, Error> {
    viewer.require(Permission::InvoicesWrite)?;
    let unknown = || Error::not_found("NOT_FOUND", "There is no billing run of this period.").at(["periodStart"]);
    let before = store::billing_run::find(&app.store, key).await?.ok_or_else(unknown)?;
    let tx = app.store.begin().await?;
    if !store::billing_run::retry_in_tx(&tx, key, now).await? {
        return Err(
            Error::refused("RUN_NOT_HELD", "Only a run that is HELD or DEAD can be tried again.").at(["periodStart"])
        );
    }
    let changes = Changes::new().set("periodStart", audit::time(key.period_start)).changed(
        "state",
        before.state.as_str(),
        RunState::Due.as_str(),
    );
    let subject = Subject::of_organisation(key.organisation_id, SubjectType::Subscription, key.subscription_id);
    audit::record_in_tx(&tx, viewer, Action::BillingRunRetried, subject, changes, now).await?;
    tx.commit().await?;
    app.bus.work_written();
    store::billing_run::find(&app.store, key).await?.ok_or_else(unknown)
}
