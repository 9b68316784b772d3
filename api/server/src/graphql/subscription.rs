//! Subscriptions: an organisation's contracts on plans. (The root of GraphQL subscriptions is `alert_stream`.)

use async_graphql::{Context, Enum, ID, InputObject, Object};
use billing::ids::{OrganisationId, SubscriptionId};
use std::sync::Arc;

use super::access::{Call, Need, enter, linked, loaders};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter};
use super::cursor::List;
use super::fault::{Result, nullable};
use super::ident::{parse_id, show_id};
use super::organisation::Organisation;
use super::plan::{Plan, PlanVersion};
use super::project::Project;
use super::scalar::Instant;
use super::time::DateTimeInterval;
use super::user_error::payload;
use crate::app::tenants::{self, NewSubscription};
use crate::error::Error;
use crate::store::subscription as records;
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("subscription", Permission::SubscriptionsRead),
    Need::query("subscriptions", Permission::SubscriptionsRead),
    Need::mutation("subscriptionCreate", Permission::SubscriptionsWrite),
    Need::mutation("subscriptionEnd", Permission::SubscriptionsWrite),
    Need::field("Subscription.organisation", Permission::OrganisationsRead),
    Need::field("Subscription.plan", Permission::CatalogueRead),
    Need::field("Subscription.planVersion", Permission::CatalogueRead),
    Need::field("Subscription.project", Permission::ProjectsRead),
];

/// A contract on a plan.
pub(super) struct Subscription(pub(super) records::Subscription);

/// A subscription: an organisation's contract on a version of a plan.
#[Object]
impl Subscription {
    /// Its id, `sub_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// Whose it is; null for keys that may not read organisations.
    async fn organisation(&self, ctx: &Context<'_>) -> Option<Result<Organisation>> {
        linked(ctx, "Subscription.organisation", async {
            Ok(loaders(ctx)?.load_one(self.0.organisation_id).await?.map(Organisation::from))
        })
        .await
    }

    /// The plan; null for keys that may not read the catalogue.
    async fn plan(&self, ctx: &Context<'_>) -> Option<Result<Plan>> {
        linked(ctx, "Subscription.plan", async { Ok(loaders(ctx)?.load_one(self.0.plan_id).await?.map(Plan)) }).await
    }

    /// The version of the plan that prices the next period; null for keys that may not read the catalogue.
    async fn plan_version(&self, ctx: &Context<'_>) -> Option<Result<PlanVersion>> {
        linked(ctx, "Subscription.planVersion", async {
            Ok(loaders(ctx)?.load_one(self.0.plan_version_id).await?.map(PlanVersion))
        })
        .await
    }

    /// The only project whose usage it bills; null when it bills the whole organisation's, and for keys that may not read
    /// projects.
    async fn project(&self, ctx: &Context<'_>) -> Option<Result<Project>> {
        linked(ctx, "Subscription.project", async {
            match self.0.project_id {
                Some(project) => Ok(loaders(ctx)?.load_one((self.0.organisation_id, project)).await?.map(Project)),
                None => Ok(None),
            }
        })
        .await
    }

    /// What its periods are counted from.
    async fn anchor(&self) -> SubscriptionAnchor {
        self.0.anchor.into()
    }

    /// The first instant it serves.
    async fn starts_at(&self) -> Instant {
        self.0.starts_at.into()
    }

    /// The first instant it no longer serves; null while that is open.
    async fn ends_at(&self) -> Option<Instant> {
        self.0.ends_at.map(Instant)
    }

    /// The period that is billed next; the last one billed when the subscription has ended.
    async fn next_period(&self) -> DateTimeInterval {
        self.0.next_period.into()
    }

    /// Whether it is still billed.
    async fn state(&self) -> SubscriptionState {
        self.0.state.into()
    }

    /// Raised by each change; 1 at first.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }
}

/// What the periods of a subscription are counted from. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "records::SubscriptionAnchor")]
pub(super) enum SubscriptionAnchor {
    /// The calendar: the first day of a week, month, quarter or year.
    Calendar,
    /// The day the subscription starts.
    Anniversary,
}

/// Whether a subscription is still billed. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "records::SubscriptionState")]
pub(super) enum SubscriptionState {
    /// It has a next period.
    Active,
    /// Its last period has been billed.
    Ended,
}

#[derive(Default)]
pub(super) struct SubscriptionQuery;

#[Object]
impl SubscriptionQuery {
    /// One subscription. NOT_FOUND when it does not exist or is not yours.
    async fn subscription(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
        #[graphql(desc = "Its organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
    ) -> Option<Result<Subscription>> {
        nullable(async {
            let call = enter(ctx)?;
            let organisation = call.organisation(organisation_id.as_ref())?;
            Ok(Some(Subscription(tenants::find_subscription(call.app, organisation, parse_id(&id, "id")?).await?)))
        })
        .await
    }

    /// The subscriptions of an organisation, newest first.
    async fn subscriptions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Subscription>> {
        let call = enter(ctx)?;
        let organisation = call.organisation(organisation_id.as_ref())?;
        let list = List::of("subscriptions", organisation);
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        let rows = records::page(&app.store, organisation, &page).await?;
        let count = counter(move || {
            let app = Arc::clone(&app);
            async move { records::count_capped(&app.store, organisation, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, Subscription))
    }
}

/// What a new subscription is.
#[derive(InputObject)]
struct SubscriptionCreateInput {
    /// The organisation that subscribes; a key of the operator must name it.
    organisation_id: Option<ID>,
    /// The plan; its latest version is kept for good.
    plan_id: ID,
    /// Only this project's usage is billed; the whole organisation's when left out.
    project_id: Option<ID>,
    /// What its periods are counted from.
    #[graphql(default_with = "SubscriptionAnchor::Calendar")]
    anchor: SubscriptionAnchor,
    /// From when usage is billed; from now when left out.
    starts_at: Option<Instant>,
    /// Until when; open when left out.
    ends_at: Option<Instant>,
}

/// When a subscription ends.
#[derive(InputObject)]
struct SubscriptionEndInput {
    /// Its organisation; a key of the operator must name it.
    organisation_id: Option<ID>,
    /// Its id.
    id: ID,
    /// The first instant it no longer serves; now when left out. Its last period is billed up to then.
    ends_at: Option<Instant>,
}

payload! {
    /// What `subscriptionCreate` answers.
    SubscriptionCreatePayload {
        /// The new subscription; null when there are errors.
        subscription: Subscription
    }
}

payload! {
    /// What `subscriptionEnd` answers.
    SubscriptionEndPayload {
        /// The subscription with its end; null when there are errors.
        subscription: Subscription
    }
}

#[derive(Default)]
pub(super) struct SubscriptionMutation;

#[Object]
impl SubscriptionMutation {
    /// Subscribes an organisation to the latest version of a plan.
    async fn subscription_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is.")] input: SubscriptionCreateInput,
    ) -> Result<SubscriptionCreatePayload> {
        let call = enter(ctx)?;
        SubscriptionCreatePayload::answer(create(&call, input).await)
    }

    /// Sets when a subscription ends.
    async fn subscription_end(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one and when.")] input: SubscriptionEndInput,
    ) -> Result<SubscriptionEndPayload> {
        let call = enter(ctx)?;
        SubscriptionEndPayload::answer(end(&call, input).await)
    }
}

async fn create(call: &Call<'_>, input: SubscriptionCreateInput) -> Result<Subscription, Error> {
    let organisation = call.organisation(input.organisation_id.as_ref())?;
    let new = NewSubscription {
        plan_id: parse_id(&input.plan_id, "planId")?,
        project_id: input.project_id.as_ref().map(|id| parse_id(id, "projectId")).transpose()?,
        anchor: input.anchor.into(),
        starts_at: input.starts_at.map_or(call.now, |at| at.0),
        ends_at: input.ends_at.map(|at| at.0),
    };
    tenants::create_subscription(call.app, call.viewer, organisation, new, call.now).await.map(Subscription)
}

async fn end(call: &Call<'_>, input: SubscriptionEndInput) -> Result<Subscription, Error> {
    let organisation = call.organisation(input.organisation_id.as_ref())?;
    let ends_at = input.ends_at.map_or(call.now, |at| at.0);
    tenants::end_subscription(call.app, call.viewer, organisation, parse_id(&input.id, "id")?, ends_at, call.now)
        .await
        .map(Subscription)
}

/// One of an organisation, for `node`.
pub(super) async fn find(
    call: &Call<'_>,
    organisation: OrganisationId,
    id: SubscriptionId,
) -> Result<Option<Subscription>, Error> {
    Ok(records::find(&call.app.store, organisation, id).await?.map(Subscription))
}
