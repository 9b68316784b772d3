//! Locks that do not mind that somebody panicked.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is behind the lock.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
