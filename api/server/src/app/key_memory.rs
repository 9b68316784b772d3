//! What was found out about keys a moment ago, so that not every request asks the database. Whether a
//! caller comes in is decided in `authenticate`.

use billing::ids::{ApiKeyId, OrganisationId, RoleId};
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::addresses::AllowList;
use crate::viewer::{Permissions, RoleName, Scope};

/// Keys remembered at most; past that the memory is emptied, which costs one lookup each.
const REMEMBERED_KEYS: usize = 10_000;

/// Pairs of key and network remembered at most.
const REMEMBERED_PLACES: usize = 100_000;

/// What a living key is good for.
#[derive(Debug)]
pub struct KeyFacts {
    /// The key.
    pub(super) key_id: ApiKeyId,
    /// How far it reaches.
    pub(super) scope: Scope,
    /// Its role by name.
    pub(super) role: RoleName,
    /// What the role allows in the scope.
    pub(super) permissions: Permissions,
    /// Whether it runs nothing but trusted documents.
    pub(super) trusted_documents_only: bool,
    /// From where it may be used: by its own list and by its organisation's.
    pub(super) addresses: [AllowList; 2],
}

/// Keys seen lately.
#[derive(Default)]
pub struct KeyMemory {
    seen: Mutex<Seen>,
    /// From where keys were used; every pair has its row.
    places: Mutex<HashSet<(ApiKeyId, IpAddr)>>,
}

#[derive(Default)]
struct Seen {
    ids: HashMap<[u8; 32], ApiKeyId>,
    /// Each with the moment until which it is believed.
    facts: HashMap<ApiKeyId, (Arc<KeyFacts>, DateTime<Utc>)>,
    /// Raised whenever something is forgotten.
    generation: u64,
}

impl KeyMemory {
    /// Forgets a key at once.
    pub fn forget(&self, key: ApiKeyId) {
        self.forget_if(|facts| facts.key_id == key);
    }

    /// Forgets the keys of an organisation at once.
    pub fn forget_organisation(&self, organisation: OrganisationId) {
        self.forget_if(|facts| facts.scope.organisation() == Some(organisation));
    }

    /// Forgets the keys with a custom role at once.
    pub fn forget_role(&self, role: RoleId) {
        self.forget_if(|facts| matches!(&facts.role, RoleName::Custom(Some(id), _) if *id == role));
    }

    /// To be asked before the database is, and given to [`Self::remember`].
    pub(super) fn generation(&self) -> u64 {
        self.lock().generation
    }

    pub(super) fn by_hash(&self, hash: &[u8; 32], now: DateTime<Utc>) -> Option<Arc<KeyFacts>> {
        let seen = self.lock();
        seen.current(*seen.ids.get(hash)?, now)
    }

    pub(super) fn by_id(&self, key: ApiKeyId, now: DateTime<Utc>) -> Option<Arc<KeyFacts>> {
        self.lock().current(key, now)
    }

    /// Remembers what the database said, unless something was forgotten since it was asked: that may have been this.
    pub(super) fn remember(&self, hash: &[u8], facts: &Arc<KeyFacts>, until: DateTime<Utc>, generation: u64) {
        let mut seen = self.lock();
        if seen.generation != generation {
            return;
        }
        if seen.facts.len() >= REMEMBERED_KEYS {
            seen.ids.clear();
            seen.facts.clear();
        }
        if let Ok(hash) = <[u8; 32]>::try_from(hash) {
            seen.ids.insert(hash, facts.key_id);
        }
        seen.facts.insert(facts.key_id, (Arc::clone(facts), until));
    }

    pub(super) fn was_used_from(&self, key: ApiKeyId, network: IpAddr) -> bool {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).contains(&(key, network))
    }

    pub(super) fn remember_place(&self, key: ApiKeyId, network: IpAddr) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= REMEMBERED_PLACES {
            places.clear();
        }
        places.insert((key, network));
    }

    fn forget_if(&self, forgotten: impl Fn(&KeyFacts) -> bool) {
        let mut seen = self.lock();
        seen.facts.retain(|_, (facts, _)| !forgotten(facts));
        seen.generation += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn current(&self, key: ApiKeyId, now: DateTime<Utc>) -> Option<Arc<KeyFacts>> {
        self.facts.get(&key).filter(|(_, until)| now < *until).map(|(facts, _)| Arc::clone(facts))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::viewer::Role;
    use billing::ids::Id;
    use uuid::Uuid;

    fn facts(number: u128) -> Arc<KeyFacts> {
        Arc::new(KeyFacts {
            key_id: Id::from_uuid(Uuid::from_u128(number)),
            scope: Scope::Operator,
            role: RoleName::BuiltIn(Role::Owner),
            permissions: Permissions::ALL,
            trusted_documents_only: false,
            addresses: Default::default(),
        })
    }

    #[test]
    fn what_was_forgotten_while_it_was_looked_up_is_not_remembered() {
        let memory = KeyMemory::default();
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let asked = memory.generation();
        memory.remember(&[1; 32], &facts(1), at(10), asked);
        assert!(memory.by_hash(&[1; 32], at(9)).is_some() && memory.by_id(facts(1).key_id, at(9)).is_some());
        assert!(memory.by_hash(&[1; 32], at(10)).is_none(), "believed for a while only");
        let asked = memory.generation();
        memory.forget(facts(1).key_id);
        memory.remember(&[1; 32], &facts(1), at(20), asked);
        assert!(memory.by_hash(&[1; 32], at(9)).is_none());
    }
}
