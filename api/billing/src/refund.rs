//! A refund: how much may still go back, where it stands, and what may follow.
//!
//! A refund is reserved before the gateway is asked: whatever has not failed for good counts against what was captured.
//! News arrives late, twice and in any order. `FAILED` is the furthest state because a bank may bounce a refund that
//! had been processed, and never the other way round.

use std::fmt;
use std::str::FromStr;

use crate::money::{Money, MoneyError};

/// Where a refund stands, from the first to the furthest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefundState {
    /// Reserved here; the gateway has not been asked.
    Requested,
    /// The gateway was asked and did not answer: it may have happened. It is asked again with the same key.
    Unknown,
    /// The gateway has it and has not finished.
    Pending,
    /// The money is on its way back.
    Succeeded,
    /// It did not happen, or the bank sent it back. What it had reserved is free again.
    Failed,
}

impl RefundState {
    /// Every state, the furthest last.
    pub const ALL: [Self; 5] = [Self::Requested, Self::Unknown, Self::Pending, Self::Succeeded, Self::Failed];

    /// The name in the API and in stored rows, for example `SUCCEEDED`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Unknown => "UNKNOWN",
            Self::Pending => "PENDING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }

    /// Where a refund stands after news of `heard`: never further back than before.
    #[must_use]
    pub fn after(self, heard: Self) -> Self {
        self.max(heard)
    }

    /// Whether it counts against what was captured.
    #[must_use]
    pub const fn is_reserved(self) -> bool {
        !matches!(self, Self::Failed)
    }
}

/// A word that names no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownRefundState;

impl fmt::Display for UnknownRefundState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown refund state")
    }
}

impl std::error::Error for UnknownRefundState {}

impl FromStr for RefundState {
    type Err = UnknownRefundState;

    fn from_str(text: &str) -> Result<Self, UnknownRefundState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownRefundState)
    }
}

impl fmt::Display for RefundState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What bounds the refunds of a payment, read under the payment's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refundable {
    /// What was captured.
    pub captured: Money,
    /// What every refund has reserved that has not failed.
    pub reserved: Money,
    /// What a dispute holds or has taken back: refunding it as well would pay it out twice.
    pub disputed: Money,
}

impl Refundable {
    /// What may still go back; zero when more is taken than was captured, which refunds made elsewhere can bring about.
    ///
    /// # Errors
    /// Amounts of different currencies.
    pub fn left(self) -> Result<Money, MoneyError> {
        let left = self.captured.checked_sub(self.reserved)?.checked_sub(self.disputed)?;
        Ok(if left.is_negative() { Money::zero(left.currency) } else { left })
    }

    /// Whether `asked` may go back.
    ///
    /// # Errors
    /// [`RefundRefused`] with what would be possible.
    pub fn allow(self, asked: Money) -> Result<(), RefundRefused> {
        let left = self.left().map_err(RefundRefused::Money)?;
        if self.captured.is_zero() {
            return Err(RefundRefused::NothingCaptured);
        }
        if asked.minor <= 0 {
            return Err(RefundRefused::NotPositive);
        }
        if left.checked_sub(asked).map_err(RefundRefused::Money)?.is_negative() {
            return Err(RefundRefused::MoreThanLeft { asked, left });
        }
        Ok(())
    }
}

/// Why nothing, or not as much, may go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundRefused {
    /// There is no money of this payment.
    NothingCaptured,
    /// Zero or less was asked for.
    NotPositive,
    /// More than what is left was asked for.
    MoreThanLeft {
        /// What was asked for.
        asked: Money,
        /// What may still go back.
        left: Money,
    },
    /// The amounts cannot be compared.
    Money(MoneyError),
}

impl fmt::Display for RefundRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingCaptured => f.write_str("Nothing of this payment was captured, so nothing can go back."),
            Self::NotPositive => {
                f.write_str("A refund is more than zero; leave `amount` out to refund all that is left.")
            }
            Self::MoreThanLeft { asked, left } if left.is_zero() => {
                write!(f, "{asked} cannot be refunded: the whole payment is refunded, being refunded or disputed.")
            }
            Self::MoreThanLeft { asked, left } => {
                write!(f, "{asked} cannot be refunded: {left} is left of this payment. Ask for that at most.")
            }
            Self::Money(cause) => write!(f, "{cause}."),
        }
    }
}

impl std::error::Error for RefundRefused {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::RefundState as S;
    use super::*;
    use crate::money::Currency;
    use proptest::prelude::*;

    fn rupees(minor: i64) -> Money {
        Money::new(minor, Currency::from_code("INR").unwrap())
    }

    #[test]
    fn a_bounce_after_success_counts_and_success_after_a_bounce_does_not() {
        let table = [
            (S::Succeeded, S::Failed, S::Failed),
            (S::Failed, S::Succeeded, S::Failed),
            (S::Succeeded, S::Pending, S::Succeeded),
            (S::Unknown, S::Pending, S::Pending),
            (S::Pending, S::Unknown, S::Pending),
            (S::Requested, S::Succeeded, S::Succeeded),
        ];
        for (before, heard, after) in table {
            assert_eq!(before.after(heard), after, "{before} hears {heard}");
        }
        assert!(S::ALL.into_iter().all(|state| state.is_reserved() == (state != S::Failed)));
        for state in S::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert_eq!("failed".parse::<S>(), Err(UnknownRefundState));
    }

    #[test]
    fn refusals_say_what_is_possible() {
        let of = |captured, reserved, disputed| Refundable {
            captured: rupees(captured),
            reserved: rupees(reserved),
            disputed: rupees(disputed),
        };
        let table = [
            (of(10_000, 0, 0), 10_000, None),
            (of(10_000, 4_000, 0), 6_000, None),
            (of(10_000, 4_000, 0), 6_001, Some("60.01 INR cannot be refunded: 60.00 INR is left")),
            (of(10_000, 4_000, 6_000), 1, Some("refunded, being refunded or disputed")),
            (of(10_000, 12_000, 0), 1, Some("refunded, being refunded or disputed")),
            (of(10_000, 0, 0), 0, Some("more than zero")),
            (of(10_000, 0, 0), -1, Some("more than zero")),
            (of(0, 0, 0), 1, Some("Nothing of this payment was captured")),
        ];
        for (refundable, asked, words) in table {
            match (refundable.allow(rupees(asked)), words) {
                (Ok(()), None) => {}
                (Err(refused), Some(words)) => assert!(refused.to_string().contains(words), "{refused}"),
                (found, expected) => panic!("{found:?} instead of {expected:?}"),
            }
        }
        let dollars = Money::new(1, Currency::from_code("USD").unwrap());
        assert!(matches!(of(5, 0, 0).allow(dollars), Err(RefundRefused::Money(_))));
    }

    proptest! {
        #[test]
        fn whatever_is_asked_no_more_goes_back_than_came(captured in 1_i64..100_000, asks in prop::collection::vec((1_i64..60_000, any::<bool>()), 1..40)) {
            let mut reserved = 0;
            for (asked, fails) in asks {
                let refundable = Refundable { captured: rupees(captured), reserved: rupees(reserved), disputed: rupees(0) };
                if refundable.allow(rupees(asked)).is_ok() {
                    reserved += asked;
                    prop_assert!(reserved <= captured);
                    if fails { reserved -= asked; }
                } else {
                    prop_assert!(reserved + asked > captured);
                }
            }
        }
    }
}
