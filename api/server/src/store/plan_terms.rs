//! Plan terms ⇄ JSON. A stored version is for ever, so names here never change; additions must be optional.

use billing::ids::MetricId;
use billing::money::Money;
use billing::period::{Anchor, Cadence};
use billing::rating::{Charge, FixedFee, PlanTerms};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::column::{currency, from_json, parsed, to_json};
use super::parameters::{self, ParameterRow};
use crate::error::Error;

const TABLE: &str = "plan_versions";

#[derive(Serialize, Deserialize)]
struct TermsRow {
    currency: String,
    cadence: String,
    /// Absent for the calendar.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    anniversary: Option<NaiveDate>,
    charges: Vec<ChargeRow>,
    fees: Vec<FeeRow>,
}

#[derive(Serialize, Deserialize)]
struct ChargeRow {
    code: String,
    name: String,
    metric_code: String,
    metric_id: Uuid,
    model: String,
    parameters: Vec<ParameterRow>,
}

#[derive(Serialize, Deserialize)]
struct FeeRow {
    code: String,
    name: String,
    /// In minor units of the terms' currency.
    amount_minor: i64,
    timing: String,
}

/// Terms as one text, the same for the same terms.
///
/// # Errors
/// `Internal`.
pub fn terms_text(terms: &PlanTerms) -> Result<String, Error> {
    Ok(to_terms_json(terms)?.to_string())
}

pub(super) fn to_terms_json(terms: &PlanTerms) -> Result<serde_json::Value, Error> {
    let charge = |charge: &Charge| ChargeRow {
        code: charge.code.clone(),
        name: charge.name.clone(),
        metric_code: charge.metric_code.clone(),
        metric_id: charge.metric_id.uuid(),
        model: charge.model.clone(),
        parameters: parameters::to_rows(&charge.parameters),
    };
    let fee = |fee: &FixedFee| FeeRow {
        code: fee.code.clone(),
        name: fee.name.clone(),
        amount_minor: fee.amount.minor,
        timing: fee.timing.as_str().to_owned(),
    };
    to_json(&TermsRow {
        currency: terms.currency.code().to_owned(),
        cadence: terms.cadence.unit.as_str().to_owned(),
        anniversary: match terms.cadence.anchor {
            Anchor::Calendar => None,
            Anchor::Anniversary(day) => Some(day),
        },
        charges: terms.charges.iter().map(charge).collect(),
        fees: terms.fees.iter().map(fee).collect(),
    })
}

pub(super) fn from_terms_json(json: serde_json::Value) -> Result<PlanTerms, Error> {
    let row: TermsRow = from_json(TABLE, "terms", json)?;
    let currency = currency(TABLE, &row.currency)?;
    let charge = |charge: ChargeRow| {
        Ok(Charge {
            code: charge.code,
            name: charge.name,
            metric_code: charge.metric_code,
            metric_id: MetricId::from_uuid(charge.metric_id),
            model: charge.model,
            parameters: parameters::from_rows(TABLE, charge.parameters)?,
        })
    };
    let fee = |fee: FeeRow| {
        Ok(FixedFee {
            code: fee.code,
            name: fee.name,
            amount: Money::new(fee.amount_minor, currency),
            timing: parsed(TABLE, "terms.fees.timing", &fee.timing)?,
        })
    };
    Ok(PlanTerms {
        currency,
        cadence: Cadence {
            unit: parsed(TABLE, "terms.cadence", &row.cadence)?,
            anchor: row.anniversary.map_or(Anchor::Calendar, Anchor::Anniversary),
        },
        charges: row.charges.into_iter().map(charge).collect::<Result<_, Error>>()?,
        fees: row.fees.into_iter().map(fee).collect::<Result<_, Error>>()?,
    })
}
