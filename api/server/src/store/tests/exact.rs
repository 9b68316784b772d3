//! Decimals survive both databases digit by digit.

use sea_orm::ConnectionTrait;

use super::builders::{at, decimal, event, january, tenant, usage};
use super::databases;
use crate::store::connection::Conn;
use crate::store::statement::statement;
use crate::store::usage as facts;

const HARD: [&str; 10] = [
    "99999999999999.99",
    "0.1",
    "0.000000000001",
    "999999999999999.999999999999",
    "-999999999999999.999999999999",
    "12345678901234.567891",
    "0",
    "-0.5",
    "100",
    "1234567890123456789012345678",
];

#[tokio::test]
async fn any_decimal_comes_back_as_it_went() {
    for database in databases().await {
        let store = &database.store;
        let sql = if database.is_sqlite() { "SELECT CAST($1 AS TEXT) AS d" } else { "SELECT $1::numeric AS d" };
        for text in HARD.iter().chain(&["0.0000000000000000000000000001", "7922816251426433759354395033.5"]) {
            let exact = entities::Exact::new(text.parse().unwrap());
            let row = store
                .shared()
                .query_one_raw(statement(&store.shared(), sql, vec![exact.into()]))
                .await
                .unwrap()
                .unwrap();
            let back: entities::Exact = row.try_get("", "d").unwrap();
            assert_eq!(back.decimal().to_string(), exact.decimal().to_string(), "{text}");
        }
        assert_eq!(entities::Exact::new("-0.00".parse().unwrap()).decimal().to_string(), "0");
        assert_eq!(entities::Exact::new("1.500".parse().unwrap()).decimal().to_string(), "1.5");
        database.finish().await;
    }
}

#[tokio::test]
async fn facts_and_totals_are_exact() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "exact").await;
        let metric = tenant.metric.reference();
        let events = HARD[..9].iter().enumerate().map(|(index, text)| {
            usage(
                tenant.id(),
                event(metric, tenant.project.id, &format!("t{index}"), "2026-01-10T10:14:59.999999Z", text),
            )
        });
        let batch: Vec<_> = events.collect();
        for new in &batch {
            // One transaction each: every total is read back and raised again.
            let tx = store.begin().await.unwrap();
            facts::save_batch_in_tx(&tx, std::slice::from_ref(new)).await.unwrap();
            tx.commit().await.unwrap();
        }
        let totals = facts::totals(store, tenant.id(), &[metric.id], None, &january()).await.unwrap()[&metric.id];
        assert_eq!(totals.sum, decimal("112345678901334.157891000001"));
        assert_eq!(totals.min, Some(decimal("-999999999999999.999999999999")));
        assert_eq!(totals.max, Some(decimal("999999999999999.999999999999")));
        let recount = facts::recount(store, tenant.id(), metric, None, &january()).await.unwrap();
        assert_eq!(recount, totals);
        for new in &batch {
            let stored = facts::find_event(store, tenant.id(), &new.event.transaction_id).await.unwrap().unwrap();
            assert_eq!(stored.recorded_at, new.recorded_at);
            assert_eq!(stored.clone().into_event(metric), new.event);
            assert_eq!(stored.value.unwrap().to_string(), new.event.value.unwrap().normalize().to_string());
        }
        database.finish().await;
    }
}

#[tokio::test]
async fn a_tenth_and_two_tenths_are_three_tenths() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "tenths").await;
        let metric = tenant.metric.reference();
        for (id, value) in [("a", "0.1"), ("b", "0.2")] {
            let tx = store.begin().await.unwrap();
            let new = usage(tenant.id(), event(metric, tenant.project.id, id, "2026-01-10T10:00:00Z", value));
            facts::save_batch_in_tx(&tx, &[new]).await.unwrap();
            tx.commit().await.unwrap();
        }
        let totals = facts::totals(store, tenant.id(), &[metric.id], None, &january()).await.unwrap()[&metric.id];
        assert_eq!(totals.sum.to_string(), "0.3");
        database.finish().await;
    }
}

#[tokio::test]
async fn a_total_beyond_28_digits_is_refused_whole() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "large").await;
        let metric = tenant.metric.reference();
        let large = "999999999999999.999999999999";
        let batch = |ids: std::ops::Range<u32>| {
            let new = |id: u32| {
                usage(tenant.id(), event(metric, tenant.project.id, &format!("l{id}"), "2026-01-10T10:00:00Z", large))
            };
            ids.map(new).collect::<Vec<_>>()
        };
        for (ids, fits) in [(0..9, true), (9..18, false), (18..19, true)] {
            let tx = store.begin().await.unwrap();
            let saved = facts::save_batch_in_tx(&tx, &batch(ids.clone())).await;
            if fits {
                saved.unwrap();
                tx.commit().await.unwrap();
            } else {
                assert_eq!(saved.unwrap_err().code, "USAGE_TOTAL_TOO_LARGE", "{ids:?}");
            }
        }
        let totals = facts::totals(store, tenant.id(), &[metric.id], None, &january()).await.unwrap()[&metric.id];
        assert_eq!((totals.count, totals.sum), (10, decimal("9999999999999999.99999999999")));
        assert_eq!(
            at("2026-01-10T10:00:00Z"),
            facts::series(store, tenant.id(), metric.id, None, &january()).await.unwrap()[0].0
        );
        database.finish().await;
    }
}
