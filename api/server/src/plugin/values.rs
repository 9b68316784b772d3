//! Numbers, times and parameters between billing and the contract.

use billing::decimal;
use billing::rating::{ParameterValue, Tier};
use chrono::{DateTime, SecondsFormat, Utc};
use plugin_host::v1::types;
use rust_decimal::Decimal;

use super::PluginError;

pub(super) fn text(number: Decimal) -> String {
    decimal::canonical(number)
}

pub(super) fn number(path: &str, text: &str) -> Result<Decimal, PluginError> {
    decimal::parse(text).map_err(|error| PluginError::Unreadable(format!("{path}: {error}")))
}

pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

pub(super) fn parameters(given: &[(String, ParameterValue)]) -> Vec<types::Parameter> {
    given.iter().map(|(name, value)| types::Parameter { name: name.clone(), value: parameter(value) }).collect()
}

fn parameter(value: &ParameterValue) -> types::ParameterValue {
    match value {
        ParameterValue::Text(text) => types::ParameterValue::Text(text.clone()),
        ParameterValue::Number(number) => types::ParameterValue::Number(text(*number)),
        ParameterValue::Flag(flag) => types::ParameterValue::Flag(*flag),
        ParameterValue::Tiers(tiers) => types::ParameterValue::Tiers(tiers.iter().map(tier).collect()),
    }
}

fn tier(tier: &Tier) -> types::Tier {
    types::Tier {
        up_to: tier.up_to.map(text),
        unit_amount: text(tier.unit_amount),
        flat_amount: text(tier.flat_amount),
    }
}
