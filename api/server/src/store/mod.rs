//! The only room that speaks SQL: rows ⇄ records made of `billing` types.
//!
//! Every function of a tenant's noun takes the tenant; another tenant's row is simply not found. It asks through
//! `conn.tenant(…)`, so that PostgreSQL would show it no other row even if it forgot. What must happen
//! together takes an open [`Tx`] first and ends in `_in_tx`; the transaction itself is begun in `app`. Nothing here
//! decides a business rule, knows a clock or leaves the database.

mod cells;
mod column;
mod connection;
mod database_role;
mod db;
mod fault;
mod page;
mod parameters;
mod plan_terms;
mod postgres;
mod scope;
mod session;
mod statement;
mod tables;
mod tally;
mod word;

pub mod alert_event;
pub mod alert_rule;
pub mod api_key;
pub mod api_key_address;
pub mod audit;
pub mod balance;
pub mod billing_run;
pub mod credit_note;
pub mod gateway_reference;
pub mod inbox;
pub mod installation;
pub mod invoice;
pub mod issuing_entity;
pub mod metric;
pub mod mutation_key;
pub mod organisation;
pub mod outbox;
pub mod owner;
pub mod payment;
pub mod plan;
pub mod plugin;
pub mod project;
pub mod refund;
pub mod rejection;
pub mod role;
pub mod schedule;
pub mod subscription;
pub mod trusted_document;
pub mod usage;
pub mod usage_change;

pub use connection::{Backend, Conn, Reading, Store, StoreSettings, Tx};
pub use entities::JsonText;
pub use fault::{is_retryable, is_taken};
pub use page::{Cursor, Keyed, MAX_PAGE, Page, PageOf};
pub use plan_terms::terms_text;
pub use postgres::unhurried;
pub use tables::{SHARED_TABLES, TENANT_TABLES};
pub use tally::statements_of;
pub use word::UnknownWord;

#[cfg(test)]
mod tests;
