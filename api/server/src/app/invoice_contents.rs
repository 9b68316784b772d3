//! From what rating found to the rows of an invoice: a pure translation, shared by drafting,
//! finalising and computing again.

use billing::invoice::InvoiceLine;
use billing::money::Money;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

use super::rate_period::{Account, LineUsage, Rated};
use crate::error::Error;
use crate::plugin::CallRecord;
use crate::store::JsonText;
use crate::store::invoice::{Contents, InvoiceTax, Line, PluginCall};

/// What an invoice says besides its numbers, frozen when it is issued so that later changes of a name
/// or an address do not touch it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceFacts {
    /// Who sells.
    pub seller: Party,
    /// Who buys.
    pub buyer: Party,
    /// Zone in which days are shown.
    pub timezone: String,
    /// `#rrggbb` of the seller.
    pub brand_colour: String,
    /// Hex SHA-256 of the seller's logo.
    pub logo_sha256: Option<String>,
    /// Foot of each page.
    pub footer: String,
    /// Days until it is due.
    pub payment_terms_days: i32,
    /// Sentences of the tax calculator.
    pub notes: Vec<String>,
    /// What the quantity of each metric counts.
    pub units: BTreeMap<String, String>,
    /// Component that arranges the document.
    pub template: String,
}

/// One side, as written on the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Name in law.
    pub legal_name: String,
    /// Address lines.
    pub address: Vec<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// State or province.
    pub region: Option<String>,
    /// Tax registration number.
    pub tax_id: Option<String>,
    /// Where mail goes.
    pub email: Option<String>,
}

impl InvoiceFacts {
    /// Freezes the facts of an account.
    pub fn of(account: &Account, rated: &Rated, units: BTreeMap<String, String>) -> Self {
        let (issuer, buyer) = (&account.issuer, &account.organisation);
        Self {
            seller: Party {
                legal_name: issuer.legal_name.clone(),
                address: issuer.address.clone(),
                country: issuer.country.clone(),
                region: issuer.region.clone(),
                tax_id: issuer.tax_id.clone(),
                email: None,
            },
            buyer: Party {
                legal_name: buyer.legal_name.clone(),
                address: buyer.address.clone(),
                country: buyer.country.clone(),
                region: buyer.region.clone(),
                tax_id: buyer.tax_id.clone(),
                email: buyer.email.clone(),
            },
            timezone: buyer.timezone.name().to_owned(),
            brand_colour: issuer.brand_colour.clone(),
            logo_sha256: issuer.logo.as_ref().map(|logo| hex::encode(Sha256::digest(logo))),
            footer: issuer.footer.clone(),
            payment_terms_days: issuer.payment_terms_days,
            notes: rated.draft.taxes.notes.clone(),
            units,
            template: rated.template.clone(),
        }
    }

    /// As stored.
    pub fn to_json(&self) -> Result<JsonText, Error> {
        Ok(JsonText::new(&serde_json::to_value(self).map_err(Error::internal)?))
    }

    /// From a stored row.
    pub fn from_json(text: &JsonText) -> Result<Self, Error> {
        serde_json::from_str(text.as_str()).map_err(Error::internal)
    }
}

/// What an invoice says, as stored.
pub fn contents(rated: &Rated, facts: &InvoiceFacts) -> Result<Contents, Error> {
    let taxes = &rated.draft.taxes;
    let lines = rated.draft.lines.iter().enumerate().map(|(place, line)| {
        let parts =
            taxes.components.iter().flat_map(|component| &component.per_line).filter(|(at, _)| *at as usize == place);
        let tax = Money::sum(rated.draft.currency, parts.map(|(_, part)| *part)).map_err(Error::internal)?;
        Ok(self::line(line, tax, rated.usage.get(place).copied().flatten()))
    });
    Ok(Contents {
        facts: facts.to_json()?,
        lines: lines.collect::<Result<_, Error>>()?,
        taxes: taxes
            .components
            .iter()
            .map(|component| InvoiceTax {
                code: component.code.clone(),
                name: component.name.clone(),
                rate_percent: component.rate_percent,
                base: component.base,
                amount: component.amount,
            })
            .collect(),
        calls: rated.calls.iter().map(stored_call).collect(),
    })
}

fn line(line: &InvoiceLine, tax: Money, usage: Option<LineUsage>) -> Line {
    Line {
        kind: line.kind,
        metric_id: usage.map(|usage| usage.metric),
        metric_code: line.metric_code.clone(),
        charge_code: line.charge_code.clone(),
        description: line.description.clone(),
        quantity: line.quantity,
        event_count: usage.map(|usage| usage.events),
        event_set: usage.map(|usage| usage.event_set),
        amount_exact: line.amount_exact,
        amount: line.amount,
        tax,
        service_period: line.service_period,
        steps: line.steps.clone(),
        call_position: usage.and_then(|usage| u32::try_from(usage.call).ok()),
    }
}

fn stored_call(call: &CallRecord) -> PluginCall {
    PluginCall {
        kind: call.kind,
        digest: call.digest.clone(),
        world: call.world().to_owned(),
        fingerprint: call.fingerprint.clone(),
        input: call.input.clone(),
        input_digest: call.input_digest.clone(),
        output: call.output.clone(),
        fuel: call.fuel,
    }
}

/// The record of a stored call, for asking again.
pub fn recorded_call(call: &PluginCall) -> CallRecord {
    CallRecord {
        kind: call.kind,
        digest: call.digest.clone(),
        fingerprint: call.fingerprint.clone(),
        input: call.input.clone(),
        input_digest: call.input_digest.clone(),
        output: call.output.clone(),
        fuel: call.fuel,
    }
}

/// First and last day of a period as people read it: both inclusive, in the customer's zone.
pub fn shown_days(period: &billing::period::Interval, timezone: chrono_tz::Tz) -> (NaiveDate, NaiveDate) {
    let last = period.end - chrono::TimeDelta::microseconds(1);
    (
        period.start.with_timezone(&timezone).date_naive(),
        last.with_timezone(&timezone).date_naive().max(period.start.with_timezone(&timezone).date_naive()),
    )
}
