//! Ranges of internet addresses: who may come from where, and which proxies are believed. Pure; where
//! a caller comes from is found out in `http`.

use ipnet::{IpNet, Ipv4Net};
use std::net::{IpAddr, Ipv6Addr};

use crate::error::Error;

/// Ranges in one list at most.
pub const MOST_RANGES: usize = 100;

/// From where callers may come. An empty list lets everyone through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList(Vec<IpNet>);

impl AllowList {
    /// Reads a list that somebody wrote in `field`.
    ///
    /// # Errors
    /// `Invalid`, naming the entry and the fix.
    pub fn read<S: AsRef<str>>(field: &str, entries: &[S]) -> Result<Self, Error> {
        if entries.len() > MOST_RANGES {
            return Err(Error::invalid(
                "TOO_MANY",
                format!(
                    "{field} has {} entries; {MOST_RANGES} are the most. Put neighbours together into wider ranges.",
                    entries.len()
                ),
            )
            .at([field]));
        }
        let mut ranges = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let range = range(entry.as_ref()).map_err(|fix| {
                Error::invalid("BAD_ADDRESS_RANGE", format!("{field}[{index}]: {fix}")).at([field, &index.to_string()])
            })?;
            if !ranges.contains(&range) {
                ranges.push(range);
            }
        }
        Ok(Self(ranges))
    }

    /// Whether a caller at this address may come in. Nobody knows where an unknown address is, so only an empty list
    /// lets it in.
    pub fn lets_in(&self, address: Option<IpAddr>) -> bool {
        self.0.is_empty() || address.is_some_and(|address| is_in(&self.0, address))
    }

    /// Whether it lets everyone in.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges as stored and shown.
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

/// Whether one of the ranges has the address; `::ffff:192.0.2.1` is 192.0.2.1.
pub fn is_in(ranges: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    ranges.iter().any(|range| range.contains(&address))
}

/// Reads `192.0.2.0/24`, `2001:db8::/32`, or one address without a prefix.
///
/// # Errors
/// A sentence with the fix.
pub fn range(text: &str) -> Result<IpNet, String> {
    let shown: String = text.chars().take(60).collect();
    let written = match text.trim().parse::<IpNet>() {
        Ok(range) => range,
        Err(_) => text.trim().parse::<IpAddr>().map(IpNet::from).map_err(|_| {
            format!("`{shown}` is not an address or a range of them. Write it like 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32.")
        })?,
    };
    let range = unmapped(written).ok_or_else(|| format!("`{shown}` reaches beyond the IPv4 addresses that are written as IPv6. Write the IPv4 range, like 203.0.113.0/24."))?;
    if range.addr() != range.network() {
        return Err(format!(
            "`{shown}` has an address inside the range. Write {} for the whole range or {} for the one address.",
            range.trunc(),
            range.addr()
        ));
    }
    Ok(range)
}

/// The IPv4 range behind one that is written `::ffff:192.0.2.0/120`.
fn unmapped(range: IpNet) -> Option<IpNet> {
    let IpNet::V6(six) = range else { return Some(range) };
    let Some(four) = six.addr().to_ipv4_mapped() else {
        // A wider range that holds all mapped addresses would never match: they are looked at as IPv4.
        let every_mapped = Ipv6Addr::from(0xffff_0000_0000_u128);
        return (six.prefix_len() == 0 || !six.contains(&every_mapped)).then_some(range);
    };
    Ipv4Net::new(four, six.prefix_len().checked_sub(96)?).ok().map(IpNet::V4)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn list(entries: &[&str]) -> AllowList {
        AllowList::read("ipAllowList", entries).unwrap()
    }

    #[test]
    fn who_is_let_in() {
        for (entries, address, expected) in [
            (&[][..], "203.0.113.7", true),
            (&["203.0.113.0/24"], "203.0.113.7", true),
            (&["203.0.113.0/24"], "203.0.114.7", false),
            (&["203.0.113.0/24"], "::ffff:203.0.113.7", true),
            (&["203.0.113.0/24"], "::203.0.113.7", false),
            (&["::ffff:203.0.113.0/120"], "203.0.113.7", true),
            (&["::ffff:203.0.113.7"], "203.0.113.7", true),
            (&["203.0.113.7"], "203.0.113.8", false),
            (&["2001:db8::/32"], "2001:db8:ffff::1", true),
            (&["2001:db8::/32"], "2001:db9::1", false),
            (&["2001:db8::1", "10.0.0.0/8"], "10.255.255.255", true),
            (&["0.0.0.0/0"], "198.51.100.1", true),
            (&["0.0.0.0/0"], "2001:db8::1", false),
            (&["::/0"], "2001:db8::1", true),
            (&["::/0"], "198.51.100.1", false),
        ] {
            assert_eq!(list(entries).lets_in(Some(address.parse().unwrap())), expected, "{entries:?} {address}");
        }
        assert!(list(&[]).lets_in(None) && !list(&["0.0.0.0/0"]).lets_in(None));
    }

    #[test]
    fn a_bad_entry_is_named_with_its_fix() {
        for (entry, fix) in [
            ("", "is not an address"),
            ("203.0.113", "is not an address"),
            ("203.0.113.0/33", "is not an address"),
            ("example.com", "is not an address"),
            ("203.0.113.7:80", "is not an address"),
            ("fe80::1%eth0", "is not an address"),
            ("203.0.113.7/24", "Write 203.0.113.0/24 for the whole range or 203.0.113.7 for the one address."),
            ("2001:db8::1/32", "Write 2001:db8::/32"),
            ("::ffff:203.0.113.0/90", "Write the IPv4 range"),
            ("::/16", "Write the IPv4 range"),
        ] {
            let error = AllowList::read("ipAllowList", &["10.0.0.1", entry]).unwrap_err();
            assert_eq!(
                (error.code, error.path.as_slice()),
                ("BAD_ADDRESS_RANGE", &["ipAllowList".to_owned(), "1".to_owned()][..]),
                "{entry}"
            );
            assert!(
                error.public.starts_with("ipAllowList[1]: ") && error.public.contains(fix),
                "{entry}: {}",
                error.public
            );
        }
        assert_eq!(AllowList::read("x", &["10.0.0.1"; 101]).unwrap_err().code, "TOO_MANY");
        assert_eq!(list(&["10.0.0.1", " 10.0.0.1/32 ", "::ffff:10.0.0.1"]).texts(), ["10.0.0.1/32"]);
    }

    proptest! {
        #[test]
        fn an_address_is_in_its_own_ranges_and_lists_read_back(number: u128, six: bool, prefix in 0_u8..=128) {
            let address = if six { IpAddr::from(number.to_be_bytes()) } else { IpAddr::from((number as u32).to_be_bytes()) };
            let net = IpNet::new(address, if six { prefix } else { prefix % 33 }).unwrap().trunc();
            if let Ok(list) = AllowList::read("x", &[net.to_string()]) {
                prop_assert!(list.lets_in(Some(address)));
                prop_assert_eq!(AllowList::read("x", &list.texts()).unwrap(), list);
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = range(&text);
        }
    }
}
