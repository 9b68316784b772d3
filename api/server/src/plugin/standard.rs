//! The standard guests: ordinary components, only shipped inside the binary.

use std::sync::LazyLock;

use super::Kind;

/// A guest that comes with the binary.
#[derive(Clone, Copy)]
pub struct StandardGuest {
    /// Its name in the plugin list.
    pub name: &'static str,
    /// What it does.
    pub kind: Kind,
    /// The component itself.
    pub bytes: &'static [u8],
}

/// The guests used where nothing else is in force.
pub const STANDARD: [StandardGuest; 3] = [
    StandardGuest {
        name: "standard-pricing",
        kind: Kind::Pricing,
        bytes: include_bytes!("../../../../plugins/dist/standard-pricing.wasm"),
    },
    StandardGuest {
        name: "standard-tax",
        kind: Kind::Tax,
        bytes: include_bytes!("../../../../plugins/dist/standard-tax.wasm"),
    },
    StandardGuest {
        name: "standard-template",
        kind: Kind::Template,
        bytes: include_bytes!("../../../../plugins/dist/standard-template.wasm"),
    },
];

impl StandardGuest {
    /// The guest for `kind`.
    pub fn of(kind: Kind) -> &'static Self {
        match kind {
            Kind::Pricing => &STANDARD[0],
            Kind::Tax => &STANDARD[1],
            Kind::Template => &STANDARD[2],
        }
    }

    /// The digest of its component, computed once.
    pub fn digest(&self) -> &'static str {
        static DIGESTS: LazyLock<[String; 3]> =
            LazyLock::new(|| STANDARD.map(|guest| plugin_host::digest(guest.bytes)));
        match self.kind {
            Kind::Pricing => &DIGESTS[0],
            Kind::Tax => &DIGESTS[1],
            Kind::Template => &DIGESTS[2],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_guest() {
        for kind in [Kind::Pricing, Kind::Tax, Kind::Template] {
            assert_eq!(StandardGuest::of(kind).kind, kind);
        }
    }
}
