//! Whose rows a statement may see, and how PostgreSQL is told: the settings that the policies of the tenant tables read.
//!
//! They are set for one transaction at a time, never for a connection, so nothing of a tenant stays behind in the pool.

use std::fmt::Write as _;
use std::time::Duration;

use billing::ids::OrganisationId;

/// Whose rows of tenant tables exist for a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Nobody's: what a statement gets that names no tenant.
    Nobody,
    /// One organisation's.
    Tenant(OrganisationId),
    /// Everyone's, for what spans tenants by nature.
    Everyone,
}

impl Scope {
    /// One organisation's when all are the same one, else everyone's.
    pub(super) fn of(organisations: impl IntoIterator<Item = OrganisationId>) -> Self {
        let mut organisations = organisations.into_iter();
        match organisations.next() {
            Some(first) if organisations.all(|other| other == first) => Self::Tenant(first),
            _ => Self::Everyone,
        }
    }

    /// What begins a transaction in this scope, in one trip to the server.
    pub(super) fn begin(self, read_only: bool, patience: Option<Duration>) -> String {
        let mut sql = String::from(if read_only { "BEGIN READ ONLY" } else { "BEGIN" });
        match self {
            Self::Nobody => {}
            Self::Tenant(organisation) => {
                let _ = write!(sql, "; SET LOCAL undash.organisation_id = '{}'", organisation.uuid());
            }
            Self::Everyone => sql.push_str("; SET LOCAL undash.every_organisation = 'on'"),
        }
        if let Some(patience) = patience {
            let _ = write!(sql, "; SET LOCAL statement_timeout = {}", patience.as_millis());
        }
        sql
    }

    /// What moves an open transaction into this scope.
    pub(super) fn switch(self) -> String {
        let (organisation, every) = match self {
            Self::Nobody => (String::new(), "off"),
            Self::Tenant(organisation) => (organisation.uuid().to_string(), "off"),
            Self::Everyone => (String::new(), "on"),
        };
        format!("SET LOCAL undash.organisation_id = '{organisation}'; SET LOCAL undash.every_organisation = '{every}'")
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn one_organisation_is_a_tenant_and_several_are_everyone() {
        let (a, b) = (OrganisationId::from_uuid(Uuid::now_v7()), OrganisationId::from_uuid(Uuid::now_v7()));
        assert_eq!(Scope::of([a, a, a]), Scope::Tenant(a));
        assert_eq!(Scope::of([a, a, b]), Scope::Everyone);
        assert_eq!(Scope::of([]), Scope::Everyone);
    }
}
