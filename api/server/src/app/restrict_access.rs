//! From where an organisation may be reached. Whoever calls must not lock itself out by accident.

use billing::ids::OrganisationId;
use chrono::{DateTime, Utc};

use super::App;
use super::audit::{self, Action, Changes, Subject};
use crate::addresses::AllowList;
use crate::error::Error;
use crate::store::audit::SubjectType;
use crate::store::{self, organisation::Organisation};
use crate::viewer::{Permission, Viewer};

/// The new list of an organisation.
pub struct AccessChange {
    /// The version of the organisation that was looked at.
    pub expected_version: i32,
    /// The ranges; empty for everywhere.
    pub ip_allow_list: Vec<String>,
    /// Whether the caller may lock itself out.
    pub force: bool,
}

/// Replaces the list of an organisation. It binds every key of the organisation and of its projects, and no key of the
/// operator.
pub async fn update_access(
    app: &App,
    viewer: &Viewer,
    organisation: OrganisationId,
    change: AccessChange,
    now: DateTime<Utc>,
) -> Result<Organisation, Error> {
    viewer.require(Permission::AccessWrite)?;
    let list = AllowList::read("ipAllowList", &change.ip_allow_list)?;
    if !viewer.is_operator() {
        stays_inside(&list, viewer, change.force)?;
    }
    let mut found = super::tenants::find_organisation(app, organisation).await?;
    let before = std::mem::replace(&mut found.ip_allow_list, list.texts());
    found.version = change.expected_version;
    let tx = app.store.begin().await?;
    if !store::organisation::update_in_tx(&tx, &found).await? {
        return Err(changed_meanwhile("organisation"));
    }
    let subject = Subject::of_organisation(organisation, SubjectType::Organisation, organisation);
    let changes = Changes::new().changed("ipAllowList", before.join(" "), found.ip_allow_list.join(" "));
    audit::record_in_tx(&tx, viewer, Action::OrganisationAccessUpdated, subject, changes, now).await?;
    tx.commit().await?;
    app.keys.forget_organisation(organisation);
    super::tenants::find_organisation(app, organisation).await
}

/// Refuses a list that would keep the caller itself out.
pub(super) fn stays_inside(list: &AllowList, viewer: &Viewer, force: bool) -> Result<(), Error> {
    if force || list.lets_in(viewer.address) {
        return Ok(());
    }
    let from = viewer.address.map_or_else(|| "an unknown address".to_owned(), |address| address.to_string());
    Err(Error::refused(
        "LOCKS_YOU_OUT",
        format!("You call from {from}, which is not in ipAllowList: your own key would be refused from now on. Add the address, or send force: true if that is meant."),
    )
    .at(["ipAllowList"]))
}

/// Somebody was faster.
pub(super) fn changed_meanwhile(what: &str) -> Error {
    Error::conflict(
        "VERSION_CONFLICT",
        format!("The {what} has another version than expectedVersion. Look at it, then try again."),
    )
    .at(["expectedVersion"])
}
