//! API keys: listed without their secrets, made with the secret shown once.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use billing::ids::ApiKeyId;
use std::sync::Arc;

use super::access::{Call, Need, enter, linked, loaders};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter};
use super::cursor::List;
use super::fault::Result;
use super::ident::{parse_id, show_id};
use super::role::Role;
use super::scalar::Instant;
use super::user_error::{UserError, payload};
use super::viewer::{KeyRole, KeyScope};
use crate::app::manage_keys::{self, Grant, KeyChange, NewKey};
use crate::error::Error;
use crate::store::api_key as records;
use crate::viewer::{Permission, Scope};

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("apiKeys", Permission::KeysRead),
    Need::mutation("apiKeyCreate", Permission::KeysWrite),
    Need::mutation("apiKeyUpdate", Permission::KeysWrite),
    Need::mutation("apiKeyRevoke", Permission::KeysWrite),
    Need::field("ApiKey.customRole", Permission::RolesRead),
];

/// A key, without its secret.
pub(super) struct ApiKey(pub(super) records::ApiKey);

/// A key that a program authenticates with. Its secret is shown only when it is made.
#[Object]
impl ApiKey {
    /// Its id, `key_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The first characters of the key, so that people can tell keys apart.
    async fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// How far it reaches.
    async fn scope(&self) -> KeyScope {
        KeyScope::of(&self.0.scope)
    }

    /// What it may do in its scope.
    async fn role(&self) -> Result<KeyRole> {
        if self.0.role == records::CUSTOM {
            return Ok(KeyRole::Custom);
        }
        Ok(self.0.role.parse::<crate::viewer::Role>()?.into())
    }

    /// The custom role, where `role` is CUSTOM; null where it was deleted after the key ended, and for keys that may not
    /// read roles.
    async fn custom_role(&self, ctx: &Context<'_>) -> Option<Result<Role>> {
        linked(ctx, "ApiKey.customRole", async {
            match self.0.role_id {
                Some(id) => Ok(loaders(ctx)?.load_one(id).await?.map(Role)),
                None => Ok(None),
            }
        })
        .await
    }

    /// From which addresses it may be used, besides what its organisation says: ranges such as `203.0.113.0/24` or
    /// `2001:db8::/32`. Empty for everywhere.
    async fn ip_allow_list(&self) -> &[String] {
        &self.0.ip_allow_list
    }

    /// The organisation it belongs to; null for a key of the operator.
    async fn organisation_id(&self) -> Option<ID> {
        self.0.scope.organisation().map(show_id)
    }

    /// The only project it may see; null unless it is a project's key.
    async fn project_id(&self) -> Option<ID> {
        match self.0.scope {
            Scope::Project(_, project) => Some(show_id(project)),
            Scope::Operator | Scope::Organisation(_) => None,
        }
    }

    /// From then on it is refused; null when it does not end by itself.
    async fn expires_at(&self) -> Option<Instant> {
        self.0.expires_at.map(Instant)
    }

    /// Since then it is refused; null when it was not revoked.
    async fn revoked_at(&self) -> Option<Instant> {
        self.0.revoked_at.map(Instant)
    }

    /// When it was last used, to the minute or so; null before its first use.
    async fn last_used_at(&self) -> Option<Instant> {
        self.0.last_used_at.map(Instant)
    }

    /// Whether it runs nothing but trusted documents.
    async fn trusted_documents_only(&self) -> bool {
        self.0.trusted_documents_only
    }

    /// Raised by each change of its name or addresses; 1 at first.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }
}

#[derive(Default)]
pub(super) struct ApiKeyQuery;

#[Object]
impl ApiKeyQuery {
    /// The keys of an organisation and its projects, newest first. A key of the operator that names no organisation
    /// reads the operator's own keys.
    async fn api_keys(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation.")] organisation_id: Option<ID>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ApiKey>> {
        let call = enter(ctx)?;
        let organisation = match organisation_id {
            None if call.viewer.is_operator() => None,
            named => Some(call.organisation(named.as_ref())?),
        };
        let list = List::of("apiKeys", organisation);
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        let rows = records::page(&app.store, organisation, &page).await?;
        let count = counter(move || {
            let app = Arc::clone(&app);
            async move { records::count_capped(&app.store, organisation, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, ApiKey))
    }
}

/// What a new key is. Without an organisation it is the caller's own; a project narrows it to that project.
#[derive(InputObject)]
struct ApiKeyCreateInput {
    /// What people call it; 1 to 100 characters.
    name: String,
    /// How far it reaches.
    scope: KeyScope,
    /// The organisation of an organisation's or a project's key; a key of the operator must name it.
    organisation_id: Option<ID>,
    /// The project of a project's key.
    project_id: Option<ID>,
    /// What it may do in its scope: a built-in role, or else `roleId`.
    role: Option<KeyRole>,
    /// A custom role instead of a built-in one. It belongs to whom the key belongs to: the operator or the organisation.
    role_id: Option<ID>,
    /// From then on it is refused; never when left out.
    expires_at: Option<Instant>,
    /// Whether it runs nothing but trusted documents, by their `documentId`; for keys that a page hands to browsers.
    #[graphql(default = false)]
    trusted_documents_only: bool,
    /// From which addresses it may be used: ranges such as `203.0.113.0/24`, `2001:db8::/32` or one address; at most 100.
    /// Everywhere when empty.
    #[graphql(default)]
    ip_allow_list: Vec<String>,
}

/// What is changed of a key; what is left out stays.
#[derive(InputObject)]
struct ApiKeyUpdateInput {
    /// Its id.
    id: ID,
    /// The version that was looked at; VERSION_CONFLICT when it changed since.
    expected_version: i32,
    /// Another name; 1 to 100 characters.
    name: Option<String>,
    /// From which addresses it may be used: ranges such as `203.0.113.0/24`, `2001:db8::/32` or one address; at most 100.
    /// Everywhere when empty.
    ip_allow_list: Option<Vec<String>>,
    /// Whether the caller's own key may be cut off from the caller's own address; otherwise that is LOCKS_YOU_OUT.
    #[graphql(default)]
    force: bool,
}

payload! {
    /// What `apiKeyUpdate` answers.
    ApiKeyUpdatePayload {
        /// The changed key; null when there are errors.
        api_key: ApiKey
    }
}

/// What `apiKeyCreate` answers.
#[derive(SimpleObject)]
struct ApiKeyCreatePayload {
    /// The new key; null when there are errors.
    api_key: Option<ApiKey>,
    /// The whole key, to be sent as `Authorization: Bearer …`. It is shown only here and only now.
    secret: Option<String>,
    /// Why nothing was done; empty on success.
    errors: Vec<UserError>,
}

/// Which key is revoked.
#[derive(InputObject)]
struct ApiKeyRevokeInput {
    /// Its id.
    id: ID,
}

payload! {
    /// What `apiKeyRevoke` answers.
    ApiKeyRevokePayload {
        /// The revoked key; null when there are errors.
        api_key: ApiKey
    }
}

#[derive(Default)]
pub(super) struct ApiKeyMutation;

#[Object]
impl ApiKeyMutation {
    /// Makes an API key and shows its secret once.
    async fn api_key_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is.")] input: ApiKeyCreateInput,
    ) -> Result<ApiKeyCreatePayload> {
        let call = enter(ctx)?;
        match create(&call, input).await {
            Ok(made) => Ok(ApiKeyCreatePayload {
                api_key: Some(ApiKey(made.key)),
                secret: Some(made.secret),
                errors: Vec::new(),
            }),
            Err(error) => Ok(ApiKeyCreatePayload { api_key: None, secret: None, errors: vec![UserError::of(error)?] }),
        }
    }

    /// Changes the name of an API key and from which addresses it may be used. That takes effect within seconds, and within
    /// a minute on sockets that are open.
    async fn api_key_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one, and what is changed.")] input: ApiKeyUpdateInput,
    ) -> Result<ApiKeyUpdatePayload> {
        let call = enter(ctx)?;
        ApiKeyUpdatePayload::answer(update(&call, input).await)
    }

    /// Ends an API key for ever. Ending it again changes nothing.
    async fn api_key_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ApiKeyRevokeInput,
    ) -> Result<ApiKeyRevokePayload> {
        let call = enter(ctx)?;
        let revoked = match parse_id(&input.id, "id") {
            Ok(id) => manage_keys::revoke_key(call.app, call.viewer, id, call.now).await.map(ApiKey),
            Err(error) => Err(error),
        };
        ApiKeyRevokePayload::answer(revoked)
    }
}

async fn create(call: &Call<'_>, input: ApiKeyCreateInput) -> Result<manage_keys::MadeKey, Error> {
    let organisation = || call.organisation(input.organisation_id.as_ref());
    let scope = match input.scope {
        KeyScope::Operator => Scope::Operator,
        KeyScope::Organisation => Scope::Organisation(organisation()?),
        KeyScope::Project => {
            let project = input.project_id.as_ref().ok_or_else(|| {
                Error::invalid("MISSING_FIELD", "projectId is needed for a key of scope PROJECT.").at(["projectId"])
            })?;
            Scope::Project(organisation()?, parse_id(project, "projectId")?)
        }
    };
    let new = NewKey {
        name: input.name,
        scope,
        trusted_documents_only: input.trusted_documents_only,
        role: grant(input.role, input.role_id.as_ref())?,
        expires_at: input.expires_at.map(|at| at.0),
        ip_allow_list: input.ip_allow_list,
    };
    manage_keys::create_key(call.app, call.viewer, new, call.now).await
}

/// Either a built-in role or a custom one.
fn grant(role: Option<KeyRole>, id: Option<&ID>) -> Result<Grant, Error> {
    match (role.map(KeyRole::built_in), id) {
        (Some(Some(role)), None) => Ok(role.into()),
        (None | Some(None), Some(id)) => Ok(Grant::Custom(parse_id(id, "roleId")?)),
        (Some(Some(_)), Some(_)) => {
            Err(Error::invalid("TOO_MANY", "Give either role or roleId, not both.").at(["roleId"]))
        }
        (None | Some(None), None) => Err(Error::invalid(
            "MISSING_FIELD",
            "A key needs a role: give a built-in one in role, or the id of a custom one in roleId.",
        )
        .at(["role"])),
    }
}

async fn update(call: &Call<'_>, input: ApiKeyUpdateInput) -> Result<ApiKey, Error> {
    let id = parse_id(&input.id, "id")?;
    let change = KeyChange {
        expected_version: input.expected_version,
        name: input.name,
        ip_allow_list: input.ip_allow_list,
        force: input.force,
    };
    manage_keys::update_key(call.app, call.viewer, id, change, call.now).await.map(ApiKey)
}

/// One that the caller may see, for `node`.
pub(super) async fn node(call: &Call<'_>, id: ApiKeyId) -> Result<Option<ApiKey>, Error> {
    let found = records::find(&call.app.store, id).await?;
    Ok(found.filter(|key| manage_keys::visible(call.viewer, &key.scope)).map(ApiKey))
}
