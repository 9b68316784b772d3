//! Columns and relations of every table; no rules, no GraphQL, nothing of `billing`.

// What the derives generate (columns, keys, active models) carries no documentation of its own.
#![allow(missing_docs)]

mod exact;
mod json_text;

pub use exact::Exact;
pub use json_text::JsonText;

pub mod alert_events;
pub mod alert_rules;
pub mod api_key_addresses;
pub mod api_keys;
pub mod audit_events;
pub mod audit_heads;
pub mod billing_runs;
pub mod credit_notes;
pub mod gateway_references;
pub mod inbox;
pub mod installation;
pub mod invoice_counters;
pub mod invoice_lines;
pub mod invoice_numbers;
pub mod invoice_taxes;
pub mod invoices;
pub mod issuing_entities;
pub mod metrics;
pub mod mutation_keys;
pub mod organisations;
pub mod outbox;
pub mod payment_allocations;
pub mod payments;
pub mod plan_versions;
pub mod plans;
pub mod plugin_activations;
pub mod plugin_calls;
pub mod plugin_components;
pub mod plugin_uploads;
pub mod plugin_versions;
pub mod plugins;
pub mod projects;
pub mod refunds;
pub mod roles;
pub mod schedules;
pub mod subscriptions;
pub mod trusted_documents;
pub mod usage_changes;
pub mod usage_events;
pub mod usage_rejections;
pub mod usage_totals;
