//! Why a socket ends: the close codes of `graphql-transport-ws` and ours, each with the sentence
//! that goes with it. Clients stop for ever on 4400, 4401, 4409 and 4429 and on most of 1000–1999,
//! so a fault that passes must use another code.

use axum::extract::ws::{CloseFrame, Utf8Bytes};

/// A control frame holds 125 bytes, two of which are the code.
const REASON_BYTES: usize = 123;

/// A close code and its sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Close {
    pub(super) code: u16,
    pub(super) reason: String,
}

impl Close {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    /// The process stops; clients come back at once, to another one.
    pub(super) fn restart() -> Self {
        Self::new(1012, "The server is restarting. Connect again.")
    }

    /// No room or no way to check the key right now; clients try again later.
    pub(super) fn try_later(reason: impl Into<String>) -> Self {
        Self::new(1013, reason)
    }

    /// The client sent something the protocol does not have.
    pub(super) fn bad_message(reason: impl Into<String>) -> Self {
        Self::new(4400, reason)
    }

    /// A message was larger than allowed.
    pub(super) fn too_large() -> Self {
        Self::new(1009, "The message is too large.")
    }

    /// An operation before the acknowledgement.
    pub(super) fn unauthorized() -> Self {
        Self::new(4401, "Unauthorized: send connection_init first.")
    }

    /// The key is not valid, or no longer.
    pub(super) fn forbidden(reason: &str) -> Self {
        Self::new(4403, format!("Forbidden: {reason}"))
    }

    /// No `connection_init` in time.
    pub(super) fn init_timeout() -> Self {
        Self::new(4408, "Connection initialisation timeout")
    }

    /// An id in use.
    pub(super) fn duplicate(id: &str) -> Self {
        Self::new(4409, format!("Subscriber for {id} already exists"))
    }

    /// A second `connection_init`.
    pub(super) fn second_init() -> Self {
        Self::new(4429, "Too many initialisation requests")
    }

    /// Nothing heard for too long.
    pub(super) fn silent() -> Self {
        Self::new(4499, "Nothing was heard from you, not even a pong.")
    }

    /// The client does not read what it is sent.
    pub(super) fn slow_consumer() -> Self {
        Self::new(4503, "Slow consumer: connect again and resume after your last cursor.")
    }

    /// The frame, its reason cut to what a frame can hold.
    pub(super) fn frame(&self) -> CloseFrame {
        let end = (0..=REASON_BYTES.min(self.reason.len())).rev().find(|end| self.reason.is_char_boundary(*end));
        CloseFrame { code: self.code, reason: Utf8Bytes::from(&self.reason[..end.unwrap_or(0)]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let frame = Close::duplicate(&"é".repeat(200)).frame();
        assert!(frame.reason.len() <= REASON_BYTES && frame.reason.len() > REASON_BYTES - 2);
        assert!(frame.reason.ends_with('é'));
        assert_eq!(Close::restart().frame().reason.as_str(), "The server is restarting. Connect again.");
    }
}
