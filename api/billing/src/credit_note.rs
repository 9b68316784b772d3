//! A credit note: how a part of an invoice is taken back, net and each tax.
//!
//! The parts of a note are in proportion to what earlier notes have left of each part of the invoice, spread by largest
//! remainder. So a note never takes back more of a tax than was charged, the parts of each note add up to it, and the
//! last note takes exactly what is left: the notes sum to the invoice, however it was cut.

use std::fmt;

use crate::money::{Money, MoneyError, split_largest_remainder};

/// What an invoice charged, or what is left of it: the net amount, and each tax in the order of the invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// Without taxes.
    pub net: Money,
    /// The taxes.
    pub taxes: Vec<Money>,
}

/// Why a note cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteRefused {
    /// More than what is left of the invoice.
    MoreThanLeft {
        /// What may still be credited.
        left: Money,
    },
    /// Zero or less.
    NotPositive,
    /// The invoice or an earlier note has a part below zero, or the parts do not belong together.
    OddParts,
    /// The amounts cannot be combined.
    Money(MoneyError),
}

impl From<MoneyError> for NoteRefused {
    fn from(cause: MoneyError) -> Self {
        Self::Money(cause)
    }
}

impl fmt::Display for NoteRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MoreThanLeft { left } => write!(f, "Only {left} of the invoice is not credited yet."),
            Self::NotPositive => f.write_str("A credit note is for more than zero."),
            Self::OddParts => f.write_str("The invoice has negative parts; it cannot be credited in proportion."),
            Self::Money(cause) => write!(f, "{cause}."),
        }
    }
}

impl std::error::Error for NoteRefused {}

impl Parts {
    /// Net and taxes together.
    ///
    /// # Errors
    /// Amounts of different currencies, or a sum that does not fit.
    pub fn total(&self) -> Result<Money, MoneyError> {
        self.taxes.iter().try_fold(self.net, |sum, tax| sum.checked_add(*tax))
    }

    /// What is left after `other`.
    ///
    /// # Errors
    /// [`NoteRefused::OddParts`] when the two do not have the same taxes.
    pub fn without(&self, other: &Self) -> Result<Self, NoteRefused> {
        if self.taxes.len() != other.taxes.len() {
            return Err(NoteRefused::OddParts);
        }
        let taxes = self.taxes.iter().zip(&other.taxes).map(|(ours, theirs)| ours.checked_sub(*theirs));
        Ok(Self { net: self.net.checked_sub(other.net)?, taxes: taxes.collect::<Result<_, _>>()? })
    }

    /// The parts of a note of `amount`, taxes included, where `self` is what earlier notes have left.
    ///
    /// # Errors
    /// [`NoteRefused`], in words for whoever asked.
    pub fn credit(&self, amount: Money) -> Result<Self, NoteRefused> {
        let left = self.total()?;
        if amount.minor <= 0 {
            return Err(NoteRefused::NotPositive);
        }
        if left.checked_sub(amount)?.is_negative() {
            return Err(NoteRefused::MoreThanLeft { left });
        }
        let weights: Vec<i64> = std::iter::once(&self.net).chain(&self.taxes).map(|part| part.minor).collect();
        if weights.iter().any(|part| *part < 0) {
            return Err(NoteRefused::OddParts);
        }
        let mut shares =
            split_largest_remainder(amount.minor, &weights).into_iter().map(|minor| Money::new(minor, amount.currency));
        let net = shares.next().ok_or(NoteRefused::OddParts)?;
        Ok(Self { net, taxes: shares.collect() })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::money::Currency;
    use proptest::prelude::*;

    fn parts(net: i64, taxes: &[i64]) -> Parts {
        let rupees = Currency::from_code("INR").unwrap();
        Parts { net: Money::new(net, rupees), taxes: taxes.iter().map(|minor| Money::new(*minor, rupees)).collect() }
    }

    #[test]
    fn a_note_reverses_tax_at_the_rates_of_the_invoice() {
        // 1,000.00 with CGST and SGST of 9 % each, 118.00 credited: 100.00 + 9.00 + 9.00.
        let invoice = parts(100_000, &[9_000, 9_000]);
        let note = invoice.credit(Money::new(11_800, invoice.net.currency)).unwrap();
        assert_eq!(note, parts(10_000, &[900, 900]));
        let rest = invoice.without(&note).unwrap();
        assert_eq!(rest.credit(rest.total().unwrap()).unwrap(), parts(90_000, &[8_100, 8_100]));
        let more = rest.total().unwrap().checked_add(Money::new(1, invoice.net.currency)).unwrap();
        assert_eq!(rest.credit(more), Err(NoteRefused::MoreThanLeft { left: rest.total().unwrap() }));
        assert_eq!(rest.credit(Money::zero(invoice.net.currency)), Err(NoteRefused::NotPositive));
        assert_eq!(parts(100, &[-5]).credit(Money::new(1, invoice.net.currency)), Err(NoteRefused::OddParts));
        assert_eq!(invoice.without(&parts(1, &[])), Err(NoteRefused::OddParts));
    }

    proptest! {
        #[test]
        fn notes_sum_to_the_invoice_however_it_is_cut(net in 0_i64..50_000, taxes in prop::collection::vec(0_i64..9_000, 0..4), cuts in prop::collection::vec(1_i64..20_000, 0..30)) {
            let mut left = parts(net, &taxes);
            for cut in cuts {
                let total = left.total().unwrap();
                let amount = Money::new(cut.min(total.minor), total.currency);
                if amount.is_zero() { break; }
                let note = left.credit(amount).unwrap();
                prop_assert_eq!(note.total().unwrap(), amount);
                left = left.without(&note).unwrap();
                prop_assert!(!left.net.is_negative() && left.taxes.iter().all(|tax| !tax.is_negative()));
            }
            let total = left.total().unwrap();
            if !total.is_zero() {
                prop_assert_eq!(left.credit(total).unwrap(), left);
            }
        }
    }
}
