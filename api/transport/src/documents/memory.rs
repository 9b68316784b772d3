//! The documents clients registered themselves, kept in memory until there is no more room. Each class
//! of callers has a room of its own, so that nobody can drive out another's documents or ask for them.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use lru::LruCache;

use super::Digest;

/// Classes remembered at once; the one not used for longest is forgotten first.
const CLASSES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);

/// What one transport remembers.
#[derive(Debug)]
pub(crate) struct Memory {
    bytes_per_class: usize,
    classes: Mutex<LruCache<String, Class>>,
}

#[derive(Debug)]
struct Class {
    bytes: usize,
    texts: LruCache<Digest, Arc<str>>,
}

impl Memory {
    pub(crate) fn new(bytes_per_class: usize) -> Self {
        Self { bytes_per_class, classes: Mutex::new(LruCache::new(CLASSES)) }
    }

    pub(crate) fn get(&self, class: &str, digest: &Digest) -> Option<String> {
        let mut classes = self.classes.lock().unwrap_or_else(PoisonError::into_inner);
        let text = classes.get_mut(class)?.texts.get(digest).cloned()?;
        drop(classes);
        Some(text.as_ref().to_owned())
    }

    /// Keeps a text whose digest has been checked; a text larger than the whole room is not kept.
    pub(crate) fn keep(&self, class: String, digest: Digest, text: &str) {
        if text.len() > self.bytes_per_class {
            return;
        }
        let mut classes = self.classes.lock().unwrap_or_else(PoisonError::into_inner);
        let class = classes.get_or_insert_mut(class, || Class { bytes: 0, texts: LruCache::unbounded() });
        if class.texts.put(digest, text.into()).is_none() {
            class.bytes += text.len();
        }
        while class.bytes > self.bytes_per_class
            && let Some((_, oldest)) = class.texts.pop_lru()
        {
            class.bytes -= oldest.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes_first_and_classes_do_not_meet() {
        let memory = Memory::new(10);
        let keep = |class: &str, number: u8, text: &str| memory.keep(class.to_owned(), [number; 32], text);
        let has = |class: &str, number: u8| memory.get(class, &[number; 32]).is_some();
        keep("a", 1, "{one}");
        keep("a", 2, "{two}");
        keep("b", 3, "{one}");
        assert!(has("a", 1));
        keep("a", 4, "{new}");
        assert_eq!((has("a", 1), has("a", 2), has("a", 4)), (true, false, true));
        assert_eq!((has("b", 3), has("a", 3), has("c", 3)), (true, false, false));
        keep("a", 4, "{new}");
        assert_eq!((has("a", 1), has("a", 4)), (true, true));
        keep("a", 5, "far too long");
        assert!(!has("a", 5));
        for class in 0..64 {
            keep(&class.to_string(), 1, "{x}");
        }
        assert_eq!((has("a", 1), has("63", 1)), (false, true));
    }
}
