//! The part of a price that belongs to the days served.

use std::fmt;

use chrono_tz::Tz;
use rust_decimal::Decimal;

use super::Interval;
use crate::decimal::{self, DecimalError};

/// Why a part of an amount cannot be calculated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProrationRefused {
    /// The served time is not within the full period.
    OutsidePeriod,
    /// The amount has too many digits.
    Number(DecimalError),
}

impl fmt::Display for ProrationRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutsidePeriod => {
                f.write_str("the served time reaches beyond the full period; cut it to the period first")
            }
            Self::Number(error) => write!(f, "the prorated amount {error}"),
        }
    }
}

impl std::error::Error for ProrationRefused {}

/// The part of `amount` for the days served: amount × days served ÷ days of the full period.
///
/// Days are calendar days of the time zone, the first included and the end excluded, and the
/// denominator is always the full period, so that one day costs the same whichever path of
/// changes led to it. The multiplication is exact and the division comes last; the result still
/// has to be rounded to the currency, once. Nothing served costs zero, all of it costs `amount`.
///
/// # Errors
/// [`ProrationRefused`] when the served time is not within the full period or the amount has too
/// many digits.
pub fn prorate(amount: Decimal, served: &Interval, full: &Interval, tz: Tz) -> Result<Decimal, ProrationRefused> {
    if served.start < full.start || served.end > full.end {
        return Err(ProrationRefused::OutsidePeriod);
    }
    let (days, whole) = (served.days(tz), full.days(tz));
    if days == 0 {
        return Ok(Decimal::ZERO);
    }
    if days == whole {
        return Ok(amount);
    }
    let product = decimal::exact_mul(amount, Decimal::from(days)).map_err(ProrationRefused::Number)?;
    decimal::divide(product, Decimal::from(whole)).map_err(ProrationRefused::Number)
}

#[cfg(test)]
mod tests;
