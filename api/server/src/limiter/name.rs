//! Whose bucket it is: a small value in memory, a text on Redis.

use std::net::IpAddr;
use uuid::Uuid;

/// What a bucket counts, and for what kind of owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Requests of an address.
    AddressRequests,
    /// Invalid keys of an address.
    AddressFailures,
    /// Requests of a key.
    KeyRequests,
    /// Requests of an organisation.
    OrganisationRequests,
    /// Cost of a key.
    KeyCost,
    /// Cost of an organisation.
    OrganisationCost,
    /// Events of a key.
    KeyEvents,
    /// Events of an organisation.
    OrganisationEvents,
}

/// The name of one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name {
    pub(super) counted: Counted,
    pub(super) owner: u128,
    /// Buckets that are decided on together have the same group, so that a cluster keeps them on one node.
    pub(super) group: u128,
}

impl Name {
    pub(super) fn of_address(counted: Counted, address: IpAddr) -> Self {
        let owner = number(address);
        Self { counted, owner, group: owner }
    }

    pub(super) fn of(counted: Counted, owner: Uuid, group: Uuid) -> Self {
        Self { counted, owner: owner.as_u128(), group: group.as_u128() }
    }

    /// As Redis knows it.
    pub(super) fn text(&self) -> String {
        format!("undash:{{{:032x}}}:{}:{:032x}", self.group, self.counted.short(), self.owner)
    }
}

/// One number for everybody who cannot be told apart: whoever has an IPv6 address has the whole /64.
fn number(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits() >> 64 << 64,
    }
}

impl Counted {
    /// The layer that refuses, in metrics.
    pub fn layer(self) -> &'static str {
        match self {
            Self::AddressRequests | Self::AddressFailures => "address",
            Self::KeyRequests | Self::KeyCost | Self::KeyEvents => "key",
            Self::OrganisationRequests | Self::OrganisationCost | Self::OrganisationEvents => "organisation",
        }
    }

    /// What is counted, in metrics.
    pub fn what(self) -> &'static str {
        match self {
            Self::AddressRequests | Self::KeyRequests | Self::OrganisationRequests => "requests",
            Self::AddressFailures => "failed_keys",
            Self::KeyCost | Self::OrganisationCost => "cost",
            Self::KeyEvents | Self::OrganisationEvents => "events",
        }
    }

    fn short(self) -> &'static str {
        match self {
            Self::AddressRequests => "ar",
            Self::AddressFailures => "af",
            Self::KeyRequests => "kr",
            Self::OrganisationRequests => "or",
            Self::KeyCost => "kc",
            Self::OrganisationCost => "oc",
            Self::KeyEvents => "ke",
            Self::OrganisationEvents => "oe",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_network_of_one_owner_is_one_owner() {
        let of = |text: &str| number(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
        assert_ne!(of("0.0.0.1"), of("::1"));
    }
}
