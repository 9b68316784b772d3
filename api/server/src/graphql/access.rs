//! The door of every root field: who is calling, and whether the field is open to them.
//!
//! Each noun declares what its root fields need in a `NEEDS` table beside them; [`enter`] is the only
//! way for a root field to reach the application, and it looks the field up there. A field that is in
//! no table opens to nobody. Nothing here reads data.

use async_graphql::parser::types::OperationType;
use async_graphql::{Context, ID};
use billing::ids::OrganisationId;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::fault::{Fault, nullable};
use super::ident::parse_id;
use super::loader::Loaders;
use crate::app::App;
use crate::error::Error;
use crate::viewer::{Permission, Viewer};

/// Where a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Root {
    /// Reading.
    Query,
    /// Changing.
    Mutation,
    /// Listening.
    Subscription,
    /// None of them: a field of an object that leads to a noun with a permission of its own.
    Object,
}

/// What one field needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The root it is in.
    pub root: Root,
    /// Its name in the schema; with the type before it where it is no root field, such as `Invoice.subscription`.
    pub field: &'static str,
    /// The permission a key must have; `None` where any valid key will do.
    pub permission: Option<Permission>,
}

impl Need {
    pub(super) const fn query(field: &'static str, permission: Permission) -> Self {
        Self { root: Root::Query, field, permission: Some(permission) }
    }

    pub(super) const fn mutation(field: &'static str, permission: Permission) -> Self {
        Self { root: Root::Mutation, field, permission: Some(permission) }
    }

    pub(super) const fn subscription(field: &'static str, permission: Permission) -> Self {
        Self { root: Root::Subscription, field, permission: Some(permission) }
    }

    /// A field of an object: null for a caller without the permission.
    pub(super) const fn field(field: &'static str, permission: Permission) -> Self {
        Self { root: Root::Object, field, permission: Some(permission) }
    }

    /// A field for every valid key; it shows only what the key may see elsewhere.
    pub(super) const fn any_key(field: &'static str) -> Self {
        Self { root: Root::Query, field, permission: None }
    }
}

/// Every root field, and every field that leads across a border, with the permission it needs, noun by noun.
pub static PERMISSIONS: &[&[Need]] = &[
    super::viewer::NEEDS,
    super::api_limits::NEEDS,
    super::node::NEEDS,
    super::organisation::NEEDS,
    super::project::NEEDS,
    super::api_key::NEEDS,
    super::role::NEEDS,
    super::session::NEEDS,
    super::metric::NEEDS,
    super::plan::NEEDS,
    super::subscription::NEEDS,
    super::issuing_entity::NEEDS,
    super::usage_series::NEEDS,
    super::usage_event::NEEDS,
    super::usage_rejection::NEEDS,
    super::usage_ingest::NEEDS,
    super::invoice::NEEDS,
    super::invoice_line::NEEDS,
    super::invoice_preview::NEEDS,
    super::invoice_explain::NEEDS,
    super::invoice_write::NEEDS,
    super::alert_rule::NEEDS,
    super::alert_event::NEEDS,
    super::alert_stream::NEEDS,
    super::plugin::NEEDS,
    super::plugin_version::NEEDS,
    super::plugin_activation::NEEDS,
    super::billing_run::NEEDS,
    super::payment::NEEDS,
    super::payment_write::NEEDS,
    super::refund::NEEDS,
    super::credit_note::NEEDS,
    super::job::NEEDS,
    super::trusted_document::NEEDS,
    super::audit_event::NEEDS,
];

/// The permission of each field, for looking it up; see [`Need::permission`].
static BY_FIELD: LazyLock<HashMap<(Root, &str), Option<Permission>>> =
    LazyLock::new(|| permissions().map(|need| ((need.root, need.field), need.permission)).collect());

/// The same, one by one.
pub fn permissions() -> impl Iterator<Item = &'static Need> {
    PERMISSIONS.iter().flat_map(|needs| needs.iter())
}

/// A field that leads to another noun, as its [`Need::field`] declares: null for a caller without the permission.
pub(super) async fn linked<T>(
    ctx: &Context<'_>,
    field: &'static str,
    work: impl Future<Output = Result<Option<T>, Fault>>,
) -> Option<Result<T, Fault>> {
    match may_follow(ctx, field) {
        Ok(true) => nullable(work).await,
        Ok(false) => None,
        Err(error) => Some(Err(error.into())),
    }
}

fn may_follow(ctx: &Context<'_>, field: &'static str) -> Result<bool, Error> {
    let permission = BY_FIELD.get(&(Root::Object, field)).copied().flatten();
    let permission = permission.ok_or_else(|| Error::internal(format!("the field {field} declares no permission")))?;
    Ok(Call::within(ctx)?.viewer.may(permission))
}

/// What a resolver works with: the application, the caller and the time.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// The use cases and the store.
    pub(super) app: &'a Arc<App>,
    /// Who is calling.
    pub(super) viewer: &'a Viewer,
    /// When.
    pub(super) now: DateTime<Utc>,
}

/// Opens a root field, if the caller may.
pub(super) fn enter<'a>(ctx: &Context<'a>) -> Result<Call<'a>, Error> {
    let call = Call::within(ctx)?;
    let root = match ctx.query_env.operation.node.ty {
        OperationType::Query => Root::Query,
        OperationType::Mutation => Root::Mutation,
        OperationType::Subscription => Root::Subscription,
    };
    let field = ctx.field().name();
    let permission = BY_FIELD
        .get(&(root, field))
        .ok_or_else(|| Error::internal(format!("the root field {root:?}.{field} declares no permission")))?;
    if let Some(permission) = *permission {
        call.viewer.require(permission).inspect_err(|_| call.app.refusals.forbidden(call.viewer, call.now))?;
    }
    Ok(call)
}

impl<'a> Call<'a> {
    /// For a field below a root field, which has checked the caller already.
    pub(super) fn within(ctx: &Context<'a>) -> Result<Self, Error> {
        let app =
            ctx.data_opt::<Arc<App>>().ok_or_else(|| Error::internal("the schema was made without the application"))?;
        let viewer = ctx.data_opt::<Viewer>().ok_or_else(|| {
            Error::unauthenticated("UNAUTHENTICATED", "Send a valid key as `Authorization: Bearer …`.")
        })?;
        Ok(Self { app, viewer, now: Utc::now() })
    }

    /// The organisation this is about: the caller's own, or the one an operator names.
    pub(super) fn organisation(&self, named: Option<&ID>) -> Result<OrganisationId, Error> {
        self.viewer.organisation(named.map(|id| parse_id(id, "organisationId")).transpose()?)
    }
}

/// The batching of this request.
pub(super) fn loaders<'a>(ctx: &Context<'a>) -> Result<&'a Loaders, Error> {
    ctx.data_opt::<Loaders>().ok_or_else(|| Error::internal("the request was not attached to a viewer"))
}
