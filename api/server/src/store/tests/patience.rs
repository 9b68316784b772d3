//! Statements that take too long, and statements whose caller went away, on PostgreSQL.

use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait;

use super::builders::{at, metric};
use super::postgres;
use crate::error::{Error, ErrorKind};
use crate::store::connection::Conn;
use crate::store::statement::statement;
use crate::store::{metric as metric_store, unhurried};

async fn sleep(db: &impl ConnectionTrait, seconds: &str) -> Result<(), Error> {
    let sql = format!("SELECT 1 FROM pg_sleep({seconds})");
    Ok(db.query_all_raw(statement(db, &sql, Vec::new())).await.map(drop)?)
}

#[tokio::test]
async fn a_statement_is_cancelled_when_its_time_is_over() {
    let Some(database) = postgres().await else { return };
    let store = database
        .again(|settings| {
            settings.statement_timeout = Duration::from_millis(200);
            settings.unhurried_timeout = Duration::from_secs(5);
        })
        .await
        .unwrap();
    let tx = store.begin().await.unwrap();
    for db in [store.shared(), store.writer(), store.every_organisation(), tx.shared()] {
        let started = Instant::now();
        let late = sleep(&db, "5").await.unwrap_err();
        assert_eq!((late.kind, late.code), (ErrorKind::Unavailable, "STORE_TIMEOUT"), "{late:?}");
        assert!(!late.public.contains("statement"), "{}", late.public);
        assert!(started.elapsed() < Duration::from_secs(3));
    }
    drop(tx);
    unhurried(async {
        let tx = store.begin().await.unwrap();
        for db in [store.shared(), store.writer(), store.every_organisation(), tx.shared()] {
            sleep(&db, "0.4").await.unwrap();
        }
        // What it writes on its own is kept.
        let metric = metric("kept", billing::metering::Aggregation::Sum);
        metric_store::insert_in_tx(&tx, &metric).await.unwrap();
        tx.commit().await.unwrap();
        let key = crate::store::usage_change::UsageChange {
            organisation_id: billing::ids::OrganisationId::from_uuid(uuid::Uuid::now_v7()),
            revision: 1,
        };
        let tx = store.begin().await.unwrap();
        let now = at("2026-01-01T00:00:00Z");
        crate::store::usage_change::bump_in_tx(&tx, &[key.organisation_id], now).await.unwrap();
        tx.commit().await.unwrap();
        crate::store::usage_change::evaluated(&store, &key).await.unwrap();
    })
    .await;
    assert_eq!(crate::store::usage_change::depth(&store).await.unwrap(), 0);
    store.close().await.unwrap();
    database.finish().await;
}

const SLEEPING: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
        AND query LIKE '%pg_sleep(50)%' AND pid <> pg_backend_pid()";

#[tokio::test]
async fn a_statement_whose_caller_went_away_does_not_go_on() {
    let Some(database) = postgres().await else { return };
    let store = database.again(|settings| settings.statement_timeout = Duration::from_secs(50)).await.unwrap();
    let owner = database.store.owner().await.unwrap();
    let sleeping = async || {
        let row = owner.query_one_raw(statement(&owner, SLEEPING, Vec::new())).await.unwrap().unwrap();
        row.try_get_by_index::<i64>(0).unwrap()
    };
    let tx = store.begin().await.unwrap();
    for db in [store.shared(), store.every_organisation(), tx.shared()] {
        assert!(tokio::time::timeout(Duration::from_millis(300), sleep(&db, "50")).await.is_err());
        let started = Instant::now();
        while sleeping().await > 0 {
            assert!(started.elapsed() < Duration::from_secs(10), "it goes on");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    // The transaction went with it: nothing can be added to it, and it does not pretend to have been kept.
    assert!(metric_store::insert_in_tx(&tx, &metric("late", billing::metering::Aggregation::Sum)).await.is_err());
    assert!(tx.commit().await.is_err());
    assert_eq!(metric_store::list(&store).await.unwrap(), []);
    store.close().await.unwrap();
    database.finish().await;
}
