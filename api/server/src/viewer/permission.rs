//! What may be allowed, one by one and as a set. Which role has which set is in `role`; which field
//! needs which permission is declared beside the field.

use std::fmt;

macro_rules! permissions {
    ($($(#[$doc:meta])* $variant:ident => $name:literal),+ $(,)?) => {
        /// One thing a role may allow. The names are public: they stand in the schema, in custom roles and in tokens.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Permission {
            $($(#[$doc])* $variant),+
        }

        impl Permission {
            /// Every permission, in the order of the schema.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name as stored and shown.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            /// The permission of that name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

permissions! {
    /// Metrics and plans.
    CatalogueRead => "CATALOGUE_READ",
    /// Making metrics, plans, issuing entities.
    CatalogueWrite => "CATALOGUE_WRITE",
    /// Issuing entities, as the operator sees them.
    IssuersRead => "ISSUERS_READ",
    /// Plugins, versions and activations.
    PluginsRead => "PLUGINS_READ",
    /// Uploading plugin versions.
    PluginsWrite => "PLUGINS_WRITE",
    /// Putting a plugin version in force.
    PluginsActivate => "PLUGINS_ACTIVATE",
    /// Every organisation's record (operator) or one's own.
    OrganisationsRead => "ORGANISATIONS_READ",
    /// Making organisations.
    OrganisationsWrite => "ORGANISATIONS_WRITE",
    /// From which addresses an organisation may be reached.
    AccessWrite => "ACCESS_WRITE",
    /// Projects.
    ProjectsRead => "PROJECTS_READ",
    /// Making projects.
    ProjectsWrite => "PROJECTS_WRITE",
    /// API keys, without their secrets.
    KeysRead => "KEYS_READ",
    /// Making, changing and revoking API keys.
    KeysWrite => "KEYS_WRITE",
    /// Custom roles.
    RolesRead => "ROLES_READ",
    /// Making, changing and deleting custom roles.
    RolesWrite => "ROLES_WRITE",
    /// Minting session tokens, which never allow more than the key they come from.
    SessionsWrite => "SESSIONS_WRITE",
    /// Subscriptions.
    SubscriptionsRead => "SUBSCRIPTIONS_READ",
    /// Subscribing to a plan and ending a subscription.
    SubscriptionsWrite => "SUBSCRIPTIONS_WRITE",
    /// Usage, totals and rejected events.
    UsageRead => "USAGE_READ",
    /// Sending usage.
    UsageWrite => "USAGE_WRITE",
    /// Invoices, previews, explanations and PDFs.
    InvoicesRead => "INVOICES_READ",
    /// Finalising and voiding invoices.
    InvoicesWrite => "INVOICES_WRITE",
    /// Payments, refunds and credit notes.
    PaymentsRead => "PAYMENTS_READ",
    /// Paying invoices.
    PaymentsWrite => "PAYMENTS_WRITE",
    /// Recording money that came outside a gateway.
    PaymentsRecord => "PAYMENTS_RECORD",
    /// Sending money back.
    RefundsWrite => "REFUNDS_WRITE",
    /// Alert rules and events.
    AlertsRead => "ALERTS_READ",
    /// Making and disabling alert rules.
    AlertsWrite => "ALERTS_WRITE",
    /// The audit trail.
    AuditRead => "AUDIT_READ",
    /// Effects that leave the database, and those that were given up.
    JobsRead => "JOBS_READ",
    /// Trying given up effects again, and letting them be.
    JobsWrite => "JOBS_WRITE",
}

impl fmt::Display for Permission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u64);

// One bit each.
const _: () = assert!(Permission::ALL.len() <= 64);

impl Permissions {
    /// Nothing at all.
    pub const NONE: Self = Self(0);

    /// Everything there is.
    pub const ALL: Self = Self::of(Permission::ALL);

    /// What only a key of the operator can have: it decides over every tenant, or over what a tenant owes.
    pub const OPERATOR_ONLY: Self = Self::of(&[
        Permission::CatalogueWrite,
        Permission::IssuersRead,
        Permission::PluginsRead,
        Permission::PluginsWrite,
        Permission::PluginsActivate,
        Permission::OrganisationsWrite,
        Permission::SubscriptionsWrite,
        Permission::InvoicesWrite,
        Permission::PaymentsRecord,
        Permission::RefundsWrite,
        Permission::JobsRead,
        Permission::JobsWrite,
    ]);

    /// What makes sense inside one project; everything else is about its whole organisation.
    pub const IN_A_PROJECT: Self = Self::of(&[
        Permission::CatalogueRead,
        Permission::ProjectsRead,
        Permission::UsageRead,
        Permission::UsageWrite,
        Permission::SessionsWrite,
    ]);

    /// What a session token never has: the making of further credentials.
    pub const NEVER_IN_A_SESSION: Self =
        Self::of(&[Permission::KeysWrite, Permission::RolesWrite, Permission::SessionsWrite]);

    /// The set of these.
    pub const fn of(permissions: &[Permission]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < permissions.len() {
            bits |= 1 << permissions[at] as u32;
            at += 1;
        }
        Self(bits)
    }

    /// The set of those names; `Err` holds the first that names none.
    pub fn named<S: AsRef<str>>(names: &[S]) -> Result<Self, &str> {
        names.iter().try_fold(Self::NONE, |set, name| match Permission::named(name.as_ref()) {
            Some(permission) => Ok(set.union(Self::of(&[permission]))),
            None => Err(name.as_ref()),
        })
    }

    /// Whether it is among them.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the other one has all of it.
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether there is nothing in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// One by one, in the order of the schema.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.contains(*permission))
    }

    /// Their names, in the order of the schema.
    pub fn names(self) -> Vec<&'static str> {
        self.iter().map(Permission::as_str).collect()
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.names().join(", "))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_lead_to_their_permission_and_back() {
        for permission in Permission::ALL {
            assert_eq!(Permission::named(permission.as_str()), Some(*permission));
        }
        assert_eq!(Permissions::named(&["USAGE_READ", "USAGE_WRITE"]).unwrap().names(), ["USAGE_READ", "USAGE_WRITE"]);
        assert_eq!(Permissions::named(&["USAGE_READ", "usage_write"]), Err("usage_write"));
    }

    #[test]
    fn a_set_is_what_is_in_it() {
        for permission in Permission::ALL {
            let one = Permissions::of(&[*permission]);
            assert!(one.contains(*permission) && one.is_within(Permissions::ALL) && !Permissions::ALL.is_within(one));
            assert!(!Permissions::ALL.without(one).contains(*permission));
            assert_eq!((one.iter().count(), one.and(Permissions::ALL), one.without(one)), (1, one, Permissions::NONE));
        }
        assert_eq!(Permissions::ALL.iter().count(), Permission::ALL.len());
        assert!(Permissions::IN_A_PROJECT.and(Permissions::OPERATOR_ONLY).is_empty());
    }
}
