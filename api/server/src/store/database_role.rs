//! Who the server is to PostgreSQL: a role that row-level security binds, on every connection of its pool.
//!
//! Superusers and roles with BYPASSRLS ignore policies. A login that could is put aside for a role that cannot, before
//! anything else is said on a connection; a connection that could still bypass is never used. Roles belong to the whole
//! cluster and several databases share this one; it cannot log in, and what it may do is granted in each database.

use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgRow};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};

use super::tables::{SHARED_TABLES, TENANT_TABLES};
use crate::error::Error;

/// The role, and the settings it works under.
pub(super) const ROLE: &str = "undash_server";

/// A transaction left open and idle this long is ended by the server, so that it cannot hold locks for ever.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(60);

const MIGRATIONS: &str = "seaql_migrations";

/// Readies a fresh connection for statements: bounds them, and becomes a role that cannot bypass.
pub(super) async fn prepare(connection: &mut PgConnection, statement_timeout: Duration) -> Result<(), sqlx::Error> {
    // The block: not every platform can look after a client that went away; where it cannot, the time-out is the bound.
    let sql = format!(
        "SET statement_timeout = {0}; SET lock_timeout = {0}; SET idle_in_transaction_session_timeout = {1}; \
         DO $$ BEGIN PERFORM set_config('client_connection_check_interval', '1000', false); \
             EXCEPTION WHEN OTHERS THEN NULL; END $$; \
         SELECT set_config('role', '{ROLE}', false) FROM pg_roles \
             WHERE rolname = current_user AND (rolsuper OR rolbypassrls); \
         SELECT rolsuper OR rolbypassrls AS bypasses FROM pg_roles WHERE rolname = current_user",
        statement_timeout.as_millis(),
        IDLE_IN_TRANSACTION.as_millis(),
    );
    let rows: Vec<PgRow> = connection.fetch_all(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
    let bypasses = rows.last().map_or(Ok(true), |row| row.try_get::<bool, _>("bypasses"))?;
    if bypasses {
        return Err(sqlx::Error::Configuration("the role could bypass row-level security".into()));
    }
    Ok(())
}

/// Makes the role where it is missing and may be made, and grants it what the server needs here. A login that cannot
/// bypass needs no role and may go without.
pub(super) async fn ensure(connection: &mut PgConnection) -> Result<(), Error> {
    let row = connection
        .fetch_one(sqlx::raw_sql(AssertSqlSafe(format!(
            "SELECT rolsuper OR rolbypassrls AS bypasses, rolsuper OR rolcreaterole AS creates, \
                EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') AS there \
             FROM pg_roles WHERE rolname = current_user"
        ))))
        .await
        .map_err(failed)?;
    let fact = |name: &str| row.try_get::<bool, _>(name).map_err(failed);
    let (bypasses, creates, there) = (fact("bypasses")?, fact("creates")?, fact("there")?);
    if !there && !creates {
        return if bypasses { Err(refused()) } else { Ok(()) };
    }
    // Another database of the cluster may be making it at this moment.
    run(
        connection,
        format!(
            "DO $$ BEGIN CREATE ROLE {ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE; \
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        ),
        there,
    )
    .await?;
    let member = format!("DO $$ BEGIN GRANT {ROLE} TO CURRENT_USER; EXCEPTION WHEN unique_violation THEN NULL; END $$");
    let may_become = !bypasses || flag(connection, MAY_BECOME).await?;
    run(connection, member, may_become).await.map_err(|cause| refused().caused_by(cause))?;
    match grant(connection).await {
        // Such a login works as itself and may be allowed everything it needs without owning anything.
        Err(cause) if !bypasses => {
            tracing::warn!(?cause, "the role {ROLE} could not be granted what a server needs");
            Ok(())
        }
        done => done,
    }
}

// A superuser may become anyone; another needs to be a member.
const MAY_BECOME: &str = "SELECT pg_has_role(current_user, 'undash_server', 'MEMBER') AS flag";

async fn grant(connection: &mut PgConnection) -> Result<(), Error> {
    let tables: Vec<&str> = TENANT_TABLES.iter().chain(&SHARED_TABLES).copied().filter(|t| *t != MIGRATIONS).collect();
    let quoted: Vec<String> = tables.iter().map(|table| format!("('{table}')")).collect();
    let complete = format!(
        "SELECT bool_and(has_table_privilege('{ROLE}', name, 'SELECT') AND has_table_privilege('{ROLE}', name, 'INSERT') \
            AND has_table_privilege('{ROLE}', name, 'UPDATE') AND has_table_privilege('{ROLE}', name, 'DELETE')) \
            AND has_schema_privilege('{ROLE}', current_schema(), 'USAGE') \
            AND has_table_privilege('{ROLE}', '{MIGRATIONS}', 'SELECT') AS flag \
         FROM (VALUES {}) AS tables (name)",
        quoted.join(", "),
    );
    let done = flag(connection, &complete).await?;
    // TRUNCATE and REFERENCES would reach around the policies; they are not granted.
    let sql = format!(
        "BEGIN; SELECT pg_advisory_xact_lock(5921003178); \
         DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO {ROLE}', current_schema()); END $$; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {ROLE}; GRANT SELECT ON {MIGRATIONS} TO {ROLE}; COMMIT",
        tables.join(", "),
    );
    run(connection, sql, done).await
}

/// Opens a connection as the pool will, and says in words what is wrong when it cannot be used.
pub(super) async fn prove(options: &PgConnectOptions, statement_timeout: Duration) -> Result<(), Error> {
    let mut connection = PgConnection::connect_with(options).await.map_err(failed)?;
    prepare(&mut connection, statement_timeout).await.map_err(|cause| refused().caused_by(cause))?;
    connection.close().await.map_err(failed)
}

fn refused() -> Error {
    Error::refused(
        "DATABASE_ROLE",
        format!(
            "The database login could bypass row-level security and cannot become the role {ROLE}. \
             Run `undash migrate` as a login that may create roles, or use one without SUPERUSER and BYPASSRLS."
        ),
    )
}

async fn run(connection: &mut PgConnection, sql: String, done_already: bool) -> Result<(), Error> {
    if !done_already {
        connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.map_err(failed)?;
    }
    Ok(())
}

async fn flag(connection: &mut PgConnection, sql: &str) -> Result<bool, Error> {
    let row = connection.fetch_one(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await.map_err(failed)?;
    row.try_get::<bool, _>("flag").map_err(failed)
}

fn failed(cause: sqlx::Error) -> Error {
    sea_orm::DbErr::Conn(sea_orm::RuntimeErr::SqlxError(cause.into())).into()
}
