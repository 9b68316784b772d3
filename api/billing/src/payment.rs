//! A payment: where it stands, what may follow, and which invoices its money settles.
//!
//! What a gateway tells arrives late, twice and in any order. Each piece of news names a state, and a payment only
//! moves to a state further on: the same news in any order, any number of times, ends in the same place. A decline is
//! not the end: the payer may try again, and a bank may answer days later.

use std::fmt;
use std::str::FromStr;

use crate::money::{Money, MoneyError};

/// Where a payment stands, from the first to the furthest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentState {
    /// Written here; the gateway may not know of it.
    Requested,
    /// The gateway waits for the payer.
    Pending,
    /// The last attempt was declined; another may follow, or a late answer of the bank.
    Failed,
    /// It cannot be paid any more: expired or taken back. Money that was under way may still arrive.
    Cancelled,
    /// The payer's bank agreed; the money is not ours yet.
    Authorised,
    /// The money is ours.
    Captured,
}

impl PaymentState {
    /// Every state, the furthest last.
    pub const ALL: [Self; 6] =
        [Self::Requested, Self::Pending, Self::Failed, Self::Cancelled, Self::Authorised, Self::Captured];

    /// The name in the API and in stored rows, for example `CAPTURED`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Pending => "PENDING",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
            Self::Authorised => "AUTHORISED",
            Self::Captured => "CAPTURED",
        }
    }

    /// Where a payment stands after news of `heard`: never further back than before.
    #[must_use]
    pub fn after(self, heard: Self) -> Self {
        self.max(heard)
    }

    /// Whether the gateway may still have news that nobody has told us.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Captured)
    }
}

/// A word that names no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownPaymentState;

impl fmt::Display for UnknownPaymentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown payment state")
    }
}

impl std::error::Error for UnknownPaymentState {}

impl FromStr for PaymentState {
    type Err = UnknownPaymentState;

    fn from_str(text: &str) -> Result<Self, UnknownPaymentState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownPaymentState)
    }
}

impl fmt::Display for PaymentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Spreads money over what is due, in the order given: each debt is settled as far as the money goes. What is left of
/// the money afterwards belongs to nobody's invoice yet.
///
/// # Errors
/// Amounts of different currencies.
pub fn allocate(money: Money, due: &[Money]) -> Result<(Vec<Money>, Money), MoneyError> {
    let mut left = money;
    let mut shares = Vec::with_capacity(due.len());
    for debt in due {
        let share = Money::new(debt.minor.min(left.minor).max(0), left.currency);
        // Also finds a debt in another currency.
        debt.checked_sub(share)?;
        left = left.checked_sub(share)?;
        shares.push(share);
    }
    Ok((shares, left))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::PaymentState as S;
    use super::*;
    use crate::money::Currency;
    use proptest::prelude::*;

    fn any_state() -> impl Strategy<Value = S> {
        (0..S::ALL.len()).prop_map(|index| S::ALL[index])
    }

    #[test]
    fn late_authorisation_is_a_step_forward_and_late_failure_is_none() {
        let table = [
            (S::Failed, S::Authorised, S::Authorised),
            (S::Failed, S::Captured, S::Captured),
            (S::Cancelled, S::Captured, S::Captured),
            (S::Captured, S::Failed, S::Captured),
            (S::Captured, S::Authorised, S::Captured),
            (S::Authorised, S::Failed, S::Authorised),
            (S::Requested, S::Captured, S::Captured),
        ];
        for (before, heard, after) in table {
            assert_eq!(before.after(heard), after, "{before} hears {heard}");
        }
    }

    #[test]
    fn names() {
        for state in S::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert_eq!("captured".parse::<S>(), Err(UnknownPaymentState));
    }

    proptest! {
        #[test]
        fn news_in_any_order_and_twice_ends_alike(news in prop::collection::vec(any_state(), 0..12), seed: u64) {
            let straight = news.iter().fold(S::Requested, |state, heard| state.after(*heard));
            let mut shuffled: Vec<S> = news.iter().chain(&news).copied().collect();
            let mut random = seed;
            for at in (1..shuffled.len()).rev() {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                shuffled.swap(at, (random >> 33) as usize % (at + 1));
            }
            prop_assert_eq!(shuffled.iter().fold(S::Requested, |state, heard| state.after(*heard)), straight);
        }

        #[test]
        fn nothing_is_lost_and_nobody_pays_more_than_they_owe(money in 0_i64..1_000_000, due in prop::collection::vec(-5_i64..400_000, 0..6)) {
            let currency = Currency::from_code("INR").unwrap();
            let due: Vec<Money> = due.into_iter().map(|minor| Money::new(minor, currency)).collect();
            let (shares, left) = allocate(Money::new(money, currency), &due).unwrap();
            prop_assert_eq!(shares.iter().map(|share| share.minor).sum::<i64>() + left.minor, money);
            for (share, debt) in shares.iter().zip(&due) {
                prop_assert!(share.minor >= 0 && share.minor <= debt.minor.max(0));
            }
            let owed: i64 = due.iter().map(|debt| debt.minor.max(0)).sum();
            prop_assert_eq!(left.minor, (money - owed).max(0));
        }
    }

    #[test]
    fn another_currency_is_no_debt_of_this_money() {
        let (rupees, dollars) = (Currency::from_code("INR").unwrap(), Currency::from_code("USD").unwrap());
        assert!(allocate(Money::new(5, rupees), &[Money::new(5, dollars)]).is_err());
    }
}
