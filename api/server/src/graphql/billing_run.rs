//! Billing runs: which periods are billed, and which are held and why. Reasons speak of plugins, so only the operator
//! sees them.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use billing::ids::SubscriptionId;
use chrono::DateTime;
use std::sync::Arc;
use uuid::Uuid;

use super::access::{Call, Need, enter, linked, loaders};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter};
use super::cursor::List;
use super::fault::Result;
use super::ident::{parse_id, parse_pair, show_id, show_pair};
use super::organisation::Organisation;
use super::scalar::Instant;
use super::subscription::Subscription;
use super::time::DateTimeInterval;
use super::user_error::payload;
use crate::app::retry_bill::retry_bill;
use crate::error::Error;
use crate::store::billing_run::{self as records, RunKey};
use crate::store::owner::{Owned, owner_of};
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("billingRuns", Permission::PluginsRead),
    Need::mutation("billingRunRetry", Permission::InvoicesWrite),
    Need::field("BillingRun.organisation", Permission::OrganisationsRead),
    Need::field("BillingRun.subscription", Permission::SubscriptionsRead),
];

/// What its ids begin with.
const PREFIX: &str = "run";

/// The billing of one period.
pub(super) struct BillingRun(records::BillingRun);

/// A billing run: the billing of one period of one subscription.
#[Object]
impl BillingRun {
    /// Its id, `run_…`.
    pub(super) async fn id(&self) -> ID {
        let period = Uuid::from_u128(u128::from(self.0.key.period_start.timestamp_micros().unsigned_abs()));
        show_pair(PREFIX, self.0.key.subscription_id.uuid(), period)
    }

    /// The organisation that is billed; null for keys that may not read organisations.
    async fn organisation(&self, ctx: &Context<'_>) -> Option<Result<Organisation>> {
        linked(ctx, "BillingRun.organisation", async {
            Ok(loaders(ctx)?.load_one(self.0.key.organisation_id).await?.map(Organisation::from))
        })
        .await
    }

    /// The id of the organisation that is billed.
    async fn organisation_id(&self) -> ID {
        show_id(self.0.key.organisation_id)
    }

    /// The subscription that is billed; null for keys that may not read subscriptions.
    async fn subscription(&self, ctx: &Context<'_>) -> Option<Result<Subscription>> {
        linked(ctx, "BillingRun.subscription", async {
            Ok(loaders(ctx)?
                .load_one((self.0.key.organisation_id, self.0.key.subscription_id))
                .await?
                .map(Subscription))
        })
        .await
    }

    /// The id of the subscription that is billed.
    async fn subscription_id(&self) -> ID {
        show_id(self.0.key.subscription_id)
    }

    /// The period that is billed.
    async fn period(&self) -> DateTimeInterval {
        self.0.period.into()
    }

    /// Where it stands.
    async fn state(&self) -> BillingRunState {
        self.0.state.into()
    }

    /// How often it failed.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// Why it is held or was given up; null otherwise.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// When it is tried next.
    async fn next_attempt_at(&self) -> Instant {
        self.0.next_attempt_at.into()
    }

    /// When it last changed.
    async fn updated_at(&self) -> Instant {
        self.0.updated_at.into()
    }
}

/// Where a billing run stands. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "records::RunState")]
enum BillingRunState {
    /// Started, or about to be.
    Due,
    /// Failed with a reason; tried again later.
    Held,
    /// The period is billed.
    Done,
    /// Given up; somebody has to look.
    Dead,
}

#[derive(Default)]
pub(super) struct BillingRunQuery;

#[Object]
impl BillingRunQuery {
    /// Billing runs, the latest period first: of one organisation or of all.
    async fn billing_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Only in these states; in any state when empty. Those that need somebody are HELD and DEAD.",
            default
        )]
        states: Vec<BillingRunState>,
        #[graphql(desc = "Only of this organisation.")] organisation_id: Option<ID>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<BillingRun>> {
        let call = enter(ctx)?;
        let filter = records::Filter {
            organisation_id: organisation_id.as_ref().map(|id| parse_id(id, "organisationId")).transpose()?,
            states: states.into_iter().map(Into::into).collect(),
        };
        let list = List::of("billingRuns", &filter);
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        let rows = records::page(&app.store, &filter, &page).await?;
        let count = counter(move || {
            let (app, filter) = (Arc::clone(&app), filter.clone());
            async move { records::count_capped(&app.store, &filter, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, BillingRun))
    }
}

/// One by id, for `node`.
pub(super) async fn node(call: &Call<'_>, id: &ID) -> Result<Option<BillingRun>, Error> {
    let (subscription, period) = parse_pair(PREFIX, id, "id")?;
    let Some(organisation_id) = owner_of(&call.app.store, Owned::Subscription, subscription).await? else {
        return Ok(None);
    };
    let period_start = i64::try_from(period.as_u128()).ok().and_then(DateTime::from_timestamp_micros);
    let Some(period_start) = period_start else { return Ok(None) };
    let key = RunKey { organisation_id, subscription_id: SubscriptionId::from_uuid(subscription), period_start };
    Ok(records::find(&call.app.store, &key).await?.map(BillingRun))
}

/// Which run is tried again.
#[derive(InputObject)]
struct BillingRunRetryInput {
    /// The organisation.
    organisation_id: ID,
    /// The subscription.
    subscription_id: ID,
    /// The first instant of the period.
    period_start: Instant,
}

payload! {
    /// What `billingRunRetry` answers.
    BillingRunRetryPayload {
        /// The run, which is due again; null when there are errors.
        billing_run: BillingRun
    }
}

#[derive(Default)]
pub(super) struct BillingRunMutation;

#[Object]
impl BillingRunMutation {
    /// Lets a run that is held or was given up be tried again at once.
    async fn billing_run_retry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: BillingRunRetryInput,
    ) -> Result<BillingRunRetryPayload> {
        let call = enter(ctx)?;
        BillingRunRetryPayload::answer(retry(&call, input).await)
    }
}

async fn retry(call: &Call<'_>, input: BillingRunRetryInput) -> Result<BillingRun, Error> {
    let key = RunKey {
        organisation_id: parse_id(&input.organisation_id, "organisationId")?,
        subscription_id: parse_id(&input.subscription_id, "subscriptionId")?,
        period_start: input.period_start.0,
    };
    retry_bill(call.app, call.viewer, &key, call.now).await.map(BillingRun)
}
