//! The audit trail: rows that are only ever added, chained by hashes per organisation (`billing::audit` knows the
//! recipe). The installation's own chain is the one of no organisation.
//!
//! What is recorded, and when, is decided in `app`; secrets never come here.

mod read;
mod write;

use billing::audit::{Change, Link};
use billing::ids::{ApiKeyId, AuditEventId, OrganisationId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::word::words;

pub use read::{Filter, chain_with, chains, count_capped, find, head, links_after, page_after, page_before};
pub use write::append_in_tx;

/// What was done. The words are a promise: programs of auditors compare them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the words say it, and docs/audit.md and the schema explain each")]
pub enum AuditAction {
    AlertRuleCreated,
    AlertRuleDisabled,
    ApiKeyCreated,
    ApiKeyRevoked,
    ApiKeyUpdated,
    ApiKeyUsedFromNewAddress,
    BillingRunRetried,
    CallRefused,
    InvoiceDrafted,
    InvoiceFinalised,
    InvoiceVoided,
    IssuingEntityCreated,
    JobDiscarded,
    JobReplayed,
    MetricCreated,
    OperatorKeyInstalled,
    OrganisationAccessUpdated,
    OrganisationCreated,
    PaymentCreated,
    PaymentMoved,
    PlanCreated,
    PlanVersionPublished,
    PluginActivated,
    PluginUploadAnnounced,
    PluginUploadReceived,
    PluginVersionCreated,
    ProjectCreated,
    RefundMoved,
    RefundRequested,
    RoleCreated,
    RoleDeleted,
    RoleUpdated,
    SessionCreated,
    StandardPluginRegistered,
    SubscriptionCreated,
    SubscriptionEnded,
    TrustedDocumentRegistered,
    TrustedDocumentRemoved,
    UsageIngested,
}

words!(AuditAction {
    AlertRuleCreated => "ALERT_RULE_CREATED",
    AlertRuleDisabled => "ALERT_RULE_DISABLED",
    ApiKeyCreated => "API_KEY_CREATED",
    ApiKeyRevoked => "API_KEY_REVOKED",
    ApiKeyUpdated => "API_KEY_UPDATED",
    ApiKeyUsedFromNewAddress => "API_KEY_USED_FROM_NEW_ADDRESS",
    BillingRunRetried => "BILLING_RUN_RETRIED",
    CallRefused => "CALL_REFUSED",
    InvoiceDrafted => "INVOICE_DRAFTED",
    InvoiceFinalised => "INVOICE_FINALISED",
    InvoiceVoided => "INVOICE_VOIDED",
    IssuingEntityCreated => "ISSUING_ENTITY_CREATED",
    JobDiscarded => "JOB_DISCARDED",
    JobReplayed => "JOB_REPLAYED",
    MetricCreated => "METRIC_CREATED",
    OperatorKeyInstalled => "OPERATOR_KEY_INSTALLED",
    OrganisationAccessUpdated => "ORGANISATION_ACCESS_UPDATED",
    OrganisationCreated => "ORGANISATION_CREATED",
    PaymentCreated => "PAYMENT_CREATED",
    PaymentMoved => "PAYMENT_MOVED",
    PlanCreated => "PLAN_CREATED",
    PlanVersionPublished => "PLAN_VERSION_PUBLISHED",
    PluginActivated => "PLUGIN_ACTIVATED",
    PluginUploadAnnounced => "PLUGIN_UPLOAD_ANNOUNCED",
    PluginUploadReceived => "PLUGIN_UPLOAD_RECEIVED",
    PluginVersionCreated => "PLUGIN_VERSION_CREATED",
    ProjectCreated => "PROJECT_CREATED",
    RefundMoved => "REFUND_MOVED",
    RefundRequested => "REFUND_REQUESTED",
    RoleCreated => "ROLE_CREATED",
    RoleDeleted => "ROLE_DELETED",
    RoleUpdated => "ROLE_UPDATED",
    SessionCreated => "SESSION_CREATED",
    StandardPluginRegistered => "STANDARD_PLUGIN_REGISTERED",
    SubscriptionCreated => "SUBSCRIPTION_CREATED",
    SubscriptionEnded => "SUBSCRIPTION_ENDED",
    TrustedDocumentRegistered => "TRUSTED_DOCUMENT_REGISTERED",
    TrustedDocumentRemoved => "TRUSTED_DOCUMENT_REMOVED",
    UsageIngested => "USAGE_INGESTED",
});

/// What kind of actor it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActorKind {
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

words!(ActorKind {
    ApiKey => "API_KEY",
    Session => "SESSION",
    Cli => "CLI",
    Worker => "WORKER",
    Server => "SERVER",
    Stranger => "STRANGER",
});

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// The key it acted with.
    pub key_id: Option<ApiKeyId>,
    /// The session it acted in.
    pub session_id: Option<String>,
    /// The role it had.
    pub role: Option<String>,
    /// The address it came from.
    pub address: Option<String>,
    /// The request it belongs to.
    pub request_id: Option<String>,
}

/// The kind of thing something was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "nouns of the API")]
pub enum SubjectType {
    AlertRule,
    ApiKey,
    Caller,
    Invoice,
    IssuingEntity,
    Job,
    Metric,
    Organisation,
    Payment,
    Plan,
    PlanVersion,
    PluginActivation,
    PluginComponent,
    PluginUpload,
    PluginVersion,
    Project,
    Refund,
    Role,
    Session,
    Subscription,
    TrustedDocument,
    Usage,
}

words!(SubjectType {
    AlertRule => "ALERT_RULE",
    ApiKey => "API_KEY",
    Caller => "CALLER",
    Invoice => "INVOICE",
    IssuingEntity => "ISSUING_ENTITY",
    Job => "JOB",
    Metric => "METRIC",
    Organisation => "ORGANISATION",
    Payment => "PAYMENT",
    Plan => "PLAN",
    PlanVersion => "PLAN_VERSION",
    PluginActivation => "PLUGIN_ACTIVATION",
    PluginComponent => "PLUGIN_COMPONENT",
    PluginUpload => "PLUGIN_UPLOAD",
    PluginVersion => "PLUGIN_VERSION",
    Project => "PROJECT",
    Refund => "REFUND",
    Role => "ROLE",
    Session => "SESSION",
    Subscription => "SUBSCRIPTION",
    TrustedDocument => "TRUSTED_DOCUMENT",
    Usage => "USAGE",
});

/// Something to be recorded, before it has a place in its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAuditEvent {
    /// Whose chain; the installation's when absent.
    pub organisation_id: Option<OrganisationId>,
    /// Its identity.
    pub id: AuditEventId,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub action: AuditAction,
    /// The kind of thing it was done to.
    pub subject_type: SubjectType,
    /// The thing, as the API shows its id.
    pub subject_id: Option<String>,
    /// The fields that changed.
    pub changes: Vec<Change>,
}

/// A row of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// Whose chain; the installation's when absent.
    pub organisation_id: Option<OrganisationId>,
    /// Its identity.
    pub id: AuditEventId,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// What it says, and its place in the chain.
    pub link: Link,
}

/// How the chain of `organisation` is called in rows.
fn chain_key(organisation: Option<OrganisationId>) -> Uuid {
    organisation.map_or(Uuid::nil(), |organisation| organisation.uuid())
}

fn chain_of(key: Uuid) -> Option<OrganisationId> {
    (!key.is_nil()).then(|| OrganisationId::from_uuid(key))
}
