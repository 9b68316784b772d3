//! What an invoice adds up to: the sum of the amounts it shows, never of anything finer.

use std::fmt;

use super::InvoiceLine;
use crate::money::{Currency, Money, MoneyError};
use crate::tax::AcceptedTaxes;

/// The three sums of an invoice; `subtotal + tax = total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// The sum of the lines.
    pub subtotal: Money,
    /// The sum of the taxes.
    pub tax: Money,
    /// What is due.
    pub total: Money,
}

/// Why an invoice does not add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TotalsRefused {
    /// Currencies differ or a sum does not fit.
    Money(MoneyError),
    /// A tax is levied on a line the invoice does not have, or not on what its lines sum to.
    TaxBase {
        /// The tax's code.
        code: String,
    },
    /// A tax's parts on its lines do not sum to the tax.
    TaxSpread {
        /// The tax's code.
        code: String,
    },
}

impl fmt::Display for TotalsRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Money(error) => write!(f, "the invoice cannot be summed: {error}"),
            Self::TaxBase { code } => {
                write!(
                    f,
                    "the base of tax `{code}` is not the sum of its lines; ask the tax plugin again for these lines"
                )
            }
            Self::TaxSpread { code } => {
                write!(f, "the parts of tax `{code}` on its lines do not sum to it; spread it again")
            }
        }
    }
}

impl std::error::Error for TotalsRefused {}

impl From<MoneyError> for TotalsRefused {
    fn from(error: MoneyError) -> Self {
        Self::Money(error)
    }
}

/// Sums an invoice and checks that every printed column adds up.
///
/// # Errors
/// [`TotalsRefused`] when an amount has another currency, a sum does not fit, or a tax does not
/// belong to exactly these lines.
pub fn totals(currency: Currency, lines: &[InvoiceLine], taxes: &AcceptedTaxes) -> Result<Totals, TotalsRefused> {
    let subtotal = Money::sum(currency, lines.iter().map(|line| line.amount))?;
    for component in &taxes.components {
        let wrong_base = || TotalsRefused::TaxBase { code: component.code.clone() };
        let mut base = Money::zero(currency);
        for (index, _) in &component.per_line {
            let line = usize::try_from(*index).ok().and_then(|place| lines.get(place));
            base = base.checked_add(line.ok_or_else(wrong_base)?.amount)?;
        }
        if base != component.base {
            return Err(wrong_base());
        }
        if Money::sum(currency, component.per_line.iter().map(|(_, part)| *part))? != component.amount {
            return Err(TotalsRefused::TaxSpread { code: component.code.clone() });
        }
    }
    let tax = taxes.total(currency)?;
    Ok(Totals { subtotal, tax, total: subtotal.checked_add(tax)? })
}

#[cfg(test)]
mod tests;
