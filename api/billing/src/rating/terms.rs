//! The content of one plan version.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::ids::MetricId;
use crate::money::{Currency, Money};
use crate::period::Cadence;

/// The value of a named parameter of a charge or a tax regime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterValue {
    /// A text, such as the name of a rounding.
    Text(String),
    /// An exact number.
    Number(Decimal),
    /// A switch.
    Flag(bool),
    /// A list of price tiers, lowest first.
    Tiers(Vec<Tier>),
}

impl ParameterValue {
    /// The name of the kind of value, for messages: `text`, `number`, `flag` or `tiers`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Number(_) => "number",
            Self::Flag(_) => "flag",
            Self::Tiers(_) => "tiers",
        }
    }
}

/// One price tier. Only the upper bound is kept, so tiers can neither overlap nor leave a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// The last quantity of the tier, itself included; `None` for the last tier, which is open.
    pub up_to: Option<Decimal>,
    /// The price of one unit within the tier, in major units of the plan's currency.
    pub unit_amount: Decimal,
    /// What entering the tier costs once, in major units.
    pub flat_amount: Decimal,
}

/// One thing a plan charges for by usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The charge's name in the API, unique within the plan.
    pub code: String,
    /// The charge's name on the invoice.
    pub name: String,
    /// The code of the metric whose quantity is priced.
    pub metric_code: String,
    /// The metric itself.
    pub metric_id: MetricId,
    /// The price model: a standard one of [`crate::rating::models`] or `CUSTOM:<name>`.
    pub model: String,
    /// The model's parameters, each name once.
    pub parameters: Vec<(String, ParameterValue)>,
}

impl Charge {
    /// The value of a parameter, if it is given.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&ParameterValue> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// When a fixed fee is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeeTiming {
    /// On the invoice before the period it is for.
    Advance,
    /// On the invoice after the period it is for.
    Arrears,
}

impl FeeTiming {
    /// The name in the API and in stored rows: `ADVANCE` or `ARREARS`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Advance => "ADVANCE",
            Self::Arrears => "ARREARS",
        }
    }
}

impl fmt::Display for FeeTiming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no fee timing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownFeeTiming;

impl fmt::Display for UnknownFeeTiming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not a fee timing; use ADVANCE or ARREARS")
    }
}

impl std::error::Error for UnknownFeeTiming {}

impl FromStr for FeeTiming {
    type Err = UnknownFeeTiming;

    fn from_str(text: &str) -> Result<Self, UnknownFeeTiming> {
        match text {
            "ADVANCE" => Ok(Self::Advance),
            "ARREARS" => Ok(Self::Arrears),
            _ => Err(UnknownFeeTiming),
        }
    }
}

/// A fee that does not depend on usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedFee {
    /// The fee's name in the API, unique within the plan, charges included.
    pub code: String,
    /// The fee's name on the invoice.
    pub name: String,
    /// What one full period costs.
    pub amount: Money,
    /// When it is due.
    pub timing: FeeTiming,
}

/// Everything a plan version says about money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanTerms {
    /// The currency of every price.
    pub currency: Currency,
    /// How often it is billed.
    pub cadence: Cadence,
    /// What is charged by usage, in the order of the invoice.
    pub charges: Vec<Charge>,
    /// What is charged in any case, in the order of the invoice.
    pub fees: Vec<FixedFee>,
}
