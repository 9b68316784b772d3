//! Exact decimals: an operation that would have to round is an error.
//!
//! Text goes in and out in the contract's one form. Written without the formatting machinery of the standard library,
//! because every instruction of a guest is metered. Rounding exists under its own name only.

use std::cmp::Ordering;
use std::fmt;

/// A decimal of at most 28 significant digits.
pub use rust_decimal::Decimal;

/// Most digits of a mantissa and most digits after the point.
const DIGITS: u32 = 28;
/// `10^28`: mantissas stay below it.
const LIMIT: u128 = 10_u128.pow(DIGITS);
/// Digits that fit into a word whatever they are.
const WORD: usize = 18;
/// `10^0` to `10^18`.
const POWERS: [u64; WORD + 1] = {
    let mut powers = [1; WORD + 1];
    let mut at = 1;
    while at <= WORD {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// Why a decimal could not be read or computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalError {
    /// The text is not `-?(0|[1-9][0-9]*)(\.[0-9]+)?`, or has a minus zero.
    Text,
    /// The exact result needs more than 28 significant digits, or as many after the point.
    Inexact,
    /// Division by zero.
    DivisionByZero,
}

impl DecimalError {
    /// A sentence for people.
    pub fn message(self) -> &'static str {
        match self {
            Self::Text => "the text is not a plain decimal such as `12.5`",
            Self::Inexact => "the exact result has more than 28 digits; use fewer digits in quantities or prices",
            Self::DivisionByZero => "a division by zero",
        }
    }
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for DecimalError {}

/// Reads a decimal in the contract's form.
///
/// # Errors
/// `Text` for any other form, `Inexact` for too many digits.
pub fn parse(text: &str) -> Result<Decimal, DecimalError> {
    let bytes = text.as_bytes();
    if bytes == b"0" {
        return Ok(Decimal::ZERO);
    }
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    let leading_zero = matches!(digits, [b'0', b'0'..=b'9', ..]);
    if leading_zero || digits.len() > 2 * DIGITS as usize + 2 {
        return Err(DecimalError::Text);
    }
    // Up to 18 digits are gathered in one word, because 128-bit multiplications are slow in wasm.
    let (mut mantissa, mut word, mut gathered) = (0_u128, 0_u64, 0_usize);
    let mut point = None;
    for (at, byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            if gathered == WORD {
                mantissa = push_word(mantissa, word, gathered)?;
                (word, gathered) = (0, 0);
            }
            word = word.wrapping_mul(10).wrapping_add(u64::from(digit));
            gathered += 1;
        } else if *byte == b'.' && point.is_none() && at > 0 {
            point = Some(at);
        } else {
            return Err(DecimalError::Text);
        }
    }
    mantissa = push_word(mantissa, word, gathered)?;
    let scale = match point {
        Some(at) if at + 1 == digits.len() => return Err(DecimalError::Text),
        Some(at) => digits.len() - at - 1,
        None => 0,
    };
    if digits.is_empty() || (mantissa == 0 && negative) {
        return Err(DecimalError::Text);
    }
    let scale = u32::try_from(scale).map_err(|_| DecimalError::Text)?;
    make(negative, mantissa, scale)
}

fn push_word(mantissa: u128, word: u64, digits: usize) -> Result<u128, DecimalError> {
    if mantissa == 0 {
        return Ok(u128::from(word));
    }
    let factor = POWERS.get(digits).ok_or(DecimalError::Inexact)?;
    mantissa
        .checked_mul(u128::from(*factor))
        .and_then(|mantissa| mantissa.checked_add(u128::from(word)))
        .ok_or(DecimalError::Inexact)
}

/// A decimal from its parts; zeros at the end are dropped as far as needed to fit.
fn make(negative: bool, mut mantissa: u128, mut scale: u32) -> Result<Decimal, DecimalError> {
    while scale > DIGITS || (mantissa >= LIMIT && scale > 0) {
        if !mantissa.is_multiple_of(10) {
            return Err(DecimalError::Inexact);
        }
        mantissa /= 10;
        scale -= 1;
    }
    if mantissa >= LIMIT {
        return Err(DecimalError::Inexact);
    }
    let signed = i128::try_from(mantissa).map_err(|_| DecimalError::Inexact)?;
    let signed = if negative { -signed } else { signed };
    Decimal::try_from_i128_with_scale(signed, scale).map_err(|_| DecimalError::Inexact)
}

/// The contract's form: no zeros at the end, no minus zero.
pub fn text(value: Decimal) -> String {
    let mantissa = value.mantissa().unsigned_abs();
    let mut buffer = [b'0'; 2 * WORD];
    let start = match u64::try_from(mantissa) {
        Ok(0) => return "0".to_owned(),
        Ok(word) => write_digits(&mut buffer, word),
        Err(_) => write_words(&mut buffer, mantissa),
    };
    let mut digits = buffer.get(start..).unwrap_or_default();
    let mut scale = value.scale() as usize;
    while scale > 0
        && let [rest @ .., b'0'] = digits
    {
        digits = rest;
        scale -= 1;
    }
    let mut out = Vec::with_capacity(digits.len().max(scale) + 3);
    if value.is_sign_negative() {
        out.push(b'-');
    }
    if scale == 0 {
        out.extend_from_slice(digits);
    } else if let Some((whole, fraction)) = digits.len().checked_sub(scale).and_then(|at| digits.split_at_checked(at))
        && !whole.is_empty()
    {
        out.extend_from_slice(whole);
        out.push(b'.');
        out.extend_from_slice(fraction);
    } else {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + scale - digits.len(), b'0');
        out.extend_from_slice(digits);
    }
    // Only ASCII was written.
    String::from_utf8(out).unwrap_or_default()
}

/// Writes a word to the end of the buffer and answers where it begins.
fn write_digits(buffer: &mut [u8], mut word: u64) -> usize {
    let mut at = buffer.len();
    for place in buffer.iter_mut().rev() {
        if word == 0 {
            break;
        }
        *place = b'0'.wrapping_add((word % 10) as u8);
        word /= 10;
        at = at.wrapping_sub(1);
    }
    at
}

/// As [`write_digits`], for what does not fit into a word: 28 digits are two words of 18.
#[cold]
fn write_words(buffer: &mut [u8; 2 * WORD], mantissa: u128) -> usize {
    let word = u128::from(POWERS[WORD]);
    write_digits(buffer, (mantissa % word) as u64);
    let (high, _) = buffer.split_at_mut(WORD);
    write_digits(high, (mantissa / word) as u64)
}

/// `a + b`, exactly.
///
/// # Errors
/// `Inexact`.
pub fn exact_add(a: Decimal, b: Decimal) -> Result<Decimal, DecimalError> {
    if a.is_zero() {
        return Ok(b);
    }
    if b.is_zero() {
        return Ok(a);
    }
    let (a, b, scale) = align(a, b)?;
    let sum = a.checked_add(b).ok_or(DecimalError::Inexact)?;
    make(sum < 0, sum.unsigned_abs(), scale)
}

/// `a - b`, exactly.
///
/// # Errors
/// `Inexact`.
pub fn exact_sub(a: Decimal, b: Decimal) -> Result<Decimal, DecimalError> {
    exact_add(a, -b)
}

/// `a × b`, exactly.
///
/// # Errors
/// `Inexact`.
pub fn exact_mul(a: Decimal, b: Decimal) -> Result<Decimal, DecimalError> {
    let negative = a.is_sign_negative() != b.is_sign_negative();
    let scale = a.scale() + b.scale();
    let (x, y) = (a.mantissa().unsigned_abs(), b.mantissa().unsigned_abs());
    if let Some(product) = checked_product(x, y) {
        return make(negative && product != 0, product, scale);
    }
    // Zeros at the end may be all that does not fit.
    let (a, b) = (a.normalize(), b.normalize());
    let (x, y) = (a.mantissa().unsigned_abs(), b.mantissa().unsigned_abs());
    let product = checked_product(x, y).ok_or(DecimalError::Inexact)?;
    make(negative, product, a.scale() + b.scale())
}

fn checked_product(a: u128, b: u128) -> Option<u128> {
    match (u64::try_from(a), u64::try_from(b)) {
        (Ok(a), Ok(b)) => Some(match a.checked_mul(b) {
            Some(product) => u128::from(product),
            None => u128::from(a) * u128::from(b),
        }),
        _ => a.checked_mul(b),
    }
}

/// How many whole times `b` fits into `a`, and whether something is left over. Both are zero or more.
///
/// # Errors
/// `DivisionByZero`, `Inexact`.
pub fn divide_whole(a: Decimal, b: Decimal) -> Result<(Decimal, bool), DecimalError> {
    if b.is_zero() {
        return Err(DecimalError::DivisionByZero);
    }
    let (a, b, _) = align(a, b)?;
    Ok((make(a < 0, (a / b).unsigned_abs(), 0)?, a % b != 0))
}

/// `value` with at most `digits` digits after the point, halves away from zero.
///
/// # Errors
/// `Inexact` when `digits` is more than 28.
pub fn round_half_away(value: Decimal, digits: u32) -> Result<Decimal, DecimalError> {
    if digits > DIGITS {
        return Err(DecimalError::Inexact);
    }
    Ok(value.round_dp_with_strategy(digits, rust_decimal::RoundingStrategy::MidpointAwayFromZero))
}

/// How `a` and `b` compare.
///
/// # Errors
/// `Inexact` when they are too far apart to be written with one scale.
pub fn compare(a: Decimal, b: Decimal) -> Result<Ordering, DecimalError> {
    let (a, b, _) = align(a, b)?;
    Ok(a.cmp(&b))
}

/// The smaller one.
///
/// # Errors
/// As [`compare`].
pub fn least(a: Decimal, b: Decimal) -> Result<Decimal, DecimalError> {
    Ok(if compare(a, b)?.is_le() { a } else { b })
}

/// Both mantissas at the larger scale.
fn align(a: Decimal, b: Decimal) -> Result<(i128, i128, u32), DecimalError> {
    let scale = a.scale().max(b.scale());
    Ok((rescale(a, scale)?, rescale(b, scale)?, scale))
}

fn rescale(value: Decimal, scale: u32) -> Result<i128, DecimalError> {
    let by = (scale - value.scale()) as usize;
    let mantissa = value.mantissa();
    if by == 0 || mantissa == 0 {
        return Ok(mantissa);
    }
    // Words first, because checked 128-bit multiplications are slow in wasm.
    if let (Some(factor), Ok(word)) = (POWERS.get(by), i64::try_from(mantissa))
        && let Ok(factor) = i64::try_from(*factor)
        && let Some(product) = word.checked_mul(factor)
    {
        return Ok(i128::from(product));
    }
    10_i128
        .checked_pow(scale - value.scale())
        .and_then(|factor| mantissa.checked_mul(factor))
        .ok_or(DecimalError::Inexact)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn d(text: &str) -> Decimal {
        parse(text).unwrap()
    }

    #[test]
    fn text_survives_a_round_trip() {
        for value in [
            "0",
            "1",
            "-1",
            "10",
            "100000",
            "0.5",
            "-0.000003",
            "123456789.000000001",
            "9999999999999999999999999999",
            "0.0000000000000000000000000001",
            "1000000000000000000",
            "1000000000000000000000",
            "1000000000000000000000.01",
            "18446744073709551616",
            "18446744073709551616.5",
            "-1000000000000000000000.000001",
            "0.000000000000000001",
            "1.000000000000000001",
            "1000000000000000000000000000",
            "100.000000000000000000000001",
        ] {
            assert_eq!(text(d(value)), value);
        }
        assert_eq!(text(d("1.50")), "1.5");
        assert_eq!(text(d("10.00")), "10");
        assert_eq!(text(d("0.000")), "0");
    }

    #[test]
    fn other_forms_are_refused() {
        for value in
            ["", "-", ".", "1.", ".5", "+1", "01", "00.1", "-0", "-0.0", "1e9", "NaN", " 1", "1 ", "1_0", "1.2.3", "１"]
        {
            assert_eq!(parse(value), Err(DecimalError::Text), "{value}");
        }
        assert_eq!(parse("99999999999999999999999999999"), Err(DecimalError::Inexact));
    }

    #[test]
    fn arithmetic_is_exact_or_an_error() {
        assert_eq!(text(exact_mul(d("1000000.5"), d("0.000003")).unwrap()), "3.0000015");
        assert_eq!(text(exact_mul(d("0"), d("-2")).unwrap()), "0");
        assert_eq!(text(exact_mul(d("1000000000000000"), d("1000000000000")).unwrap()), "1000000000000000000000000000");
        let tiny = d("0.000000000000001");
        assert_eq!(exact_mul(exact_mul(tiny, d("0.0000000000001")).unwrap(), d("0.1")), Err(DecimalError::Inexact));
        assert_eq!(exact_add(d("9999999999999999999999999999"), d("0.1")), Err(DecimalError::Inexact));
        assert_eq!(text(exact_add(d("0.1"), d("0.2")).unwrap()), "0.3");
        assert_eq!(text(exact_sub(d("0.1"), d("0.1")).unwrap()), "0");
    }

    #[test]
    fn comparisons_know_no_scale() {
        assert_eq!(compare(d("1.50"), d("1.5")), Ok(Ordering::Equal));
        assert_eq!(compare(d("-1"), d("0.000001")), Ok(Ordering::Less));
        assert_eq!(least(d("10"), d("9.99")), Ok(d("9.99")));
    }

    #[test]
    fn whole_divisions() {
        assert_eq!(divide_whole(d("101"), d("100")).unwrap(), (d("1"), true));
        assert_eq!(divide_whole(d("1"), d("0.1")).unwrap(), (d("10"), false));
        assert_eq!(divide_whole(d("1"), d("0")), Err(DecimalError::DivisionByZero));
    }

    #[test]
    fn halves_go_away_from_zero() {
        assert_eq!(text(round_half_away(d("0.905"), 2).unwrap()), "0.91");
        assert_eq!(text(round_half_away(d("-0.905"), 2).unwrap()), "-0.91");
        assert_eq!(text(round_half_away(d("0.9027"), 2).unwrap()), "0.9");
    }
}
