//! What a tax plugin answered, and whether it can be printed on an invoice.

use std::collections::HashSet;
use std::fmt;

use rust_decimal::Decimal;

use super::TaxQuestion;
use crate::decimal::{canonical, exact_mul, exact_sub};
use crate::money::{Currency, Money, MoneyError, split_largest_remainder};

/// The answer to a [`TaxQuestion`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxAnswer {
    /// The taxes, in the order they are printed; may be empty.
    pub components: Vec<TaxComponent>,
    /// Sentences the law wants on the invoice.
    pub notes: Vec<String>,
}

/// One tax at one rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxComponent {
    /// A short name such as `VAT` or `CGST`.
    pub code: String,
    /// The name on the invoice.
    pub name: String,
    /// The rate in per cent, 0 to 100.
    pub rate_percent: Decimal,
    /// The sum of the named lines, in major units.
    pub base: Decimal,
    /// The tax in major units, already rounded to the currency.
    pub amount: Decimal,
    /// The places of the lines it is levied on, from zero.
    pub lines: Vec<u32>,
}

/// Taxes that passed [`accept`]. [`AcceptedTaxes::default`] is no tax at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AcceptedTaxes {
    /// The taxes, in the order they are printed.
    pub components: Vec<AcceptedComponent>,
    /// Sentences the law wants on the invoice.
    pub notes: Vec<String>,
}

/// One accepted tax at one rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedComponent {
    /// A short name such as `VAT` or `CGST`.
    pub code: String,
    /// The name on the invoice.
    pub name: String,
    /// The rate in per cent.
    pub rate_percent: Decimal,
    /// The sum of the lines it is levied on.
    pub base: Money,
    /// The tax.
    pub amount: Money,
    /// The tax spread over its lines by largest remainder; sums to `amount`.
    pub per_line: Vec<(u32, Money)>,
}

impl AcceptedTaxes {
    /// The sum of all taxes.
    ///
    /// # Errors
    /// A tax in another currency, or a sum that does not fit.
    pub fn total(&self, currency: Currency) -> Result<Money, MoneyError> {
        Money::sum(currency, self.components.iter().map(|component| component.amount))
    }
}

/// Why a tax cannot be printed. Each names the component's code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what their names say; see Display")]
pub enum TaxRefused {
    /// The rate is below 0 or above 100 per cent.
    Rate { code: String, rate_percent: Decimal },
    /// It names no line.
    NoLines { code: String },
    /// It names a line that was not asked about.
    UnknownLine { code: String, index: u32 },
    /// Two components of one code, or one component twice, name the same line.
    LineTwice { code: String, index: u32 },
    /// The base is not the sum of the named lines.
    Base { code: String, base: Decimal, lines: Money },
    /// The amount has more digits than the currency.
    NotRounded { code: String, amount: Decimal },
    /// The amount has another sign than its base, or is not zero at a rate of zero.
    Sign { code: String, amount: Decimal },
    /// The amount is further from base × rate than rounding each line explains.
    Amount { code: String, amount: Decimal, expected: Decimal },
    /// A number is too large or has too many digits.
    Overflow { code: String },
}

impl TaxRefused {
    /// The machine-readable reason, for example `BASE`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Rate { .. } => "RATE",
            Self::NoLines { .. } => "NO_LINES",
            Self::UnknownLine { .. } => "UNKNOWN_LINE",
            Self::LineTwice { .. } => "LINE_TWICE",
            Self::Base { .. } => "BASE",
            Self::NotRounded { .. } => "NOT_ROUNDED",
            Self::Sign { .. } => "SIGN",
            Self::Amount { .. } => "AMOUNT",
            Self::Overflow { .. } => "OVERFLOW",
        }
    }
}

impl fmt::Display for TaxRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate { code, rate_percent } => {
                write!(f, "tax `{code}` has a rate of {} %; a rate is 0 to 100", canonical(*rate_percent))
            }
            Self::NoLines { code } => write!(f, "tax `{code}` names no line; name the lines it is levied on"),
            Self::UnknownLine { code, index } => {
                write!(
                    f,
                    "tax `{code}` names line number {index}, which was not asked about; use the indexes of the question"
                )
            }
            Self::LineTwice { code, index } => {
                write!(f, "tax `{code}` is levied on line number {index} twice; name each line once")
            }
            Self::Base { code, base, lines } => write!(
                f,
                "tax `{code}` has a base of {} but its lines add up to {lines}; make the base their sum",
                canonical(*base)
            ),
            Self::NotRounded { code, amount } => write!(
                f,
                "tax `{code}` has an amount of {}, which has more digits than the currency; round it",
                canonical(*amount)
            ),
            Self::Sign { code, amount } => write!(
                f,
                "tax `{code}` has an amount of {}, which does not fit the sign of its base or its rate of zero",
                canonical(*amount)
            ),
            Self::Amount { code, amount, expected } => write!(
                f,
                "tax `{code}` has an amount of {} but base × rate is {}; the difference is more than one minor unit a line",
                canonical(*amount),
                canonical(*expected)
            ),
            Self::Overflow { code } => {
                write!(f, "tax `{code}` has a number that is too large or has more than 28 digits; use shorter numbers")
            }
        }
    }
}

impl std::error::Error for TaxRefused {}

/// Checks an answer against its question and spreads each tax over its lines.
///
/// # Errors
/// [`TaxRefused`] for the first component that cannot be printed; nothing is taken then.
pub fn accept(question: &TaxQuestion, answer: TaxAnswer) -> Result<AcceptedTaxes, TaxRefused> {
    let mut taken = HashSet::new();
    let mut components = Vec::with_capacity(answer.components.len());
    for component in answer.components {
        for index in &component.lines {
            if !taken.insert((component.code.clone(), *index)) {
                return Err(TaxRefused::LineTwice { code: component.code, index: *index });
            }
        }
        components.push(accept_one(question, component)?);
    }
    Ok(AcceptedTaxes { components, notes: answer.notes })
}

fn accept_one(question: &TaxQuestion, component: TaxComponent) -> Result<AcceptedComponent, TaxRefused> {
    let TaxComponent { code, name, rate_percent, base, amount, lines } = component;
    let hundred = Decimal::ONE_HUNDRED;
    if rate_percent < Decimal::ZERO || rate_percent > hundred {
        return Err(TaxRefused::Rate { code, rate_percent });
    }
    if lines.is_empty() {
        return Err(TaxRefused::NoLines { code });
    }
    let mut nets = Vec::with_capacity(lines.len());
    for index in &lines {
        let line = usize::try_from(*index).ok().and_then(|place| question.lines.get(place));
        match line {
            Some(line) => nets.push(line.amount),
            None => {
                return Err(TaxRefused::UnknownLine { code, index: *index });
            }
        }
    }
    let Ok(sum) = Money::sum(question.currency, nets.iter().copied()) else {
        return Err(TaxRefused::Overflow { code });
    };
    if base != sum.to_decimal() {
        return Err(TaxRefused::Base { code, base, lines: sum });
    }
    let tax = match Money::exact(amount, question.currency) {
        Ok(tax) => tax,
        Err(MoneyError::NotRounded { .. }) => return Err(TaxRefused::NotRounded { code, amount }),
        Err(_) => return Err(TaxRefused::Overflow { code }),
    };
    if !tax.is_zero() && (rate_percent.is_zero() || tax.is_negative() != sum.is_negative()) {
        return Err(TaxRefused::Sign { code, amount });
    }
    match is_plausible(sum, rate_percent, tax, lines.len()) {
        None => return Err(TaxRefused::Overflow { code }),
        Some(Err(expected)) => {
            return Err(TaxRefused::Amount { code, amount, expected });
        }
        Some(Ok(())) => {}
    }
    let weights: Vec<i64> = nets.iter().map(|net| net.minor).collect();
    let shares = split_largest_remainder(tax.minor, &weights);
    let per_line = lines.into_iter().zip(shares);
    let per_line = per_line.map(|(line, minor)| (line, Money::new(minor, question.currency))).collect();
    Ok(AcceptedComponent { code, name, rate_percent, base: sum, amount: tax, per_line })
}

/// Whether the tax is within one minor unit a line of base × rate ÷ 100; `Err` holds that
/// product. `None` when it cannot be calculated exactly.
fn is_plausible(base: Money, rate_percent: Decimal, tax: Money, lines: usize) -> Option<Result<(), Decimal>> {
    // A hundredth is exact, unlike a division by a hundred.
    let hundredth = Decimal::new(1, 2);
    let product = exact_mul(base.to_decimal(), rate_percent).ok()?;
    let expected = exact_mul(product, hundredth).ok()?;
    let difference = exact_sub(tax.to_decimal(), expected).ok()?.abs();
    let allowed = Decimal::new(i64::try_from(lines).ok()?, base.currency.exponent());
    Some(if difference <= allowed { Ok(()) } else { Err(expected) })
}

#[cfg(test)]
mod tests;
