//! Who is billed in the benchmarks: an issuing entity, metrics, organisations and their keys, made by the use cases.

use billing::ids::{IssuingEntityId, OrganisationId, ProjectId};
use billing::metering::Aggregation;
use billing::money::Currency;
use billing::rating::ParameterValue;
use billing::tax::TaxRegime;
use chrono::Utc;
use rust_decimal::Decimal;
use undash::app::App;
use undash::app::catalogue::{self, NewIssuingEntity};
use undash::app::manage_keys::{self, NewKey};
use undash::app::tenants::{self as use_case, NewOrganisation};
use undash::store::metric::Metric;
use undash::viewer::{Role, Scope, Viewer};
use uuid::Uuid;

use crate::Outcome;

/// An organisation that sends usage.
pub(crate) struct Tenant {
    pub(crate) organisation: OrganisationId,
    pub(crate) projects: [ProjectId; 2],
    pub(crate) key: String,
}

/// Whoever makes all this.
pub(crate) fn operator() -> Viewer {
    Viewer::holding(billing::ids::ApiKeyId::from_uuid(Uuid::now_v7()), Scope::Operator, Role::Owner)
}

/// US dollars.
pub(crate) fn usd() -> Currency {
    Currency::from_code("USD").expect("USD")
}

/// Who bills: one flat tax of 18 %.
pub(crate) async fn issuer(app: &App) -> Outcome<IssuingEntityId> {
    let text = |name: &str, value: &str| (name.to_owned(), ParameterValue::Text(value.to_owned()));
    let rate = ("rate_percent".to_owned(), ParameterValue::Number(Decimal::from(18)));
    let new = NewIssuingEntity {
        name: "Bench".to_owned(),
        legal_name: "Bench Private Limited".to_owned(),
        address: vec!["1 Long Road".to_owned(), "Bengaluru 560025".to_owned()],
        country: "IN".to_owned(),
        region: Some("29".to_owned()),
        tax_id: Some("29ABACS0877M1ZS".to_owned()),
        tax_regime: TaxRegime {
            model: "FLAT".to_owned(),
            parameters: vec![text("code", "IGST"), text("name", "IGST"), rate],
        },
        brand_colour: "#0f5c5c".to_owned(),
        logo: None,
        invoice_prefix: "B".to_owned(),
        payment_terms_days: 15,
        footer: "Made by a benchmark.".to_owned(),
    };
    Ok(catalogue::create_issuing_entity(app, &operator(), new, Utc::now()).await?.id)
}

/// An organisation of that issuing entity.
pub(crate) async fn organisation(app: &App, issuer: IssuingEntityId, name: &str) -> Outcome<OrganisationId> {
    let new = NewOrganisation {
        name: name.to_owned(),
        legal_name: format!("{name} Private Limited"),
        address: vec!["7 Marine Lines".to_owned(), "Mumbai 400020".to_owned()],
        country: "IN".to_owned(),
        region: Some("27".to_owned()),
        tax_id: Some("27AAPFU0939F1ZV".to_owned()),
        tax_attributes: Vec::new(),
        timezone: "UTC".parse()?,
        currency: usd(),
        issuing_entity_id: issuer,
        email: None,
    };
    Ok(use_case::create_organisation(app, &operator(), new, Utc::now()).await?.id)
}

/// A metric.
pub(crate) async fn metric(app: &App, code: &str, aggregation: Aggregation) -> Outcome<Metric> {
    let (name, unit) = (code.to_owned(), "units".to_owned());
    Ok(catalogue::create_metric(app, &operator(), code.to_owned(), name, unit, aggregation, Utc::now()).await?)
}

/// An organisation with two projects and a key that may send usage.
pub(crate) async fn tenant(app: &App, issuer: IssuingEntityId, name: &str) -> Outcome<Tenant> {
    let organisation = organisation(app, issuer, name).await?;
    let project = async |code: &str| {
        use_case::create_project(app, &operator(), organisation, code.to_owned(), code.to_owned(), Utc::now()).await
    };
    let projects = [project("production").await?.id, project("staging").await?.id];
    let new = NewKey {
        name: "bench".to_owned(),
        scope: Scope::Organisation(organisation),
        role: Role::Owner.into(),
        expires_at: None,
        trusted_documents_only: false,
        ip_allow_list: Vec::new(),
    };
    let key = manage_keys::create_key(app, &operator(), new, Utc::now()).await?.secret;
    Ok(Tenant { organisation, projects, key })
}
