//! From a key or a session token to a [`Viewer`]. Keys are random and long, so one SHA-256 is enough to store them, and
//! looking one up by its hash leaks nothing a clock could measure.

use billing::ids::{ApiKeyId, Id, OrganisationId};
use chrono::{DateTime, Duration, Utc};
use sha2::{Digest as _, Sha256};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use super::audit::{self, Action, Changes, Subject};
use super::key_memory::KeyFacts;
use super::refusals::{Reason, Refusal};
use super::{App, to_microseconds};
use crate::addresses::AllowList;
use crate::error::{Error, ErrorKind};
use crate::sessions::{self, Claims};
use crate::store::api_key::{ApiKey, CUSTOM};
use crate::store::audit::SubjectType;
use crate::store::{self, Store};
use crate::viewer::{Permissions, RoleName, Scope, Session, Viewer, ceiling};

/// How long a key that was found valid is believed without asking the database again. A key revoked
/// on another node ends there within this time; on this node at once. The same holds for its role and for
/// the addresses it may be used from.
const BELIEVED_SECONDS: i64 = 5;

/// Where a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Whence {
    /// The client's address, as far as it is known.
    pub address: Option<IpAddr>,
    /// The page, as a browser says.
    pub origin: Option<String>,
}

/// What is stored of a key.
pub fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// Who presents the key or the session token. Every refusal of a key says the same, so that keys cannot be told
/// apart by probing.
pub async fn authenticate(app: &App, presented: &str, whence: &Whence, now: DateTime<Utc>) -> Result<Viewer, Error> {
    let outcome = match presented.starts_with(sessions::PREFIX) {
        true => by_session(app, presented, whence, now).await,
        false => by_key(app, presented, whence, now).await,
    };
    let viewer = settle(app, outcome, whence.address, now)?;
    if let Some(address) = whence.address {
        notice_place(app, &viewer, address, now).await?;
    }
    Ok(viewer)
}

/// Whether a viewer's key, its session, its permissions and the lists of addresses still are what they were when a
/// connection that outlives a request was opened. What changed takes effect when the client connects again.
pub async fn still_valid(app: &App, viewer: &Viewer, now: DateTime<Utc>) -> Result<bool, Error> {
    let outcome = check_again(app, viewer, now).await;
    match settle(app, outcome, viewer.address, now) {
        Ok(same) => Ok(same),
        Err(error) if matches!(error.kind, ErrorKind::Unauthenticated | ErrorKind::Forbidden) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Not let in: why, of which key, and the words.
struct Closed {
    reason: Option<Reason>,
    key: Option<(ApiKeyId, Option<OrganisationId>)>,
    error: Error,
}

impl From<Error> for Closed {
    fn from(error: Error) -> Self {
        Self { reason: None, key: None, error }
    }
}

fn settle<T>(app: &App, outcome: Result<T, Closed>, address: Option<IpAddr>, now: DateTime<Utc>) -> Result<T, Error> {
    match outcome {
        Ok(open) => Ok(open),
        Err(closed) => {
            if let Some(reason) = closed.reason {
                let (key, organisation) = closed.key.map_or((None, None), |(key, owner)| (Some(key), owner));
                app.refusals.note(Refusal { organisation, key, address, reason }, now);
            }
            Err(closed.error)
        }
    }
}

/// Whether the key, or the key behind the session token, was found valid a moment ago, which costs no look at the
/// database.
pub fn remembers(app: &App, presented: &str, now: DateTime<Utc>) -> bool {
    match app.sessions.read(presented) {
        Some(claims) => app.keys.by_id(Id::from_uuid(claims.key), now).is_some(),
        None => app.keys.by_hash(&hash(presented), now).is_some(),
    }
}

/// The first use of a key from a network is told in the audit trail, once for ever: memory answers first, then the
/// rows, and of any number of requests at once one inserts.
async fn notice_place(app: &App, viewer: &Viewer, address: IpAddr, now: DateTime<Utc>) -> Result<(), Error> {
    let (key, network) = (viewer.key_id, network(address));
    if app.keys.was_used_from(key, network) {
        return Ok(());
    }
    let shown = show_network(network);
    if !store::api_key_address::is_known(&app.store, key, &shown).await? {
        let tx = app.store.begin().await?;
        if store::api_key_address::insert_in_tx(&tx, key, &shown, to_microseconds(now)).await? {
            let subject = Subject::named(viewer.own_organisation(), SubjectType::ApiKey, key.to_string());
            let changes = Changes::new().set("network", &shown);
            audit::record_in_tx(&tx, viewer, Action::ApiKeyUsedFromNewAddress, subject, changes, now).await?;
        }
        tx.commit().await?;
    }
    app.keys.remember_place(key, network);
    Ok(())
}

/// What counts as one place: an IPv4 address, or the half of an IPv6 address that names a network; the other half
/// changes every day by itself.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address @ IpAddr::V4(_) => address,
    }
}

/// The network as recorded.
pub fn show_network(network: IpAddr) -> String {
    match network {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{address}/64"),
    }
}

async fn by_key(app: &App, key: &str, whence: &Whence, now: DateTime<Utc>) -> Result<Viewer, Closed> {
    let hash = hash(key);
    let facts = match app.keys.by_hash(&hash, now) {
        Some(facts) => facts,
        None => {
            let generation = app.keys.generation();
            let found = store::api_key::find_by_hash(&app.store, &hash).await?;
            look_up(app, found.ok_or_else(|| unknown(Reason::UnknownKey))?, generation, now).await?
        }
    };
    facts.lets_in(whence.address)?;
    Ok(facts.viewer(whence.address))
}

async fn by_session(app: &App, token: &str, whence: &Whence, now: DateTime<Utc>) -> Result<Viewer, Closed> {
    let claims = app.sessions.read(token).ok_or_else(|| {
        let words = "This session token was not minted here, or was changed. Ask for a new one.";
        Closed { reason: Some(Reason::BadSession), key: None, error: Error::unauthenticated("UNAUTHENTICATED", words) }
    })?;
    let key: ApiKeyId = Id::from_uuid(claims.key);
    let of_key = |reason, words: String| Closed {
        reason: Some(reason),
        key: Some((key, claims.org.map(Id::from_uuid))),
        error: Error::unauthenticated("UNAUTHENTICATED", words),
    };
    let session = session(&claims).ok_or_else(|| Error::internal("a signed session without readable times"))?;
    if now >= session.expires_at {
        return Err(of_key(Reason::ExpiredSession, "This session token has expired. Mint a new one.".to_owned()));
    }
    if !is_for(app, &session.audience, whence.origin.as_deref()) {
        let from = whence.origin.as_deref().map_or_else(
            || "without an Origin".to_owned(),
            |origin| format!("from {}", origin.chars().take(100).collect::<String>()),
        );
        return Err(of_key(
            Reason::WrongAudience,
            format!(
                "This session token is for pages of {} and came {from}. Mint one whose audience is the caller's origin.",
                session.audience
            ),
        ));
    }
    let facts = match app.keys.by_id(key, now) {
        Some(facts) => facts,
        None => {
            let generation = app.keys.generation();
            let found = store::api_key::find(&app.store, key).await?;
            look_up(app, found.ok_or_else(|| unknown(Reason::UnknownKey))?, generation, now).await?
        }
    };
    facts.lets_in(whence.address)?;
    let (scope, permissions) =
        narrowed(&claims, &facts).ok_or_else(|| Error::internal("a signed session reaches beyond its key"))?;
    Ok(Viewer { scope, permissions, session: Some(Arc::new(session)), ..facts.viewer(whence.address) })
}

async fn check_again(app: &App, viewer: &Viewer, now: DateTime<Utc>) -> Result<bool, Closed> {
    let found = store::api_key::find(&app.store, viewer.key_id).await?.ok_or_else(|| unknown(Reason::UnknownKey))?;
    alive(&found, now)?;
    let facts = facts(&app.store, &found).await?;
    facts.lets_in(viewer.address)?;
    Ok(match &viewer.session {
        Some(session) => now < session.expires_at && viewer.permissions.is_within(facts.permissions),
        None => viewer.permissions == facts.permissions,
    })
}

/// What a key found in the database is good for, remembered for a while.
async fn look_up(app: &App, found: ApiKey, generation: u64, now: DateTime<Utc>) -> Result<Arc<KeyFacts>, Closed> {
    alive(&found, now)?;
    let facts = Arc::new(facts(&app.store, &found).await?);
    let believed = now + Duration::seconds(BELIEVED_SECONDS);
    let until = found.expires_at.map_or(believed, |end| end.min(believed));
    app.keys.remember(&found.hash, &facts, until, generation);
    if found.last_used_at.is_none_or(|last| now - last > Duration::minutes(1)) {
        store::api_key::touch(&app.store, found.id, now).await?;
    }
    Ok(facts)
}

async fn facts(store: &Store, key: &ApiKey) -> Result<KeyFacts, Error> {
    let (role, permissions) = role(store, key).await?;
    let of_organisation = match key.scope.organisation() {
        Some(organisation) => store::organisation::ip_allow_list(store, organisation).await?,
        None => Vec::new(),
    };
    Ok(KeyFacts {
        key_id: key.id,
        scope: key.scope,
        role,
        permissions,
        trusted_documents_only: key.trusted_documents_only,
        addresses: [
            AllowList::read("ipAllowList", &key.ip_allow_list)?,
            AllowList::read("ipAllowList", &of_organisation)?,
        ],
    })
}

/// The role of a key and what it allows now.
pub(super) async fn role(store: &Store, key: &ApiKey) -> Result<(RoleName, Permissions), Error> {
    if key.role != CUSTOM {
        let role: crate::viewer::Role = key.role.parse()?;
        return Ok((RoleName::BuiltIn(role), role.permissions(&key.scope)));
    }
    let row = match key.role_id {
        Some(id) => store::role::find(store, id).await?,
        None => None,
    };
    Ok(match row {
        Some(row) => {
            (RoleName::Custom(Some(row.id), row.name.as_str().into()), known(&row.permissions).and(ceiling(&key.scope)))
        }
        None => (RoleName::Custom(None, "deleted".into()), Permissions::NONE),
    })
}

/// The permissions of those names. A name that a newer version stored is one this version cannot give.
pub(super) fn known(names: &[String]) -> Permissions {
    names
        .iter()
        .filter_map(|name| crate::viewer::Permission::named(name))
        .fold(Permissions::NONE, |set, one| set.union(Permissions::of(&[one])))
}

impl KeyFacts {
    fn viewer(&self, address: Option<IpAddr>) -> Viewer {
        Viewer {
            key_id: self.key_id,
            scope: self.scope,
            role: self.role.clone(),
            permissions: self.permissions,
            session: None,
            trusted_documents_only: self.trusted_documents_only,
            address,
            request_id: None,
        }
    }

    #[expect(clippy::result_large_err, reason = "it goes one step, to the one place that settles it")]
    fn lets_in(&self, address: Option<IpAddr>) -> Result<(), Closed> {
        if self.addresses.iter().all(|list| list.lets_in(address)) {
            return Ok(());
        }
        let from = address.map_or_else(|| "an unknown address".to_owned(), |address| address.to_string());
        Err(Closed {
            reason: Some(Reason::AddressNotAllowed),
            key: Some((self.key_id, self.scope.organisation())),
            error: Error::forbidden(
                "ADDRESS_NOT_ALLOWED",
                format!(
                    "This key may not be used from {from}. Add the address to the IP allow-list of the key or of its organisation."
                ),
            ),
        })
    }
}

/// A browser's origin must be the audience. Who sends none is a program, or our own page asking its own server: then
/// the audience must be this server.
fn is_for(app: &App, audience: &str, origin: Option<&str>) -> bool {
    match origin {
        Some(origin) => sessions::origin(origin).as_deref() == Some(audience),
        None => sessions::origin(&app.base_url()).as_deref() == Some(audience),
    }
}

fn session(claims: &Claims) -> Option<Session> {
    Some(Session {
        id: Id::from_uuid(claims.id),
        audience: claims.aud.clone(),
        issued_at: DateTime::from_timestamp(claims.iat, 0)?,
        expires_at: DateTime::from_timestamp(claims.exp, 0)?,
    })
}

/// What a session reaches and may do at this moment: never more than its key.
fn narrowed(claims: &Claims, key: &KeyFacts) -> Option<(Scope, Permissions)> {
    let scope = match (claims.org.map(Id::from_uuid), claims.prj.map(Id::from_uuid)) {
        (None, None) => Scope::Operator,
        (Some(organisation), None) => Scope::Organisation(organisation),
        (Some(organisation), Some(project)) => Scope::Project(organisation, project),
        (None, Some(_)) => return None,
    };
    let within = match (key.scope, scope) {
        (Scope::Operator, _) => true,
        (Scope::Organisation(own), Scope::Organisation(other) | Scope::Project(other, _)) => own == other,
        (Scope::Project(..), other) => key.scope == other,
        (Scope::Organisation(_), Scope::Operator) => false,
    };
    let permissions =
        known(&claims.may).and(key.permissions).and(ceiling(&scope)).without(Permissions::NEVER_IN_A_SESSION);
    within.then_some((scope, permissions))
}

#[expect(clippy::result_large_err, reason = "it goes one step, to the one place that settles it")]
fn alive(key: &ApiKey, now: DateTime<Utc>) -> Result<(), Closed> {
    if key.revoked_at.is_none() && key.expires_at.is_none_or(|end| now < end) {
        return Ok(());
    }
    let reason = if key.revoked_at.is_some() { Reason::RevokedKey } else { Reason::ExpiredKey };
    Err(Closed { key: Some((key.id, key.scope.organisation())), ..unknown(reason) })
}

fn unknown(reason: Reason) -> Closed {
    let error = Error::unauthenticated(
        "UNAUTHENTICATED",
        "This API key is unknown, expired or revoked. Send a valid one as `Authorization: Bearer …`.",
    );
    Closed { reason: Some(reason), key: None, error }
}
