//! Ten savers at once: no deadlock, nothing lost, nothing counted twice.

use std::sync::Arc;

use billing::metering::Aggregation;

use super::builders::{event, january, metric, tenant, usage};
use super::databases;
use crate::store::usage::{NewUsage, SaveOutcome, recount, save_batch_in_tx, totals};
use crate::store::{Store, is_retryable};

const SAVERS: usize = 10;
const BATCHES: usize = 10;
const ROWS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_savers_do_not_deadlock_and_totals_equal_a_recount() {
    for database in databases().await {
        let store = &database.store;
        let tenants = [tenant(store, "one").await, tenant(store, "two").await];
        let metrics = [Aggregation::Sum, Aggregation::Max, Aggregation::Count]
            .map(|aggregation| metric(aggregation.as_str(), aggregation).reference());
        // Savers overlap in two facts of three and send them in different orders.
        let fact = |saver: usize, batch: usize, row: usize| {
            let number = batch * ROWS + if row.is_multiple_of(3) { saver * 100_000 + row } else { row };
            let tenant = &tenants[number % 2];
            let occurred_at = format!("2026-01-10T{:02}:{:02}:00Z", number % 5, number % 60);
            let event =
                event(metrics[number % 3], tenant.project.id, &format!("t{number}"), &occurred_at, "0.000000000001");
            usage(tenant.id(), event)
        };
        let mut tasks = Vec::new();
        for saver in 0..SAVERS {
            let batches: Vec<Vec<NewUsage>> = (0..BATCHES)
                .map(|batch| {
                    let mut rows: Vec<_> = (0..ROWS).map(|row| fact(saver, batch, row)).collect();
                    rows.rotate_left(saver * 7);
                    if saver % 2 == 1 {
                        rows.reverse();
                    }
                    rows
                })
                .collect();
            tasks.push(tokio::spawn(save_all(Arc::new(store.clone()), batches)));
        }
        let mut accepted = 0;
        for task in tasks {
            let (count, retries) = task.await.unwrap();
            assert_eq!(retries, 0, "a saver deadlocked");
            accepted += count;
        }
        let mut counted = 0;
        for tenant in &tenants {
            for metric in metrics {
                let found = totals(store, tenant.id(), &[metric.id], None, &january()).await.unwrap();
                let found = found.get(&metric.id).copied().unwrap_or_default();
                assert_eq!(recount(store, tenant.id(), metric, None, &january()).await.unwrap(), found);
                counted += found.count;
            }
        }
        assert_eq!(counted, accepted);
        assert!(counted > 0);
        database.finish().await;
    }
}

async fn save_all(store: Arc<Store>, batches: Vec<Vec<NewUsage>>) -> (u64, u32) {
    let (mut accepted, mut retries) = (0, 0);
    for batch in batches {
        loop {
            let tx = store.begin().await.unwrap();
            match save_batch_in_tx(&tx, &batch).await {
                Ok(outcomes) => {
                    tx.commit().await.unwrap();
                    assert!(!outcomes.contains(&SaveOutcome::Conflict));
                    accepted += outcomes.iter().filter(|outcome| **outcome == SaveOutcome::Accepted).count() as u64;
                    break;
                }
                Err(error) if is_retryable(&error) => retries += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    (accepted, retries)
}
