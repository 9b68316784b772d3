//! What the next invoice of a subscription would be if its period ended now. Nothing is stored.

use billing::ids::{OrganisationId, SubscriptionId};
use billing::period::Interval;
use chrono::{DateTime, Utc};

use super::rate_period::{Account, Rated, account, rate};
use super::{App, tenants};
use crate::error::Error;
use crate::viewer::{Permission, Viewer};

/// An invoice that does not exist yet.
pub struct Preview {
    /// Whose it would be.
    pub account: Account,
    /// What it would say.
    pub rated: Rated,
    /// The period it would bill.
    pub period: Interval,
}

/// Computes the preview.
pub async fn preview(
    app: &App,
    viewer: &Viewer,
    organisation: OrganisationId,
    subscription: SubscriptionId,
    now: DateTime<Utc>,
) -> Result<Preview, Error> {
    viewer.require(Permission::InvoicesRead)?;
    let account = account(app, organisation, subscription).await?;
    let period = account.subscription.next_period;
    let full = tenants::full_period(
        &account.subscription,
        &account.version.terms,
        account.organisation.timezone,
        period.start,
    );
    let rated = rate(app, &account, period, &full, now).await?;
    Ok(Preview { account, rated, period })
}
