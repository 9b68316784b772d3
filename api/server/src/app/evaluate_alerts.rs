//! Alert rules against what was used: which thresholds have been passed, each told once a period.
//!
//! Cost comes from the pricing plugin, so it is computed before the transaction opens. The second run
//! finds the thresholds already fired and appends nothing.

use billing::alert::{self, AlertSubject};
use billing::ids::{MetricId, OrganisationId, SubscriptionId};
use billing::metering::{self, MetricRef};
use billing::money::Currency;
use billing::period::Interval;
use billing::rating::PricedCharge;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

use super::rate_period::{Account, account, usage_cost};
use super::{App, fresh, tenants, to_microseconds};
use crate::error::Error;
use crate::store;
use crate::store::alert_event::NewAlertEvent;
use crate::store::alert_rule::AlertRule;
use crate::store::outbox::NewJob;

/// Topic of the outbox row that wakes the organisation's subscribers.
pub const ANNOUNCE_ALERT: &str = "alert.announce";

/// Lets every enabled rule of an organisation look at its periods; tells how many events were written.
pub async fn evaluate(app: &App, organisation: OrganisationId, now: DateTime<Utc>) -> Result<usize, Error> {
    let mut by_subscription: BTreeMap<SubscriptionId, Vec<AlertRule>> = BTreeMap::new();
    for rule in store::alert_rule::list_enabled(&app.store, organisation).await? {
        by_subscription.entry(rule.subscription_id).or_default().push(rule);
    }
    let mut written = 0;
    for (subscription, rules) in by_subscription {
        let account = account(app, organisation, subscription).await?;
        for period in watched(&account, now) {
            let observed = observe(app, &account, period, &rules, now).await?;
            written += fire(app, &account, period, &rules, &observed, now).await?;
        }
    }
    Ok(written)
}

/// The period that is billed next, and the one we are in when billing is behind.
fn watched(account: &Account, now: DateTime<Utc>) -> Vec<Interval> {
    let next = account.subscription.next_period;
    let current = tenants::period_at(&account.subscription, &account.version.terms, account.organisation.timezone, now);
    std::iter::once(next).chain(current.filter(|current| current.start > next.start)).collect()
}

/// What the rules look at in one period.
struct Observed {
    cost: Option<(Decimal, Currency)>,
    quantities: HashMap<MetricId, Decimal>,
}

async fn observe(
    app: &App,
    account: &Account,
    period: Interval,
    rules: &[AlertRule],
    now: DateTime<Utc>,
) -> Result<Observed, Error> {
    let mut observed = Observed { cost: None, quantities: HashMap::new() };
    if rules.iter().any(|rule| rule.subject == AlertSubject::Cost) {
        let (priced, usage) = usage_cost(app, account, period, now).await?;
        observed.cost = Some((sum(&priced)?, account.version.terms.currency));
        observed
            .quantities
            .extend(usage.iter().map(|(_, metric, totals)| (metric.id, totals.quantity(metric.aggregation))));
    }
    let wanted: Vec<MetricId> = rules
        .iter()
        .filter_map(|rule| match rule.subject {
            AlertSubject::Quantity(metric) => Some(metric),
            AlertSubject::Cost => None,
        })
        .filter(|metric| !observed.quantities.contains_key(metric))
        .collect();
    for (metric, totals) in quantities(app, account, period, &wanted).await? {
        observed.quantities.insert(metric.id, totals.quantity(metric.aggregation));
    }
    Ok(observed)
}

async fn quantities(
    app: &App,
    account: &Account,
    period: Interval,
    wanted: &[MetricId],
) -> Result<Vec<(MetricRef, metering::Totals)>, Error> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut totals =
        store::usage::totals(&app.store, account.organisation.id, wanted, account.subscription.project_id, &period)
            .await?;
    let metrics = store::metric::find_many(&app.store, wanted).await?;
    Ok(metrics.into_iter().map(|metric| (metric.reference(), totals.remove(&metric.id).unwrap_or_default())).collect())
}

fn sum(priced: &[PricedCharge]) -> Result<Decimal, Error> {
    priced
        .iter()
        .try_fold(Decimal::ZERO, |sum, charge| sum.checked_add(charge.amount.to_decimal()))
        .ok_or_else(|| Error::internal("the cost does not fit a decimal"))
}

async fn fire(
    app: &App,
    account: &Account,
    period: Interval,
    rules: &[AlertRule],
    observed: &Observed,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let organisation = account.organisation.id;
    let mut events = Vec::new();
    for rule in rules {
        let (value, currency) = match rule.subject {
            AlertSubject::Cost => {
                observed.cost.map_or((Decimal::ZERO, None), |(cost, currency)| (cost, Some(currency)))
            }
            AlertSubject::Quantity(metric) => (observed.quantities.get(&metric).copied().unwrap_or_default(), None),
        };
        let fired = store::alert_event::fired_thresholds(&app.store, organisation, rule.id, period.start).await?;
        events.extend(alert::crossed(value, &rule.thresholds, &fired).into_iter().map(|threshold| NewAlertEvent {
            organisation_id: organisation,
            id: fresh(),
            rule_id: rule.id,
            subscription_id: rule.subscription_id,
            period,
            threshold,
            observed: value,
            currency,
            occurred_at: to_microseconds(now),
        }));
    }
    if events.is_empty() {
        return Ok(0);
    }
    let tx = app.store.begin().await?;
    let mut written = 0;
    for event in &events {
        if store::alert_event::append_in_tx(&tx, event).await?.is_some() {
            written += 1;
        }
    }
    let job = NewJob {
        id: fresh(),
        organisation_id: Some(organisation),
        topic: ANNOUNCE_ALERT.to_owned(),
        payload: json!({}),
        dedupe_key: None,
        available_at: now,
    };
    store::outbox::enqueue_in_tx(&tx, &job, now).await?;
    tx.commit().await?;
    app.bus.work_written();
    Ok(written)
}
