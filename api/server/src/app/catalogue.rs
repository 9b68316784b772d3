//! The operator's catalogue: metrics, plans with immutable versions, issuing entities. And the part of
//! it that ingestion keeps in memory: codes and ids that never change once made.

use billing::ids::{IssuingEntityId, OrganisationId, PlanId, ProjectId};
use billing::metering::{Aggregation, MetricRef};
use billing::rating::{FeeTiming, PlanTerms};
use billing::tax::TaxRegime;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{PoisonError, RwLock};

use super::audit::{self, Action, Changes, Subject};
use super::{App, fresh, to_microseconds};
use crate::error::{Error, ErrorKind};
use crate::store::audit::SubjectType;
use crate::store::issuing_entity::IssuingEntity;
use crate::store::metric::Metric;
use crate::store::plan::{Plan, PlanVersion};
use crate::store::{self, Store};
use crate::viewer::{Permission, Viewer};

/// Largest logo, in bytes.
const LOGO_BYTES: usize = 512 << 10;

/// Makes a metric.
pub async fn create_metric(
    app: &App,
    viewer: &Viewer,
    code: String,
    name: String,
    unit: String,
    aggregation: Aggregation,
    now: DateTime<Utc>,
) -> Result<Metric, Error> {
    viewer.require(Permission::CatalogueWrite)?;
    check_code("code", &code)?;
    check_name("name", &name)?;
    let metric = Metric { id: fresh(), code, name, unit, aggregation, created_at: to_microseconds(now) };
    let tx = app.store.begin().await?;
    store::metric::insert_in_tx(&tx, &metric).await.map_err(|error| taken(error, "metric", &metric.code))?;
    let changes = Changes::new()
        .set("code", &metric.code)
        .set("name", &metric.name)
        .set("unit", &metric.unit)
        .set("aggregation", metric.aggregation);
    let subject = Subject::of_operator(SubjectType::Metric, metric.id);
    audit::record_in_tx(&tx, viewer, Action::MetricCreated, subject, changes, now).await?;
    tx.commit().await?;
    Ok(metric)
}

/// Makes a plan with its first version.
pub async fn create_plan(
    app: &App,
    viewer: &Viewer,
    code: String,
    name: String,
    terms: PlanTerms,
    now: DateTime<Utc>,
) -> Result<(Plan, PlanVersion), Error> {
    viewer.require(Permission::CatalogueWrite)?;
    check_code("code", &code)?;
    check_name("name", &name)?;
    check_terms(&terms)?;
    let plan = Plan { id: fresh(), code, name, created_at: to_microseconds(now) };
    let tx = app.store.begin().await?;
    store::plan::insert_in_tx(&tx, &plan).await.map_err(|error| taken(error, "plan", &plan.code))?;
    let version = store::plan::insert_version_in_tx(&tx, fresh(), plan.id, &terms, plan.created_at).await?;
    let changes = Changes::new().set("code", &plan.code).set("name", &plan.name);
    let changes = changes.set("number", version.number).set("terms", store::terms_text(&terms)?);
    let subject = Subject::of_operator(SubjectType::Plan, plan.id);
    audit::record_in_tx(&tx, viewer, Action::PlanCreated, subject, changes, now).await?;
    tx.commit().await?;
    Ok((plan, version))
}

/// Adds the next version of a plan. Subscriptions stay on the version they have.
pub async fn publish_plan_version(
    app: &App,
    viewer: &Viewer,
    plan_id: PlanId,
    terms: PlanTerms,
    now: DateTime<Utc>,
) -> Result<PlanVersion, Error> {
    viewer.require(Permission::CatalogueWrite)?;
    check_terms(&terms)?;
    store::plan::find(&app.store, plan_id).await?.ok_or_else(|| missing("plan", &plan_id, "planId"))?;
    let tx = app.store.begin().await?;
    // The unique key on (plan, number) lets one of two racing publishers win.
    let version = store::plan::insert_version_in_tx(&tx, fresh(), plan_id, &terms, to_microseconds(now))
        .await
        .map_err(|error| match error.kind {
            ErrorKind::Conflict => Error::conflict(
                "VERSION_CONFLICT",
                "Another version was published at the same moment. Look at it, then publish again.",
            ),
            _ => error,
        })?;
    let changes = Changes::new().set("planId", plan_id).set("number", version.number);
    let changes = changes.set("terms", store::terms_text(&terms)?);
    let subject = Subject::of_operator(SubjectType::PlanVersion, version.id);
    audit::record_in_tx(&tx, viewer, Action::PlanVersionPublished, subject, changes, now).await?;
    tx.commit().await?;
    Ok(version)
}

/// What a new issuing entity should be.
pub struct NewIssuingEntity {
    /// What the operator calls it.
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
    /// Which taxes it charges.
    pub tax_regime: TaxRegime,
    /// `#rrggbb`.
    pub brand_colour: String,
    /// PNG or JPEG.
    pub logo: Option<Vec<u8>>,
    /// Start of its invoice numbers.
    pub invoice_prefix: String,
    /// Days between issue and due date.
    pub payment_terms_days: i32,
    /// Foot of each page.
    pub footer: String,
}

/// Makes an issuing entity.
pub async fn create_issuing_entity(
    app: &App,
    viewer: &Viewer,
    new: NewIssuingEntity,
    now: DateTime<Utc>,
) -> Result<IssuingEntity, Error> {
    viewer.require(Permission::CatalogueWrite)?;
    check_issuer(&new)?;
    let entity = IssuingEntity {
        id: fresh(),
        name: new.name,
        legal_name: new.legal_name,
        address: new.address,
        country: new.country,
        region: new.region,
        tax_id: new.tax_id,
        tax_regime: new.tax_regime,
        brand_colour: new.brand_colour,
        logo: new.logo,
        invoice_prefix: new.invoice_prefix,
        payment_terms_days: new.payment_terms_days,
        footer: new.footer,
        version: 1,
        created_at: to_microseconds(now),
    };
    let tx = app.store.begin().await?;
    store::issuing_entity::insert_in_tx(&tx, &entity).await.map_err(|error| match error.kind {
        ErrorKind::Conflict => Error::conflict(
            "TAKEN",
            format!(
                "The invoice prefix `{}` is taken. Choose another, so that numbers stay unique.",
                entity.invoice_prefix
            ),
        )
        .at(["invoicePrefix"]),
        _ => error,
    })?;
    let subject = Subject::of_operator(SubjectType::IssuingEntity, entity.id);
    audit::record_in_tx(&tx, viewer, Action::IssuingEntityCreated, subject, issuer_facts(&entity), now).await?;
    tx.commit().await?;
    Ok(entity)
}

fn issuer_facts(entity: &IssuingEntity) -> Changes {
    Changes::new()
        .set("name", &entity.name)
        .set("legalName", &entity.legal_name)
        .set("address", entity.address.join("\n"))
        .set("country", &entity.country)
        .set_some("region", entity.region.as_ref())
        .set_some("taxId", entity.tax_id.as_ref())
        .set("taxRegime.model", &entity.tax_regime.model)
        .set("brandColour", &entity.brand_colour)
        .set("invoicePrefix", &entity.invoice_prefix)
        .set("paymentTermsDays", entity.payment_terms_days)
        .set("footer", &entity.footer)
}

fn check_issuer(new: &NewIssuingEntity) -> Result<(), Error> {
    check_name("name", &new.name)?;
    check_name("legalName", &new.legal_name)?;
    check_country("country", &new.country)?;
    let hex = new.brand_colour.strip_prefix('#').unwrap_or_default();
    if hex.len() != 6 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::invalid("BAD_COLOUR", "brandColour must look like #1a2b3c.").at(["brandColour"]));
    }
    let prefix = &new.invoice_prefix;
    if prefix.is_empty()
        || prefix.len() > 8
        || !prefix.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-')
    {
        return Err(Error::invalid(
            "BAD_PREFIX",
            "invoicePrefix must be 1 to 8 of A-Z, 0-9 and -, so that whole numbers stay within 16 characters.",
        )
        .at(["invoicePrefix"]));
    }
    if !(0..=365).contains(&new.payment_terms_days) {
        return Err(Error::invalid("OUT_OF_RANGE", "paymentTermsDays must be from 0 to 365.").at(["paymentTermsDays"]));
    }
    if new.logo.as_ref().is_some_and(|logo| logo.len() > LOGO_BYTES) {
        return Err(
            Error::invalid("TOO_LARGE", format!("logo must have at most {} KiB.", LOGO_BYTES >> 10)).at(["logo"])
        );
    }
    Ok(())
}

fn check_terms(terms: &PlanTerms) -> Result<(), Error> {
    if let Some(place) = terms.fees.iter().position(|fee| fee.timing == FeeTiming::Advance) {
        let words = format!("fees.{place}.timing: fees in advance are not billed yet; use ARREARS.");
        return Err(Error::invalid("NOT_SUPPORTED", words).at([
            "terms".to_owned(),
            "fees".to_owned(),
            place.to_string(),
            "timing".to_owned(),
        ]));
    }
    match terms.check() {
        Ok(()) => Ok(()),
        Err(problems) => {
            let words = problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join(" ");
            let path = problems.into_iter().next().map(|problem| problem.path).unwrap_or_default();
            Err(Error::invalid("BAD_PLAN", words).at(std::iter::once("terms".to_owned()).chain(path)))
        }
    }
}

/// Codes are what people and programs write: short, lower case, without surprises.
pub(super) fn check_code(field: &'static str, code: &str) -> Result<(), Error> {
    let fits = !code.is_empty()
        && code.len() <= 64
        && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte));
    fits.then_some(()).ok_or_else(|| {
        Error::invalid("BAD_CODE", format!("{field} must be 1 to 64 of a-z, 0-9, `.`, `_` and `-`.")).at([field])
    })
}

pub(super) fn check_name(field: &'static str, name: &str) -> Result<(), Error> {
    let fits = !name.trim().is_empty() && name.chars().count() <= 200 && !name.chars().any(char::is_control);
    fits.then_some(()).ok_or_else(|| {
        Error::invalid("BAD_NAME", format!("{field} must have 1 to 200 visible characters.")).at([field])
    })
}

pub(super) fn check_country(field: &'static str, country: &str) -> Result<(), Error> {
    let fits = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    fits.then_some(()).ok_or_else(|| {
        Error::invalid("BAD_COUNTRY", format!("{field} must be two capital letters of ISO 3166-1, such as IN."))
            .at([field])
    })
}

pub(super) fn taken(error: Error, noun: &str, code: &str) -> Error {
    match error.kind {
        ErrorKind::Conflict => {
            Error::conflict("TAKEN", format!("There is a {noun} with the code `{code}` already.")).at(["code"])
        }
        _ => error,
    }
}

pub(super) fn missing(noun: &str, id: &dyn std::fmt::Display, field: &'static str) -> Error {
    Error::not_found("NOT_FOUND", format!("There is no {noun} {id}.")).at([field])
}

/// Whether an issuing entity exists, for use cases that name one.
pub(super) async fn issuer_exists(app: &App, id: IssuingEntityId) -> Result<(), Error> {
    store::issuing_entity::find(&app.store, id)
        .await?
        .map(|_| ())
        .ok_or_else(|| missing("issuing entity", &id, "issuingEntityId"))
}

/// Metrics by code and projects by organisation, as far as they were asked for. Entries are never
/// wrong, because codes and ids never change; what is missing is looked up each time.
#[derive(Default)]
pub struct CatalogueCache {
    metrics: RwLock<HashMap<String, MetricRef>>,
    units: RwLock<HashMap<String, String>>,
    projects: RwLock<HashMap<OrganisationId, HashSet<ProjectId>>>,
}

impl CatalogueCache {
    /// The metrics of these codes that exist.
    pub async fn metrics(&self, store: &Store, codes: &HashSet<&str>) -> Result<HashMap<String, MetricRef>, Error> {
        let known = |metrics: &HashMap<String, MetricRef>| -> HashMap<String, MetricRef> {
            codes
                .iter()
                .filter_map(|code| metrics.get_key_value(*code))
                .map(|(code, metric)| (code.clone(), *metric))
                .collect()
        };
        let found = known(&self.metrics.read().unwrap_or_else(PoisonError::into_inner));
        if found.len() == codes.len() {
            return Ok(found);
        }
        let all = store::metric::list(store).await?;
        *self.units.write().unwrap_or_else(PoisonError::into_inner) =
            all.iter().map(|metric| (metric.code.clone(), metric.unit.clone())).collect();
        let mut metrics = self.metrics.write().unwrap_or_else(PoisonError::into_inner);
        *metrics = all.into_iter().map(|metric| (metric.code.clone(), metric.reference())).collect();
        Ok(known(&metrics))
    }

    /// What the quantities of these metrics count.
    pub async fn units(
        &self,
        store: &Store,
        codes: impl Iterator<Item = &str>,
    ) -> Result<BTreeMap<String, String>, Error> {
        let codes: HashSet<&str> = codes.collect();
        self.metrics(store, &codes).await?;
        let units = self.units.read().unwrap_or_else(PoisonError::into_inner);
        Ok(codes
            .into_iter()
            .filter_map(|code| units.get_key_value(code))
            .map(|(code, unit)| (code.clone(), unit.clone()))
            .collect())
    }

    /// Those of the named projects that belong to the organisation.
    pub async fn projects(
        &self,
        store: &Store,
        organisation: OrganisationId,
        named: &HashSet<ProjectId>,
    ) -> Result<HashSet<ProjectId>, Error> {
        let known = |projects: Option<&HashSet<ProjectId>>| -> HashSet<ProjectId> {
            projects.map(|projects| named.intersection(projects).copied().collect()).unwrap_or_default()
        };
        let found = known(self.projects.read().unwrap_or_else(PoisonError::into_inner).get(&organisation));
        if found.len() == named.len() {
            return Ok(found);
        }
        let all = store::project::list(store, organisation).await?.into_iter().map(|project| project.id).collect();
        let mut projects = self.projects.write().unwrap_or_else(PoisonError::into_inner);
        projects.insert(organisation, all);
        Ok(known(projects.get(&organisation)))
    }
}
