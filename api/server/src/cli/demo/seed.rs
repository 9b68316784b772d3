//! The demo's world: made through the same use cases as anybody's, found again on a second run.

use billing::alert::AlertSubject;
use billing::ids::{IssuingEntityId, OrganisationId, PlanId, ProjectId, SubscriptionId};
use billing::metering::Aggregation;
use billing::money::{Currency, Money};
use billing::period::{Anchor, Cadence, CadenceUnit, Interval};
use billing::rating::models::{GRADUATED, PACKAGE, PER_UNIT};
use billing::rating::{Charge, FeeTiming, FixedFee, ParameterValue, PlanTerms, Tier};
use billing::tax::TaxRegime;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::app::App;
use crate::app::catalogue::{self, NewIssuingEntity};
use crate::app::tenants::{self, NewAlertRule, NewOrganisation, NewSubscription};
use crate::error::Error;
use crate::store::metric::Metric;
use crate::store::organisation::Organisation;
use crate::store::subscription::SubscriptionAnchor;
use crate::store::{self, Page};
use crate::viewer::Viewer;

const PREFIX: &str = "DEMO";
const ORGANISATION: &str = "Acme Robotics";
const PLAN: &str = "llm-api";
const RULE: &str = "Monthly cost";

/// What the demo needs to know of its world.
pub(super) struct Demo {
    pub(super) organisation: Organisation,
    pub(super) projects: [ProjectId; 2],
    pub(super) plan_code: &'static str,
    pub(super) subscription: SubscriptionId,
    pub(super) period: Interval,
    pub(super) thresholds: usize,
}

/// Makes what is missing.
pub(super) async fn seed(app: &App, operator: &Viewer, month: Interval, now: DateTime<Utc>) -> Result<Demo, Error> {
    let issuer = issuer(app, operator, now).await?;
    let organisation = organisation(app, operator, issuer, now).await?;
    let projects = [
        project(app, operator, organisation.id, "production", "Production", now).await?,
        project(app, operator, organisation.id, "staging", "Staging", now).await?,
    ];
    let metrics = [
        metric(app, operator, "context_tokens", "Context tokens", "tokens", Aggregation::Sum, now).await?,
        metric(app, operator, "generated_tokens", "Generated tokens", "tokens", Aggregation::Sum, now).await?,
        metric(app, operator, "requests", "Requests", "requests", Aggregation::Count, now).await?,
    ];
    let plan = plan(app, operator, &metrics, now).await?;
    let (subscription, period) = subscription(app, operator, organisation.id, plan, month, now).await?;
    let thresholds = rule(app, operator, organisation.id, subscription, now).await?;
    Ok(Demo { organisation, projects, plan_code: PLAN, subscription, period, thresholds })
}

async fn issuer(app: &App, operator: &Viewer, now: DateTime<Utc>) -> Result<IssuingEntityId, Error> {
    let known = store::issuing_entity::list(&app.store).await?;
    if let Some(issuer) = known.into_iter().find(|issuer| issuer.invoice_prefix == PREFIX) {
        return Ok(issuer.id);
    }
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    let new = NewIssuingEntity {
        name: "Undash Demo".to_owned(),
        legal_name: "Undash Demo Private Limited".to_owned(),
        address: lines(&["12 Residency Road", "Bengaluru 560025", "Karnataka, India"]),
        country: "IN".to_owned(),
        region: Some("29".to_owned()),
        tax_id: Some("29ABACS0877M1ZS".to_owned()),
        tax_regime: TaxRegime { model: "FLAT".to_owned(), parameters: flat_tax("IGST", "IGST", Decimal::from(18)) },
        brand_colour: "#0f5c5c".to_owned(),
        logo: Some(include_bytes!("logo.png").to_vec()),
        invoice_prefix: PREFIX.to_owned(),
        payment_terms_days: 15,
        footer: "Undash Demo Private Limited · a sample, not a real invoice".to_owned(),
    };
    Ok(catalogue::create_issuing_entity(app, operator, new, now).await?.id)
}

/// One flat tax for the standard calculator.
fn flat_tax(code: &str, name: &str, rate_percent: Decimal) -> Vec<(String, ParameterValue)> {
    vec![
        ("code".to_owned(), ParameterValue::Text(code.to_owned())),
        ("name".to_owned(), ParameterValue::Text(name.to_owned())),
        ("rate_percent".to_owned(), ParameterValue::Number(rate_percent)),
    ]
}

async fn organisation(
    app: &App,
    operator: &Viewer,
    issuer: IssuingEntityId,
    now: DateTime<Utc>,
) -> Result<Organisation, Error> {
    let known = store::organisation::page(&app.store, &Page::first(100)).await?;
    if let Some(organisation) = known.items.into_iter().find(|organisation| organisation.name == ORGANISATION) {
        return Ok(organisation);
    }
    let new = NewOrganisation {
        name: ORGANISATION.to_owned(),
        legal_name: "Acme Robotics Private Limited".to_owned(),
        address: vec!["Unit 7, Marine Lines".to_owned(), "Mumbai 400020".to_owned(), "Maharashtra, India".to_owned()],
        country: "IN".to_owned(),
        region: Some("27".to_owned()),
        tax_id: Some("27AAPFU0939F1ZV".to_owned()),
        tax_attributes: Vec::new(),
        timezone: chrono_tz::UTC,
        currency: usd()?,
        issuing_entity_id: issuer,
        email: Some("accounts@acme.example".to_owned()),
    };
    tenants::create_organisation(app, operator, new, now).await
}

async fn project(
    app: &App,
    operator: &Viewer,
    organisation: OrganisationId,
    code: &str,
    name: &str,
    now: DateTime<Utc>,
) -> Result<ProjectId, Error> {
    if let Some(project) = store::project::find_by_code(&app.store, organisation, code).await? {
        return Ok(project.id);
    }
    Ok(tenants::create_project(app, operator, organisation, code.to_owned(), name.to_owned(), now).await?.id)
}

async fn metric(
    app: &App,
    operator: &Viewer,
    code: &str,
    name: &str,
    unit: &str,
    aggregation: Aggregation,
    now: DateTime<Utc>,
) -> Result<Metric, Error> {
    if let Some(metric) = store::metric::find_by_code(&app.store, code).await? {
        return Ok(metric);
    }
    catalogue::create_metric(app, operator, code.to_owned(), name.to_owned(), unit.to_owned(), aggregation, now).await
}

async fn plan(app: &App, operator: &Viewer, metrics: &[Metric; 3], now: DateTime<Utc>) -> Result<PlanId, Error> {
    if let Some(plan) = store::plan::find_by_code(&app.store, PLAN).await? {
        return Ok(plan.id);
    }
    let (plan, _) =
        catalogue::create_plan(app, operator, PLAN.to_owned(), "LLM API".to_owned(), terms(metrics)?, now).await?;
    Ok(plan.id)
}

/// The plan whose numbers anybody can check by hand.
fn terms([context, generated, requests]: &[Metric; 3]) -> Result<PlanTerms, Error> {
    let number = |mantissa: i64, scale: u32| ParameterValue::Number(Decimal::new(mantissa, scale));
    let tier = |up_to: Option<i64>, mantissa: i64, scale: u32| Tier {
        up_to: up_to.map(Decimal::from),
        unit_amount: Decimal::new(mantissa, scale),
        flat_amount: Decimal::ZERO,
    };
    let charge = |metric: &Metric, model: &str, parameters: Vec<(&str, ParameterValue)>| Charge {
        code: metric.code.clone(),
        name: metric.name.clone(),
        metric_code: metric.code.clone(),
        metric_id: metric.id,
        model: model.to_owned(),
        parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    };
    let tiers = vec![tier(Some(100_000), 15, 6), tier(Some(500_000), 12, 6), tier(None, 1, 5)];
    Ok(PlanTerms {
        currency: usd()?,
        cadence: Cadence { unit: CadenceUnit::Month, anchor: Anchor::Calendar },
        charges: vec![
            charge(context, PER_UNIT, vec![("unit_amount", number(3, 6))]),
            charge(generated, GRADUATED, vec![("tiers", ParameterValue::Tiers(tiers))]),
            charge(
                requests,
                PACKAGE,
                vec![
                    ("package_size", number(1_000, 0)),
                    ("package_amount", number(25, 2)),
                    ("free_units", number(1_000, 0)),
                ],
            ),
        ],
        fees: vec![FixedFee {
            code: "platform".to_owned(),
            name: "Platform fee".to_owned(),
            amount: Money::round(Decimal::from(20), usd()?).map_err(Error::internal)?,
            timing: FeeTiming::Arrears,
        }],
    })
}

async fn subscription(
    app: &App,
    operator: &Viewer,
    organisation: OrganisationId,
    plan: PlanId,
    month: Interval,
    now: DateTime<Utc>,
) -> Result<(SubscriptionId, Interval), Error> {
    let known = store::subscription::list(&app.store, organisation).await?;
    if let Some(subscription) = known.into_iter().find(|subscription| subscription.starts_at == month.start) {
        return Ok((subscription.id, month));
    }
    let new = NewSubscription {
        plan_id: plan,
        project_id: None,
        anchor: SubscriptionAnchor::Calendar,
        starts_at: month.start,
        ends_at: Some(month.end),
    };
    Ok((tenants::create_subscription(app, operator, organisation, new, now).await?.id, month))
}

async fn rule(
    app: &App,
    operator: &Viewer,
    organisation: OrganisationId,
    subscription: SubscriptionId,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let known = store::alert_rule::list_enabled(&app.store, organisation).await?;
    if let Some(rule) = known.into_iter().find(|rule| rule.subscription_id == subscription) {
        return Ok(rule.thresholds.len());
    }
    let thresholds = vec![Decimal::from(10), Decimal::from(25)];
    let new =
        NewAlertRule { name: RULE.to_owned(), subscription_id: subscription, subject: AlertSubject::Cost, thresholds };
    Ok(tenants::create_alert_rule(app, operator, organisation, new, now).await?.thresholds.len())
}

fn usd() -> Result<Currency, Error> {
    Currency::from_code("USD").ok_or_else(|| Error::internal("USD is not a currency"))
}
