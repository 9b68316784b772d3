//! The schema keeps the tenancy rules: read from PostgreSQL's own catalogue, compared with the one list of tables.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

use super::{databases, postgres};
use crate::store::connection::Conn;
use crate::store::{SHARED_TABLES, Store, TENANT_TABLES};

#[derive(FromQueryResult)]
struct Key {
    table_name: String,
    name: String,
    columns: String,
}

#[derive(FromQueryResult)]
struct Reference {
    name: String,
    from_table: String,
    from_columns: String,
    to_table: String,
    to_columns: String,
}

#[derive(FromQueryResult)]
struct Name {
    name: String,
}

const TABLES: &str = "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')";

const KEYS: &str = "SELECT t.relname::text AS table_name, i.relname::text AS name, \
        (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(x.indkey) WITH ORDINALITY AS k (number, place) \
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) AS columns \
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
    JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = 'public' AND (x.indisunique OR x.indisprimary)";

const REFERENCES: &str = "SELECT c.conname::text AS name, f.relname::text AS from_table, t.relname::text AS to_table, \
        (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(c.conkey) WITH ORDINALITY AS k (number, place) \
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number) AS from_columns, \
        (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(c.confkey) WITH ORDINALITY AS k (number, place) \
            JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number) AS to_columns \
    FROM pg_constraint c JOIN pg_class f ON f.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid \
    WHERE c.contype = 'f'";

const TRIGGERS: &str = "SELECT tgname::text AS name FROM pg_trigger WHERE NOT tgisinternal";

const VOLATILE_DEFAULTS: &str = "SELECT c.relname || '.' || a.attname AS name FROM pg_attrdef d \
    JOIN pg_class c ON c.oid = d.adrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.adnum \
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'";

const ROW_SECURITY: &str = "SELECT c.relname::text AS table_name, \
        c.relrowsecurity AND c.relforcerowsecurity AS forced, \
        (SELECT string_agg(concat_ws(' ', p.policyname, p.permissive, p.roles, p.cmd, p.qual), '; ') FROM pg_policies p \
            WHERE p.schemaname = 'public' AND p.tablename = c.relname AND p.qual = p.with_check) AS policies, \
        (SELECT count(*) FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname) AS count \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')";

#[derive(FromQueryResult)]
struct RowSecurity {
    table_name: String,
    forced: bool,
    policies: Option<String>,
    count: i64,
}

/// Tenant tables whose rows PostgreSQL would show to a statement that names no tenant.
async fn unguarded(store: &Store) -> Vec<String> {
    let guarded: Vec<RowSecurity> = rows(store, ROW_SECURITY).await;
    let guarded: Vec<RowSecurity> =
        guarded.into_iter().filter(|row| TENANT_TABLES.contains(&row.table_name.as_str())).collect();
    let policy = guarded.iter().find_map(|row| row.policies.clone()).unwrap_or_default();
    let mut found = Vec::new();
    if ![
        "of_the_tenant PERMISSIVE {public} ALL",
        "organisation_id = ",
        "undash.organisation_id",
        "undash.every_organisation",
    ]
    .iter()
    .all(|part| policy.contains(part))
    {
        found.push(format!("the policy is {policy:?}"));
    }
    for row in guarded {
        if !row.forced {
            found.push(format!("{} does not force row-level security", row.table_name));
        }
        if row.count != 1 || row.policies.as_ref() != Some(&policy) {
            found.push(format!("{} does not have the policy of tenant tables and no other", row.table_name));
        }
    }
    found
}

async fn rows<T: FromQueryResult>(store: &Store, sql: &str) -> Vec<T> {
    let rows = store.shared().query_all_raw(Statement::from_string(store.backend().into(), sql)).await.unwrap();
    rows.iter().map(|row| T::from_query_result(row, "").unwrap()).collect()
}

fn leads(columns: &str) -> bool {
    columns.split(',').next() == Some("organisation_id")
}

/// What breaks a rule, in words; empty when all is well.
async fn violations(store: &Store) -> Vec<String> {
    let mut found = Vec::new();
    let tenant: BTreeSet<&str> = TENANT_TABLES.into();
    let shared: BTreeSet<&str> = SHARED_TABLES.into();
    let there: Vec<Name> = rows(store, TABLES).await;
    let there: BTreeSet<&str> = there.iter().map(|table| table.name.as_str()).collect();
    for table in there.iter().filter(|table| !tenant.contains(*table) && !shared.contains(*table)) {
        found.push(format!("table {table} is in neither list"));
    }
    for table in tenant.iter().chain(&shared).filter(|table| !there.contains(*table)) {
        found.push(format!("table {table} is listed but not there"));
    }
    let mut keys: BTreeMap<String, u32> = BTreeMap::new();
    for key in rows::<Key>(store, KEYS).await {
        if tenant.contains(key.table_name.as_str()) && !leads(&key.columns) {
            found.push(format!("key {} of {} does not lead with organisation_id", key.name, key.table_name));
        }
        *keys.entry(key.table_name).or_default() += 1;
    }
    for table in there.iter().filter(|table| !keys.contains_key(**table)) {
        found.push(format!("table {table} has no key"));
    }
    for reference in rows::<Reference>(store, REFERENCES).await {
        let from_tenant = tenant.contains(reference.from_table.as_str());
        let to_tenant = tenant.contains(reference.to_table.as_str());
        if to_tenant && !from_tenant {
            found.push(format!("{}: shared {} refers to a tenant table", reference.name, reference.from_table));
        }
        if from_tenant && to_tenant && !(leads(&reference.from_columns) && leads(&reference.to_columns)) {
            found.push(format!("{}: does not lead with organisation_id", reference.name));
        }
    }
    found.extend(unguarded(store).await);
    for trigger in rows::<Name>(store, TRIGGERS).await {
        found.push(format!("trigger {}", trigger.name));
    }
    for default in rows::<Name>(store, VOLATILE_DEFAULTS).await {
        found.push(format!("default on {}", default.name));
    }
    found
}

#[tokio::test]
async fn the_schema_keeps_the_tenancy_rules() {
    let Some(database) = postgres().await else { return };
    assert_eq!(violations(&database.store).await, Vec::<String>::new());
    database.finish().await;
}

#[tokio::test]
async fn every_rule_is_noticed_when_broken() {
    let Some(database) = postgres().await else { return };
    let store = &database.store;
    let owner = store.owner().await.unwrap();
    for (sql, word) in [
        ("CREATE TABLE stray (id int PRIMARY KEY)", "neither list"),
        ("CREATE UNIQUE INDEX wrong ON invoices (id)", "key wrong of invoices"),
        (
            "CREATE UNIQUE INDEX other ON projects (organisation_id, id); \
          CREATE UNIQUE INDEX turned ON projects (id, organisation_id); ALTER TABLE invoices ADD CONSTRAINT loose \
          FOREIGN KEY (id, organisation_id) REFERENCES projects (id, organisation_id)",
            "loose: does not lead",
        ),
        (
            "ALTER TABLE api_keys ADD CONSTRAINT reaches \
          FOREIGN KEY (organisation_id) REFERENCES organisations (organisation_id)",
            "reaches: shared api_keys",
        ),
        (
            "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
          CREATE TRIGGER sly BEFORE INSERT ON invoices FOR EACH ROW EXECUTE FUNCTION nothing()",
            "trigger sly",
        ),
        ("ALTER TABLE invoices ALTER COLUMN created_at SET DEFAULT now()", "default on invoices.created_at"),
        ("ALTER TABLE projects NO FORCE ROW LEVEL SECURITY", "projects does not force"),
        ("ALTER TABLE usage_events DISABLE ROW LEVEL SECURITY", "usage_events does not force"),
        ("DROP POLICY of_the_tenant ON usage_totals", "usage_totals does not have the policy"),
        ("CREATE POLICY wide ON alert_rules USING (true)", "alert_rules does not have the policy"),
        ("ALTER POLICY of_the_tenant ON alert_events WITH CHECK (true)", "alert_events does not have the policy"),
        ("DROP TABLE outbox", "outbox is listed but not there"),
    ] {
        owner.execute_unprepared(sql).await.unwrap();
        let found = violations(store).await;
        assert!(found.iter().any(|violation| violation.contains(word)), "{word}: {found:?}");
    }
    database.finish().await;
}

#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    const SQLITE: &str = "SELECT m.name || '.' || c.name AS name FROM sqlite_master m, pragma_table_info(m.name) c \
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'seaql_migrations'";
    const POSTGRES: &str = "SELECT table_name || '.' || column_name AS name FROM information_schema.columns \
        WHERE table_schema = 'public' AND table_name <> 'seaql_migrations'";
    let mut columns: Vec<BTreeSet<String>> = Vec::new();
    for database in databases().await {
        let sql = if database.is_sqlite() { SQLITE } else { POSTGRES };
        columns.push(rows::<Name>(&database.store, sql).await.into_iter().map(|column| column.name).collect());
        database.finish().await;
    }
    assert!(columns[0].contains("usage_events.transaction_digest"));
    assert!(columns.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn migrations_run_backwards_and_again() {
    use migration::{Migrator, MigratorTrait};
    for database in databases().await {
        Migrator::down(&database.store.owner().await.unwrap(), None).await.unwrap();
        database.store.migrate().await.unwrap();
        assert!(database.store.pending_migrations().await.unwrap().is_empty());
        database.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_together_migrate_once() {
    use migration::{Migrator, MigratorTrait};
    let Some(database) = postgres().await else { return };
    Migrator::reset(&database.store.owner().await.unwrap()).await.unwrap();
    let nodes: Vec<_> = (0..4)
        .map(|_| {
            let store = database.store.clone();
            tokio::spawn(async move { store.migrate().await })
        })
        .collect();
    for node in nodes {
        node.await.unwrap().unwrap();
    }
    assert_eq!(violations(&database.store).await, Vec::<String>::new());
    database.finish().await;
}
