//! Cursors: opaque, versioned, and good only for the list they came from.
//!
//! A cursor holds a fingerprint of its list (field, organisation, filter), so that one used elsewhere is
//! `INVALID_CURSOR` instead of silently the wrong page.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;
use sha2::{Digest as _, Sha256};
use std::fmt::Debug;
use uuid::Uuid;

use crate::error::Error;
use crate::store::Cursor;

/// What the first byte of today's cursors is.
const VERSION: u8 = 1;

/// Which list a cursor belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct List([u8; 8]);

impl List {
    /// The list of a field, narrowed by an organisation, a filter or both.
    pub(super) fn of(field: &str, narrowed_by: impl Debug) -> Self {
        let digest = Sha256::digest(format!("{field}\n{narrowed_by:?}").as_bytes());
        let mut fingerprint = [0; 8];
        fingerprint.copy_from_slice(&digest[..8]);
        Self(fingerprint)
    }

    /// The cursor of a row that is ordered by time and identity.
    pub(super) fn cursor(&self, at: &Cursor) -> String {
        let mut place = [0; 24];
        place[..8].copy_from_slice(&at.at.timestamp_micros().to_be_bytes());
        place[8..].copy_from_slice(at.id.as_bytes());
        self.write(&place)
    }

    /// The place behind a cursor of this list; `field` is the argument it came in.
    pub(super) fn place(&self, cursor: &str, field: &'static str) -> Result<Cursor, Error> {
        let read = || {
            let place: [u8; 24] = self.read(cursor)?;
            let (time, id) = place.split_at(8);
            let at = DateTime::from_timestamp_micros(i64::from_be_bytes(time.try_into().ok()?))?;
            Some(Cursor { at, id: Uuid::from_slice(id).ok()? })
        };
        read().ok_or_else(|| invalid_cursor(field))
    }

    /// The cursor of a row that has a number of its own.
    pub(super) fn numbered_cursor(&self, sequence: i64) -> String {
        self.write(&sequence.to_be_bytes())
    }

    /// The number behind a cursor of this list; `field` is the argument it came in.
    pub(super) fn number(&self, cursor: &str, field: &'static str) -> Result<i64, Error> {
        let number = self.read(cursor).map(i64::from_be_bytes).filter(|number| *number >= 0);
        number.ok_or_else(|| invalid_cursor(field))
    }

    fn write(&self, place: &[u8]) -> String {
        let bytes = [&[VERSION], self.0.as_slice(), place].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn read<const N: usize>(&self, cursor: &str) -> Option<[u8; N]> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let place = bytes.strip_prefix(&[VERSION])?.strip_prefix(&self.0)?;
        place.try_into().ok()
    }
}

pub(super) fn invalid_cursor(field: &'static str) -> Error {
    Error::invalid("INVALID_CURSOR", format!("{field} is not a cursor of this list with these arguments. Start without it, or use a cursor the same query gave you.")).at([field])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_cursor_comes_back_only_in_its_own_list() {
        let here = List::of("invoices", ("org_1", "OPEN"));
        let there = List::of("invoices", ("org_2", "OPEN"));
        let at = Cursor { at: DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(), id: Uuid::from_u128(7) };
        let text = here.cursor(&at);
        assert_eq!(here.place(&text, "after").unwrap(), at);
        for (list, cursor) in [(there, text.as_str()), (here, ""), (here, "AAAA"), (here, "é")] {
            assert_eq!(list.place(cursor, "after").unwrap_err().code, "INVALID_CURSOR");
        }
        assert_eq!(here.number(&here.numbered_cursor(42), "after").unwrap(), 42);
        assert!(here.number(&text, "after").is_err());
        assert!(here.number(&here.numbered_cursor(-1), "after").is_err());
    }
}
