//! Callers that were turned away, on their way into the audit trail: counted in memory and written by a worker, so
//! that neither a flood of bad keys nor the answer to one waits for the database.
//!
//! A kind of refusal (key or network, and reason) gets at most one row a minute, with the number of calls it stands
//! for: the first within a second, the rest when the minute is over. The number of kinds is bounded, what is beyond
//! shares one row. A crash loses the counts of the running minute, nothing else.

use billing::ids::{ApiKeyId, OrganisationId};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::App;
use super::audit::{self, Action, Actor, Changes, Subject};
use super::authenticate::{network, show_network};
use crate::error::{Error, ErrorKind};
use crate::store::audit::{ActorKind, NewAuditEvent, SubjectType};
use crate::viewer::Viewer;

/// Kinds that are told apart at the same time; each costs one row a minute at most.
const KINDS: usize = 256;

/// Why a caller was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// There is no such key.
    UnknownKey,
    /// The key has expired.
    ExpiredKey,
    /// The key was revoked.
    RevokedKey,
    /// The key's role does not allow it.
    Forbidden,
    /// The session token was not minted here, or was changed.
    BadSession,
    /// The session token has expired.
    ExpiredSession,
    /// The session token is for another origin.
    WrongAudience,
    /// The key may not be used from there.
    AddressNotAllowed,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Self::UnknownKey => "UNKNOWN_KEY",
            Self::ExpiredKey => "EXPIRED_KEY",
            Self::RevokedKey => "REVOKED_KEY",
            Self::Forbidden => "FORBIDDEN",
            Self::BadSession => "BAD_SESSION",
            Self::ExpiredSession => "EXPIRED_SESSION",
            Self::WrongAudience => "WRONG_AUDIENCE",
            Self::AddressNotAllowed => "ADDRESS_NOT_ALLOWED",
        }
    }
}

/// One call that was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The organisation of the key, as far as the key is known.
    pub organisation: Option<OrganisationId>,
    /// The key.
    pub key: Option<ApiKeyId>,
    /// From where.
    pub address: Option<IpAddr>,
    /// Why.
    pub reason: Reason,
}

/// What is told apart. A known key is one thing wherever it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Kind {
    organisation: Option<OrganisationId>,
    key: Option<ApiKeyId>,
    network: Option<IpAddr>,
    reason: Reason,
}

#[derive(Clone, Debug)]
struct Tally {
    calls: u64,
    since: DateTime<Utc>,
    latest: Option<IpAddr>,
    /// The minute in which it got its last row.
    written: Option<i64>,
}

/// Refusals that are not yet written.
#[derive(Default)]
pub struct Refusals {
    tallies: Mutex<HashMap<Kind, Tally>>,
}

impl Refusals {
    /// Counts one.
    pub fn note(&self, refusal: Refusal, now: DateTime<Utc>) {
        let Refusal { organisation, key, address, reason } = refusal;
        let network = if key.is_none() { address.map(network) } else { None };
        let mut kind = Kind { organisation, key, network, reason };
        let mut tallies = self.lock();
        if tallies.len() >= KINDS && !tallies.contains_key(&kind) {
            kind = Kind { organisation: None, key: None, network: None, reason };
        }
        let empty = Tally { calls: 0, since: now, latest: None, written: None };
        let tally = tallies.entry(kind).or_insert(empty);
        if tally.calls == 0 {
            tally.since = now;
        }
        tally.calls += 1;
        tally.latest = address;
    }

    /// Counts a call that the caller's role does not allow.
    pub fn forbidden(&self, viewer: &Viewer, now: DateTime<Utc>) {
        let refusal = Refusal {
            organisation: viewer.own_organisation(),
            key: Some(viewer.key_id),
            address: viewer.address,
            reason: Reason::Forbidden,
        };
        self.note(refusal, now);
    }

    /// The same when that is what the error says.
    pub fn if_forbidden(&self, viewer: &Viewer, error: &Error, now: DateTime<Utc>) {
        if error.kind == ErrorKind::Forbidden {
            self.forbidden(viewer, now);
        }
    }

    /// What is to be written now: kinds without a row in this minute, or all that is left.
    fn take(&self, now: DateTime<Utc>, all: bool) -> Vec<(Kind, Tally)> {
        let minute = now.timestamp().div_euclid(60);
        let mut tallies = self.lock();
        tallies.retain(|_, tally| tally.calls > 0 || tally.written == Some(minute));
        let mut due = Vec::new();
        for (kind, tally) in tallies.iter_mut() {
            if tally.calls > 0 && (all || tally.written != Some(minute)) {
                due.push((*kind, tally.clone()));
                tally.calls = 0;
                tally.written = Some(minute);
            }
        }
        due
    }

    /// Counts again what could not be written.
    fn give_back(&self, due: Vec<(Kind, Tally)>) {
        let mut tallies = self.lock();
        for (kind, old) in due {
            let tally = tallies.entry(kind).or_insert_with(|| Tally { calls: 0, ..old.clone() });
            tally.calls += old.calls;
            tally.since = old.since;
            tally.written = old.written;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Kind, Tally>> {
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes what is due, or everything at the end; tells how many rows.
pub async fn write(app: &App, now: DateTime<Utc>, all: bool) -> Result<usize, Error> {
    let due = app.refusals.take(now, all);
    if due.is_empty() {
        return Ok(0);
    }
    match save(app, &due, now).await {
        Ok(()) => Ok(due.len()),
        Err(error) => {
            app.refusals.give_back(due);
            Err(error)
        }
    }
}

async fn save(app: &App, due: &[(Kind, Tally)], now: DateTime<Utc>) -> Result<(), Error> {
    let rows: Vec<NewAuditEvent> = due.iter().map(|(kind, tally)| row(kind, tally, now)).collect();
    let tx = app.store.begin().await?;
    audit::record_all_in_tx(&tx, &rows).await?;
    tx.commit().await
}

fn row(kind: &Kind, tally: &Tally, now: DateTime<Utc>) -> NewAuditEvent {
    let subject = match (kind.key, kind.network) {
        (Some(key), _) => Subject::named(kind.organisation, SubjectType::ApiKey, key.to_string()),
        (None, Some(network)) => Subject::named(kind.organisation, SubjectType::Caller, show_network(network)),
        (None, None) => Subject::nameless(kind.organisation, SubjectType::Caller),
    };
    let of = if kind.key.is_some() { ActorKind::ApiKey } else { ActorKind::Stranger };
    let by = Actor {
        key_id: kind.key,
        address: tally.latest.map(|address| address.to_canonical().to_string()),
        ..audit::actor(of)
    };
    let changes = Changes::new()
        .set("reason", kind.reason.as_str())
        .set("calls", tally.calls)
        .set("since", audit::time(tally.since));
    audit::row(by, Action::CallRefused, subject, changes, now)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn from(host: u32, reason: Reason) -> Refusal {
        Refusal { organisation: None, key: None, address: Some(IpAddr::V4(host.into())), reason }
    }

    #[test]
    fn a_flood_is_one_row_a_minute() {
        let refusals = Refusals::default();
        refusals.note(from(1, Reason::UnknownKey), at(0));
        assert_eq!(refusals.take(at(1), false).len(), 1, "the first is written at once");
        for second in 2..60 {
            refusals.note(from(1, Reason::UnknownKey), at(second));
            assert!(refusals.take(at(second), false).is_empty());
        }
        let due = refusals.take(at(60), false);
        assert_eq!((due.len(), due[0].1.calls, due[0].1.since), (1, 58, at(2)));
        assert!(refusals.take(at(61), true).is_empty(), "nothing is written twice");
        assert!(refusals.take(at(120), false).is_empty() && refusals.lock().is_empty(), "and all is forgotten");
    }

    #[test]
    fn a_flood_from_everywhere_is_bounded_and_fully_counted() {
        let refusals = Refusals::default();
        for host in 0..10_000 {
            refusals.note(from(host, Reason::UnknownKey), at(0));
        }
        let due = refusals.take(at(1), false);
        assert_eq!(due.len(), KINDS + 1);
        assert_eq!(due.iter().map(|(_, tally)| tally.calls).sum::<u64>(), 10_000);
    }

    #[test]
    fn what_could_not_be_written_is_counted_again() {
        let refusals = Refusals::default();
        refusals.note(from(1, Reason::ExpiredKey), at(0));
        let due = refusals.take(at(1), false);
        refusals.give_back(due);
        refusals.note(from(1, Reason::ExpiredKey), at(2));
        let due = refusals.take(at(3), true);
        assert_eq!((due.len(), due[0].1.calls, due[0].1.since), (1, 2, at(0)));
    }

    #[test]
    fn an_ipv6_network_is_one_caller() {
        let refusals = Refusals::default();
        for host in ["2001:db8::1", "2001:db8::2", "::ffff:10.0.0.1"] {
            let refusal = Refusal { address: Some(host.parse().unwrap()), ..from(0, Reason::UnknownKey) };
            refusals.note(refusal, at(0));
        }
        assert_eq!(refusals.take(at(1), false).len(), 2);
    }
}
