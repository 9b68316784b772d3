//! When a mail is tried again: soon at first, then ever later, for a day.
//!
//! Nothing is remembered here, and a mail that was refused for good is not asked about.

use chrono::{DateTime, TimeDelta, Utc};

/// Minutes to wait after the first, second, … failure; the last one goes for all that follow.
const WAITS: [i64; 6] = [1, 5, 15, 60, 4 * 60, 12 * 60];

/// For how long a mail is tried.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// When to try a mail again that was tried first at `first` and has failed `failures` times, the last time at `now`;
/// `None` when to give it up. The last attempt is made a day after the first.
#[must_use]
pub fn next_attempt(first: DateTime<Utc>, failures: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let place = (failures.max(1) as usize - 1).min(WAITS.len() - 1);
    let wait = TimeDelta::minutes(WAITS.get(place).copied()?);
    let end = first.checked_add_signed(LIFETIME)?;
    (now < end).then(|| now.checked_add_signed(wait).map_or(end, |next| next.min(end)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_mail_is_tried_for_a_day_and_not_longer() {
        let first = DateTime::from_timestamp(1_770_000_000, 0).unwrap();
        let mut now = first;
        let mut minutes = Vec::new();
        for failures in 1.. {
            let Some(next) = next_attempt(first, failures, now) else { break };
            assert!(next > now);
            minutes.push((next - now).num_minutes());
            now = next;
        }
        assert_eq!(minutes, [1, 5, 15, 60, 240, 720, 399]);
        assert_eq!(now, first + TimeDelta::hours(24));
    }

    #[test]
    fn an_attempt_after_a_long_outage_is_the_last() {
        let first = DateTime::from_timestamp(1_770_000_000, 0).unwrap();
        assert_eq!(next_attempt(first, 1, first + TimeDelta::days(3)), None);
        assert_eq!(next_attempt(first, u32::MAX, first), Some(first + TimeDelta::hours(12)));
        assert_eq!(next_attempt(first, 0, first), Some(first + TimeDelta::minutes(1)));
    }
}
