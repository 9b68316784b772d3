//! Letting a period that is held, or was given up, be billed again at once.

use chrono::{DateTime, Utc};

use super::App;
use crate::error::Error;
use crate::store;
use crate::store::billing_run::{BillingRun, RunKey};
use crate::viewer::{Permission, Viewer};

/// Makes a held or dead run due. The bill itself is made by the worker, once.
pub async fn retry_bill(app: &App, viewer: &Viewer, key: &RunKey, now: DateTime<Utc>) -> Result<BillingRun, Error> {
    viewer.require(Permission::InvoicesWrite)?;
    let unknown = || Error::not_found("NOT_FOUND", "There is no billing run of this period.").at(["periodStart"]);
    store::billing_run::find(&app.store, key).await?.ok_or_else(unknown)?;
    if !store::billing_run::retry(&app.store, key, now).await? {
        return Err(
            Error::refused("RUN_NOT_HELD", "Only a run that is HELD or DEAD can be tried again.").at(["periodStart"])
        );
    }
    app.bus.work_written();
    store::billing_run::find(&app.store, key).await?.ok_or_else(unknown)
}
