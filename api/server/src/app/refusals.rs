//! Callers who were not let in. Every refusal at the door goes through [`note`], whatever the door.

use billing::ids::{ApiKeyId, OrganisationId};
use chrono::{DateTime, Utc};
use std::net::IpAddr;

use super::App;

/// Why somebody was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The key is none of ours.
    UnknownKey,
    /// The key was revoked or has expired.
    EndedKey,
    /// The session token was not minted here, or was changed.
    BadSession,
    /// The session token has expired.
    EndedSession,
    /// The session token is for another origin.
    WrongAudience,
    /// The address is on no allow-list of the key or its organisation.
    AddressNotAllowed,
}

impl Cause {
    /// Its name in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownKey => "UNKNOWN_KEY",
            Self::EndedKey => "ENDED_KEY",
            Self::BadSession => "BAD_SESSION",
            Self::EndedSession => "ENDED_SESSION",
            Self::WrongAudience => "WRONG_AUDIENCE",
            Self::AddressNotAllowed => "ADDRESS_NOT_ALLOWED",
        }
    }
}

/// Somebody who was not let in.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Why.
    pub cause: Cause,
    /// The key, where it is one of ours.
    pub key_id: Option<ApiKeyId>,
    /// The organisation of the key.
    pub organisation: Option<OrganisationId>,
    /// From where, as far as it is known.
    pub address: Option<IpAddr>,
}

/// Tells of a refusal: a security event.
pub async fn note(_app: &App, refusal: &Refusal, _now: DateTime<Utc>) {
    let shown = |part: Option<String>| part.unwrap_or_else(|| "unknown".to_owned());
    tracing::warn!(
        cause = refusal.cause.as_str(),
        key = shown(refusal.key_id.map(|id| id.to_string())),
        organisation = shown(refusal.organisation.map(|id| id.to_string())),
        address = shown(refusal.address.map(|address| address.to_string())),
        "a caller was not let in"
    );
}
