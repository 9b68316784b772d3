//! Exact decimals: one text per number, and arithmetic that fails rather than rounds.
//!
//! `rust_decimal` silently rounds a product that does not fit and accepts several spellings of a
//! number, so its operators and its parser are not used anywhere in this crate: numbers enter
//! through [`parse`], leave through [`canonical`] and are combined by the `exact_*` functions,
//! which work on whole mantissas. Nothing here knows about currencies.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};

/// The most significant digits a decimal may have anywhere in the platform.
pub const MAX_DIGITS: u32 = 28;
/// The most digits after the point a decimal may have anywhere in the platform.
pub const MAX_SCALE: u32 = 28;
/// The most digits after the point of a unit price, a rate or an event value.
pub const MAX_PRICE_SCALE: u32 = 12;

/// 10^28: the first whole number with too many digits.
const LIMIT: u128 = 10_u128.pow(MAX_DIGITS);

/// Why a text is not a number, or a result is not an exact one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalError {
    /// The text does not follow `-?(0|[1-9][0-9]*)(\.[0-9]+)?`.
    Grammar,
    /// More than 28 significant digits, or more than 28 after the point.
    TooManyDigits,
    /// The exact result of an operation needs more than 28 digits.
    Inexact,
    /// Division by zero.
    DivisionByZero,
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Grammar => {
                "is not a plain decimal; write digits with an optional `-` and `.`, such as \"12.5\", without exponent, spaces or leading zeros"
            }
            Self::TooManyDigits => "has more than 28 significant digits; shorten it",
            Self::Inexact => "cannot be calculated exactly in 28 significant digits; use smaller or shorter numbers",
            Self::DivisionByZero => "divides by zero; give a number other than zero",
        })
    }
}

impl std::error::Error for DecimalError {}

/// Reads a decimal: `-?(0|[1-9][0-9]*)(\.[0-9]+)?`, at most 28 significant digits.
///
/// Zeros at the end of the fraction are accepted and dropped; `-0` is read as `0`.
///
/// # Errors
/// [`DecimalError::Grammar`] for any other text, [`DecimalError::TooManyDigits`] for a number that
/// could only be kept by rounding it.
pub fn parse(text: &str) -> Result<Decimal, DecimalError> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((_, "")) => return Err(DecimalError::Grammar),
        Some(parts) => parts,
        None => (unsigned, ""),
    };
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || leading_zero || !all_digits(whole) || !all_digits(fraction) {
        return Err(DecimalError::Grammar);
    }
    assemble(negative, whole, fraction, 0)
}

/// Reads the literal of a JSON number from its text, never through a float.
///
/// Unlike [`parse`] it accepts an exponent, because common serialisers write `1e-7` where the
/// number meant is exactly 0.0000001.
///
/// # Errors
/// As [`parse`].
pub fn parse_json_number(literal: &str) -> Result<Decimal, DecimalError> {
    let Some((mantissa, exponent)) = literal.split_once(['e', 'E']) else {
        return parse(literal);
    };
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if digits.is_empty() || !all_digits(digits) {
        return Err(DecimalError::Grammar);
    }
    // The mantissa must be a JSON number of its own.
    let value = parse(mantissa)?;
    if value.is_zero() {
        return Ok(Decimal::ZERO);
    }
    let exponent: i32 = exponent.parse().map_err(|_| DecimalError::TooManyDigits)?;
    let text = canonical(value);
    let unsigned = text.strip_prefix('-').unwrap_or(&text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    assemble(value.is_sign_negative(), whole, fraction, exponent)
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Puts digits together; `exponent` moves the point to the right.
fn assemble(negative: bool, whole: &str, fraction: &str, exponent: i32) -> Result<Decimal, DecimalError> {
    let fraction = fraction.trim_end_matches('0');
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let point = i64::from(exponent)
        .checked_sub(i64::try_from(fraction.len()).map_err(|_| DecimalError::TooManyDigits)?)
        .ok_or(DecimalError::TooManyDigits)?;
    if digits.len() > MAX_DIGITS as usize {
        return Err(DecimalError::TooManyDigits);
    }
    if digits.is_empty() {
        return Ok(Decimal::ZERO);
    }
    let mantissa: i128 = digits.parse().map_err(|_| DecimalError::TooManyDigits)?;
    let mantissa = if negative { -mantissa } else { mantissa };
    let (mantissa, scale) = if point > 0 {
        let power = u32::try_from(point).ok().and_then(|zeros| 10_i128.checked_pow(zeros));
        let moved = power.and_then(|power| mantissa.checked_mul(power));
        (moved.ok_or(DecimalError::TooManyDigits)?, 0)
    } else {
        (mantissa, u32::try_from(point.unsigned_abs()).map_err(|_| DecimalError::TooManyDigits)?)
    };
    build(mantissa, scale).map_err(|_| DecimalError::TooManyDigits)
}

/// The one text of a number: no exponent, no zeros at the end of the fraction, no `-0`.
///
/// [`parse`] reads it back to an equal number.
#[must_use]
pub fn canonical(value: Decimal) -> String {
    // `normalize` drops trailing zeros and the sign of zero; it never rounds.
    value.normalize().to_string()
}

/// The number of digits after the point once trailing zeros are dropped.
#[must_use]
pub fn scale(value: Decimal) -> u32 {
    value.normalize().scale()
}

/// The number without trailing zeros, if it is one that [`parse`] could have read.
///
/// # Errors
/// [`DecimalError::TooManyDigits`] for one that was built elsewhere with a 29th digit.
pub fn within_limits(value: Decimal) -> Result<Decimal, DecimalError> {
    build(value.mantissa(), value.scale()).map_err(|_| DecimalError::TooManyDigits)
}

/// `a × b`, exactly.
///
/// # Errors
/// [`DecimalError::Inexact`] when the product has more than 28 significant digits or more than 28
/// after the point.
pub fn exact_mul(a: Decimal, b: Decimal) -> Result<Decimal, DecimalError> {
    let (a, b) = (a.normalize(), b.normalize());
    let (mut left, mut right) = (a.mantissa(), b.mantissa());
    if left == 0 || right == 0 {
        return Ok(Decimal::ZERO);
    }
    // Each pair of factors 2 and 5 is a trailing zero of the product: taken out first, so that
    // a product that is short in the end is not lost on the way.
    let mut scale = a.scale() + b.scale();
    while scale > 0 {
        if left % 2 == 0 && right % 5 == 0 {
            left /= 2;
            right /= 5;
        } else if left % 5 == 0 && right % 2 == 0 {
            left /= 5;
            right /= 2;
        } else if left % 10 == 0 {
            left /= 10;
        } else if right % 10 == 0 {
            right /= 10;
        } else {
            break;
        }
        scale -= 1;
    }
    build(left.checked_mul(right).ok_or(DecimalError::Inexact)?, scale)
}

/// `a + b`, exactly.
///
/// # Errors
/// [`DecimalError::Inexact`] when the sum has more than 28 significant digits.
pub fn exact_add(a: Decimal, b: Decimal) -> Result<Decimal, DecimalError> {
    let (a, b) = (a.normalize(), b.normalize());
    let scale = a.scale().max(b.scale());
    let at_scale = |value: Decimal| {
        let power = 10_i128.checked_pow(scale - value.scale())?;
        value.mantissa().checked_mul(power)
    };
    let sum = at_scale(a).zip(at_scale(b)).and_then(|(a, b)| a.checked_add(b));
    build(sum.ok_or(DecimalError::Inexact)?, scale)
}

/// `a − b`, exactly.
///
/// # Errors
/// As [`exact_add`].
pub fn exact_sub(a: Decimal, b: Decimal) -> Result<Decimal, DecimalError> {
    exact_add(a, -b)
}

/// The exact sum of many numbers; zero for none.
///
/// # Errors
/// As [`exact_add`], for any running sum.
pub fn exact_sum(values: impl IntoIterator<Item = Decimal>) -> Result<Decimal, DecimalError> {
    values.into_iter().try_fold(Decimal::ZERO, exact_add)
}

/// `a ÷ b`, rounded to 28 significant digits and at most 28 after the point.
///
/// A quotient is the one operation that may have no exact decimal; it must therefore come last,
/// just before the rounding to a currency.
///
/// # Errors
/// [`DecimalError::DivisionByZero`], or [`DecimalError::Inexact`] when the quotient is too large.
pub fn divide(a: Decimal, b: Decimal) -> Result<Decimal, DecimalError> {
    if b.is_zero() {
        return Err(DecimalError::DivisionByZero);
    }
    let quotient = a.checked_div(b).ok_or(DecimalError::Inexact)?;
    let rounded = quotient.round_sf_with_strategy(MAX_DIGITS, RoundingStrategy::MidpointAwayFromZero);
    let rounded = rounded.ok_or(DecimalError::Inexact)?.normalize();
    build(rounded.mantissa(), rounded.scale())
}

/// A decimal from its digits and the place of its point, trailing zeros dropped.
fn build(mut mantissa: i128, mut scale: u32) -> Result<Decimal, DecimalError> {
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    if mantissa.unsigned_abs() >= LIMIT || scale > MAX_SCALE {
        return Err(DecimalError::Inexact);
    }
    Decimal::try_from_i128_with_scale(mantissa, scale).map_err(|_| DecimalError::Inexact)
}

#[cfg(test)]
mod tests;
