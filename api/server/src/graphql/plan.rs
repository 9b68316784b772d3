//! Plans and their immutable versions. Organisations see the plans they subscribe to, and no others.

use async_graphql::{Context, ID, InputObject, Object};
use billing::ids::{PlanId, PlanVersionId};
use std::collections::HashSet;
use std::sync::Arc;

use super::access::{Call, Need, enter, loaders};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter, page_of};
use super::cursor::List;
use super::fault::{Result, nullable};
use super::ident::{parse_id, show_id, unknown};
use super::money::CurrencyCode;
use super::plan_terms::{BillingCadence, Charge, FixedFee, PlanTermsInput};
use super::scalar::Instant;
use super::user_error::payload;
use crate::app::catalogue;
use crate::error::Error;
use crate::store::{self, Keyed as _, plan as records};
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("plan", Permission::CatalogueRead),
    Need::query("plans", Permission::CatalogueRead),
    Need::mutation("planCreate", Permission::CatalogueWrite),
    Need::mutation("planVersionPublish", Permission::CatalogueWrite),
];

/// A plan over all its versions.
pub(super) struct Plan(pub(super) records::Plan);

/// A plan: what customers subscribe to, over all its versions.
#[Object]
impl Plan {
    /// Its id, `plan_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// Its short name.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The version that new subscriptions get; null for keys of an organisation, whose subscriptions name theirs.
    async fn latest_version(&self, ctx: &Context<'_>) -> Option<Result<PlanVersion>> {
        nullable(async {
            let call = Call::within(ctx)?;
            if !call.viewer.is_operator() {
                return Ok(None);
            }
            Ok(records::latest_version(&call.app.store, self.0.id).await?.map(PlanVersion))
        })
        .await
    }

    /// Its versions, newest first; a key of an organisation sees those its subscriptions are on.
    async fn versions(&self, ctx: &Context<'_>) -> Result<Vec<PlanVersion>> {
        let call = Call::within(ctx)?;
        let mut versions = records::versions(&call.app.store, self.0.id).await?;
        if let Some(visible) = visible(&call).await? {
            versions.retain(|version| visible.versions.contains(&version.id));
        }
        Ok(versions.into_iter().map(PlanVersion).collect())
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }
}

/// An immutable version of a plan.
pub(super) struct PlanVersion(pub(super) records::PlanVersion);

/// A version of a plan: prices and fees that never change.
#[Object]
impl PlanVersion {
    /// Its id, `plv_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// Counted from 1 within the plan.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// The plan.
    async fn plan(&self, ctx: &Context<'_>) -> Option<Result<Plan>> {
        nullable(async { Ok(loaders(ctx)?.load_one(self.0.plan_id).await?.map(Plan)) }).await
    }

    /// The currency of every price.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.terms.currency)
    }

    /// How often it is billed.
    async fn cadence(&self) -> BillingCadence {
        self.0.terms.cadence.unit.into()
    }

    /// What is charged by usage, in the order of the invoice.
    async fn charges(&self) -> Vec<Charge> {
        self.0.terms.charges.iter().map(Charge::of).collect()
    }

    /// What is charged in any case, in the order of the invoice.
    async fn fixed_fees(&self) -> Vec<FixedFee> {
        self.0.terms.fees.iter().map(FixedFee::of).collect()
    }

    /// When it was published.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }
}

/// The part of the catalogue a tenant may see.
struct Visible {
    plans: HashSet<PlanId>,
    versions: HashSet<PlanVersionId>,
}

/// What the caller may see of the plans; `None` means all of them.
async fn visible(call: &Call<'_>) -> Result<Option<Visible>, Error> {
    let Some(own) = call.viewer.own_organisation() else { return Ok(None) };
    let subscriptions = match call.viewer.may(Permission::SubscriptionsRead) {
        true => store::subscription::list(&call.app.store, own).await?,
        false => Vec::new(),
    };
    let plans = subscriptions.iter().map(|subscription| subscription.plan_id).collect();
    let versions = subscriptions.iter().map(|subscription| subscription.plan_version_id).collect();
    Ok(Some(Visible { plans, versions }))
}

/// One that the caller may see.
pub(super) async fn find(call: &Call<'_>, id: PlanId) -> Result<Option<Plan>, Error> {
    if visible(call).await?.is_some_and(|visible| !visible.plans.contains(&id)) {
        return Ok(None);
    }
    Ok(records::find(&call.app.store, id).await?.map(Plan))
}

/// One version that the caller may see.
pub(super) async fn find_version(call: &Call<'_>, id: PlanVersionId) -> Result<Option<PlanVersion>, Error> {
    if visible(call).await?.is_some_and(|visible| !visible.versions.contains(&id)) {
        return Ok(None);
    }
    Ok(records::version(&call.app.store, id).await?.map(PlanVersion))
}

#[derive(Default)]
pub(super) struct PlanQuery;

#[Object]
impl PlanQuery {
    /// One plan. NOT_FOUND when it does not exist, or when the caller's organisation does not subscribe to it.
    async fn plan(&self, ctx: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Option<Result<Plan>> {
        nullable(async {
            let call = enter(ctx)?;
            let id = parse_id(&id, "id")?;
            Ok(Some(find(&call, id).await?.ok_or_else(|| unknown("plan", id))?))
        })
        .await
    }

    /// The plans, newest first: all of them for the operator, else those the caller's organisation subscribes to.
    async fn plans(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Plan>> {
        let call = enter(ctx)?;
        let list = List::of("plans", call.viewer.own_organisation());
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        if let Some(visible) = visible(&call).await? {
            let ids: Vec<PlanId> = visible.plans.into_iter().collect();
            let count = ids.len() as u64;
            let rows = page_of(records::find_many(&app.store, &ids).await?, &page, |row| row.cursor());
            return Ok(Connection::of(rows, &list, counter(move || async move { Ok(count) }), Plan));
        }
        let rows = records::page(&app.store, &page).await?;
        let count = counter(move || {
            let app = Arc::clone(&app);
            async move { records::count_capped(&app.store, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, Plan))
    }
}

/// What a new plan is.
#[derive(InputObject)]
struct PlanCreateInput {
    /// Its short name: 1 to 64 of a-z, 0-9, `.`, `_` and `-`.
    code: String,
    /// What people call it; 1 to 200 characters.
    name: String,
    /// The prices and fees of its first version.
    terms: PlanTermsInput,
}

/// What the next version of a plan is.
#[derive(InputObject)]
struct PlanVersionPublishInput {
    /// The plan.
    plan_id: ID,
    /// Its prices and fees from this version on.
    terms: PlanTermsInput,
}

payload! {
    /// What `planCreate` answers.
    PlanCreatePayload {
        /// The new plan; null when there are errors.
        plan: Plan
    }
}

payload! {
    /// What `planVersionPublish` answers.
    PlanVersionPublishPayload {
        /// The new version; null when there are errors.
        plan_version: PlanVersion
    }
}

#[derive(Default)]
pub(super) struct PlanMutation;

#[Object]
impl PlanMutation {
    /// Makes a plan with its first version.
    async fn plan_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is.")] input: PlanCreateInput,
    ) -> Result<PlanCreatePayload> {
        let call = enter(ctx)?;
        let made = match input.terms.read(&call).await {
            Ok(terms) => catalogue::create_plan(call.app, call.viewer, input.code, input.name, terms, call.now)
                .await
                .map(|(plan, _)| Plan(plan)),
            Err(error) => Err(error),
        };
        PlanCreatePayload::answer(made)
    }

    /// Publishes the next version of a plan. Subscriptions stay on the version they have.
    async fn plan_version_publish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is.")] input: PlanVersionPublishInput,
    ) -> Result<PlanVersionPublishPayload> {
        let call = enter(ctx)?;
        PlanVersionPublishPayload::answer(publish(&call, input).await)
    }
}

async fn publish(call: &Call<'_>, input: PlanVersionPublishInput) -> Result<PlanVersion, Error> {
    let plan = parse_id(&input.plan_id, "planId")?;
    let terms = input.terms.read(call).await?;
    catalogue::publish_plan_version(call.app, call.viewer, plan, terms, call.now).await.map(PlanVersion)
}
