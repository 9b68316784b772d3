//! Walking a chain from its first link to its head, and naming the first place where it breaks.

use std::fmt;

use super::{GENESIS, Link, hash_at};

/// How far around its place an altered link is looked for, to tell a moved one from a changed one.
const LOOK_AROUND: u64 = 100_000;

/// Where a chain ends, kept apart from its links so that a missing end is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last link; 0 before the first.
    pub sequence: u64,
    /// Its hash; [`GENESIS`] before the first.
    pub hash: [u8; 32],
}

impl Head {
    /// The head of a chain without links.
    pub const EMPTY: Self = Self { sequence: 0, hash: GENESIS };
}

/// The first thing that is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Break {
    /// Links are not there any more.
    Removed {
        /// The first that is missing.
        first: u64,
        /// The last that is missing.
        last: u64,
    },
    /// The link does not say what it said when it was written.
    Altered {
        /// Its number.
        sequence: u64,
        /// Its identity.
        id: String,
    },
    /// The link was written with another number.
    Moved {
        /// The number it has now.
        sequence: u64,
        /// The number it was written with.
        from: u64,
        /// Its identity.
        id: String,
    },
    /// The link is sound in itself, but was not written after the one before it.
    Unconnected {
        /// Its number.
        sequence: u64,
        /// Its identity.
        id: String,
    },
    /// Its number was there already, or is out of order.
    Repeated {
        /// Its number.
        sequence: u64,
        /// Its identity.
        id: String,
    },
    /// The link stands after the end of the chain.
    Inserted {
        /// Its number.
        sequence: u64,
        /// Its identity.
        id: String,
    },
    /// The link belongs to another chain.
    Foreign {
        /// Its number.
        sequence: u64,
        /// Its identity.
        id: String,
    },
    /// Links are missing at the end.
    Truncated {
        /// The first that is missing.
        first: u64,
        /// The last that is missing.
        last: u64,
    },
    /// The kept head is not the hash of the last link.
    HeadAltered {
        /// The number of the last link.
        sequence: u64,
    },
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed { first, last } if first == last => write!(f, "row {first} was removed"),
            Self::Removed { first, last } => write!(f, "rows {first} to {last} were removed"),
            Self::Altered { sequence, id } => {
                write!(f, "row {sequence} ({id}) was altered: it does not have the hash of what it says")
            }
            Self::Moved { sequence, from, id } => {
                write!(f, "row {sequence} ({id}) was reordered: it was written as row {from}")
            }
            Self::Unconnected { sequence, id } => write!(
                f,
                "row {sequence} ({id}) was not written after the row that now stands before it: that one was replaced"
            ),
            Self::Repeated { sequence, id } => write!(f, "row {sequence} ({id}) is repeated or out of order"),
            Self::Inserted { sequence, id } => {
                write!(f, "row {sequence} ({id}) was inserted: the chain ends before it")
            }
            Self::Foreign { sequence, id } => write!(f, "row {sequence} ({id}) belongs to another chain"),
            Self::Truncated { first, last } if first == last => {
                write!(f, "the chain is truncated: its last row, {first}, was removed")
            }
            Self::Truncated { first, last } => {
                write!(f, "the chain is truncated: its last rows, {first} to {last}, were removed")
            }
            Self::HeadAltered { sequence } => {
                write!(f, "the head of the chain was altered: it does not hold the hash of row {sequence}")
            }
        }
    }
}

/// A walk along one chain. Stop at the first [`Break`]: what comes after it cannot be judged.
#[derive(Clone, Debug)]
pub struct Chain {
    organisation_id: Option<String>,
    head: Head,
    at: Head,
}

impl Chain {
    /// Starts before the first link of a chain that ends at `head`.
    #[must_use]
    pub fn new(organisation_id: Option<String>, head: Head) -> Self {
        Self { organisation_id, head, at: Head::EMPTY }
    }

    /// The link after which the walk stands.
    #[must_use]
    pub fn at(&self) -> Head {
        self.at
    }

    /// Steps onto the next link.
    ///
    /// # Errors
    /// What is wrong with it, or with the place before it.
    pub fn step(&mut self, link: &Link) -> Result<(), Break> {
        let sequence = link.entry.sequence;
        let id = || link.entry.id.clone();
        if link.entry.organisation_id != self.organisation_id {
            return Err(Break::Foreign { sequence, id: id() });
        }
        if sequence <= self.at.sequence {
            return Err(Break::Repeated { sequence, id: id() });
        }
        if sequence > self.head.sequence {
            // Links that are missing before the inserted one are the earlier wrong.
            return Err(match self.at.sequence < self.head.sequence {
                true => Break::Truncated { first: self.at.sequence + 1, last: self.head.sequence },
                false => Break::Inserted { sequence, id: id() },
            });
        }
        if sequence > self.at.sequence + 1 {
            return Err(Break::Removed { first: self.at.sequence + 1, last: sequence - 1 });
        }
        if !link.is_whole() {
            return Err(match self.written_as(link) {
                Some(from) => Break::Moved { sequence, from, id: id() },
                None => Break::Altered { sequence, id: id() },
            });
        }
        if link.previous_hash != self.at.hash {
            return Err(Break::Unconnected { sequence, id: id() });
        }
        self.at = Head { sequence, hash: link.hash };
        Ok(())
    }

    /// Ends the walk after the last link.
    ///
    /// # Errors
    /// What is wrong with the end.
    pub fn finish(&self) -> Result<(), Break> {
        if self.at.sequence < self.head.sequence {
            return Err(Break::Truncated { first: self.at.sequence + 1, last: self.head.sequence });
        }
        if self.at.hash != self.head.hash {
            return Err(Break::HeadAltered { sequence: self.at.sequence });
        }
        Ok(())
    }

    /// The number under which the link would be whole, near its place.
    fn written_as(&self, link: &Link) -> Option<u64> {
        let here = link.entry.sequence;
        let from = here.saturating_sub(LOOK_AROUND).max(1);
        (from..=here.saturating_add(LOOK_AROUND).min(self.head.sequence))
            .find(|sequence| hash_at(&link.entry, *sequence, &link.previous_hash) == link.hash)
    }
}
