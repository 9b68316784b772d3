//! Row-level security, with the `WHERE` taken away: what a statement sees and touches that forgot the tenant.

use billing::alert::AlertSubject;
use billing::ids::{AuditEventId, OrganisationId, RejectionId};
use billing::metering::{Rejection, RejectionCode};
use chrono::{DateTime, Utc};
use entities::{invoices, projects};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use super::builders::{Tenant, at, event, tenant, usage};
use super::{TestDatabase, alerts, invoices as invoice_tests, postgres};
use crate::error::{Error, ErrorKind};
use crate::store::audit::{self, Actor, ActorKind, AuditAction, NewAuditEvent, SubjectType};
use crate::store::connection::Conn;
use crate::store::rejection::RejectedEvent;
use crate::store::statement::statement;
use crate::store::{Store, TENANT_TABLES, alert_event, invoice, rejection, usage as usage_store};

/// A tenant with a row in each of its tables.
async fn full_tenant(store: &Store, name: &str) -> Tenant {
    let tenant = tenant(store, name).await;
    let rule = alerts::rule(store, &tenant, AlertSubject::Cost).await;
    let words = Rejection { field: "metric", code: RejectionCode::UnknownMetric, message: "unknown".to_owned() };
    let now = at("2026-01-20T00:00:00Z");
    let refused = RejectedEvent::of(tenant.id(), RejectionId::from_uuid(Uuid::now_v7()), "{}".to_owned(), &words, now);
    let event = event(tenant.metric.reference(), tenant.project.id, "t", "2026-01-10T10:07:00Z", "1");
    let tx = store.begin().await.unwrap();
    alert_event::append_in_tx(&tx, &alerts::crossing(&rule, "0.5")).await.unwrap().unwrap();
    usage_store::save_batch_in_tx(&tx, &[usage(tenant.id(), event)]).await.unwrap();
    rejection::insert_many_in_tx(&tx, &[refused]).await.unwrap();
    let contents = invoice_tests::contents(&tenant);
    let draft = invoice_tests::draft(&tenant, 0);
    invoice::insert_draft_in_tx(&tx, &draft, &contents).await.unwrap();
    super::money::everything_in_tx(&tx, tenant.id(), draft.id).await;
    audit::append_in_tx(&tx, &[recorded(&tenant, now)]).await.unwrap();
    tx.commit().await.unwrap();
    tenant
}

fn recorded(tenant: &Tenant, now: DateTime<Utc>) -> NewAuditEvent {
    let (key_id, session_id, role, address, request_id) = (None, None, None, None, None);
    NewAuditEvent {
        organisation_id: Some(tenant.id()),
        id: AuditEventId::from_uuid(Uuid::now_v7()),
        recorded_at: now,
        actor: Actor { kind: ActorKind::Worker, key_id, session_id, role, address, request_id },
        action: AuditAction::InvoiceDrafted,
        subject_type: SubjectType::Invoice,
        subject_id: None,
        changes: Vec::new(),
    }
}

async fn two_tenants() -> Option<(TestDatabase, Tenant, Tenant)> {
    let database = postgres().await?;
    invoice_tests::with_component(&database.store).await;
    let (a, b) = (full_tenant(&database.store, "a").await, full_tenant(&database.store, "b").await);
    Some((database, a, b))
}

/// Whose rows a statement without any condition finds in a table.
async fn owners(db: &impl ConnectionTrait, table: &str) -> Vec<OrganisationId> {
    let sql = format!("SELECT DISTINCT organisation_id FROM {table} ORDER BY organisation_id");
    let rows = db.query_all_raw(statement(db, &sql, Vec::new())).await.unwrap();
    rows.iter().map(|row| OrganisationId::from_uuid(row.try_get_by_index(0).unwrap())).collect()
}

#[tokio::test]
async fn a_statement_without_its_where_finds_only_the_rows_of_its_scope() {
    let Some((database, a, b)) = two_tenants().await else { return };
    let store = &database.store;
    for table in TENANT_TABLES {
        assert_eq!(owners(&store.every_organisation(), table).await, [a.id(), b.id()], "{table}");
        assert_eq!(owners(&store.tenant(a.id()), table).await, [a.id()], "{table}");
        assert_eq!(owners(&store.tenant(b.id()), table).await, [b.id()], "{table}");
        assert_eq!(owners(&store.shared(), table).await, [], "{table}");
    }
    // The store's own query, as it is and without its condition.
    let one = || invoices::Entity::find().filter(invoices::Column::OrganisationId.eq(a.id().uuid()));
    assert_eq!(one().all(&store.tenant(a.id())).await.unwrap().len(), 1);
    let all = invoices::Entity::find().all(&store.tenant(a.id())).await.unwrap();
    assert_eq!(all.iter().map(|row| row.organisation_id).collect::<Vec<_>>(), [a.id().uuid()]);
    assert_eq!(one().all(&store.tenant(b.id())).await.unwrap(), []);
    assert_eq!(invoices::Entity::find().all(&store.shared()).await.unwrap(), []);
    database.finish().await;
}

#[tokio::test]
async fn a_transaction_sees_what_each_of_its_statements_names() {
    let Some((database, a, b)) = two_tenants().await else { return };
    let store = &database.store;
    let tx = store.begin().await.unwrap();
    assert_eq!(owners(&tx.shared(), "projects").await, []);
    assert_eq!(owners(&tx.tenant(a.id()), "projects").await, [a.id()]);
    assert_eq!(owners(&tx.tenant(b.id()), "projects").await, [b.id()]);
    assert_eq!(owners(&tx.every_organisation(), "projects").await, [a.id(), b.id()]);
    // Two at once on one transaction do not see each other's rows.
    let (in_a, in_b) = (tx.tenant(a.id()), tx.tenant(b.id()));
    for _ in 0..20 {
        let (of_a, of_b) = tokio::join!(owners(&in_a, "projects"), owners(&in_b, "projects"));
        assert_eq!((of_a, of_b), (vec![a.id()], vec![b.id()]));
    }
    drop((in_a, in_b));
    tx.commit().await.unwrap();
    // Nothing of it stays on the connections.
    for _ in 0..40 {
        assert_eq!(owners(&store.shared(), "projects").await, []);
    }
    database.finish().await;
}

#[tokio::test]
async fn nothing_is_written_across_the_border() {
    let Some((database, a, b)) = two_tenants().await else { return };
    let store = &database.store;
    let refused = |error: sea_orm::DbErr| {
        assert!(error.to_string().contains("row-level security"), "{error}");
        assert_eq!(Error::from(error).kind, ErrorKind::Internal);
    };
    let foreign = || {
        let project = super::builders::project(b.id(), "smuggled");
        let row = projects::Model {
            organisation_id: b.id().uuid(),
            id: project.id.uuid(),
            code: project.code,
            name: project.name,
            created_at: project.created_at,
        };
        projects::Entity::insert(row.into_active_model())
    };
    let tx = store.begin().await.unwrap();
    refused(foreign().exec_without_returning(&tx.tenant(a.id())).await.unwrap_err());
    assert!(tx.commit().await.is_err());
    let tx = store.begin().await.unwrap();
    refused(foreign().exec_without_returning(&tx.shared()).await.unwrap_err());
    let renamed = || projects::Entity::update_many().col_expr(projects::Column::Name, Expr::value("mine"));
    let tx = store.begin().await.unwrap();
    assert_eq!(renamed().exec(&tx.tenant(a.id())).await.unwrap().rows_affected, 1);
    assert_eq!(renamed().exec(&tx.shared()).await.unwrap().rows_affected, 1);
    tx.commit().await.unwrap();
    let tx = store.begin().await.unwrap();
    assert_eq!(renamed().exec(&tx.shared()).await.unwrap().rows_affected, 0);
    let give_away =
        projects::Entity::update_many().col_expr(projects::Column::OrganisationId, Expr::value(b.id().uuid()));
    refused(give_away.exec(&tx.tenant(a.id())).await.unwrap_err());
    let tx = store.begin().await.unwrap();
    let gone = usage_events_deleted(&tx.tenant(a.id())).await;
    assert_eq!((gone, usage_events_deleted(&tx.shared()).await), (1, 0));
    tx.commit().await.unwrap();
    assert_eq!(owners(&store.every_organisation(), "usage_events").await, [b.id()]);
    let theirs = projects::Entity::find().all(&store.tenant(b.id())).await.unwrap();
    assert_eq!(theirs.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), [b.project.name.as_str()]);
    // Reading is all that a connection outside a transaction may do to tenants.
    let write = renamed().exec(&store.tenant(a.id())).await.unwrap_err();
    assert!(write.to_string().contains("read-only"), "{write}");
    database.finish().await;
}

async fn usage_events_deleted(db: &impl ConnectionTrait) -> u64 {
    db.execute_raw(statement(db, "DELETE FROM usage_events", Vec::new())).await.unwrap().rows_affected()
}

const WHO: &str = "SELECT r.rolname::text, r.rolsuper OR r.rolbypassrls, row_security_active('invoices') \
    FROM pg_roles r WHERE r.rolname = current_user";

async fn who(db: &impl ConnectionTrait) -> (String, bool, bool) {
    let row = db.query_one_raw(statement(db, WHO, Vec::new())).await.unwrap().unwrap();
    let flag = |index| row.try_get_by_index::<bool>(index).unwrap();
    (row.try_get_by_index(0).unwrap(), flag(1), flag(2))
}

#[tokio::test]
async fn the_server_works_as_a_role_that_cannot_bypass() {
    let Some(database) = postgres().await else { return };
    let store = &database.store;
    let tx = store.begin().await.unwrap();
    for db in [store.shared(), store.writer(), store.every_organisation(), tx.shared()] {
        assert_eq!(who(&db).await, (crate::store::database_role::ROLE.to_owned(), false, true));
    }
    drop(tx);
    database.finish().await;
}

/// The policies compare in a way that leaks nothing, so that a statement's own condition may still choose the index.
#[tokio::test]
async fn the_policies_leave_the_indexes_usable() {
    let Some((database, a, _)) = two_tenants().await else { return };
    let db = database.store.tenant(a.id());
    db.execute_unprepared("SET LOCAL enable_seqscan = off").await.unwrap();
    for (table, condition, column) in [
        ("usage_events", "metric_id = $1 AND occurred_at > '2026-01-01'", "occurred_at"),
        ("usage_events", "transaction_digest = '\\x00' AND metric_id <> $1", "transaction_digest"),
        ("usage_totals", "metric_id = $1 AND project_id = $1 AND bucket_start < '2026-02-01'", "bucket_start"),
        ("invoices", "(created_at, id) < ('2026-02-01', $1)", "created_at"),
        ("projects", "code = 'production' AND id <> $1", "code"),
        ("alert_events", "sequence > 0 AND id <> $1", "sequence"),
    ] {
        let sql = format!("EXPLAIN SELECT * FROM {table} WHERE organisation_id = $1 AND {condition}");
        let rows = db.query_all_raw(statement(&db, &sql, vec![a.id().uuid().into()])).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        let used = plan.iter().any(|line| line.contains("Index Cond") && line.contains(column));
        assert!(used, "{table}: {plan:#?}");
    }
    drop(db);
    database.finish().await;
}

/// Runs `sql` as whoever owns the server of the tests.
async fn as_superuser(database: &TestDatabase, sql: &str) {
    database.store.owner().await.unwrap().execute_unprepared(sql).await.unwrap();
}

fn log_in_as(settings: &mut crate::store::StoreSettings, name: &str) {
    let (scheme, rest) = settings.url.split_once("://").unwrap();
    let (_, place) = rest.split_once('@').unwrap();
    settings.url = format!("{scheme}://{name}:secret@{place}");
}

#[tokio::test]
async fn an_owner_without_privileges_is_bound_as_well() {
    let Some(database) = postgres().await else { return };
    let name = format!("undash_plain_{}", std::process::id());
    as_superuser(
        &database,
        &format!(
            "DROP SCHEMA public CASCADE; CREATE ROLE {name} LOGIN PASSWORD 'secret'; \
             CREATE SCHEMA public AUTHORIZATION {name}"
        ),
    )
    .await;
    let store = database.again(|settings| log_in_as(settings, &name)).await.unwrap();
    store.migrate().await.unwrap();
    let tenant = tenant(&store, "plain").await;
    assert_eq!(who(&store.shared()).await, (name.clone(), false, true));
    assert_eq!(owners(&store.shared(), "projects").await, []);
    assert_eq!(owners(&store.tenant(tenant.id()), "projects").await, [tenant.id()]);
    store.migrate().await.unwrap();
    store.close().await.unwrap();
    as_superuser(&database, &format!("DROP OWNED BY {name}; DROP ROLE {name}")).await;
    database.finish().await;
}

#[tokio::test]
async fn a_mere_member_of_the_role_may_serve() {
    let Some(database) = postgres().await else { return };
    let name = format!("undash_member_{}", std::process::id());
    let role = crate::store::database_role::ROLE;
    as_superuser(&database, &format!("CREATE ROLE {name} LOGIN PASSWORD 'secret' IN ROLE {role}")).await;
    let store = database.again(|settings| log_in_as(settings, &name)).await.unwrap();
    store.migrate().await.unwrap();
    let tenant = tenant(&store, "member").await;
    assert_eq!(who(&store.shared()).await, (name.clone(), false, true));
    assert_eq!(owners(&store.shared(), "projects").await, []);
    assert_eq!(owners(&store.tenant(tenant.id()), "projects").await, [tenant.id()]);
    store.close().await.unwrap();
    as_superuser(&database, &format!("DROP ROLE {name}")).await;
    database.finish().await;
}

#[tokio::test]
async fn a_login_that_could_bypass_is_refused_with_words() {
    let Some(database) = postgres().await else { return };
    let name = format!("undash_sly_{}", std::process::id());
    as_superuser(&database, &format!("CREATE ROLE {name} LOGIN BYPASSRLS PASSWORD 'secret'")).await;
    let grant = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}");
    as_superuser(&database, &grant).await;
    let store = database.again(|settings| log_in_as(settings, &name)).await.unwrap();
    let refused = store.migrate().await.unwrap_err();
    assert_eq!((refused.kind, refused.code), (ErrorKind::Refused, "DATABASE_ROLE"), "{refused:?}");
    store.close().await.unwrap();
    as_superuser(&database, &format!("GRANT {} TO {name}", crate::store::database_role::ROLE)).await;
    let store = database.again(|settings| log_in_as(settings, &name)).await.unwrap();
    store.migrate().await.unwrap();
    assert_eq!(who(&store.shared()).await, (crate::store::database_role::ROLE.to_owned(), false, true));
    store.close().await.unwrap();
    as_superuser(&database, &format!("DROP OWNED BY {name}; DROP ROLE {name}")).await;
    database.finish().await;
}
