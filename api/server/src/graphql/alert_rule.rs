//! Alert rules: what is watched, and at which thresholds somebody wants to know.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use billing::alert;
use billing::ids::{AlertRuleId, OrganisationId};
use std::sync::Arc;

use super::access::{Call, Need, enter, linked, loaders};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter};
use super::cursor::List;
use super::fault::{Result, nullable};
use super::ident::{parse_id, show_id, unknown};
use super::metric::{self, Metric};
use super::scalar::{Decimal, Instant};
use super::subscription::Subscription;
use super::user_error::payload;
use crate::app::tenants::{self, NewAlertRule};
use crate::error::Error;
use crate::store::alert_rule as records;
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("alertRule", Permission::AlertsRead),
    Need::query("alertRules", Permission::AlertsRead),
    Need::mutation("alertRuleCreate", Permission::AlertsWrite),
    Need::mutation("alertRuleDisable", Permission::AlertsWrite),
    Need::field("AlertRule.metric", Permission::CatalogueRead),
    Need::field("AlertRule.subscription", Permission::SubscriptionsRead),
];

/// When to warn.
pub(super) struct AlertRule(pub(super) records::AlertRule);

/// An alert rule: watches the current period of a subscription and fires once at each threshold.
#[Object]
impl AlertRule {
    /// Its id, `alr_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What is watched.
    async fn subject(&self) -> AlertSubject {
        AlertSubject::of(self.0.subject)
    }

    /// The metric whose quantity is watched; null when the cost is, and for keys that may not read the catalogue.
    async fn metric(&self, ctx: &Context<'_>) -> Option<Result<Metric>> {
        linked(ctx, "AlertRule.metric", async {
            match self.0.subject {
                alert::AlertSubject::Quantity(metric) => Ok(loaders(ctx)?.load_one(metric).await?.map(Metric)),
                alert::AlertSubject::Cost => Ok(None),
            }
        })
        .await
    }

    /// The id of the subscription whose current period is watched.
    async fn subscription_id(&self) -> ID {
        show_id(self.0.subscription_id)
    }

    /// The subscription whose current period is watched; null for keys that may not read subscriptions.
    async fn subscription(&self, ctx: &Context<'_>) -> Option<Result<Subscription>> {
        linked(ctx, "AlertRule.subscription", async {
            Ok(loaders(ctx)?.load_one((self.0.organisation_id, self.0.subscription_id)).await?.map(Subscription))
        })
        .await
    }

    /// The thresholds, ascending: in major units of the subscription's currency for a cost, in units of the metric for
    /// a quantity.
    async fn thresholds(&self) -> Vec<Decimal> {
        self.0.thresholds.iter().copied().map(Decimal::plain).collect()
    }

    /// Since then it does not fire; null while it does.
    async fn disabled_at(&self) -> Option<Instant> {
        self.0.disabled_at.map(Instant)
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

/// What an alert rule watches. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum AlertSubject {
    /// The cost of the period so far, before taxes and fixed fees.
    Cost,
    /// The quantity of one metric in the period so far.
    Quantity,
}

impl AlertSubject {
    fn of(subject: alert::AlertSubject) -> Self {
        match subject {
            alert::AlertSubject::Cost => Self::Cost,
            alert::AlertSubject::Quantity(_) => Self::Quantity,
        }
    }
}

/// One of an organisation.
pub(super) async fn find(
    call: &Call<'_>,
    organisation: OrganisationId,
    id: AlertRuleId,
) -> Result<Option<AlertRule>, Error> {
    Ok(records::find(&call.app.store, organisation, id).await?.map(AlertRule))
}

#[derive(Default)]
pub(super) struct AlertRuleQuery;

#[Object]
impl AlertRuleQuery {
    /// One alert rule. NOT_FOUND when it does not exist or is not yours.
    async fn alert_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
        #[graphql(desc = "Its organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
    ) -> Option<Result<AlertRule>> {
        nullable(async {
            let call = enter(ctx)?;
            let organisation = call.organisation(organisation_id.as_ref())?;
            let id = parse_id(&id, "id")?;
            Ok(Some(find(&call, organisation, id).await?.ok_or_else(|| unknown("alert rule", id))?))
        })
        .await
    }

    /// The alert rules of an organisation, newest first, disabled ones too.
    async fn alert_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AlertRule>> {
        let call = enter(ctx)?;
        let organisation = call.organisation(organisation_id.as_ref())?;
        let list = List::of("alertRules", organisation);
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        let rows = records::page(&app.store, organisation, &page).await?;
        let count = counter(move || {
            let app = Arc::clone(&app);
            async move { records::count_capped(&app.store, organisation, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, AlertRule))
    }
}

/// What a new alert rule is.
#[derive(InputObject)]
struct AlertRuleCreateInput {
    /// The organisation; a key of the operator must name it.
    organisation_id: Option<ID>,
    /// What people call it; 1 to 200 characters.
    name: String,
    /// The subscription whose current period is watched.
    subscription_id: ID,
    /// What is watched.
    subject: AlertSubject,
    /// The id or the code of the metric; needed to watch a quantity, and only then.
    metric: Option<ID>,
    /// 1 to 20 thresholds, ascending: in major units of the subscription's currency for a cost, in units of the metric
    /// for a quantity. Those that are passed already fire at once.
    thresholds: Vec<Decimal>,
}

/// Which alert rule is switched off.
#[derive(InputObject)]
struct AlertRuleDisableInput {
    /// Its organisation; a key of the operator must name it.
    organisation_id: Option<ID>,
    /// Its id.
    id: ID,
}

payload! {
    /// What `alertRuleCreate` answers.
    AlertRuleCreatePayload {
        /// The new rule; null when there are errors.
        alert_rule: AlertRule
    }
}

payload! {
    /// What `alertRuleDisable` answers.
    AlertRuleDisablePayload {
        /// The disabled rule; null when there are errors.
        alert_rule: AlertRule
    }
}

#[derive(Default)]
pub(super) struct AlertRuleMutation;

#[Object]
impl AlertRuleMutation {
    /// Makes an alert rule.
    async fn alert_rule_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is.")] input: AlertRuleCreateInput,
    ) -> Result<AlertRuleCreatePayload> {
        let call = enter(ctx)?;
        AlertRuleCreatePayload::answer(create(&call, input).await)
    }

    /// Switches an alert rule off for good. What it fired stays. Switching it off again changes nothing.
    async fn alert_rule_disable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: AlertRuleDisableInput,
    ) -> Result<AlertRuleDisablePayload> {
        let call = enter(ctx)?;
        AlertRuleDisablePayload::answer(disable(&call, input).await)
    }
}

async fn create(call: &Call<'_>, input: AlertRuleCreateInput) -> Result<AlertRule, Error> {
    let organisation = call.organisation(input.organisation_id.as_ref())?;
    let subject = match (input.subject, &input.metric) {
        (AlertSubject::Cost, None) => alert::AlertSubject::Cost,
        (AlertSubject::Quantity, Some(metric)) => {
            alert::AlertSubject::Quantity(metric::existing(call, metric).await?.id)
        }
        _ => {
            return Err(
                Error::invalid("MISSING_FIELD", "metric is needed to watch a QUANTITY, and only then.").at(["metric"])
            );
        }
    };
    let new = NewAlertRule {
        name: input.name,
        subscription_id: parse_id(&input.subscription_id, "subscriptionId")?,
        subject,
        thresholds: input.thresholds.into_iter().map(|threshold| threshold.0).collect(),
    };
    tenants::create_alert_rule(call.app, call.viewer, organisation, new, call.now).await.map(AlertRule)
}

async fn disable(call: &Call<'_>, input: AlertRuleDisableInput) -> Result<AlertRule, Error> {
    let organisation = call.organisation(input.organisation_id.as_ref())?;
    tenants::disable_alert_rule(call.app, call.viewer, organisation, parse_id(&input.id, "id")?, call.now)
        .await
        .map(AlertRule)
}
