//! Custom roles: sets of permissions under a name.

use async_graphql::{Context, ID, InputObject, Object};
use billing::ids::RoleId;
use std::sync::Arc;

use super::access::{Call, Need, enter};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter};
use super::cursor::List;
use super::fault::Result;
use super::ident::{parse_id, show_id};
use super::scalar::Instant;
use super::user_error::payload;
use super::viewer::KeyPermission;
use crate::app::manage_roles::{self, RoleChange};
use crate::error::Error;
use crate::store::role as records;
use crate::viewer::{Permission, Permissions};

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("roles", Permission::RolesRead),
    Need::mutation("roleCreate", Permission::RolesWrite),
    Need::mutation("roleUpdate", Permission::RolesWrite),
    Need::mutation("roleDelete", Permission::RolesWrite),
];

/// A custom role.
pub(super) struct Role(pub(super) records::Role);

/// A role that the operator or an organisation put together from permissions. Keys that have it may do what it holds;
/// a change takes effect on them within seconds, and within a minute on sockets that are open.
#[Object]
impl Role {
    /// Its id, `rol_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// What people call it; unique among the roles of its owner.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The organisation it belongs to; null for a role of the operator.
    async fn organisation_id(&self) -> Option<ID> {
        self.0.organisation_id.map(show_id)
    }

    /// What it allows.
    async fn permissions(&self) -> Vec<KeyPermission> {
        self.0.permissions.iter().filter_map(|name| Permission::named(name)).map(KeyPermission::from).collect()
    }

    /// Raised by each change; 1 at first.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }
}

#[derive(Default)]
pub(super) struct RoleQuery;

#[Object]
impl RoleQuery {
    /// The custom roles of an organisation, newest first. A key of the operator that names no organisation reads the
    /// operator's own.
    async fn roles(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation.")] organisation_id: Option<ID>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Role>> {
        let call = enter(ctx)?;
        let organisation = match organisation_id {
            None if call.viewer.is_operator() => None,
            named => Some(call.organisation(named.as_ref())?),
        };
        let list = List::of("roles", organisation);
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        let rows = records::page(&app.store, organisation, &page).await?;
        let count = counter(move || {
            let app = Arc::clone(&app);
            async move { records::count_capped(&app.store, organisation, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, Role))
    }
}

/// What a new role is.
#[derive(InputObject)]
struct RoleCreateInput {
    /// Whose it is: the caller's own organisation when left out, or the operator for a key of the operator.
    organisation_id: Option<ID>,
    /// What people call it; 1 to 100 characters.
    name: String,
    /// What it allows: nothing that the caller may not do itself.
    permissions: Vec<KeyPermission>,
}

/// What is changed of a role; what is left out stays.
#[derive(InputObject)]
struct RoleUpdateInput {
    /// Its id.
    id: ID,
    /// The version that was looked at; VERSION_CONFLICT when it changed since.
    expected_version: i32,
    /// Another name.
    name: Option<String>,
    /// Another set of permissions, which replaces the present one.
    permissions: Option<Vec<KeyPermission>>,
}

/// Which role is deleted.
#[derive(InputObject)]
struct RoleDeleteInput {
    /// Its id.
    id: ID,
}

payload! {
    /// What `roleCreate` answers.
    RoleCreatePayload {
        /// The new role; null when there are errors.
        role: Role
    }
}

payload! {
    /// What `roleUpdate` answers.
    RoleUpdatePayload {
        /// The changed role; null when there are errors.
        role: Role
    }
}

payload! {
    /// What `roleDelete` answers.
    RoleDeletePayload {
        /// The role that is no more; null when there are errors.
        role: Role
    }
}

#[derive(Default)]
pub(super) struct RoleMutation;

#[Object]
impl RoleMutation {
    /// Makes a custom role.
    async fn role_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is.")] input: RoleCreateInput,
    ) -> Result<RoleCreatePayload> {
        RoleCreatePayload::answer(create(&enter(ctx)?, input).await)
    }

    /// Changes a custom role, and with it what the keys may do that have it.
    async fn role_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one, and what is changed.")] input: RoleUpdateInput,
    ) -> Result<RoleUpdatePayload> {
        RoleUpdatePayload::answer(update(&enter(ctx)?, input).await)
    }

    /// Deletes a custom role. ROLE_IN_USE while keys that still work have it.
    async fn role_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RoleDeleteInput,
    ) -> Result<RoleDeletePayload> {
        RoleDeletePayload::answer(delete(&enter(ctx)?, &input.id).await)
    }
}

async fn create(call: &Call<'_>, input: RoleCreateInput) -> Result<Role, Error> {
    let organisation = match input.organisation_id {
        None if call.viewer.is_operator() => None,
        named => Some(call.organisation(named.as_ref())?),
    };
    let permissions = set(input.permissions);
    manage_roles::create_role(call.app, call.viewer, organisation, input.name, permissions, call.now).await.map(Role)
}

async fn update(call: &Call<'_>, input: RoleUpdateInput) -> Result<Role, Error> {
    let id = parse_id(&input.id, "id")?;
    let change = RoleChange {
        expected_version: input.expected_version,
        name: input.name,
        permissions: input.permissions.map(set),
    };
    manage_roles::update_role(call.app, call.viewer, id, change, call.now).await.map(Role)
}

async fn delete(call: &Call<'_>, id: &ID) -> Result<Role, Error> {
    manage_roles::delete_role(call.app, call.viewer, parse_id(id, "id")?, call.now).await.map(Role)
}

/// The set of the permissions a client named.
pub(super) fn set(permissions: Vec<KeyPermission>) -> Permissions {
    permissions.into_iter().fold(Permissions::NONE, |set, one| set.union(Permissions::of(&[one.into()])))
}

/// One that the caller may see, for `node`.
pub(super) async fn node(call: &Call<'_>, id: RoleId) -> Result<Option<Role>, Error> {
    manage_roles::find_role(call.app, call.viewer, id).await.map(Role).map(Some)
}
