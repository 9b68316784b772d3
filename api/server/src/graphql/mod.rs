//! The GraphQL room: the schema, written by hand, over the use cases of `app` and the records of `store`.
//!
//! One file a noun. Objects wrap records privately and never expose a row. A root field comes in through
//! `access`, an error goes out through `fault` (top level) or `user_error` (payload of a mutation), a list
//! through `connection`. No SQL, no transaction and no rule of billing is here; HTTP and sockets are in
//! the transport.

#![allow(clippy::needless_pass_by_value, reason = "async-graphql hands arguments over by value")]
#![allow(clippy::too_many_arguments, reason = "the arguments of a field are its API")]

mod access;
mod alert_event;
mod alert_rule;
mod alert_stream;
mod api_key;
mod api_limits;
mod audit_event;
mod billing_run;
mod buckets;
mod connection;
mod costs;
mod credit_note;
mod cursor;
mod document_check;
mod fault;
mod ident;
mod invoice;
mod invoice_explain;
mod invoice_line;
mod invoice_page;
mod invoice_preview;
mod invoice_write;
mod issuing_entity;
mod job;
mod loader;
mod metric;
mod money;
mod node;
mod organisation;
mod parameter;
mod payment;
mod payment_write;
mod plan;
mod plan_terms;
mod plugin;
mod plugin_activation;
mod plugin_version;
mod project;
mod refund;
mod role;
mod root;
mod scalar;
mod session;
mod subscription;
#[cfg(test)]
mod tests;
mod time;
mod trusted_document;
mod usage_event;
mod usage_ingest;
mod usage_rejection;
mod usage_series;
mod user_error;
mod viewer;

pub use access::{Need, PERMISSIONS, Root, permissions};
pub use root::{Mutation, Query, Subscription};

use async_graphql::{Request, SDLExportOptions, Schema, SchemaBuilder};
use billing::ids::OrganisationId;
use std::sync::Arc;
use transport::{CostModel, CostModelError};

use crate::app::App;
use crate::viewer::Viewer;

/// The schema.
pub type UndashSchema = Schema<Query, Mutation, Subscription>;

/// The schema over an application, ready to be executed.
pub fn schema(app: Arc<App>) -> UndashSchema {
    builder().data(app).finish()
}

/// The schema in the schema definition language, sorted, so that equal schemas have equal texts. Needs no database.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .use_space_ident();
    builder().finish().sdl_with_options(options)
}

/// What the fields of the schema cost.
///
/// # Errors
/// A price is for a field that the schema no longer has; a test finds that.
pub fn costs() -> Result<CostModel, CostModelError> {
    costs::model(&sdl())
}

/// Attaches the caller, and loaders of its own, to a request. Every request needs it, each with loaders of its own.
pub fn attach(request: Request, viewer: Viewer, app: &Arc<App>) -> Request {
    request.data(viewer).data(loader::loaders(&app.store))
}

/// The cursor after an organisation's alert event number `sequence`; 0 is before the first there ever was.
pub fn alert_cursor(organisation: OrganisationId, sequence: i64) -> String {
    alert_event::list(organisation).numbered_cursor(sequence)
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
}
