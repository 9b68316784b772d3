//! Custom roles: sets of permissions under a name, of the operator or of one organisation. A changed role
//! takes effect on the keys that have it.

use billing::ids::{OrganisationId, RoleId};
use chrono::{DateTime, Utc};

use super::audit::{self, Action, Changes, Subject};
use super::manage_keys::{check_name, organisation_exists};
use super::restrict_access::changed_meanwhile;
use super::{App, authenticate, fresh, to_microseconds};
use crate::error::Error;
use crate::store::audit::SubjectType;
use crate::store::{self, is_taken, role::Role};
use crate::viewer::{Permission, Permissions, Scope, Viewer, ceiling};

/// Makes a role: of the organisation, or of the operator when none is named.
pub async fn create_role(
    app: &App,
    viewer: &Viewer,
    organisation: Option<OrganisationId>,
    name: String,
    permissions: Permissions,
    now: DateTime<Utc>,
) -> Result<Role, Error> {
    viewer.require(Permission::RolesWrite)?;
    check_name(&name)?;
    check_permissions(viewer, organisation, permissions)?;
    if let Some(organisation) = organisation {
        organisation_exists(app, organisation).await?;
    }
    let role = Role {
        id: fresh(),
        organisation_id: organisation,
        name,
        permissions: stored(permissions),
        version: 1,
        created_at: to_microseconds(now),
    };
    let tx = app.store.begin().await?;
    store::role::insert_in_tx(&tx, &role).await.map_err(|error| taken(error, &role.name))?;
    let changes = Changes::new().set("name", &role.name).set("permissions", role.permissions.join(" "));
    audit::record_in_tx(&tx, viewer, Action::RoleCreated, subject(&role), changes, now).await?;
    tx.commit().await?;
    Ok(role)
}

/// What is changed of a role; what is absent stays.
pub struct RoleChange {
    /// The version that was looked at.
    pub expected_version: i32,
    /// Another name.
    pub name: Option<String>,
    /// Another set.
    pub permissions: Option<Permissions>,
}

/// Changes a role, and with it what the keys may do that have it.
pub async fn update_role(
    app: &App,
    viewer: &Viewer,
    id: RoleId,
    change: RoleChange,
    now: DateTime<Utc>,
) -> Result<Role, Error> {
    let mut role = changeable(app, viewer, id).await?;
    let before = role.clone();
    if let Some(name) = change.name {
        check_name(&name)?;
        role.name = name;
    }
    if let Some(permissions) = change.permissions {
        check_permissions(viewer, role.organisation_id, permissions)?;
        role.permissions = stored(permissions);
    }
    role.version = change.expected_version;
    let tx = app.store.begin().await?;
    if !store::role::update_in_tx(&tx, &role).await.map_err(|error| taken(error, &role.name))? {
        return Err(changed_meanwhile("role"));
    }
    let changes = Changes::new().changed("name", &before.name, &role.name).changed(
        "permissions",
        before.permissions.join(" "),
        role.permissions.join(" "),
    );
    audit::record_in_tx(&tx, viewer, Action::RoleUpdated, subject(&role), changes, now).await?;
    tx.commit().await?;
    app.keys.forget_role(id);
    find_role(app, viewer, id).await
}

/// Deletes a role that no living key has.
pub async fn delete_role(app: &App, viewer: &Viewer, id: RoleId, now: DateTime<Utc>) -> Result<Role, Error> {
    let role = changeable(app, viewer, id).await?;
    let tx = app.store.begin().await?;
    if !store::role::hold_in_tx(&tx, id).await? {
        return Err(unknown(id));
    }
    let keys = store::api_key::count_living_with_role(&tx, id, to_microseconds(now)).await?;
    if keys > 0 {
        let keys = if keys == 1 { "1 key has".to_owned() } else { format!("{keys} keys have") };
        return Err(
            Error::refused("ROLE_IN_USE", format!("{keys} the role `{}`. Revoke them first.", role.name)).at(["id"])
        );
    }
    store::role::delete_in_tx(&tx, id).await?;
    let changes = Changes::new().moved("name", Some(&role.name), None::<&str>).moved(
        "permissions",
        Some(role.permissions.join(" ")),
        None::<&str>,
    );
    audit::record_in_tx(&tx, viewer, Action::RoleDeleted, subject(&role), changes, now).await?;
    tx.commit().await?;
    Ok(role)
}

/// A role that the viewer may know of.
pub async fn find_role(app: &App, viewer: &Viewer, id: RoleId) -> Result<Role, Error> {
    let found = store::role::find(&app.store, id).await?;
    found
        .filter(|role| viewer.is_operator() || role.organisation_id == viewer.own_organisation())
        .ok_or_else(|| unknown(id))
}

/// Whoever lacks a permission can neither give it to a role nor take it from one.
async fn changeable(app: &App, viewer: &Viewer, id: RoleId) -> Result<Role, Error> {
    viewer.require(Permission::RolesWrite)?;
    let role = find_role(app, viewer, id).await?;
    within(viewer, authenticate::known(&role.permissions))?;
    Ok(role)
}

fn check_permissions(viewer: &Viewer, owner: Option<OrganisationId>, permissions: Permissions) -> Result<(), Error> {
    let beyond = permissions.without(ceiling(&owner.map_or(Scope::Operator, Scope::Organisation)));
    if !beyond.is_empty() {
        return Err(Error::invalid(
            "ROLE_DOES_NOT_FIT",
            format!("A role of an organisation cannot hold {beyond}: that belongs to the operator."),
        )
        .at(["permissions"]));
    }
    within(viewer, permissions)
}

fn within(viewer: &Viewer, permissions: Permissions) -> Result<(), Error> {
    let missing = permissions.without(viewer.permissions);
    if missing.is_empty() {
        return Ok(());
    }
    let words = format!("{viewer} may not make, change or delete a role with what it lacks itself: {missing}.");
    Err(Error::forbidden("FORBIDDEN", words).at(["permissions"]))
}

fn stored(permissions: Permissions) -> Vec<String> {
    permissions.names().into_iter().map(str::to_owned).collect()
}

fn taken(error: Error, name: &str) -> Error {
    if is_taken(&error) {
        return Error::conflict("TAKEN", format!("There is already a role `{name}`. Choose another name."))
            .at(["name"]);
    }
    error
}

fn subject(role: &Role) -> Subject {
    Subject::named(role.organisation_id, SubjectType::Role, role.id.to_string())
}

fn unknown(id: RoleId) -> Error {
    Error::not_found("NOT_FOUND", format!("There is no role {id}.")).at(["id"])
}
