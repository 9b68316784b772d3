//! The three roots: a table of contents, and nothing else. What a field does is in the file of its noun.

use async_graphql::{MergedObject, MergedSubscription};

use super::alert_event::AlertEventQuery;
use super::alert_rule::{AlertRuleMutation, AlertRuleQuery};
use super::alert_stream::AlertStream;
use super::api_key::{ApiKeyMutation, ApiKeyQuery};
use super::api_limits::ApiLimitsQuery;
use super::audit_event::AuditEventQuery;
use super::billing_run::{BillingRunMutation, BillingRunQuery};
use super::credit_note::CreditNoteQuery;
use super::invoice::InvoiceQuery;
use super::invoice_explain::InvoiceExplainQuery;
use super::invoice_preview::InvoicePreviewQuery;
use super::invoice_write::InvoiceMutation;
use super::issuing_entity::{IssuingEntityMutation, IssuingEntityQuery};
use super::job::{JobMutation, JobQuery};
use super::metric::{MetricMutation, MetricQuery};
use super::node::NodeQuery;
use super::organisation::{OrganisationMutation, OrganisationQuery};
use super::payment::PaymentQuery;
use super::payment_write::PaymentMutation;
use super::plan::{PlanMutation, PlanQuery};
use super::plugin::PluginQuery;
use super::plugin_activation::{PluginActivationMutation, PluginActivationQuery};
use super::plugin_version::PluginVersionMutation;
use super::project::{ProjectMutation, ProjectQuery};
use super::refund::{RefundMutation, RefundQuery};
use super::role::{RoleMutation, RoleQuery};
use super::session::SessionMutation;
use super::subscription::{SubscriptionMutation, SubscriptionQuery};
use super::trusted_document::{TrustedDocumentMutation, TrustedDocumentQuery};
use super::usage_event::UsageEventQuery;
use super::usage_ingest::UsageIngestMutation;
use super::usage_rejection::UsageRejectionQuery;
use super::usage_series::UsageSeriesQuery;
use super::viewer::ViewerQuery;

/// Reading. Keys of the operator name the organisation; every other key reads its own.
#[derive(MergedObject, Default)]
pub struct Query(
    ViewerQuery,
    ApiLimitsQuery,
    NodeQuery,
    OrganisationQuery,
    ProjectQuery,
    ApiKeyQuery,
    RoleQuery,
    MetricQuery,
    PlanQuery,
    SubscriptionQuery,
    IssuingEntityQuery,
    UsageSeriesQuery,
    UsageEventQuery,
    UsageRejectionQuery,
    InvoiceQuery,
    InvoicePreviewQuery,
    InvoiceExplainQuery,
    PaymentQuery,
    RefundQuery,
    CreditNoteQuery,
    AlertRuleQuery,
    AlertEventQuery,
    PluginQuery,
    PluginActivationQuery,
    BillingRunQuery,
    JobQuery,
    TrustedDocumentQuery,
    AuditEventQuery,
);

/// Changing. What a rule of the business refuses is in `errors` of the payload; what may not be asked, or failed on our
/// side, is in the top-level `errors`.
#[derive(MergedObject, Default)]
pub struct Mutation(
    OrganisationMutation,
    ProjectMutation,
    ApiKeyMutation,
    RoleMutation,
    SessionMutation,
    MetricMutation,
    PlanMutation,
    SubscriptionMutation,
    IssuingEntityMutation,
    UsageIngestMutation,
    InvoiceMutation,
    PaymentMutation,
    RefundMutation,
    AlertRuleMutation,
    PluginVersionMutation,
    PluginActivationMutation,
    BillingRunMutation,
    JobMutation,
    TrustedDocumentMutation,
);

/// Listening. Named apart from the noun `Subscription`.
#[derive(MergedSubscription, Default)]
#[graphql(name = "SubscriptionRoot")]
pub struct Subscription(AlertStream);
