//! Recording what was done, in the transaction that does it.
//!
//! [`record_in_tx`] is the one way: a use case that changes something calls it last, just before its commit, so that
//! the change and its row are kept or lost together and no lock is taken after that of the chain's head. A test runs
//! every mutation of the schema and fails when one leaves no row. Secrets never come here: a use case names the fields
//! it records one by one, and neither digests of keys nor contents of files are among them.

use billing::audit::Change;
use billing::ids::{Id, Kind, OrganisationId};
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use std::fmt::Display;

use super::fresh;
use crate::error::Error;
use crate::store::Tx;
use crate::store::audit::{self, ActorKind, NewAuditEvent, SubjectType};
pub use crate::store::audit::{Actor, AuditAction as Action};
use crate::viewer::Viewer;

/// Bytes of one recorded value; of a longer one its start, its length and its SHA-256 are kept.
const VALUE_BYTES: usize = 1_000;

/// What something was done to.
pub struct Subject {
    /// Whose chain tells of it; the installation's when absent.
    pub organisation: Option<OrganisationId>,
    kind: SubjectType,
    id: Option<String>,
}

impl Subject {
    /// Something of the operator's, such as a plan.
    pub fn of_operator<K: Kind>(kind: SubjectType, id: Id<K>) -> Self {
        Self::named(None, kind, id.to_string())
    }

    /// Something of an organisation's, such as a project.
    pub fn of_organisation<K: Kind>(organisation: OrganisationId, kind: SubjectType, id: Id<K>) -> Self {
        Self::named(Some(organisation), kind, id.to_string())
    }

    /// Something whose identity is no id of ours.
    pub fn named(organisation: Option<OrganisationId>, kind: SubjectType, id: String) -> Self {
        Self { organisation, kind, id: Some(id) }
    }

    /// Something without an identity.
    pub fn nameless(organisation: Option<OrganisationId>, kind: SubjectType) -> Self {
        Self { organisation, kind, id: None }
    }
}

/// The fields that changed, in the words of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(Vec<Change>);

impl Changes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A field of something new.
    #[must_use]
    pub fn set(self, field: &str, value: impl Display) -> Self {
        self.moved(field, None::<&str>, Some(value))
    }

    /// A field of something new, where it has one.
    #[must_use]
    pub fn set_some(self, field: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.set(field, value),
            None => self,
        }
    }

    /// A field that was something and is something else.
    #[must_use]
    pub fn changed(self, field: &str, before: impl Display, after: impl Display) -> Self {
        self.moved(field, Some(before), Some(after))
    }

    /// A field that may have been nothing, or is nothing now.
    #[must_use]
    pub fn moved(mut self, field: &str, before: Option<impl Display>, after: Option<impl Display>) -> Self {
        let change = Change {
            field: field.to_owned(),
            before: before.map(|value| kept(value.to_string())),
            after: after.map(|value| kept(value.to_string())),
        };
        if change.before != change.after {
            self.0.push(change);
        }
        self
    }
}

/// Times are recorded as the API shows them.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

fn kept(text: String) -> String {
    if text.len() <= VALUE_BYTES {
        return text;
    }
    let mut end = VALUE_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}… ({} bytes, SHA-256 {})", &text[..end], text.len(), hex::encode(Sha256::digest(text.as_bytes())))
}

/// Something the server does without being asked, or on behalf of whoever sits at the machine.
pub fn actor(kind: ActorKind) -> Actor {
    Actor { kind, key_id: None, session_id: None, role: None, address: None, request_id: None }
}

impl From<&Viewer> for Actor {
    fn from(viewer: &Viewer) -> Self {
        // The command line acts without a key: its id is nil.
        let key_id = Some(viewer.key_id).filter(|key| !key.uuid().is_nil());
        let kind = match (key_id, &viewer.session) {
            (Some(_), Some(_)) => ActorKind::Session,
            (Some(_), None) => ActorKind::ApiKey,
            (None, _) => ActorKind::Cli,
        };
        Self {
            kind,
            key_id,
            session_id: viewer.session.as_ref().map(|session| session.id.to_string()),
            role: Some(viewer.role.to_string()),
            address: viewer.address.map(|address| address.to_canonical().to_string()),
            request_id: viewer.request_id.as_deref().map(str::to_owned),
        }
    }
}

impl From<&Self> for Actor {
    fn from(actor: &Self) -> Self {
        actor.clone()
    }
}

/// A row about to be written; gather them where one transaction does many things, and write them with one
/// [`record_all_in_tx`].
pub fn row(
    by: impl Into<Actor>,
    action: Action,
    subject: Subject,
    changes: Changes,
    now: DateTime<Utc>,
) -> NewAuditEvent {
    NewAuditEvent {
        organisation_id: subject.organisation,
        id: fresh(),
        recorded_at: now,
        actor: by.into(),
        action,
        subject_type: subject.kind,
        subject_id: subject.id,
        changes: changes.0,
    }
}

/// Records what the transaction does. Call it last before the commit.
pub async fn record_in_tx(
    tx: &Tx,
    by: impl Into<Actor>,
    action: Action,
    subject: Subject,
    changes: Changes,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    record_all_in_tx(tx, &[row(by, action, subject, changes, now)]).await
}

/// Records many things in as few statements as one.
pub async fn record_all_in_tx(tx: &Tx, rows: &[NewAuditEvent]) -> Result<(), Error> {
    audit::append_in_tx(tx, rows).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_long_value_is_cut_and_still_told_apart() {
        let changes = Changes::new().set("a", "é".repeat(600)).set("b", "é".repeat(599) + "e");
        let [a, b] = changes.0.as_slice() else { unreachable!() };
        assert!(a.after.as_ref().unwrap().len() < VALUE_BYTES + 120);
        assert_ne!(a.after, b.after);
    }

    #[test]
    fn what_stays_as_it_was_is_no_change() {
        let changes = Changes::new().changed("a", 1, 1).moved("b", None::<&str>, None::<&str>).moved(
            "c",
            Some("x"),
            None::<&str>,
        );
        assert_eq!(changes.0, [Change { field: "c".to_owned(), before: Some("x".to_owned()), after: None }]);
    }
}
