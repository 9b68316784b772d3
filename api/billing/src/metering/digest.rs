//! Short fingerprints of events: the same bytes on every node, for ever.
//!
//! Stored rows are compared with them, so their input must never change; the golden values in
//! the tests say so. Every part is length-prefixed, so that no two events share their bytes.

use sha2::{Digest, Sha256};

use super::{PropertyValue, UsageEvent};
use crate::decimal::canonical;

/// The fingerprint of a transaction id: the first 16 bytes of its SHA-256.
#[must_use]
pub fn transaction_digest(transaction_id: &str) -> [u8; 16] {
    first_half(&Sha256::digest(transaction_id.as_bytes()))
}

/// The fingerprint of everything an event says, its transaction id included.
///
/// Numbers count by value (`1.0` is `1`), times to the microsecond, properties in order of their
/// names: two events differ in it exactly when they say different things.
#[must_use]
pub fn content_digest(event: &UsageEvent) -> [u8; 16] {
    let mut bytes = Parts(Sha256::new());
    bytes.part(b"undash.event.v1");
    bytes.part(event.transaction_id.as_bytes());
    bytes.part(event.metric.id.uuid().as_bytes());
    bytes.part(event.project_id.uuid().as_bytes());
    bytes.part(&event.occurred_at.timestamp_micros().to_be_bytes());
    match event.value {
        Some(value) => bytes.tagged(b'n', canonical(value).as_bytes()),
        None => bytes.tagged(b'-', b""),
    }
    bytes.part(&(event.properties.len() as u64).to_be_bytes());
    for (name, value) in &event.properties {
        bytes.part(name.as_bytes());
        match value {
            PropertyValue::Text(text) => bytes.tagged(b't', text.as_bytes()),
            PropertyValue::Number(number) => bytes.tagged(b'n', canonical(*number).as_bytes()),
            PropertyValue::Bool(truth) => bytes.tagged(b'b', &[u8::from(*truth)]),
        }
    }
    first_half(&bytes.0.finalize())
}

/// The fingerprint of an event within a set: sets are compared by the exclusive or of these.
pub(super) fn member_digest(transaction_digest: &[u8; 16], content_digest: &[u8; 16]) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(transaction_digest);
    hash.update(content_digest);
    first_half(&hash.finalize())
}

struct Parts(Sha256);

impl Parts {
    fn part(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn tagged(&mut self, tag: u8, bytes: &[u8]) {
        self.0.update([tag]);
        self.part(bytes);
    }
}

fn first_half(hash: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    for (to, from) in half.iter_mut().zip(hash) {
        *to = *from;
    }
    half
}
