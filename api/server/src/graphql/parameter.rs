//! Named parameters of charges and tax regimes, in and out.

use async_graphql::{InputObject, SimpleObject};
use billing::rating::{ParameterValue, Tier as BillingTier};

use super::scalar::Decimal;
use crate::error::Error;

/// A named parameter. Exactly one of `text`, `number`, `flag` and `tiers` has its value.
#[derive(SimpleObject, InputObject, Clone)]
#[graphql(input_name = "ParameterInput")]
pub(super) struct Parameter {
    /// Its name, as the plugin knows it, such as `unit_amount`.
    name: String,
    /// Its value when it is a text.
    text: Option<String>,
    /// Its value when it is a number.
    number: Option<Decimal>,
    /// Its value when it is a switch.
    flag: Option<bool>,
    /// Its value when it is a list of price tiers, lowest first.
    tiers: Option<Vec<Tier>>,
}

/// One price tier. It begins where the one before it ends.
#[derive(SimpleObject, InputObject, Clone)]
#[graphql(input_name = "TierInput")]
pub(super) struct Tier {
    /// The last quantity of the tier, itself included; null for the last tier, which is open.
    up_to: Option<Decimal>,
    /// The price of one unit within the tier, in major units.
    unit_amount: Decimal,
    /// What entering the tier costs once, in major units; nothing when left out.
    flat_amount: Option<Decimal>,
}

impl Parameter {
    /// Shows a parameter.
    pub(super) fn of((name, value): &(String, ParameterValue)) -> Self {
        let empty = Self { name: name.clone(), text: None, number: None, flag: None, tiers: None };
        match value {
            ParameterValue::Text(text) => Self { text: Some(text.clone()), ..empty },
            ParameterValue::Number(number) => Self { number: Some(Decimal::plain(*number)), ..empty },
            ParameterValue::Flag(flag) => Self { flag: Some(*flag), ..empty },
            ParameterValue::Tiers(tiers) => Self { tiers: Some(tiers.iter().map(Tier::of).collect()), ..empty },
        }
    }

    /// Reads a parameter.
    pub(super) fn read(self) -> Result<(String, ParameterValue), Error> {
        let value = match (self.text, self.number, self.flag, self.tiers) {
            (Some(text), None, None, None) => ParameterValue::Text(text),
            (None, Some(number), None, None) => ParameterValue::Number(number.0),
            (None, None, Some(flag), None) => ParameterValue::Flag(flag),
            (None, None, None, Some(tiers)) => ParameterValue::Tiers(tiers.into_iter().map(Tier::read).collect()),
            _ => {
                return Err(Error::invalid(
                    "BAD_PARAMETER",
                    format!("The parameter `{}` needs exactly one of text, number, flag and tiers.", self.name),
                ));
            }
        };
        Ok((self.name, value))
    }
}

/// Reads a list of parameters; an error names the place in the list under `path`.
pub(super) fn read_all(parameters: Vec<Parameter>, path: &[String]) -> Result<Vec<(String, ParameterValue)>, Error> {
    let read = |(place, parameter): (usize, Parameter)| {
        let path = path.iter().cloned().chain([place.to_string()]).collect::<Vec<_>>();
        parameter.read().map_err(|error| error.at(path))
    };
    parameters.into_iter().enumerate().map(read).collect()
}

impl Tier {
    fn of(tier: &BillingTier) -> Self {
        Self {
            up_to: tier.up_to.map(Decimal::plain),
            unit_amount: Decimal::plain(tier.unit_amount),
            flat_amount: Some(Decimal::plain(tier.flat_amount)),
        }
    }

    fn read(self) -> BillingTier {
        BillingTier {
            up_to: self.up_to.map(|number| number.0),
            unit_amount: self.unit_amount.0,
            flat_amount: self.flat_amount.map_or(rust_decimal::Decimal::ZERO, |number| number.0),
        }
    }
}
