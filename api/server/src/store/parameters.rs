//! Plugin parameters ⇄ JSON: decimals as strings, each kind under its own name so that a text is never read as a number.

use billing::decimal;
use billing::rating::{ParameterValue, Tier};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::fault::corrupt;
use crate::error::Error;

#[derive(Serialize, Deserialize)]
pub(super) struct ParameterRow {
    name: String,
    #[serde(flatten)]
    value: ValueRow,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ValueRow {
    Text(String),
    Number(String),
    Flag(bool),
    Tiers(Vec<TierRow>),
}

#[derive(Serialize, Deserialize)]
struct TierRow {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    up_to: Option<String>,
    unit_amount: String,
    flat_amount: String,
}

pub(super) fn to_rows(parameters: &[(String, ParameterValue)]) -> Vec<ParameterRow> {
    let row = |(name, value): &(String, ParameterValue)| ParameterRow {
        name: name.clone(),
        value: match value {
            ParameterValue::Text(text) => ValueRow::Text(text.clone()),
            ParameterValue::Number(number) => ValueRow::Number(decimal::canonical(*number)),
            ParameterValue::Flag(flag) => ValueRow::Flag(*flag),
            ParameterValue::Tiers(tiers) => ValueRow::Tiers(tiers.iter().map(tier_row).collect()),
        },
    };
    parameters.iter().map(row).collect()
}

pub(super) fn from_rows(table: &'static str, rows: Vec<ParameterRow>) -> Result<Vec<(String, ParameterValue)>, Error> {
    let value = |row: ParameterRow| {
        let value = match row.value {
            ValueRow::Text(text) => ParameterValue::Text(text),
            ValueRow::Number(text) => ParameterValue::Number(number(table, &text)?),
            ValueRow::Flag(flag) => ParameterValue::Flag(flag),
            ValueRow::Tiers(tiers) => {
                ParameterValue::Tiers(tiers.iter().map(|row| tier(table, row)).collect::<Result<_, _>>()?)
            }
        };
        Ok((row.name, value))
    };
    rows.into_iter().map(value).collect()
}

fn tier_row(tier: &Tier) -> TierRow {
    TierRow {
        up_to: tier.up_to.map(decimal::canonical),
        unit_amount: decimal::canonical(tier.unit_amount),
        flat_amount: decimal::canonical(tier.flat_amount),
    }
}

fn tier(table: &'static str, row: &TierRow) -> Result<Tier, Error> {
    Ok(Tier {
        up_to: row.up_to.as_deref().map(|text| number(table, text)).transpose()?,
        unit_amount: number(table, &row.unit_amount)?,
        flat_amount: number(table, &row.flat_amount)?,
    })
}

pub(super) fn number(table: &'static str, text: &str) -> Result<Decimal, Error> {
    decimal::parse(text).map_err(|cause| corrupt(table, "decimal in JSON", format!("{cause} ({text:?})")))
}
