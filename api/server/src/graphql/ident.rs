//! Public ids at the edge: `ID` text in, `ID` text out.

use async_graphql::ID;
use billing::ids::{Id, Kind};

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

/// The words for something that is absent or somebody else's.
pub(super) fn unknown<K: Kind>(noun: &str, id: Id<K>) -> Error {
    Error::not_found("NOT_FOUND", format!("There is no {noun} {id}.")).at(["id"])
}
