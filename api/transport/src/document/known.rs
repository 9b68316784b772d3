//! Documents that have been parsed and found small enough, so that a client that sends the same text
//! again does not pay for the parser: it takes far longer than all the rest of the look.
//!
//! Only texts are compared and only what every caller may know is kept; whose a document was plays no
//! part, because the price and the permission are asked for again each time.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::parser::types::ExecutableDocument;
use lru::LruCache;

/// Parsed documents by their text, the least recently used forgotten first.
#[derive(Debug)]
pub(crate) struct Known {
    /// How many bytes of text may be kept; a parsed document takes thirty to a hundred times its text.
    room: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    bytes: usize,
    documents: LruCache<Arc<str>, Arc<ExecutableDocument>>,
}

impl Known {
    pub(crate) fn new(room: usize) -> Self {
        Self { room, kept: Mutex::new(Kept { bytes: 0, documents: LruCache::unbounded() }) }
    }

    pub(super) fn get(&self, text: &str) -> Option<Arc<ExecutableDocument>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).documents.get(text).cloned()
    }

    pub(super) fn keep(&self, text: &str, document: &Arc<ExecutableDocument>) {
        if text.len() > self.room {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.documents.put(text.into(), Arc::clone(document)).is_none() {
            kept.bytes += text.len();
        }
        while kept.bytes > self.room
            && let Some((oldest, _)) = kept.documents.pop_lru()
        {
            kept.bytes -= oldest.len();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn the_room_is_bounded() {
        let known = Known::new(10);
        let keep = |text: &str| known.keep(text, &Arc::new(parse_query("{a}").unwrap()));
        ["{aaa}", "{bbb}", "{aaa}"].into_iter().for_each(keep);
        assert!(known.get("{aaa}").is_some() && known.get("{bbb}").is_some());
        keep("{c}");
        assert!(known.get("{aaa}").is_none() && known.get("{bbb}").is_some() && known.get("{c}").is_some());
        keep("{far too long}");
        assert!(known.get("{far too long}").is_none());
    }
}
