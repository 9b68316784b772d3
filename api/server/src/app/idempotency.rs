//! Keys that make a mutation harmless to repeat: the same key and the same input find what the first time made.
//!
//! A use case asks [`repeated`] first. Then it takes the key in the transaction that does the work, so that of two
//! callers at once one does it and the other, whose transaction is rolled back, finds what was done.

use billing::ids::OrganisationId;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::App;
use crate::error::Error;
use crate::store::Tx;
use crate::store::mutation_key::{self, Performed};

/// A key, and what it is used for.
pub(super) struct Once {
    organisation: OrganisationId,
    field: &'static str,
    key: String,
    digest: Vec<u8>,
}

impl Once {
    /// A client's key for performing `field` with an input that `parts` tell apart.
    ///
    /// # Errors
    /// `Invalid` for a key that cannot be used.
    pub(super) fn new(
        organisation: OrganisationId,
        field: &'static str,
        key: &str,
        parts: &[&str],
    ) -> Result<Self, Error> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(8..=64).contains(&key.len()) || !key.bytes().all(is_plain) {
            let words = "Use 8 to 64 letters, digits, `-` and `_`, new for each thing you want done: a UUID will do.";
            return Err(Error::invalid("BAD_IDEMPOTENCY_KEY", words).at(["idempotencyKey"]));
        }
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        Ok(Self { organisation, field, key: key.to_owned(), digest: digest.finalize().to_vec() })
    }

    /// What was made under the key; none when nothing was.
    ///
    /// # Errors
    /// `Conflict` when the key was used for another input.
    pub(super) async fn repeated(&self, app: &App) -> Result<Option<Uuid>, Error> {
        let Some(performed) = mutation_key::find(&app.store, self.organisation, self.field, &self.key).await? else {
            return Ok(None);
        };
        if performed.digest != self.digest {
            let words = "This key was used with another input. Use a new key for a new thing.";
            return Err(Error::conflict("IDEMPOTENCY_KEY_REUSED", words).at(["idempotencyKey"]));
        }
        Ok(Some(performed.subject_id))
    }

    /// Takes the key for what this transaction makes.
    ///
    /// # Errors
    /// `Conflict` when somebody was faster: roll back, then ask [`Once::repeated`] again.
    pub(super) async fn take_in_tx(&self, tx: &Tx, made: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
        let performed = Performed { digest: self.digest.clone(), subject_id: made };
        mutation_key::take_in_tx(tx, self.organisation, self.field, &self.key, &performed, now).await
    }
}
