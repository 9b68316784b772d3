//! The audit trail: what was done by whom, newest first, and the words for it.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use billing::audit::Change;
use billing::ids::{AuditEventId, OrganisationId};
use std::str::FromStr;
use std::sync::Arc;

use super::access::{Call, Need, enter};
use super::connection::{COUNT_CAP, Connection, Edge, PageArgs, counter};
use super::cursor::List;
use super::fault::Result;
use super::ident::{parse_id, show_id};
use super::scalar::Instant;
use super::time::DateTimeRange;
use crate::error::Error;
use crate::store::audit as records;
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[Need::query("auditEvents", Permission::AuditRead)];

/// What was done. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "records::AuditAction")]
pub(super) enum AuditAction {
    /// An alert rule was made.
    AlertRuleCreated,
    /// An alert rule was stopped.
    AlertRuleDisabled,
    /// A payment was asked for, recorded, or came by itself.
    PaymentCreated,
    /// A payment moved on.
    PaymentMoved,
    /// A refund was reserved, or one made at the gateway was taken in.
    RefundRequested,
    /// A refund moved on.
    RefundMoved,
    /// An API key was made; the secret is not recorded.
    ApiKeyCreated,
    /// An API key was ended.
    ApiKeyRevoked,
    /// The name or the IP allow-list of an API key was changed.
    ApiKeyUpdated,
    /// An API key was used from a network it was never used from before.
    ApiKeyUsedFromNewAddress,
    /// A period that was held was made due again.
    BillingRunRetried,
    /// Calls were turned away: an unknown, expired or revoked key, or one whose role does not allow it. At most one event a minute for each key or network and reason; `calls` says how many it stands for.
    CallRefused,
    /// A draft of an invoice was made.
    InvoiceDrafted,
    /// An invoice was issued.
    InvoiceFinalised,
    /// An issued invoice was taken back.
    InvoiceVoided,
    /// An issuing entity was made.
    IssuingEntityCreated,
    /// An effect that had been given up was let be.
    JobDiscarded,
    /// An effect that had been given up was made due again.
    JobReplayed,
    /// A metric was made.
    MetricCreated,
    /// The server installed an operator key when it started.
    OperatorKeyInstalled,
    /// An organisation was made.
    OrganisationCreated,
    /// The IP allow-list of an organisation was changed.
    OrganisationAccessUpdated,
    /// A plan was made, with its first version.
    PlanCreated,
    /// A further version of a plan was published.
    PlanVersionPublished,
    /// A plugin version was put in force.
    PluginActivated,
    /// The upload of a plugin was announced; the signed link is not recorded.
    PluginUploadAnnounced,
    /// The bytes of an announced upload arrived.
    PluginUploadReceived,
    /// A plugin version was made of an upload.
    PluginVersionCreated,
    /// A project was made.
    ProjectCreated,
    /// The server kept the bytes of a standard plugin when it started.
    StandardPluginRegistered,
    /// A custom role was made.
    RoleCreated,
    /// A custom role was deleted.
    RoleDeleted,
    /// The name or the permissions of a custom role were changed.
    RoleUpdated,
    /// A session token was minted.
    SessionCreated,
    /// An organisation was subscribed to a plan.
    SubscriptionCreated,
    /// The end of a subscription was set.
    SubscriptionEnded,
    /// A document of the operator's front ends was registered.
    TrustedDocumentRegistered,
    /// A document of the operator's front ends was removed.
    TrustedDocumentRemoved,
    /// Usage events were sent through `usageIngest`, or imported at the command line: counts only. `POST /v1/events` leaves no event here, the usage events themselves are its record.
    UsageIngested,
}

/// What kind of actor did it. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "records::ActorKind")]
pub(super) enum AuditActorKind {
    /// A program with an API key.
    ApiKey,
    /// Somebody with a session token, which a key has minted.
    Session,
    /// Somebody at the command line of the server.
    Cli,
    /// A worker of the server.
    Worker,
    /// The server itself, while it starts.
    Server,
    /// Somebody without a valid key.
    Stranger,
}

/// The kind of thing something was done to. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "records::SubjectType")]
pub(super) enum AuditSubjectType {
    /// An alert rule.
    AlertRule,
    /// An API key.
    ApiKey,
    /// A caller without a known key, by its network.
    Caller,
    /// An invoice.
    Invoice,
    /// A payment.
    Payment,
    /// A refund.
    Refund,
    /// An issuing entity.
    IssuingEntity,
    /// An effect that leaves the database.
    Job,
    /// A metric.
    Metric,
    /// An organisation.
    Organisation,
    /// A plan.
    Plan,
    /// A version of a plan.
    PlanVersion,
    /// A plugin version in force.
    PluginActivation,
    /// The bytes of a plugin, by their SHA-256.
    PluginComponent,
    /// The upload of a plugin.
    PluginUpload,
    /// A version of a plugin.
    PluginVersion,
    /// A project.
    Project,
    /// A custom role.
    Role,
    /// A session.
    Session,
    /// A subscription.
    Subscription,
    /// A trusted document.
    TrustedDocument,
    /// The usage of an organisation.
    Usage,
}

/// One field that changed.
#[derive(SimpleObject)]
struct AuditChange {
    /// The field.
    field: String,
    /// What it was; null when it was nothing.
    before: Option<String>,
    /// What it is since; null when it is nothing.
    after: Option<String>,
}

impl From<&Change> for AuditChange {
    fn from(change: &Change) -> Self {
        Self { field: change.field.clone(), before: change.before.clone(), after: change.after.clone() }
    }
}

/// Something that was done.
pub(super) struct AuditEvent(records::AuditEvent);

/// Something that was done, recorded in the transaction that did it. Events of an organisation are numbered without
/// holes and chained by hashes; `docs/audit.md` has the recipe, `GET /v1/audit-events` exports a whole chain.
#[Object]
impl AuditEvent {
    /// Its id, `aud_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// The organisation in whose chain it is; null in the chain of the installation.
    async fn organisation_id(&self) -> Option<ID> {
        self.0.organisation_id.map(show_id)
    }

    /// Its number in the chain, from 1 without holes.
    async fn sequence(&self) -> i32 {
        i32::try_from(self.0.link.entry.sequence).unwrap_or(i32::MAX)
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> Instant {
        self.0.recorded_at.into()
    }

    /// What was done.
    async fn action(&self) -> Result<AuditAction> {
        Ok(self.word::<records::AuditAction>(&self.0.link.entry.action)?.into())
    }

    /// What kind of actor did it.
    async fn actor_kind(&self) -> Result<AuditActorKind> {
        Ok(self.word::<records::ActorKind>(&self.0.link.entry.actor_kind)?.into())
    }

    /// The key it was done with.
    async fn actor_key_id(&self) -> Option<ID> {
        self.0.link.entry.actor_key_id.clone().map(ID)
    }

    /// The session it was done in.
    async fn actor_session_id(&self) -> Option<ID> {
        self.0.link.entry.actor_session_id.clone().map(ID)
    }

    /// The role of the actor at that time.
    async fn actor_role(&self) -> Option<&str> {
        self.0.link.entry.actor_role.as_deref()
    }

    /// The address the actor came from.
    async fn address(&self) -> Option<&str> {
        self.0.link.entry.address.as_deref()
    }

    /// The request it belongs to, as in the header `x-request-id` of the answer.
    async fn request_id(&self) -> Option<&str> {
        self.0.link.entry.request_id.as_deref()
    }

    /// The kind of thing it was done to.
    async fn subject_type(&self) -> Result<AuditSubjectType> {
        Ok(self.word::<records::SubjectType>(&self.0.link.entry.subject_type)?.into())
    }

    /// The thing it was done to; null for what has no id.
    async fn subject_id(&self) -> Option<ID> {
        self.0.link.entry.subject_id.clone().map(ID)
    }

    /// The fields that changed; secrets never. Of a long value its start, its length and its SHA-256 are kept.
    async fn changes(&self) -> Vec<AuditChange> {
        self.0.link.entry.changes.iter().map(AuditChange::from).collect()
    }

    /// The hash of the event before it, in hexadecimal digits; zeros for the first.
    async fn previous_hash(&self) -> String {
        hex::encode(self.0.link.previous_hash)
    }

    /// The SHA-256 over all of it, in hexadecimal digits.
    async fn hash(&self) -> String {
        hex::encode(self.0.link.hash)
    }
}

impl AuditEvent {
    fn word<T: FromStr>(&self, word: &str) -> Result<T, Error> {
        word.parse().map_err(|_| Error::internal(format!("the audit event {} says {word:?}", self.0.id)))
    }
}

/// One that the caller may see, for `node`.
pub(super) async fn node(call: &Call<'_>, id: AuditEventId) -> Result<Option<AuditEvent>, Error> {
    let chain = match call.viewer.own_organisation() {
        // The operator names an event by its id alone.
        None => match records::chain_with(&call.app.store, id).await? {
            Some(chain) => chain,
            None => return Ok(None),
        },
        own => own,
    };
    Ok(records::find(&call.app.store, chain, id).await?.map(AuditEvent))
}

/// Which events. Everything that is said must be true of an event.
#[derive(InputObject, Default)]
struct AuditEventFilter {
    /// Any of these was done.
    actions: Option<Vec<AuditAction>>,
    /// It was done with this key.
    actor_key_id: Option<ID>,
    /// It was done to this thing.
    subject_id: Option<ID>,
    /// It was recorded in this stretch of time.
    recorded_at: Option<DateTimeRange>,
}

impl AuditEventFilter {
    fn read(self) -> Result<records::Filter, Error> {
        Ok(records::Filter {
            actions: self.actions.unwrap_or_default().into_iter().map(Into::into).collect(),
            actor_key_id: self.actor_key_id.map(|id| parse_id(&id, "filter.actorKeyId")).transpose()?,
            subject_id: self.subject_id.map(|id| id.0),
            from: self.recorded_at.and_then(|range| range.gte).map(|at| at.0),
            until: self.recorded_at.and_then(|range| range.lt).map(|at| at.0),
        })
    }
}

#[derive(Default)]
pub(super) struct AuditEventQuery;

#[Object]
impl AuditEventQuery {
    /// What was done in an organisation, newest first: every change and every security event. A key of the operator
    /// that names no organisation reads the chain of the installation: the catalogue, the plugins and its own keys.
    async fn audit_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation.")] organisation_id: Option<ID>,
        #[graphql(desc = "Only some.")] filter: Option<AuditEventFilter>,
        #[graphql(desc = "How many from the newest on, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the oldest on, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AuditEvent>> {
        let call = enter(ctx)?;
        let organisation = match organisation_id {
            None if call.viewer.is_operator() => None,
            named => Some(call.organisation(named.as_ref())?),
        };
        let filter = filter.unwrap_or_default().read()?;
        let list = List::of("auditEvents", (organisation, &filter));
        let args = PageArgs::new(first, after, last, before);
        let (events, has_previous, has_next) = page(&call, organisation, &filter, &list, &args).await?;
        let edges = events
            .into_iter()
            .map(|event| Edge {
                cursor: list.numbered_cursor(i64::try_from(event.link.entry.sequence).unwrap_or(i64::MAX)),
                node: AuditEvent(event),
            })
            .collect();
        let app = Arc::clone(call.app);
        let count = counter(move || {
            let (app, filter) = (Arc::clone(&app), filter.clone());
            async move { records::count_capped(&app.store, organisation, &filter, COUNT_CAP + 1).await }
        });
        Ok(Connection::from_edges(edges, has_previous, has_next, count))
    }
}

/// A page, newest first, and whether there is more before and after it.
async fn page(
    call: &Call<'_>,
    organisation: Option<OrganisationId>,
    filter: &records::Filter,
    list: &List,
    args: &PageArgs,
) -> Result<(Vec<records::AuditEvent>, bool, bool)> {
    let (store, size) = (&call.app.store, args.size()?);
    let number = |cursor: &Option<String>, field| cursor.as_ref().map(|cursor| list.number(cursor, field)).transpose();
    let backward = args.is_backward()?;
    let mut events = if backward {
        let before = number(&args.before, "before")?;
        records::page_after(store, organisation, filter, before.unwrap_or(0), size + 1).await?
    } else {
        let after = number(&args.after, "after")?;
        records::page_before(store, organisation, filter, after, size + 1).await?
    };
    let more = events.len() > size as usize;
    events.truncate(size as usize);
    if backward {
        events.reverse();
        return Ok((events, more, args.before.is_some()));
    }
    Ok((events, args.after.is_some(), more))
}
