//! Which tables belong to tenants and which to nobody: the one list that the catalogue test compares with the database.

/// Tables whose every key and every reference to each other leads with `organisation_id`.
pub const TENANT_TABLES: [&str; 14] = [
    "organisations",
    "projects",
    "subscriptions",
    "usage_events",
    "usage_totals",
    "usage_rejections",
    "invoices",
    "invoice_lines",
    "invoice_taxes",
    "plugin_calls",
    "alert_rules",
    "alert_events",
    "audit_heads",
    "audit_events",
];

/// The operator's catalogue, registries and queues; they never refer to a tenant table.
pub const SHARED_TABLES: [&str; 20] = [
    "installation",
    "issuing_entities",
    "invoice_counters",
    "invoice_numbers",
    "metrics",
    "plans",
    "plan_versions",
    "plugin_components",
    "plugins",
    "plugin_versions",
    "plugin_uploads",
    "plugin_activations",
    "api_keys",
    "trusted_documents",
    "api_key_addresses",
    "roles",
    "outbox",
    "usage_changes",
    "billing_runs",
    "seaql_migrations",
];
