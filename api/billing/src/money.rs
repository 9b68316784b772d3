//! Money: whole minor units of one currency, checked arithmetic, one named rounding.
//!
//! An amount that is not a whole number of minor units is a [`Decimal`], not [`Money`]; the step
//! from one to the other is [`Money::round`] and happens once per invoice line. There is no
//! exchange of currencies here: mixing two is an error.

use std::fmt;

use rust_decimal::Decimal;

mod currency;
mod split;

pub use currency::{Currency, UnknownCurrency};
pub use split::split_largest_remainder;

/// An amount of money in whole minor units (cents, paise, yen) of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// The amount in minor units; negative for what is owed back.
    pub minor: i64,
    /// The currency the minor units are counted in.
    pub currency: Currency,
}

/// Why two amounts cannot be combined or a decimal cannot become money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyError {
    /// The two amounts have different currencies.
    CurrencyMismatch {
        /// The currency on the left.
        left: Currency,
        /// The currency on the right.
        right: Currency,
    },
    /// The amount does not fit into 64 bits of minor units.
    Overflow,
    /// The decimal has more digits than the currency's minor unit.
    NotRounded {
        /// The currency whose minor unit is coarser than the decimal.
        currency: Currency,
    },
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CurrencyMismatch { left, right } => {
                write!(f, "{left} and {right} cannot be combined; use amounts of one currency")
            }
            Self::Overflow => f.write_str("the amount is too large to be kept; use a smaller one"),
            Self::NotRounded { currency } => write!(
                f,
                "the amount has more than the {} fraction digits of {currency}; round it first",
                currency.exponent()
            ),
        }
    }
}

impl std::error::Error for MoneyError {}

impl Money {
    /// An amount of `minor` minor units.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in a currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Whether the amount is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Whether the amount is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    /// The sum of two amounts.
    ///
    /// # Errors
    /// Different currencies, or a sum that does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The difference of two amounts.
    ///
    /// # Errors
    /// Different currencies, or a difference that does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The amount with its sign turned.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] for the one amount that has no opposite.
    pub fn checked_neg(self) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_neg().ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The sum of many amounts of one currency; zero for none.
    ///
    /// # Errors
    /// An amount of another currency, or a running sum that does not fit.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::checked_add)
    }

    /// Rounds an amount in major units to the minor unit, half away from zero.
    ///
    /// This is the only rounding of money in the platform; an invoice line passes it once.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the amount does not fit.
    pub fn round(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let (whole, rest, divisor) = in_minor_units(amount, currency)?;
        let away = i128::from(rest.unsigned_abs() * 2 >= divisor) * rest.signum();
        let minor = i64::try_from(whole + away).map_err(|_| MoneyError::Overflow)?;
        Ok(Self { minor, currency })
    }

    /// Takes an amount in major units that is already a whole number of minor units.
    ///
    /// # Errors
    /// [`MoneyError::NotRounded`] when it is not, [`MoneyError::Overflow`] when it does not fit.
    pub fn exact(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let (whole, rest, _) = in_minor_units(amount, currency)?;
        if rest != 0 {
            return Err(MoneyError::NotRounded { currency });
        }
        let minor = i64::try_from(whole).map_err(|_| MoneyError::Overflow)?;
        Ok(Self { minor, currency })
    }

    /// The amount in major units; its scale is the currency's exponent, so that it prints as
    /// `12.30`.
    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.minor, self.currency.exponent())
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
    }
}

/// Whole minor units, what is left over, and the divisor the left-over is counted against.
fn in_minor_units(amount: Decimal, currency: Currency) -> Result<(i128, i128, u128), MoneyError> {
    let (mantissa, scale, exponent) = (amount.mantissa(), amount.scale(), currency.exponent());
    if scale <= exponent {
        let power = 10_i128.checked_pow(exponent - scale).ok_or(MoneyError::Overflow)?;
        let whole = mantissa.checked_mul(power).ok_or(MoneyError::Overflow)?;
        return Ok((whole, 0, u128::MAX));
    }
    let power = 10_i128.checked_pow(scale - exponent).ok_or(MoneyError::Overflow)?;
    Ok((mantissa / power, mantissa % power, power.unsigned_abs()))
}

impl fmt::Display for Money {
    /// `12.30 USD`, with exactly the currency's number of fraction digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency)
    }
}

#[cfg(test)]
mod tests;
