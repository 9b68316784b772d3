//! The arithmetic of a bucket, and nothing else: the generic cell rate algorithm on whole microseconds.
//!
//! A bucket is one number, the moment at which it is full again. Taking moves that moment away, giving back moves it
//! nearer, and waiting does the rest. The script in `shared` does the same on Redis; a test holds the two together.

use crate::config::Rate;

const MICROSECONDS: u64 = 1_000_000;

/// What is wanted of one bucket, in time: how long its inflow takes to bring it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Take {
    /// What is taken.
    pub(super) cost: u64,
    /// What must be there for that; more than `cost` where a bucket is only looked at.
    pub(super) needed: u64,
    /// What the full bucket holds.
    pub(super) room: u64,
}

impl Take {
    pub(super) fn of(rate: Rate, cost: u64, needed: u64) -> Self {
        Self { cost: time(rate, cost), needed: time(rate, needed), room: time(rate, rate.burst) }
    }
}

/// How long the inflow takes to bring `amount`, rounded up so that nobody gets more than the rate.
pub(super) fn time(rate: Rate, amount: u64) -> u64 {
    amount.saturating_mul(MICROSECONDS).div_ceil(rate.per_second.max(1))
}

/// What the bucket holds when it is full again in `full_in` microseconds.
pub(super) fn remaining(rate: Rate, full_in: u64) -> u64 {
    let left = u128::from(time(rate, rate.burst).saturating_sub(full_in));
    u64::try_from(left * u128::from(rate.per_second) / u128::from(MICROSECONDS)).unwrap_or(u64::MAX).min(rate.burst)
}

/// Whether it may be taken from a bucket that is full again at `full_at`: the new such moment, or how long to wait.
pub(super) fn take(full_at: u64, now: u64, take: Take) -> Result<u64, u64> {
    let from = full_at.max(now);
    let wanted = (from - now).saturating_add(take.needed);
    match wanted <= take.room {
        true => Ok(from.saturating_add(take.cost)),
        false => Err(wanted - take.room),
    }
}

/// Gives back `cost`; a bucket is never more than full.
pub(super) fn give_back(full_at: u64, now: u64, cost: u64) -> u64 {
    full_at.saturating_sub(cost).max(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATE: Rate = Rate { per_second: 10, burst: 20 };

    #[test]
    fn a_bucket_empties_says_how_long_and_fills_again() {
        let mut full_at = 0;
        let now = 1_000_000;
        for left in (0..4).rev() {
            full_at = take(full_at, now, Take::of(RATE, 5, 5)).unwrap_or_default();
            assert_eq!(remaining(RATE, full_at - now), left * 5);
        }
        assert_eq!(take(full_at, now, Take::of(RATE, 3, 3)), Err(300_000));
        assert!(take(full_at, now + 300_000, Take::of(RATE, 3, 3)).is_ok());
        assert_eq!(take(full_at, now, Take::of(RATE, 0, 1)), Err(100_000), "a look takes nothing and may be refused");
        assert_eq!(take(0, now, Take::of(RATE, 0, 1)), Ok(now));
        assert_eq!(give_back(full_at, now, time(RATE, 500)), now, "never more than full");
    }

    proptest! {
        #[test]
        fn over_any_time_no_more_is_granted_than_burst_and_inflow(
            per_second in 1_u64..1_000_000, burst in 1_u64..1_000_000, steps in prop::collection::vec((0_u64..2_000_000, 0_u64..2_000), 1..60),
        ) {
            let rate = Rate { per_second, burst };
            let (mut full_at, mut now, mut granted) = (0, 10, 0);
            for (wait, cost) in steps {
                now += wait;
                if let Ok(next) = take(full_at, now, Take::of(rate, cost, cost)) {
                    full_at = next;
                    granted += cost;
                }
                let most = u128::from(burst) * 1_000_000 + u128::from(per_second) * u128::from(now) + 1_000_000;
                prop_assert!(u128::from(granted) * 1_000_000 <= most);
            }
        }

        #[test]
        fn what_is_given_back_can_be_taken_again(cost in 1_u64..=20, now in 0_u64..1_000_000_000) {
            let full = take(0, now, Take::of(RATE, 20, 20)).unwrap_or_default();
            let after = give_back(full, now, time(RATE, cost));
            prop_assert_eq!(take(after, now, Take::of(RATE, cost, cost)), Ok(full));
        }

        #[test]
        fn no_number_overflows(per_second: u64, burst: u64, cost: u64, now: u64, full_at: u64) {
            let rate = Rate { per_second, burst };
            let _ = take(full_at, now, Take::of(rate, cost, cost));
            let _ = remaining(rate, full_at);
            let _ = give_back(full_at, now, time(rate, cost));
        }
    }
}
