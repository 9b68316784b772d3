//! Settings of the form `250/s burst 1000`: how much a bucket holds and how fast it fills. What each bucket counts,
//! and where, is the limiter's.

use std::fmt;

/// A bucket's size and inflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// What flows in each second; at least 1.
    pub per_second: u64,
    /// What it holds when full; at least 1.
    pub burst: u64,
}

/// Every rate an operator can set; `None` is one that is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Requests of one address, before anybody looks at their key.
    pub address: Option<Rate>,
    /// Keys of one address that turned out not to be valid.
    pub failed_keys: Option<Rate>,
    /// GraphQL operations of one key.
    pub key_requests: Option<Rate>,
    /// GraphQL operations of one organisation.
    pub organisation_requests: Option<Rate>,
    /// Cost of one key's operations.
    pub key_cost: Option<Rate>,
    /// Cost of one organisation's operations.
    pub organisation_cost: Option<Rate>,
    /// Events of one key on `POST /v1/events`.
    pub key_events: Option<Rate>,
    /// Events of one organisation on `POST /v1/events`.
    pub organisation_events: Option<Rate>,
}

impl Rate {
    const MOST: u64 = 100_000_000;

    const fn of(per_second: u64, burst: u64) -> Option<Self> {
        Some(Self { per_second, burst })
    }

    /// Reads `250/s burst 1000`, or `off`.
    pub(super) fn read(text: &str) -> Result<Option<Self>, String> {
        let expected =
            || format!("`off`, or a rate such as `250/s burst 1000` with whole numbers from 1 to {}", Self::MOST);
        if text == "off" {
            return Ok(None);
        }
        let (per_second, burst) = text.split_once("/s burst ").ok_or_else(expected)?;
        let number = |text: &str| text.trim().parse().ok().filter(|number| (1..=Self::MOST).contains(number));
        match (number(per_second), number(burst)) {
            (Some(per_second), Some(burst)) => Ok(Some(Self { per_second, burst })),
            _ => Err(expected()),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/s burst {}", self.per_second, self.burst)
    }
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            address: Rate::of(5_000, 50_000),
            failed_keys: Rate::of(1, 60),
            key_requests: Rate::of(500, 2_000),
            organisation_requests: Rate::of(1_000, 5_000),
            key_cost: Rate::of(5_000, 100_000),
            organisation_cost: Rate::of(20_000, 400_000),
            key_events: Rate::of(50_000, 500_000),
            organisation_events: Rate::of(100_000, 1_000_000),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_rate_is_read_as_it_is_written() {
        let rate = Rate { per_second: 250, burst: 1_000 };
        assert_eq!(Rate::read(&rate.to_string()).unwrap(), Some(rate));
        assert_eq!(Rate::read("off").unwrap(), None);
        for wrong in ["", "250", "250/s", "0/s burst 5", "5/s burst 0", "-1/s burst 5", "5/s burst 1e3", "5/m burst 9"]
        {
            assert!(Rate::read(wrong).unwrap_err().contains("250/s burst 1000"), "{wrong}");
        }
    }
}
