//! From usage to money: what a period costs, asked of plugins, with no transaction open.
//!
//! Previews, drafts, finalising and cost alerts all go through [`rate`], so they cannot disagree. The
//! host only asks, checks and adds up; every price and every tax comes from a plugin.

use billing::ids::{MetricId, OrganisationId, SubscriptionId};
use billing::invoice::{Draft, InvoiceLine, Totals};
use billing::metering::{self, MetricRef};
use billing::period::Interval;
use billing::rating::{self, FixedFee, PricedCharge};
use billing::tax::{self, AcceptedTaxes, TaxParty, TaxQuestion};
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;

use super::guests_in_force::GuestsInForce;
use super::{App, late_usage, tenants};
use crate::error::Error;
use crate::plugin::{CallRecord, Kind, PluginError};
use crate::store;
use crate::store::issuing_entity::IssuingEntity;
use crate::store::organisation::Organisation;
use crate::store::plan::PlanVersion;
use crate::store::subscription::Subscription;

/// Category of every line until plans can name one.
const TAX_CATEGORY: &str = "standard";

/// A subscription with everything that decides its bill.
pub struct Account {
    /// Who is billed.
    pub organisation: Organisation,
    /// Who bills.
    pub issuer: IssuingEntity,
    /// What was agreed.
    pub subscription: Subscription,
    /// Its prices.
    pub version: PlanVersion,
}

/// What a period costs.
pub struct Rated {
    /// Lines and taxes.
    pub draft: Draft,
    /// Their sums.
    pub totals: Totals,
    /// What was asked of which plugin.
    pub calls: Vec<CallRecord>,
    /// The usage behind each line of the draft, in the same order; nothing behind a fixed fee.
    pub usage: Vec<Option<LineUsage>>,
    /// The component that arranges the document.
    pub template: String,
}

/// The usage behind a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineUsage {
    /// What was used.
    pub metric: MetricId,
    /// How many events.
    pub events: u64,
    /// Which events.
    pub event_set: [u8; 16],
    /// Place of the call that priced it.
    pub call: usize,
}

/// Why a period has no price.
#[derive(Debug)]
pub enum NotRated {
    /// A part of ours is away or broken; trying again later may help.
    Failed(Error),
    /// A plugin failed.
    Plugin(PluginError),
    /// A plugin's answer breaks the rules of billing.
    Refused(String),
}

impl NotRated {
    /// Whether the bill has to wait for somebody to mend a plugin or a plan.
    pub fn needs_attention(&self) -> bool {
        match self {
            Self::Failed(_) => false,
            Self::Plugin(error) => error.is_deterministic(),
            Self::Refused(_) => true,
        }
    }
}

impl fmt::Display for NotRated {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => formatter.write_str(&error.public),
            Self::Plugin(error) => write!(formatter, "{error}"),
            Self::Refused(why) => formatter.write_str(why),
        }
    }
}

impl From<Error> for NotRated {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<PluginError> for NotRated {
    fn from(error: PluginError) -> Self {
        Self::Plugin(error)
    }
}

impl From<NotRated> for Error {
    fn from(reason: NotRated) -> Self {
        match reason {
            NotRated::Failed(error) => error,
            other if other.needs_attention() => Self::refused("PLUGIN_FAILED", other.to_string()),
            other => Self::unavailable("PLUGIN_BUSY", other.to_string()),
        }
    }
}

/// Reads the account of a subscription.
pub async fn account(app: &App, organisation: OrganisationId, subscription: SubscriptionId) -> Result<Account, Error> {
    let subscription = tenants::find_subscription(app, organisation, subscription).await?;
    account_of(app, subscription).await
}

/// Completes a subscription that was read already.
pub async fn account_of(app: &App, subscription: Subscription) -> Result<Account, Error> {
    let organisation = tenants::find_organisation(app, subscription.organisation_id).await?;
    let version = tenants::plan_version(app, &subscription).await?;
    let issuer = store::issuing_entity::find(&app.store, organisation.issuing_entity_id)
        .await?
        .ok_or_else(|| Error::internal(format!("organisation {} has a missing issuing entity", organisation.id)))?;
    Ok(Account { organisation, issuer, subscription, version })
}

/// Completes several subscriptions in three reads instead of three for each.
pub(super) async fn accounts_of(app: &App, subscriptions: &[Subscription]) -> Result<Vec<Account>, Error> {
    let organisations: Vec<_> = subscriptions.iter().map(|subscription| subscription.organisation_id).collect();
    let organisations = store::organisation::find_many(&app.store, &organisations).await?;
    let issuers: Vec<_> = organisations.iter().map(|organisation| organisation.issuing_entity_id).collect();
    let issuers: HashMap<_, _> =
        by_id(store::issuing_entity::find_many(&app.store, &issuers).await?, |issuer| issuer.id);
    let organisations = by_id(organisations, |organisation| organisation.id);
    let versions: Vec<_> = subscriptions.iter().map(|subscription| subscription.plan_version_id).collect();
    let versions = by_id(store::plan::versions_many(&app.store, &versions).await?, |version| version.id);
    let complete = |subscription: &Subscription| {
        let organisation = organisations.get(&subscription.organisation_id)?;
        let issuer = issuers.get(&organisation.issuing_entity_id)?.clone();
        let version = versions.get(&subscription.plan_version_id)?.clone();
        Some(Account { organisation: organisation.clone(), issuer, subscription: subscription.clone(), version })
    };
    let missing = |subscription: &Subscription| {
        Error::internal(format!("subscription {} refers to something that is missing", subscription.id))
    };
    subscriptions.iter().map(|subscription| complete(subscription).ok_or_else(|| missing(subscription))).collect()
}

fn by_id<Id: Eq + Hash, Record>(records: Vec<Record>, id: impl Fn(&Record) -> Id) -> HashMap<Id, Record> {
    records.into_iter().map(|record| (id(&record), record)).collect()
}

/// What `served`, a part of the period `full`, costs as of `as_of`, with usage that came too late for
/// the invoices before.
pub async fn rate(
    app: &App,
    account: &Account,
    served: Interval,
    full: &Interval,
    as_of: DateTime<Utc>,
) -> Result<Rated, NotRated> {
    let reference = format!("{}/{}", account.subscription.id, served.start.to_rfc3339());
    let usage = usage_of(app, account, served).await?;
    let guests = GuestsInForce::of(app, account, served.end).await?;
    let mut calls = Vec::new();

    let priced = price(app, account, &guests, &usage, &reference, served, as_of, &mut calls).await?;
    let mut lines = usage_lines(account, &usage, priced, served);
    lines.extend(
        late_usage::lines(app, account, served.start, as_of, &mut calls)
            .await?
            .into_iter()
            .map(|(line, usage)| (line, Some(usage))),
    );
    lines.extend(fee_lines(account, served, full)?.into_iter().map(|line| (line, None)));
    let (lines, usage) = lines.into_iter().unzip();

    let mut draft =
        Draft { currency: account.version.terms.currency, period: served, lines, taxes: AcceptedTaxes::default() };
    draft.taxes = taxes(app, account, &guests, &draft, &reference, as_of, &mut calls).await?;
    let totals = draft.totals().map_err(|refused| NotRated::Refused(refused.to_string()))?;
    Ok(Rated { draft, totals, calls, usage, template: guests.loaded(app, Kind::Template).await? })
}

/// What the usage of `served` costs before taxes and without fixed fees: for alerts.
pub async fn usage_cost(
    app: &App,
    account: &Account,
    served: Interval,
    as_of: DateTime<Utc>,
) -> Result<(Vec<PricedCharge>, Vec<(String, MetricRef, metering::Totals)>), NotRated> {
    let reference = format!("{}/{}", account.subscription.id, served.start.to_rfc3339());
    let usage = usage_of(app, account, served).await?;
    let guests = GuestsInForce::of(app, account, served.end).await?;
    let priced = price(app, account, &guests, &usage, &reference, served, as_of, &mut Vec::new()).await?;
    Ok((priced, usage))
}

async fn usage_of(
    app: &App,
    account: &Account,
    served: Interval,
) -> Result<Vec<(String, MetricRef, metering::Totals)>, Error> {
    let codes: HashSet<&str> = account.version.terms.charges.iter().map(|charge| charge.metric_code.as_str()).collect();
    let metrics = app.catalogue.metrics(&app.store, &codes).await?;
    let ids: Vec<MetricId> = metrics.values().map(|metric| metric.id).collect();
    let mut totals =
        store::usage::totals(&app.store, account.organisation.id, &ids, account.subscription.project_id, &served)
            .await?;
    let mut usage: Vec<_> = metrics
        .into_iter()
        .map(|(code, metric)| (code, metric, totals.remove(&metric.id).unwrap_or_default()))
        .collect();
    usage.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(usage)
}

#[allow(clippy::too_many_arguments, reason = "the facts of one question")]
async fn price(
    app: &App,
    account: &Account,
    guests: &GuestsInForce,
    usage: &[(String, MetricRef, metering::Totals)],
    reference: &str,
    served: Interval,
    as_of: DateTime<Utc>,
    calls: &mut Vec<CallRecord>,
) -> Result<Vec<PricedCharge>, NotRated> {
    if account.version.terms.charges.is_empty() {
        return Ok(Vec::new());
    }
    let totals: Vec<_> = usage.iter().map(|(_, metric, totals)| (*metric, *totals)).collect();
    let question = rating::question(&account.version.terms, &totals, reference, served, as_of)
        .map_err(|overflow| NotRated::Refused(overflow.to_string()))?;
    let digest = guests.loaded(app, Kind::Pricing).await?;
    let (answer, record) = app.plugins.price(&digest, &question).await?;
    calls.push(record);
    rating::accept(&question, answer)
        .map_err(|refused| NotRated::Refused(format!("pricing plugin {digest}: {refused}")))
}

fn usage_lines(
    account: &Account,
    usage: &[(String, MetricRef, metering::Totals)],
    priced: Vec<PricedCharge>,
    served: Interval,
) -> Vec<(InvoiceLine, Option<LineUsage>)> {
    let behind = |code: &str| {
        let (_, metric, totals) = usage.iter().find(|(known, ..)| known == code)?;
        Some(LineUsage { metric: metric.id, events: totals.count, event_set: totals.event_set, call: 0 })
    };
    let charges = account.version.terms.charges.iter().zip(priced);
    charges.map(|(charge, priced)| (InvoiceLine::usage(charge, priced, served), behind(&charge.metric_code))).collect()
}

fn fee_lines(account: &Account, served: Interval, full: &Interval) -> Result<Vec<InvoiceLine>, NotRated> {
    let fee_line = |fee: &FixedFee| {
        let line = InvoiceLine::fixed_fee(fee, served, full, account.organisation.timezone);
        line.map_err(|refused| NotRated::Refused(format!("fee {}: {refused}", fee.code)))
    };
    account.version.terms.fees.iter().map(fee_line).collect()
}

async fn taxes(
    app: &App,
    account: &Account,
    guests: &GuestsInForce,
    draft: &Draft,
    reference: &str,
    as_of: DateTime<Utc>,
    calls: &mut Vec<CallRecord>,
) -> Result<AcceptedTaxes, NotRated> {
    if draft.lines.is_empty() {
        return Ok(AcceptedTaxes::default());
    }
    let question = TaxQuestion {
        currency: draft.currency,
        as_of,
        seller: seller(&account.issuer),
        buyer: buyer(&account.organisation),
        regime: account.issuer.tax_regime.clone(),
        lines: draft.tax_lines(TAX_CATEGORY),
    };
    let digest = guests.loaded(app, Kind::Tax).await?;
    let (answer, record) = app.plugins.tax(&digest, reference, &question).await?;
    calls.push(record);
    tax::accept(&question, answer).map_err(|refused| NotRated::Refused(format!("tax plugin {digest}: {refused}")))
}

fn seller(issuer: &IssuingEntity) -> TaxParty {
    TaxParty {
        name: issuer.legal_name.clone(),
        country: issuer.country.clone(),
        region: issuer.region.clone(),
        tax_id: issuer.tax_id.clone(),
        attributes: Vec::new(),
    }
}

fn buyer(organisation: &Organisation) -> TaxParty {
    TaxParty {
        name: organisation.legal_name.clone(),
        country: organisation.country.clone(),
        region: organisation.region.clone(),
        tax_id: organisation.tax_id.clone(),
        attributes: organisation.tax_attributes.clone(),
    }
}
