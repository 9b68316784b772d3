//! How often and how much anybody may ask: buckets per address, key and organisation.
//!
//! With Redis the buckets are those of all nodes together; when it does not answer each node goes on with buckets of its
//! own, so that a counter that is away never takes the service with it. What is counted where, and what a refusal looks
//! like, is not known here.

mod bucket;
mod local;
mod name;
mod shared;
#[cfg(test)]
mod tests;

pub use name::Counted;

use std::net::IpAddr;
use std::time::Duration;
use uuid::Uuid;

use self::bucket::{Take, remaining};
use self::local::Local;
use self::name::Name;
use self::shared::Shared;
use crate::config::{Rate, Rates, Settings};
use crate::error::Error;
use crate::metrics::Metrics;
use crate::viewer::Viewer;

/// In how many microseconds each bucket is full again, or which one refuses.
type Outcome = Result<Vec<u64>, Refused>;

/// Which bucket refuses, and for how many microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refused {
    place: usize,
    wait: u64,
}

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The bucket that is empty.
    pub counted: Counted,
    /// When it would be granted.
    pub retry_after: Duration,
}

/// A bucket as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What it counts.
    pub counted: Counted,
    /// Its size and inflow.
    pub rate: Rate,
    /// What it holds now.
    pub remaining: u64,
}

/// Decides who may and who must wait.
pub struct Limiter {
    rates: Rates,
    local: Local,
    shared: Option<Shared>,
    metrics: Metrics,
}

/// Something that is counted per key and per organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Requests.
    Requests,
    /// Cost of operations.
    Cost,
    /// Events.
    Events,
}

impl Limiter {
    /// By the rates of the settings, on Redis where they name one.
    pub fn new(settings: &Settings, metrics: Metrics) -> Result<Self, Error> {
        let shared = settings.redis_url.as_ref().map(|url| Shared::open(url, metrics.clone())).transpose()?;
        Ok(Self { rates: settings.rates, local: Local::new(), shared, metrics })
    }

    /// One more request from an address, whose key is not known yet. `trusted` ones have shown a valid key a moment ago
    /// and do not wait for others who guess.
    pub async fn admit_address(&self, address: IpAddr, trusted: bool) -> Result<(), Wait> {
        let mut wants = Vec::with_capacity(2);
        let of = |counted| Name::of_address(counted, address);
        if let Some(rate) = self.rates.address {
            wants.push((of(Counted::AddressRequests), rate, 1, 1));
        }
        if let Some(rate) = self.rates.failed_keys.filter(|_| !trusted) {
            wants.push((of(Counted::AddressFailures), rate, 0, 1));
        }
        self.take(&wants).await.map(|_| ())
    }

    /// A key from this address turned out not to be valid.
    pub async fn note_failed_key(&self, address: IpAddr) {
        if let Some(rate) = self.rates.failed_keys {
            // Refused or not, the bucket is empty then, which is all that is wanted.
            let _ = self.take(&[(Name::of_address(Counted::AddressFailures, address), rate, 1, 1)]).await;
        }
    }

    /// Takes from the buckets of a viewer's key and organisation. Answers how they stand.
    pub async fn spend(&self, viewer: &Viewer, measure: Measure, amount: u64) -> Result<Vec<Standing>, Wait> {
        let wants: Vec<_> =
            self.buckets(viewer, measure).into_iter().map(|(name, rate)| (name, rate, amount, amount)).collect();
        self.take(&wants).await
    }

    /// Gives back what was taken and not used.
    pub async fn give_back(&self, viewer: &Viewer, measure: Measure, amount: u64) -> Vec<Standing> {
        let buckets = self.buckets(viewer, measure);
        if buckets.is_empty() {
            return Vec::new();
        }
        let gifts: Vec<_> = buckets.iter().map(|(name, rate)| (*name, bucket::time(*rate, amount))).collect();
        let shared = match &self.shared {
            Some(shared) => shared.give_back(&gifts).await,
            None => None,
        };
        let full_in = shared.unwrap_or_else(|| self.local.give_back(&gifts));
        standings(buckets.into_iter(), &full_in)
    }

    /// How the buckets of a viewer stand, without taking anything.
    pub async fn standing(&self, viewer: &Viewer, measure: Measure) -> Vec<Standing> {
        let wants: Vec<_> = self.buckets(viewer, measure).into_iter().map(|(name, rate)| (name, rate, 0, 0)).collect();
        self.take(&wants).await.unwrap_or_default()
    }

    /// The most that can be taken at once; more would be refused for ever.
    pub fn most(&self, measure: Measure) -> u64 {
        let (key, organisation) = self.rates_of(measure);
        key.into_iter().chain(organisation).map(|rate| rate.burst).min().unwrap_or(u64::MAX)
    }

    fn rates_of(&self, measure: Measure) -> (Option<Rate>, Option<Rate>) {
        let rates = &self.rates;
        match measure {
            Measure::Requests => (rates.key_requests, rates.organisation_requests),
            Measure::Cost => (rates.key_cost, rates.organisation_cost),
            Measure::Events => (rates.key_events, rates.organisation_events),
        }
    }

    fn buckets(&self, viewer: &Viewer, measure: Measure) -> Vec<(Name, Rate)> {
        let (of_key, of_organisation) = match measure {
            Measure::Requests => (Counted::KeyRequests, Counted::OrganisationRequests),
            Measure::Cost => (Counted::KeyCost, Counted::OrganisationCost),
            Measure::Events => (Counted::KeyEvents, Counted::OrganisationEvents),
        };
        let (key_rate, organisation_rate) = self.rates_of(measure);
        let key = viewer.key_id.uuid();
        let organisation = viewer.own_organisation().map(|organisation| organisation.uuid());
        let group: Uuid = organisation.unwrap_or(key);
        let key = key_rate.map(|rate| (Name::of(of_key, key, group), rate));
        let organisation =
            organisation.zip(organisation_rate).map(|(id, rate)| (Name::of(of_organisation, id, group), rate));
        key.into_iter().chain(organisation).collect()
    }

    /// `(bucket, its rate, what is taken, what must be there)`, all or none.
    async fn take(&self, wants: &[(Name, Rate, u64, u64)]) -> Result<Vec<Standing>, Wait> {
        if wants.is_empty() {
            return Ok(Vec::new());
        }
        let takes: Vec<_> =
            wants.iter().map(|(name, rate, cost, needed)| (*name, Take::of(*rate, *cost, *needed))).collect();
        let shared = match &self.shared {
            Some(shared) => shared.take(&takes).await,
            None => None,
        };
        match shared.unwrap_or_else(|| self.local.take(&takes)) {
            Ok(full_in) => Ok(standings(wants.iter().map(|(name, rate, ..)| (*name, *rate)), &full_in)),
            Err(Refused { place, wait }) => {
                let counted = wants.get(place).map_or(Counted::KeyRequests, |(name, ..)| name.counted);
                self.metrics.limiter_refused(counted.layer(), counted.what());
                Err(Wait { counted, retry_after: Duration::from_micros(wait) })
            }
        }
    }
}

fn standings(buckets: impl Iterator<Item = (Name, Rate)>, full_in: &[u64]) -> Vec<Standing> {
    let standing = |((name, rate), full_in): ((Name, Rate), &u64)| Standing {
        counted: name.counted,
        rate,
        remaining: remaining(rate, *full_in),
    };
    buckets.zip(full_in).map(standing).collect()
}

impl Wait {
    /// What the caller is told.
    pub fn words(&self) -> String {
        let (whose, what) = match self.counted {
            Counted::AddressRequests => ("your address", "requests"),
            Counted::AddressFailures => ("your address", "invalid keys"),
            Counted::KeyRequests => ("this key", "operations"),
            Counted::KeyCost => ("this key", "cost of operations"),
            Counted::KeyEvents => ("this key", "events"),
            Counted::OrganisationRequests => ("your organisation", "operations"),
            Counted::OrganisationCost => ("your organisation", "cost of operations"),
            Counted::OrganisationEvents => ("your organisation", "events"),
        };
        let seconds = self.retry_after.as_millis().div_ceil(1_000).max(1);
        format!("The limit of {what} for {whose} is reached. Try again in {seconds} s.")
    }

    /// The refusal as an error of the server.
    pub fn error(&self) -> Error {
        Error::rate_limited("RATE_LIMITED", self.words()).retry_after(self.retry_after)
    }
}
