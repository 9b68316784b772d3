//! Alert rules: what is watched and which thresholds an observation crosses.
//!
//! Observing (pricing what was used so far) and remembering what has fired happen elsewhere; the
//! same observation put in twice with what fired the first time yields nothing the second time.

use std::fmt;

use rust_decimal::Decimal;

use crate::ids::MetricId;

/// The most thresholds one rule may have.
pub const MAX_THRESHOLDS: usize = 20;

/// What a rule watches within one billing period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertSubject {
    /// The cost so far, in major units of the subscription's currency.
    Cost,
    /// The quantity of one metric so far.
    Quantity(MetricId),
}

impl AlertSubject {
    /// The name in the API and in stored rows: `COST` or `QUANTITY`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cost => "COST",
            Self::Quantity(_) => "QUANTITY",
        }
    }
}

/// The thresholds an observation has reached and that have not fired yet, ascending.
///
/// A threshold is reached at its exact value. `fired` holds what fired in this period already;
/// numbers are compared by value, so `10` and `10.00` are one threshold.
#[must_use]
pub fn crossed(observed: Decimal, thresholds: &[Decimal], fired: &[Decimal]) -> Vec<Decimal> {
    let mut reached: Vec<Decimal> =
        thresholds.iter().copied().filter(|threshold| observed >= *threshold && !fired.contains(threshold)).collect();
    reached.sort_unstable();
    reached.dedup();
    reached
}

/// Why a list of thresholds makes no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThresholdProblem {
    /// There is none.
    Empty,
    /// There are more than [`MAX_THRESHOLDS`].
    TooMany,
    /// One is zero or less and would fire before anything happened.
    NotPositive {
        /// Its place in the list, from zero.
        index: usize,
    },
    /// One is not above the one before it.
    NotAscending {
        /// Its place in the list, from zero.
        index: usize,
    },
}

impl fmt::Display for ThresholdProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("thresholds is empty; give at least one"),
            Self::TooMany => write!(f, "thresholds has more than {MAX_THRESHOLDS} entries; split the rule"),
            Self::NotPositive { index } => {
                write!(f, "thresholds.{index} is not above zero; give a positive number")
            }
            Self::NotAscending { index } => {
                write!(f, "thresholds.{index} is not above the one before it; sort them and give each once")
            }
        }
    }
}

impl std::error::Error for ThresholdProblem {}

/// Checks that thresholds are positive, ascending and distinct, and between 1 and 20.
///
/// # Errors
/// The first [`ThresholdProblem`] found.
pub fn check_thresholds(thresholds: &[Decimal]) -> Result<(), ThresholdProblem> {
    if thresholds.is_empty() {
        return Err(ThresholdProblem::Empty);
    }
    if thresholds.len() > MAX_THRESHOLDS {
        return Err(ThresholdProblem::TooMany);
    }
    let mut previous = Decimal::ZERO;
    for (index, threshold) in thresholds.iter().enumerate() {
        if *threshold <= Decimal::ZERO {
            return Err(ThresholdProblem::NotPositive { index });
        }
        if *threshold <= previous {
            return Err(ThresholdProblem::NotAscending { index });
        }
        previous = *threshold;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::decimal::parse;
    use proptest::prelude::*;

    fn numbers(texts: &[&str]) -> Vec<Decimal> {
        texts.iter().map(|text| parse(text).unwrap()).collect()
    }

    #[test]
    fn crossings() {
        type Texts<'a> = &'a [&'a str];
        let table: [(&str, Texts<'_>, Texts<'_>, Texts<'_>); 7] = [
            ("0", &["10"], &[], &[]),
            ("9.99", &["10"], &[], &[]),
            ("10", &["10"], &[], &["10"]),
            ("100", &["10", "50", "200"], &[], &["10", "50"]),
            ("100", &["50", "10", "50"], &[], &["10", "50"]),
            ("100", &["10", "50", "200"], &["10"], &["50"]),
            ("100", &["10.00"], &["10"], &[]),
        ];
        for (observed, thresholds, fired, expected) in table {
            let found = crossed(parse(observed).unwrap(), &numbers(thresholds), &numbers(fired));
            assert_eq!(found, numbers(expected), "{observed} {thresholds:?} {fired:?}");
        }
    }

    #[test]
    fn threshold_lists() {
        let table: [(&[&str], Result<(), ThresholdProblem>); 7] = [
            (&["1"], Ok(())),
            (&["1", "1.5", "200"], Ok(())),
            (&[], Err(ThresholdProblem::Empty)),
            (&["0"], Err(ThresholdProblem::NotPositive { index: 0 })),
            (&["5", "-1"], Err(ThresholdProblem::NotPositive { index: 1 })),
            (&["5", "5"], Err(ThresholdProblem::NotAscending { index: 1 })),
            (&["1", "5", "2"], Err(ThresholdProblem::NotAscending { index: 2 })),
        ];
        for (thresholds, expected) in table {
            assert_eq!(check_thresholds(&numbers(thresholds)), expected, "{thresholds:?}");
        }
        let many: Vec<Decimal> = (1_u32..=21).map(Decimal::from).collect();
        assert_eq!(check_thresholds(&many), Err(ThresholdProblem::TooMany));
    }

    proptest! {
        #[test]
        fn nothing_fires_twice(observed in 0_i64..100, thresholds in prop::collection::vec(1_i64..100, 0..10)) {
            let thresholds: Vec<Decimal> = thresholds.into_iter().map(Decimal::from).collect();
            let first = crossed(Decimal::from(observed), &thresholds, &[]);
            prop_assert!(crossed(Decimal::from(observed), &thresholds, &first).is_empty());
        }
    }
}
