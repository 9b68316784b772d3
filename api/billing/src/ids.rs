//! Public identifiers: a UUID that knows which kind of thing it names.
//!
//! Shown as `prefix_` and 26 characters of Crockford base32, for example
//! `inv_01JQ7ZK5C8E9T6W3XB2MNRVD4F`. One value has exactly one spelling: lower case, look-alike
//! letters and missing prefixes are refused, so that a text comparison of ids is sound. Making a
//! *new* id needs a clock and randomness and therefore happens elsewhere; [`Id::from_parts`]
//! takes both as arguments.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Names a kind of thing and the prefix its identifiers carry.
pub trait Kind {
    /// The text before the underscore, three lower-case letters.
    const PREFIX: &'static str;
}

/// An identifier of one kind of thing; ids of different kinds cannot be mixed up.
///
/// Ordered as its UUID, so version 7 ids sort by the time they were made.
pub struct Id<K>(Uuid, PhantomData<fn() -> K>);

impl<K> Id<K> {
    /// Wraps a UUID that is already known to name this kind of thing.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// Builds a version 7 UUID from a moment (kept to the millisecond) and ten random bytes.
    ///
    /// A moment before 1970 is taken as 1970.
    #[must_use]
    pub fn from_parts(at: DateTime<Utc>, random: [u8; 10]) -> Self {
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        Self::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// The UUID behind the identifier, as it is stored.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl<K> Copy for Id<K> {}
impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<K> From<Id<K>> for Uuid {
    fn from(id: Id<K>) -> Self {
        id.0
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(TEXT_LENGTH);
        let number = self.0.as_u128();
        for place in (0..TEXT_LENGTH).rev() {
            // Five bits each; the first character carries the top three.
            let five = (number >> (place * 5)) & 31;
            text.push(char::from(ALPHABET[five as usize]));
        }
        f.pad(&format!("{}_{text}", K::PREFIX))
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let refuse = || IdError::new(K::PREFIX, text);
        let rest = text.strip_prefix(K::PREFIX).ok_or_else(refuse)?;
        let digits = rest.strip_prefix('_').ok_or_else(refuse)?.as_bytes();
        // 26 × 5 = 130 bits: a first character above 7 would not fit into 128.
        if digits.len() != TEXT_LENGTH || digits.first().is_none_or(|first| *first > b'7') {
            return Err(refuse());
        }
        let mut number = 0_u128;
        for digit in digits {
            let five = ALPHABET.iter().position(|known| known == digit).ok_or_else(refuse)?;
            number = (number << 5) | five as u128;
        }
        Ok(Self::from_uuid(Uuid::from_u128(number)))
    }
}

/// Crockford base32: no I, L, O or U, so that an id survives being read aloud.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TEXT_LENGTH: usize = 26;

/// A text that is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdError {
    /// The prefix that was expected, without the underscore.
    pub expected: &'static str,
    /// The beginning of what was given, at most 40 characters.
    pub got: String,
}

impl IdError {
    fn new(expected: &'static str, got: &str) -> Self {
        let mut shown: String = got.chars().take(40).collect();
        if shown.len() < got.len() {
            shown.push('…');
        }
        Self { expected, got: shown }
    }
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}_…` followed by 26 upper-case base32 characters expected, got {:?}; copy the id exactly as the API showed it",
            self.expected, self.got
        )
    }
}

impl std::error::Error for IdError {}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $alias:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $kind {}
        impl Kind for $kind {
            const PREFIX: &'static str = $prefix;
        }
        $(#[$doc])*
        pub type $alias = Id<$kind>;
    )*};
}

kinds! {
    /// A customer of the operator: the tenant that is metered and invoiced.
    Organisation OrganisationId "org";
    /// A part of an organisation that usage is recorded for.
    Project ProjectId "prj";
    /// Something that is measured, with its aggregation.
    Metric MetricId "met";
    /// A plan, over all its versions.
    Plan PlanId "plan";
    /// One immutable version of a plan.
    PlanVersion PlanVersionId "plv";
    /// An organisation's contract on a plan.
    Subscription SubscriptionId "sub";
    /// An invoice, with or without a number.
    Invoice InvoiceId "inv";
    /// Money asked for, or taken, for an invoice.
    Payment PaymentId "pay";
    /// Money of a payment going back.
    Refund RefundId "rfn";
    /// A document that takes back a part of an invoice.
    CreditNote CreditNoteId "crn";
    /// A key a program authenticates with.
    ApiKey ApiKeyId "key";
    /// A set of permissions under a name, made by the operator or an organisation.
    Role RoleId "rol";
    /// A short-lived token minted by a key.
    Session SessionId "ses";
    /// A rule that watches cost or quantity.
    AlertRule AlertRuleId "alr";
    /// One crossing of one threshold of an alert rule.
    AlertEvent AlertEventId "ale";
    /// The legal seller that invoices are issued by.
    IssuingEntity IssuingEntityId "ise";
    /// A plugin, over all its versions.
    Plugin PluginId "plg";
    /// One immutable version of a plugin.
    PluginVersion PluginVersionId "pgv";
    /// The decision to use a plugin version from a date on.
    PluginActivation PluginActivationId "act";
    /// A plugin upload under inspection.
    Upload UploadId "upl";
    /// A usage event that was refused and kept for inspection.
    RejectedEvent RejectionId "rej";
    /// A GraphQL document of the operator's front ends.
    TrustedDocument TrustedDocumentId "tdo";
    /// A record of the audit trail.
    AuditEvent AuditEventId "aud";
    /// An effect waiting to leave the database.
    OutboxEntry OutboxId "job";
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts() {
        let table: [(u128, &str); 3] = [
            (0, "inv_00000000000000000000000000"),
            (1, "inv_00000000000000000000000001"),
            (u128::MAX, "inv_7ZZZZZZZZZZZZZZZZZZZZZZZZZ"),
        ];
        for (number, text) in &table {
            let id = InvoiceId::from_uuid(Uuid::from_u128(*number));
            assert_eq!(id.to_string(), *text);
            assert_eq!(text.parse::<InvoiceId>().unwrap(), id);
        }
    }

    #[test]
    fn refused_texts() {
        let table = [
            "",
            "inv",
            "inv_",
            "00000000000000000000000000",
            "org_00000000000000000000000000",
            "inv-00000000000000000000000000",
            "inv_0000000000000000000000000",
            "inv_000000000000000000000000000",
            "inv_80000000000000000000000000",
            "inv_0000000000000000000000000a",
            "inv_0000000000000000000000000I",
            "inv_0000000000000000000000000U",
            "inv_000000000000000000000000é0",
            "INV_00000000000000000000000000",
            " inv_00000000000000000000000000",
        ];
        for text in table {
            let error = text.parse::<InvoiceId>().unwrap_err();
            assert!(error.to_string().starts_with("`inv_…`"), "{error}");
        }
        let long = "x".repeat(500).parse::<InvoiceId>().unwrap_err();
        assert!(long.to_string().len() < 200);
    }

    #[test]
    fn prefixes_are_distinct() {
        let mut all = [
            Organisation::PREFIX,
            Project::PREFIX,
            Metric::PREFIX,
            Plan::PREFIX,
            PlanVersion::PREFIX,
            Subscription::PREFIX,
            Invoice::PREFIX,
            Payment::PREFIX,
            Refund::PREFIX,
            CreditNote::PREFIX,
            ApiKey::PREFIX,
            Role::PREFIX,
            Session::PREFIX,
            AlertRule::PREFIX,
            AlertEvent::PREFIX,
            IssuingEntity::PREFIX,
            Plugin::PREFIX,
            PluginVersion::PREFIX,
            PluginActivation::PREFIX,
            Upload::PREFIX,
            RejectedEvent::PREFIX,
            TrustedDocument::PREFIX,
            AuditEvent::PREFIX,
            OutboxEntry::PREFIX,
        ];
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn made_ids_are_version_7_and_sort_by_time() {
        let early = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let late = DateTime::from_timestamp(1_700_000_001, 0).unwrap();
        let first = InvoiceId::from_parts(early, [255; 10]);
        let second = InvoiceId::from_parts(late, [0; 10]);
        assert_eq!(first.uuid().get_version_num(), 7);
        assert!(first < second && first.to_string() < second.to_string());
    }

    proptest! {
        #[test]
        fn text_round_trip_keeps_order(a: u128, b: u128) {
            let (a, b) = (ProjectId::from_uuid(Uuid::from_u128(a)), ProjectId::from_uuid(Uuid::from_u128(b)));
            prop_assert_eq!(a.to_string().parse::<ProjectId>().unwrap(), a);
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            if let Ok(id) = text.parse::<ProjectId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
