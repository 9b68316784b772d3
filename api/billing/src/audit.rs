//! The hash chain of the audit trail: what the bytes behind a hash are, and where a chain breaks.
//!
//! Each organisation has a chain of its own, and so has the installation. A link's hash covers every stored field and
//! the hash of the link before it, so that nothing can be altered, taken out, put in or moved without a trace. The
//! recipe is a promise to auditors (`docs/audit.md`): it is versioned and its golden value never changes. Storing,
//! reading and deciding what is recorded is done elsewhere.

mod chain;

#[cfg(test)]
mod tests;

pub use chain::{Break, Chain, Head};

use sha2::{Digest, Sha256};

/// Names the recipe; the first thing that is hashed.
pub const RECIPE: &str = "undash.audit.v1";

/// What stands before the first link.
pub const GENESIS: [u8; 32] = [0; 32];

/// One field that changed. Absent is something else than empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The field, as the API calls it.
    pub field: String,
    /// What it was.
    pub before: Option<String>,
    /// What it is now.
    pub after: Option<String>,
}

/// What one link says, each field as the text that is exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The organisation whose chain it is; absent in the chain of the installation.
    pub organisation_id: Option<String>,
    /// Its place, counted from 1 without holes.
    pub sequence: u64,
    /// Its identity.
    pub id: String,
    /// When it was recorded: RFC 3339 in UTC with six digits after the second.
    pub recorded_at: String,
    /// What kind of actor it was.
    pub actor_kind: String,
    /// The key it acted with.
    pub actor_key_id: Option<String>,
    /// The session it acted in.
    pub actor_session_id: Option<String>,
    /// The role it had.
    pub actor_role: Option<String>,
    /// The address it came from.
    pub address: Option<String>,
    /// The request it belongs to.
    pub request_id: Option<String>,
    /// What was done.
    pub action: String,
    /// The kind of thing it was done to.
    pub subject_type: String,
    /// The thing.
    pub subject_id: Option<String>,
    /// What changed, in the order it was recorded.
    pub changes: Vec<Change>,
}

/// A link: what it says, what stands before it, and its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it says.
    pub entry: Entry,
    /// The hash of the link before it; [`GENESIS`] for the first.
    pub previous_hash: [u8; 32],
    /// The hash over all of that.
    pub hash: [u8; 32],
}

impl Link {
    /// The link that follows `previous_hash`.
    #[must_use]
    pub fn after(previous_hash: [u8; 32], entry: Entry) -> Self {
        let hash = hash(&entry, &previous_hash);
        Self { entry, previous_hash, hash }
    }

    /// Whether the hash is the hash of what the link says.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        hash(&self.entry, &self.previous_hash) == self.hash
    }
}

/// The SHA-256 of the recipe's name, every field in the order of [`Entry`], and the hash before.
#[must_use]
pub fn hash(entry: &Entry, previous: &[u8; 32]) -> [u8; 32] {
    hash_at(entry, entry.sequence, previous)
}

/// The hash the entry would have at another place.
fn hash_at(entry: &Entry, sequence: u64, previous: &[u8; 32]) -> [u8; 32] {
    // Destructured, so that a new field cannot be forgotten here.
    let Entry {
        organisation_id,
        sequence: _,
        id,
        recorded_at,
        actor_kind,
        actor_key_id,
        actor_session_id,
        actor_role,
        address,
        request_id,
        action,
        subject_type,
        subject_id,
        changes,
    } = entry;
    let mut parts = Parts(Sha256::new());
    parts.text(RECIPE);
    parts.optional(organisation_id.as_deref());
    parts.text(&sequence.to_string());
    parts.text(id);
    parts.text(recorded_at);
    parts.text(actor_kind);
    parts.optional(actor_key_id.as_deref());
    parts.optional(actor_session_id.as_deref());
    parts.optional(actor_role.as_deref());
    parts.optional(address.as_deref());
    parts.optional(request_id.as_deref());
    parts.text(action);
    parts.text(subject_type);
    parts.optional(subject_id.as_deref());
    parts.text(&changes.len().to_string());
    for Change { field, before, after } in changes {
        parts.text(field);
        parts.optional(before.as_deref());
        parts.optional(after.as_deref());
    }
    parts.0.update(previous);
    parts.0.finalize().into()
}

/// Texts that cannot run into each other: a 1 and the length before each, a 0 where there is none.
struct Parts(Sha256);

impl Parts {
    fn text(&mut self, text: &str) {
        self.0.update([1]);
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text.as_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.0.update([0]),
        }
    }
}
