//! How many sockets and event streams are open, in all and by owner. A place is given back by being
//! dropped, so that no way of ending one can forget it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The count of one transport.
#[derive(Debug, Default)]
pub(crate) struct Census {
    total: AtomicUsize,
    owners: Mutex<HashMap<String, usize>>,
}

impl Census {
    fn owners(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one socket or event stream.
#[derive(Debug)]
pub(crate) struct Place {
    census: Arc<Census>,
    owner: Option<String>,
}

impl Place {
    /// A place among all, unless there are `most` already.
    pub(crate) fn take(census: &Arc<Census>, most: usize) -> Option<Self> {
        let place = Self { census: Arc::clone(census), owner: None };
        let before = census.total.fetch_add(1, Ordering::Relaxed);
        (before < most).then_some(place)
    }

    /// Counts it to its owner; false if the owner has `most` already.
    pub(crate) fn belongs_to(&mut self, owner: String, most: usize) -> bool {
        let mut owners = self.census.owners();
        let count = owners.entry(owner.clone()).or_default();
        if *count >= most {
            return false;
        }
        *count += 1;
        drop(owners);
        self.owner = Some(owner);
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.census.total.fetch_sub(1, Ordering::Relaxed);
        let Some(owner) = self.owner.take() else {
            return;
        };
        let mut owners = self.census.owners();
        if let Some(count) = owners.get_mut(&owner) {
            *count -= 1;
            if *count == 0 {
                owners.remove(&owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn places_are_limited_and_given_back() {
        let census = Arc::new(Census::default());
        let mut first = Place::take(&census, 2).unwrap();
        let mut second = Place::take(&census, 2).unwrap();
        assert!(Place::take(&census, 2).is_none());
        assert!(first.belongs_to("k".into(), 1));
        assert!(!second.belongs_to("k".into(), 1));
        drop(first);
        assert!(second.belongs_to("k".into(), 1));
        drop(second);
        assert_eq!(census.total.load(Ordering::Relaxed), 0);
        assert!(census.owners().is_empty());
    }
}
