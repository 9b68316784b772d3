//! Usage events that were refused, kept so that their sender can see why and send them again.

use async_graphql::{Context, Enum, ID, Object};
use billing::ids::{OrganisationId, RejectionId};
use std::sync::Arc;

use super::access::{Call, Need, enter};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter};
use super::cursor::List;
use super::fault::Result;
use super::ident::show_id;
use super::scalar::Instant;
use crate::error::Error;
use crate::store::rejection::{self as records, RejectedEvent};
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[Need::query("usageRejections", Permission::UsageRead)];

/// A refused event.
pub(super) struct UsageRejection(RejectedEvent);

/// A usage event that was refused. It is not billed; send a corrected event under the same transaction id.
#[Object]
impl UsageRejection {
    /// Its id, `rej_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// The event as it was sent, cut off after 16 KiB.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// The project of the key it was sent with; null when that was no project's key.
    async fn project_id(&self) -> Option<ID> {
        self.0.project_id.map(show_id)
    }

    /// The sender's id of the event; null when it could not be read.
    async fn transaction_id(&self) -> Option<&str> {
        self.0.transaction_id.as_deref()
    }

    /// The field that was refused.
    async fn field(&self) -> &str {
        &self.0.field
    }

    /// Why, for programs.
    async fn code(&self) -> UsageRejectionCode {
        self.0.code.into()
    }

    /// Why, in a sentence.
    async fn message(&self) -> &str {
        &self.0.message
    }

    /// When it was refused.
    async fn recorded_at(&self) -> Instant {
        self.0.recorded_at.into()
    }
}

/// Why a usage event was refused. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "billing::metering::RejectionCode")]
pub(super) enum UsageRejectionCode {
    /// No metric has this code.
    UnknownMetric,
    /// The metric needs a value and there is none.
    MissingValue,
    /// The value is not a plain decimal number.
    NotANumber,
    /// The value is too large or has too many digits.
    OutOfRange,
    /// A text, a list or the whole event is too long.
    TooLong,
    /// The event happened longer ago than events are taken for.
    TooOld,
    /// The event claims to happen later than clocks may differ.
    InFuture,
    /// The time is not RFC 3339 with an offset.
    BadTime,
    /// No project of the sender has this id.
    UnknownProject,
    /// A property has a name or a value that is not allowed.
    BadProperty,
    /// A field that every event has is missing.
    MissingField,
    /// A text holds characters that cannot be seen.
    NotPrintable,
    /// The event has another shape than an event has.
    Malformed,
}

#[derive(Default)]
pub(super) struct UsageRejectionQuery;

#[Object]
impl UsageRejectionQuery {
    /// The refused usage events of an organisation, newest first; a project's key sees only its own.
    async fn usage_rejections(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<UsageRejection>> {
        let call = enter(ctx)?;
        let organisation = call.organisation(organisation_id.as_ref())?;
        let project = call.viewer.own_project();
        let list = List::of("usageRejections", (organisation, project));
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        let rows = records::page(&app.store, organisation, project, &page).await?;
        let count = counter(move || {
            let app = Arc::clone(&app);
            async move { records::count_capped(&app.store, organisation, project, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, UsageRejection))
    }
}

/// One that the caller may see, for `node`.
pub(super) async fn find(
    call: &Call<'_>,
    organisation: OrganisationId,
    id: RejectionId,
) -> Result<Option<UsageRejection>, Error> {
    let found = records::find(&call.app.store, organisation, id).await?;
    let own = call.viewer.own_project();
    Ok(found.filter(|event| own.is_none() || event.project_id == own).map(UsageRejection))
}
