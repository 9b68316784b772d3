//! Schema migrations, one theme each; they depend on nothing of ours, so that an old migration never changes meaning.
//!
//! Three rules hold for every file here. Tenant tables lead each primary key, unique key and foreign key between them
//! with `organisation_id`, so that a cross-tenant reference cannot exist and the tables can be sharded. And nothing is
//! computed by the database: no trigger, no volatile default; ids, times and buckets come from the program. And whoever
//! makes a tenant table calls `dialect::isolate` for it, so that PostgreSQL keeps tenants apart too.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod dialect;
mod m20261123_000001_installation;
mod m20261123_000002_catalogue;
mod m20261123_000003_plugins;
mod m20261123_000004_tenants;
mod m20261123_000005_subscriptions;
mod m20261123_000006_usage;
mod m20261123_000007_invoices;
mod m20261123_000008_alerts;
mod m20261123_000009_outbox;
mod m20261127_000010_isolation;
mod m20261127_000020_trusted_documents;
mod m20261127_000030_identity;
mod m20261127_000040_audit;
mod m20261127_000050_dead_letters;
mod m20261127_000060_money_movement;
mod m20261127_000070_schedules;

/// Every migration, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_installation::Migration),
            Box::new(m20261123_000002_catalogue::Migration),
            Box::new(m20261123_000003_plugins::Migration),
            Box::new(m20261123_000004_tenants::Migration),
            Box::new(m20261123_000005_subscriptions::Migration),
            Box::new(m20261123_000006_usage::Migration),
            Box::new(m20261123_000007_invoices::Migration),
            Box::new(m20261123_000008_alerts::Migration),
            Box::new(m20261123_000009_outbox::Migration),
            Box::new(m20261127_000010_isolation::Migration),
            Box::new(m20261127_000020_trusted_documents::Migration),
            Box::new(m20261127_000040_audit::Migration),
            Box::new(m20261127_000030_identity::Migration),
            Box::new(m20261127_000050_dead_letters::Migration),
            Box::new(m20261127_000060_money_movement::Migration),
            Box::new(m20261127_000070_schedules::Migration),
        ]
    }
}
