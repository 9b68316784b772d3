//! What is done by the clock, by one worker of all servers: a turn that nobody took is taken late, once, however many
//! were missed.

use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

use crate::app::{App, sweep_gateway, verify};
use crate::error::Error;
use crate::store;

/// Something done by the clock. Turns are at whole multiples of `every` since 1970, and `after` later.
struct Schedule {
    name: &'static str,
    every: TimeDelta,
    after: TimeDelta,
    /// Time a turn may take before another worker may take it.
    lease: TimeDelta,
}

const SWEEP: Schedule = Schedule {
    name: "gateway.sweep",
    every: TimeDelta::minutes(1),
    after: TimeDelta::zero(),
    lease: TimeDelta::minutes(15),
};

/// Daily, at half past two at night, UTC.
const BALANCE: Schedule = Schedule {
    name: "books.balance",
    every: TimeDelta::days(1),
    after: TimeDelta::minutes(150),
    lease: TimeDelta::hours(1),
};

/// How long after a turn that failed it is tried again, unless the next turn is earlier.
const AGAIN: TimeDelta = TimeDelta::minutes(5);

impl Schedule {
    /// The first turn after `now`.
    fn next(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let (every, after) = (self.every.num_seconds().max(1), self.after.num_seconds());
        let turns = (now.timestamp() - after).div_euclid(every) + 1;
        DateTime::from_timestamp(turns * every + after, 0).unwrap_or(now + self.every)
    }
}

/// Takes the turns that are due; tells how many there were.
pub(super) async fn once(app: Arc<App>) -> Result<usize, Error> {
    let mut taken = 0;
    for schedule in [&SWEEP, &BALANCE] {
        let now = Utc::now();
        let turn = store::schedule::claim(&app.store, schedule.name, schedule.next(now), now, schedule.lease).await?;
        let Some(turn) = turn else { continue };
        taken += 1;
        let outcome = match schedule.name {
            "gateway.sweep" => sweep_gateway::due(&app, now).await.map(|_| ()),
            _ => balance(&app).await,
        };
        let ended = Utc::now();
        match outcome {
            Ok(()) => store::schedule::done(&app.store, &turn, schedule.next(ended), ended).await?,
            Err(error) => {
                tracing::error!(schedule = schedule.name, error = ?error, "a turn failed; it is taken again");
                let next = schedule.next(ended).min(ended + AGAIN);
                store::schedule::failed(&app.store, &turn, next, &error.to_string()).await?
            }
        };
    }
    Ok(taken)
}

/// Sums of money against their rows, for every organisation.
async fn balance(app: &App) -> Result<(), Error> {
    let findings = verify::balance(app, None).await?;
    for finding in &findings {
        tracing::error!(finding, "the books of money do not balance");
    }
    app.metrics.books_seen(findings.len() as u64);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn turns_are_at_whole_multiples() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let table = [
            (&BALANCE, "2026-11-27T02:29:59Z", "2026-11-27T02:30:00Z"),
            (&BALANCE, "2026-11-27T02:30:00Z", "2026-11-28T02:30:00Z"),
            (&BALANCE, "2026-11-27T23:00:00Z", "2026-11-28T02:30:00Z"),
            (&SWEEP, "2026-11-27T02:30:59.5Z", "2026-11-27T02:31:00Z"),
        ];
        for (schedule, now, next) in table {
            assert_eq!(schedule.next(at(now)), at(next), "{} {now}", schedule.name);
        }
    }
}
