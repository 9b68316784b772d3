//! Public ids at the edge: `ID` text in, `ID` text out.

use async_graphql::ID;
use billing::ids::{Id, Kind, OrganisationId};
use uuid::Uuid;

use crate::error::Error;

/// Reads an id of one kind; `field` is the argument it came in.
pub(super) fn parse_id<K: Kind>(id: &ID, field: &str) -> Result<Id<K>, Error> {
    id.parse().map_err(|error: billing::ids::IdError| {
        Error::invalid("BAD_ID", format!("{field} is not an id of the right kind: {error}.")).at([field])
    })
}

/// Shows an id.
pub(super) fn show_id<K: Kind>(id: Id<K>) -> ID {
    ID(id.to_string())
}

/// Shows the id of something that has none of its own and is found by two others.
pub(super) fn show_pair(prefix: &str, first: Uuid, second: Uuid) -> ID {
    ID(format!("{prefix}_{}-{}", bare(first), bare(second)))
}

/// Reads what [`show_pair`] has shown.
pub(super) fn parse_pair(prefix: &str, id: &ID, field: &str) -> Result<(Uuid, Uuid), Error> {
    let pair = || {
        let (first, second) = id.strip_prefix(prefix)?.strip_prefix('_')?.split_once('-')?;
        Some((read_bare(first)?, read_bare(second)?))
    };
    pair().ok_or_else(|| {
        Error::invalid("BAD_ID", format!("{field} is not an id of the right kind: expected `{prefix}_…`.")).at([field])
    })
}

/// What is behind the prefix of an id of any kind.
pub(super) fn read_uuid(id: &ID, field: &str) -> Result<Uuid, Error> {
    id.split_once('_')
        .and_then(|(_, bare)| read_bare(bare))
        .ok_or_else(|| Error::invalid("BAD_ID", format!("{field} is not an id such as inv_01J….")).at([field]))
}

const ANY_PREFIX: &str = "org_";

fn bare(uuid: Uuid) -> String {
    OrganisationId::from_uuid(uuid).to_string().split_off(ANY_PREFIX.len())
}

fn read_bare(text: &str) -> Option<Uuid> {
    format!("{ANY_PREFIX}{text}").parse::<OrganisationId>().ok().map(|id| id.uuid())
}

/// The words for something that is absent or somebody else's.
pub(super) fn unknown<K: Kind>(noun: &str, id: Id<K>) -> Error {
    Error::not_found("NOT_FOUND", format!("There is no {noun} {id}.")).at(["id"])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_pair_comes_back_only_under_its_own_prefix() {
        let (first, second) = (Uuid::from_u128(7), Uuid::from_u128(u128::MAX));
        let id = show_pair("evt", first, second);
        assert_eq!(parse_pair("evt", &id, "id").unwrap(), (first, second));
        for bad in ["run", "ev", "evt_"] {
            assert_eq!(parse_pair(bad, &id, "id").unwrap_err().code, "BAD_ID");
        }
        for bad in ["evt_", "evt_-", "evt_00000000000000000000000000", "evt_1-2", "é"] {
            assert!(parse_pair("evt", &ID(bad.to_owned()), "id").is_err(), "{bad}");
        }
    }
}
