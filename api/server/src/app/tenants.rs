//! Organisations, their projects, subscriptions and alert rules.

use billing::alert::{self, AlertSubject};
use billing::ids::{AlertRuleId, IssuingEntityId, OrganisationId, PlanId, ProjectId, SubscriptionId};
use billing::money::Currency;
use billing::period::{Anchor, Cadence, Interval};
use billing::rating::PlanTerms;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;

use super::audit::{self, Action, Changes, Subject};
use super::catalogue::{check_code, check_country, check_name, issuer_exists, missing, taken};
use super::{App, fresh, to_microseconds};
use crate::error::Error;
use crate::store;
use crate::store::alert_rule::AlertRule;
use crate::store::audit::SubjectType;
use crate::store::organisation::Organisation;
use crate::store::plan::PlanVersion;
use crate::store::project::Project;
use crate::store::subscription::{Subscription, SubscriptionAnchor, SubscriptionState};
use crate::viewer::{Permission, Viewer};

/// What a new organisation should be.
pub struct NewOrganisation {
    /// What people call it.
    pub name: String,
    /// Name on documents.
    pub legal_name: String,
    /// Address lines.
    pub address: Vec<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// State or province.
    pub region: Option<String>,
    /// Tax registration number.
    pub tax_id: Option<String>,
    /// Further tax facts.
    pub tax_attributes: Vec<(String, String)>,
    /// Zone its periods are cut in.
    pub timezone: Tz,
    /// What it is billed in.
    pub currency: Currency,
    /// Who bills it.
    pub issuing_entity_id: IssuingEntityId,
    /// Where invoices go.
    pub email: Option<String>,
}

/// Makes an organisation.
pub async fn create_organisation(
    app: &App,
    viewer: &Viewer,
    new: NewOrganisation,
    now: DateTime<Utc>,
) -> Result<Organisation, Error> {
    viewer.require(Permission::OrganisationsWrite)?;
    check_name("name", &new.name)?;
    check_name("legalName", &new.legal_name)?;
    check_country("country", &new.country)?;
    issuer_exists(app, new.issuing_entity_id).await?;
    let organisation = Organisation {
        id: fresh(),
        name: new.name,
        legal_name: new.legal_name,
        address: new.address,
        country: new.country,
        region: new.region,
        tax_id: new.tax_id,
        tax_attributes: new.tax_attributes,
        timezone: new.timezone,
        currency: new.currency,
        issuing_entity_id: new.issuing_entity_id,
        email: new.email,
        alert_sequence: 0,
        ip_allow_list: Vec::new(),
        version: 1,
        created_at: to_microseconds(now),
    };
    let tx = app.store.begin().await?;
    store::organisation::insert_in_tx(&tx, &organisation).await?;
    let subject = Subject::of_organisation(organisation.id, SubjectType::Organisation, organisation.id);
    audit::record_in_tx(&tx, viewer, Action::OrganisationCreated, subject, facts(&organisation), now).await?;
    tx.commit().await?;
    Ok(organisation)
}

fn facts(organisation: &Organisation) -> Changes {
    Changes::new()
        .set("name", &organisation.name)
        .set("legalName", &organisation.legal_name)
        .set("address", organisation.address.join("\n"))
        .set("country", &organisation.country)
        .set_some("region", organisation.region.as_ref())
        .set_some("taxId", organisation.tax_id.as_ref())
        .set("timezone", organisation.timezone)
        .set("currency", organisation.currency.code())
        .set("issuingEntityId", organisation.issuing_entity_id)
        .set_some("email", organisation.email.as_ref())
}

/// Makes a project.
pub async fn create_project(
    app: &App,
    viewer: &Viewer,
    organisation: OrganisationId,
    code: String,
    name: String,
    now: DateTime<Utc>,
) -> Result<Project, Error> {
    viewer.require(Permission::ProjectsWrite)?;
    check_code("code", &code)?;
    check_name("name", &name)?;
    find_organisation(app, organisation).await?;
    let project = Project { organisation_id: organisation, id: fresh(), code, name, created_at: to_microseconds(now) };
    let tx = app.store.begin().await?;
    store::project::insert_in_tx(&tx, &project).await.map_err(|error| taken(error, "project", &project.code))?;
    let changes = Changes::new().set("code", &project.code).set("name", &project.name);
    let subject = Subject::of_organisation(organisation, SubjectType::Project, project.id);
    audit::record_in_tx(&tx, viewer, Action::ProjectCreated, subject, changes, now).await?;
    tx.commit().await?;
    Ok(project)
}

/// What a new subscription should be.
pub struct NewSubscription {
    /// The plan; its latest version is pinned.
    pub plan_id: PlanId,
    /// Only this project's usage, or the whole organisation's.
    pub project_id: Option<ProjectId>,
    /// Whether periods follow the calendar or the day it starts.
    pub anchor: SubscriptionAnchor,
    /// From when usage is billed.
    pub starts_at: DateTime<Utc>,
    /// Until when, if that is known.
    pub ends_at: Option<DateTime<Utc>>,
}

/// Subscribes an organisation to the latest version of a plan.
pub async fn create_subscription(
    app: &App,
    viewer: &Viewer,
    organisation: OrganisationId,
    new: NewSubscription,
    now: DateTime<Utc>,
) -> Result<Subscription, Error> {
    viewer.require(Permission::SubscriptionsWrite)?;
    let owner = find_organisation(app, organisation).await?;
    let version = store::plan::latest_version(&app.store, new.plan_id)
        .await?
        .ok_or_else(|| missing("plan", &new.plan_id, "planId"))?;
    if version.terms.currency != owner.currency {
        return Err(Error::invalid(
            "CURRENCY_DIFFERS",
            format!(
                "The plan is in {} and the organisation is billed in {}.",
                version.terms.currency.code(),
                owner.currency.code()
            ),
        )
        .at(["planId"]));
    }
    if let Some(project) = new.project_id {
        store::project::find(&app.store, organisation, project)
            .await?
            .ok_or_else(|| missing("project", &project, "projectId"))?;
    }
    let starts_at = to_microseconds(new.starts_at);
    let full =
        cadence(&version.terms, new.anchor, starts_at, owner.timezone).period_containing(owner.timezone, starts_at);
    let ends_at = new.ends_at.map(to_microseconds);
    let first = served(&full, starts_at, ends_at)
        .ok_or_else(|| Error::invalid("ENDS_BEFORE_START", "endsAt must be after startsAt.").at(["endsAt"]))?;
    let subscription = Subscription {
        organisation_id: organisation,
        id: fresh(),
        plan_id: new.plan_id,
        plan_version_id: version.id,
        project_id: new.project_id,
        anchor: new.anchor,
        starts_at,
        ends_at,
        next_period: first,
        state: SubscriptionState::Active,
        version: 1,
        created_at: to_microseconds(now),
    };
    let tx = app.store.begin().await?;
    store::subscription::insert_in_tx(&tx, &subscription).await?;
    let changes = Changes::new()
        .set("planId", subscription.plan_id)
        .set("planVersionId", subscription.plan_version_id)
        .set_some("projectId", subscription.project_id)
        .set("anchor", subscription.anchor.as_str())
        .set("startsAt", audit::time(subscription.starts_at))
        .set_some("endsAt", subscription.ends_at.map(audit::time));
    let subject = Subject::of_organisation(organisation, SubjectType::Subscription, subscription.id);
    audit::record_in_tx(&tx, viewer, Action::SubscriptionCreated, subject, changes, now).await?;
    tx.commit().await?;
    Ok(subscription)
}

/// Sets when a subscription ends. Its last period is billed up to that moment.
pub async fn end_subscription(
    app: &App,
    viewer: &Viewer,
    organisation: OrganisationId,
    id: SubscriptionId,
    ends_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Subscription, Error> {
    viewer.require(Permission::SubscriptionsWrite)?;
    let owner = find_organisation(app, organisation).await?;
    let subscription = find_subscription(app, organisation, id).await?;
    let terms = plan_version(app, &subscription).await?.terms;
    let full = full_period(&subscription, &terms, owner.timezone, subscription.next_period.start);
    let ends_at = to_microseconds(ends_at);
    let next = served(&full, subscription.next_period.start, Some(ends_at)).ok_or_else(|| {
        Error::refused(
            "ALREADY_BILLED",
            format!("endsAt must be after {}, up to where the subscription is billed.", subscription.next_period.start),
        )
        .at(["endsAt"])
    })?;
    let tx = app.store.begin().await?;
    if !store::subscription::end_in_tx(&tx, organisation, id, subscription.version, ends_at, &next).await? {
        return Err(Error::conflict(
            "VERSION_CONFLICT",
            "The subscription was changed at the same moment. Look at it, then try again.",
        ));
    }
    let before = subscription.ends_at.map(audit::time);
    let changes = Changes::new().moved("endsAt", before, Some(audit::time(ends_at)));
    let subject = Subject::of_organisation(organisation, SubjectType::Subscription, id);
    audit::record_in_tx(&tx, viewer, Action::SubscriptionEnded, subject, changes, now).await?;
    tx.commit().await?;
    find_subscription(app, organisation, id).await
}

/// What a new alert rule should be.
pub struct NewAlertRule {
    /// What people call it.
    pub name: String,
    /// The subscription whose periods it watches.
    pub subscription_id: SubscriptionId,
    /// Cost or the quantity of a metric.
    pub subject: AlertSubject,
    /// Ascending; each fires once a period.
    pub thresholds: Vec<Decimal>,
}

/// Makes an alert rule. Thresholds that usage has passed already fire at once.
pub async fn create_alert_rule(
    app: &App,
    viewer: &Viewer,
    organisation: OrganisationId,
    new: NewAlertRule,
    now: DateTime<Utc>,
) -> Result<AlertRule, Error> {
    viewer.require(Permission::AlertsWrite)?;
    check_name("name", &new.name)?;
    alert::check_thresholds(&new.thresholds)
        .map_err(|problem| Error::invalid("BAD_THRESHOLDS", format!("{problem}.")).at(["thresholds"]))?;
    find_subscription(app, organisation, new.subscription_id).await?;
    let rule = AlertRule {
        organisation_id: organisation,
        id: fresh(),
        name: new.name,
        subject: new.subject,
        subscription_id: new.subscription_id,
        thresholds: new.thresholds,
        disabled_at: None,
        version: 1,
        created_at: to_microseconds(now),
    };
    let tx = app.store.begin().await?;
    store::alert_rule::insert_in_tx(&tx, &rule).await?;
    store::usage_change::bump_in_tx(&tx, &[organisation], to_microseconds(now)).await?;
    let thresholds: Vec<String> = rule.thresholds.iter().map(ToString::to_string).collect();
    let changes = Changes::new().set("name", &rule.name).set("subscriptionId", rule.subscription_id);
    let changes = match rule.subject {
        AlertSubject::Cost => changes.set("subject", rule.subject.as_str()),
        AlertSubject::Quantity(metric) => changes.set("subject", rule.subject.as_str()).set("metricId", metric),
    };
    let changes = changes.set("thresholds", thresholds.join(", "));
    let subject = Subject::of_organisation(organisation, SubjectType::AlertRule, rule.id);
    audit::record_in_tx(&tx, viewer, Action::AlertRuleCreated, subject, changes, now).await?;
    tx.commit().await?;
    app.bus.work_written();
    Ok(rule)
}

/// Stops a rule. What it fired before stays.
pub async fn disable_alert_rule(
    app: &App,
    viewer: &Viewer,
    organisation: OrganisationId,
    id: AlertRuleId,
    now: DateTime<Utc>,
) -> Result<AlertRule, Error> {
    viewer.require(Permission::AlertsWrite)?;
    let not_found = || missing("alert rule", &id, "id");
    let mut rule = store::alert_rule::find(&app.store, organisation, id).await?.ok_or_else(not_found)?;
    if rule.disabled_at.is_some() {
        return Ok(rule);
    }
    rule.disabled_at = Some(to_microseconds(now));
    let tx = app.store.begin().await?;
    if !store::alert_rule::update_in_tx(&tx, &rule).await? {
        return Err(Error::conflict(
            "VERSION_CONFLICT",
            "The rule was changed at the same moment. Look at it, then try again.",
        ));
    }
    let changes = Changes::new().set_some("disabledAt", rule.disabled_at.map(audit::time));
    let subject = Subject::of_organisation(organisation, SubjectType::AlertRule, id);
    audit::record_in_tx(&tx, viewer, Action::AlertRuleDisabled, subject, changes, now).await?;
    tx.commit().await?;
    store::alert_rule::find(&app.store, organisation, id).await?.ok_or_else(not_found)
}

/// The organisation, or words.
pub async fn find_organisation(app: &App, id: OrganisationId) -> Result<Organisation, Error> {
    store::organisation::find(&app.store, id).await?.ok_or_else(|| missing("organisation", &id, "organisationId"))
}

/// The subscription, or words.
pub async fn find_subscription(
    app: &App,
    organisation: OrganisationId,
    id: SubscriptionId,
) -> Result<Subscription, Error> {
    store::subscription::find(&app.store, organisation, id)
        .await?
        .ok_or_else(|| missing("subscription", &id, "subscriptionId"))
}

/// The plan version a subscription is on.
pub async fn plan_version(app: &App, subscription: &Subscription) -> Result<PlanVersion, Error> {
    let id = subscription.plan_version_id;
    store::plan::version(&app.store, id)
        .await?
        .ok_or_else(|| Error::internal(format!("subscription {} is on the missing plan version {id}", subscription.id)))
}

/// The whole period that `at` lies in, as if the subscription had been there all the time.
pub fn full_period(subscription: &Subscription, terms: &PlanTerms, timezone: Tz, at: DateTime<Utc>) -> Interval {
    cadence(terms, subscription.anchor, subscription.starts_at, timezone).period_containing(timezone, at)
}

/// The served part of the period that `at` lies in; nothing when the subscription is not there then.
pub fn period_at(subscription: &Subscription, terms: &PlanTerms, timezone: Tz, at: DateTime<Utc>) -> Option<Interval> {
    let full = cadence(terms, subscription.anchor, subscription.starts_at, timezone).period_containing(timezone, at);
    served(&full, subscription.starts_at, subscription.ends_at)
}

/// The served part of the period after `full`; nothing when the subscription has ended by then.
pub fn period_after(subscription: &Subscription, terms: &PlanTerms, timezone: Tz, full: &Interval) -> Option<Interval> {
    let next = cadence(terms, subscription.anchor, subscription.starts_at, timezone).period_after(timezone, full);
    served(&next, next.start, subscription.ends_at)
}

fn cadence(terms: &PlanTerms, anchor: SubscriptionAnchor, starts_at: DateTime<Utc>, timezone: Tz) -> Cadence {
    let anchor = match anchor {
        SubscriptionAnchor::Calendar => Anchor::Calendar,
        SubscriptionAnchor::Anniversary => Anchor::Anniversary(starts_at.with_timezone(&timezone).date_naive()),
    };
    Cadence { unit: terms.cadence.unit, anchor }
}

fn served(full: &Interval, from: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Option<Interval> {
    let end = until.map_or(full.end, |until| until.min(full.end));
    Interval::new(from.max(full.start), end).ok().filter(|served| !served.is_empty())
}
