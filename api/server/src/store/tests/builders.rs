//! Records with everything filled in.

use billing::ids::{IssuingEntityId, MetricId, OrganisationId, PlanId, PlanVersionId, ProjectId, SubscriptionId};
use billing::metering::{Aggregation, MetricRef, PropertyValue, UsageEvent, content_digest, transaction_digest};
use billing::money::{Currency, Money};
use billing::period::{Anchor, Cadence, CadenceUnit, Interval};
use billing::rating::{Charge, FeeTiming, FixedFee, ParameterValue, PlanTerms, Tier};
use billing::tax::TaxRegime;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::store::issuing_entity::{self, IssuingEntity};
use crate::store::metric::{self, Metric};
use crate::store::organisation::{self, Organisation};
use crate::store::plan::{self, Plan};
use crate::store::project::{self, Project};
use crate::store::subscription::{self, Subscription, SubscriptionAnchor, SubscriptionState};
use crate::store::usage::NewUsage;
use crate::store::{Store, Tx};

pub(super) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(super) fn decimal(text: &str) -> Decimal {
    billing::decimal::parse(text).unwrap()
}

pub(super) fn usd() -> Currency {
    Currency::from_code("USD").unwrap()
}

pub(super) fn period(start: &str, end: &str) -> Interval {
    Interval::new(at(start), at(end)).unwrap()
}

pub(super) fn january() -> Interval {
    period("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
}

pub(super) fn metric(code: &str, aggregation: Aggregation) -> Metric {
    Metric {
        id: MetricId::from_uuid(Uuid::now_v7()),
        code: code.to_owned(),
        name: "API calls".to_owned(),
        unit: "call".to_owned(),
        aggregation,
        created_at: at("2026-01-01T00:00:00.123456Z"),
    }
}

pub(super) fn issuing_entity(prefix: &str) -> IssuingEntity {
    IssuingEntity {
        id: IssuingEntityId::from_uuid(Uuid::now_v7()),
        name: "Acme".to_owned(),
        legal_name: "Acme GmbH".to_owned(),
        address: vec!["Straße 1".to_owned(), "Berlin".to_owned()],
        country: "DE".to_owned(),
        region: None,
        tax_id: Some("DE123".to_owned()),
        tax_regime: TaxRegime {
            model: "FLAT".to_owned(),
            parameters: vec![
                ("rate_percent".to_owned(), ParameterValue::Number(decimal("19.5"))),
                ("code".to_owned(), ParameterValue::Text("7".to_owned())),
                ("inclusive".to_owned(), ParameterValue::Flag(false)),
            ],
        },
        brand_colour: "#123456".to_owned(),
        logo: Some(vec![1, 2, 3]),
        invoice_prefix: prefix.to_owned(),
        payment_terms_days: 14,
        footer: "Thank you".to_owned(),
        version: 1,
        created_at: at("2026-01-01T00:00:00Z"),
    }
}

pub(super) fn organisation(issuer: IssuingEntityId) -> Organisation {
    Organisation {
        id: OrganisationId::from_uuid(Uuid::now_v7()),
        name: "Customer".to_owned(),
        legal_name: "Customer Ltd".to_owned(),
        address: vec!["Road 2".to_owned()],
        country: "IN".to_owned(),
        region: Some("KA".to_owned()),
        tax_id: None,
        tax_attributes: vec![("lut".to_owned(), "true".to_owned()), ("sez".to_owned(), "false".to_owned())],
        timezone: chrono_tz::Asia::Kolkata,
        currency: usd(),
        issuing_entity_id: issuer,
        email: Some("a@example.org".to_owned()),
        alert_sequence: 0,
        ip_allow_list: vec!["203.0.113.0/24".to_owned()],
        version: 1,
        created_at: at("2026-01-02T00:00:00Z"),
    }
}

pub(super) fn project(organisation: OrganisationId, code: &str) -> Project {
    Project {
        organisation_id: organisation,
        id: ProjectId::from_uuid(Uuid::now_v7()),
        code: code.to_owned(),
        name: "Production".to_owned(),
        created_at: at("2026-01-03T00:00:00Z"),
    }
}

pub(super) fn terms(metric: &Metric) -> PlanTerms {
    let tier = |up_to: Option<&str>, unit: &str| Tier {
        up_to: up_to.map(decimal),
        unit_amount: decimal(unit),
        flat_amount: decimal("0"),
    };
    PlanTerms {
        currency: usd(),
        cadence: Cadence { unit: CadenceUnit::Month, anchor: Anchor::Calendar },
        charges: vec![Charge {
            code: "calls".to_owned(),
            name: "Calls".to_owned(),
            metric_code: metric.code.clone(),
            metric_id: metric.id,
            model: "GRADUATED".to_owned(),
            parameters: vec![
                ("tiers".to_owned(), ParameterValue::Tiers(vec![tier(Some("1000"), "0.00125"), tier(None, "0.001")])),
                ("rounding".to_owned(), ParameterValue::Text("up".to_owned())),
                ("free_units".to_owned(), ParameterValue::Number(decimal("10"))),
            ],
        }],
        fees: vec![FixedFee {
            code: "base".to_owned(),
            name: "Base fee".to_owned(),
            amount: Money::new(4900, usd()),
            timing: FeeTiming::Advance,
        }],
    }
}

/// A tenant with all it needs to be billed.
pub(super) struct Tenant {
    pub(super) issuer: IssuingEntity,
    pub(super) organisation: Organisation,
    pub(super) project: Project,
    pub(super) metric: Metric,
    pub(super) plan: Plan,
    pub(super) subscription: Subscription,
}

impl Tenant {
    pub(super) fn id(&self) -> OrganisationId {
        self.organisation.id
    }
}

pub(super) async fn tenant(store: &Store, name: &str) -> Tenant {
    let tx = store.begin().await.unwrap();
    let tenant = tenant_in_tx(&tx, name).await;
    tx.commit().await.unwrap();
    tenant
}

async fn tenant_in_tx(tx: &Tx, name: &str) -> Tenant {
    let issuer = issuing_entity(name);
    issuing_entity::insert_in_tx(tx, &issuer).await.unwrap();
    let organisation = organisation(issuer.id);
    organisation::insert_in_tx(tx, &organisation).await.unwrap();
    let project = project(organisation.id, "main");
    project::insert_in_tx(tx, &project).await.unwrap();
    let metric = metric(&format!("calls_{name}"), Aggregation::Sum);
    metric::insert_in_tx(tx, &metric).await.unwrap();
    let plan = Plan {
        id: PlanId::from_uuid(Uuid::now_v7()),
        code: format!("plan_{name}"),
        name: "Plan".to_owned(),
        created_at: at("2026-01-01T00:00:00Z"),
    };
    plan::insert_in_tx(tx, &plan).await.unwrap();
    let version = PlanVersionId::from_uuid(Uuid::now_v7());
    plan::insert_version_in_tx(tx, version, plan.id, &terms(&metric), plan.created_at).await.unwrap();
    let subscription = Subscription {
        organisation_id: organisation.id,
        id: SubscriptionId::from_uuid(Uuid::now_v7()),
        plan_id: plan.id,
        plan_version_id: version,
        project_id: Some(project.id),
        anchor: SubscriptionAnchor::Calendar,
        starts_at: at("2026-01-01T00:00:00Z"),
        ends_at: None,
        next_period: january(),
        state: SubscriptionState::Active,
        version: 1,
        created_at: at("2026-01-04T00:00:00Z"),
    };
    subscription::insert_in_tx(tx, &subscription).await.unwrap();
    Tenant { issuer, organisation, project, metric, plan, subscription }
}

pub(super) fn event(metric: MetricRef, project: ProjectId, id: &str, occurred_at: &str, value: &str) -> UsageEvent {
    UsageEvent {
        transaction_id: id.to_owned(),
        metric,
        project_id: project,
        occurred_at: at(occurred_at),
        value: Some(decimal(value)),
        properties: vec![
            ("live".to_owned(), PropertyValue::Bool(true)),
            ("region".to_owned(), PropertyValue::Text("eu \"1\" \u{1f30d}".to_owned())),
            ("weight".to_owned(), PropertyValue::Number(decimal("12345678901234.567891"))),
        ],
    }
}

pub(super) fn usage(organisation: OrganisationId, event: UsageEvent) -> NewUsage {
    NewUsage {
        organisation,
        transaction_digest: transaction_digest(&event.transaction_id),
        content_digest: content_digest(&event),
        event,
        recorded_at: at("2026-01-20T12:00:00.5Z"),
    }
}
