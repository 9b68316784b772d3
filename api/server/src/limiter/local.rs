//! The buckets of this process. A full bucket is not kept: it is the same as one nobody has asked for.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::bucket::{self, Take};
use super::name::Name;
use super::{Outcome, Refused};

/// Buckets kept at most, about 100 bytes each. Past that all are forgotten, which gives everybody a full one.
const MOST: usize = 500_000;

/// Buckets before anybody looks for full ones.
const FIRST_SWEEP: usize = 1_024;

/// The buckets and their clock.
pub(super) struct Local {
    began: Instant,
    kept: Mutex<Kept>,
}

struct Kept {
    full_at: HashMap<Name, u64>,
    sweep_at: usize,
}

impl Local {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), kept: Mutex::new(Kept { full_at: HashMap::new(), sweep_at: FIRST_SWEEP }) }
    }

    /// Takes from all buckets or from none. Answers in how many microseconds each is full again.
    pub(super) fn take(&self, wants: &[(Name, Take)]) -> Outcome {
        let now = self.now();
        let mut kept = self.lock();
        let mut after = Vec::with_capacity(wants.len());
        for (place, (name, want)) in wants.iter().enumerate() {
            let full_at = kept.full_at.get(name).copied().unwrap_or_default();
            match bucket::take(full_at, now, *want) {
                Ok(full_at) => after.push(full_at),
                Err(wait) => return Err(Refused { place, wait }),
            }
        }
        for ((name, _), full_at) in wants.iter().zip(&after) {
            kept.put(*name, *full_at, now);
        }
        Ok(after.into_iter().map(|full_at| full_at - now).collect())
    }

    /// Gives back to all buckets; answers like [`Self::take`].
    pub(super) fn give_back(&self, gifts: &[(Name, u64)]) -> Vec<u64> {
        let now = self.now();
        let mut kept = self.lock();
        let mut answer = Vec::with_capacity(gifts.len());
        for (name, cost) in gifts {
            let before = kept.full_at.get(name).copied().unwrap_or_default();
            let full_at = bucket::give_back(before, now, *cost);
            kept.put(*name, full_at, now);
            answer.push(full_at - now);
        }
        answer
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn put(&mut self, name: Name, full_at: u64, now: u64) {
        if full_at <= now {
            self.full_at.remove(&name);
            return;
        }
        self.full_at.insert(name, full_at);
        if self.full_at.len() >= self.sweep_at {
            self.full_at.retain(|_, full_at| *full_at > now);
            if self.full_at.len() >= MOST {
                tracing::warn!("more than {MOST} rate limits were in use at once; all begin anew");
                self.full_at.clear();
            }
            self.sweep_at = (self.full_at.len() * 2).max(FIRST_SWEEP);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::Rate;
    use crate::limiter::name::Counted;
    use uuid::Uuid;

    const RATE: Rate = Rate { per_second: 1, burst: 10 };

    fn name(counted: Counted, owner: u128) -> Name {
        Name::of(counted, Uuid::from_u128(owner), Uuid::nil())
    }

    #[test]
    fn all_are_taken_from_or_none() {
        let local = Local::new();
        let (key, organisation) = (name(Counted::KeyCost, 1), name(Counted::OrganisationCost, 2));
        let take = |amount| Take::of(RATE, amount, amount);
        local.take(&[(organisation, take(8))]).unwrap();
        let refused = local.take(&[(key, take(5)), (organisation, take(5))]).unwrap_err();
        assert_eq!(refused.place, 1);
        assert!((2_900_000..=3_000_000).contains(&refused.wait), "{}", refused.wait);
        assert!(local.take(&[(key, take(10))]).is_ok(), "the key's bucket is untouched");
        local.give_back(&[(organisation, Take::of(RATE, 8, 8).cost)]);
        assert!(local.take(&[(organisation, take(10))]).is_ok());
    }

    #[test]
    fn full_buckets_are_not_kept() {
        let local = Local::new();
        let quick = Rate { per_second: 1_000_000, burst: 10 };
        for owner in 0..10_000 {
            local.take(&[(name(Counted::KeyRequests, owner), Take::of(quick, 1, 1))]).unwrap();
        }
        assert!(local.lock().full_at.len() <= 2 * FIRST_SWEEP, "{}", local.lock().full_at.len());
    }
}
