//! Saving and reading usage: outcomes, totals, pages.

use billing::ids::ProjectId;
use billing::metering::{Aggregation, Totals};
use uuid::Uuid;

use super::builders::{at, decimal, event, january, metric, period, tenant, usage};
use super::databases;
use crate::store::usage::{
    EventFilter, NewUsage, SaveOutcome, events_page, find_event, recount, save_batch_in_tx, series, totals,
    totals_by_project,
};
use crate::store::{Keyed, Page, Store, usage_change};
use SaveOutcome::{Accepted, Conflict, Duplicate};

async fn save(store: &Store, batch: &[NewUsage]) -> Vec<SaveOutcome> {
    let tx = store.begin().await.unwrap();
    let outcomes = save_batch_in_tx(&tx, batch).await.unwrap();
    tx.commit().await.unwrap();
    outcomes
}

#[tokio::test]
async fn outcomes_come_in_the_order_given() {
    for database in databases().await {
        let store = &database.store;
        let (one, two) = (tenant(store, "one").await, tenant(store, "two").await);
        let new = |tenant: &super::builders::Tenant, id: &str, value: &str| {
            let occurred_at = "2026-01-10T10:07:00Z";
            usage(tenant.id(), event(tenant.metric.reference(), tenant.project.id, id, occurred_at, value))
        };
        let first = [
            new(&two, "b", "1"),
            new(&one, "b", "1"),
            new(&one, "a", "2"),
            new(&one, "a", "2.0"),
            new(&one, "a", "3"),
            new(&two, "a", "7"),
        ];
        assert_eq!(save(store, &first).await, [Accepted, Accepted, Accepted, Duplicate, Conflict, Accepted]);
        assert_eq!(save(store, &first).await, [Duplicate, Duplicate, Duplicate, Duplicate, Conflict, Duplicate]);
        let second = [
            new(&one, "a", "3"),
            new(&one, "c", "10"),
            new(&one, "a", "3"),
            new(&one, "a", "2"),
            new(&two, "b", "1"),
            new(&two, "c", "5"),
            new(&two, "c", "5"),
        ];
        assert_eq!(
            save(store, &second).await,
            [Conflict, Accepted, Conflict, Duplicate, Duplicate, Accepted, Duplicate],
        );
        assert_eq!(save(store, &[]).await, []);
        for (tenant, count, sum) in [(&one, 3, "13"), (&two, 3, "13")] {
            let metric = tenant.metric.reference();
            let total = totals(store, tenant.id(), &[metric.id], None, &january()).await.unwrap()[&metric.id];
            assert_eq!((total.count, total.sum), (count, decimal(sum)));
            assert_eq!(recount(store, tenant.id(), metric, None, &january()).await.unwrap(), total);
        }
        // Another tenant's fact is not found.
        assert!(find_event(store, one.id(), "a").await.unwrap().is_some());
        assert_eq!(find_event(store, two.id(), "zzz").await.unwrap(), None);
        let other = totals(store, one.id(), &[two.metric.id], None, &january()).await.unwrap();
        assert!(other.is_empty());
        assert_eq!(usage_change::depth(store).await.unwrap(), 2);
        database.finish().await;
    }
}

#[tokio::test]
async fn large_batches_with_old_facts_in_between() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "large").await;
        let reference = tenant.metric.reference();
        let new = |index: usize| {
            let occurred_at = format!("2026-01-{:02}T10:{:02}:00Z", 1 + index % 28, index % 60);
            usage(tenant.id(), event(reference, tenant.project.id, &format!("t{index}"), &occurred_at, "1.25"))
        };
        let old: Vec<_> = (0..3000).filter(|index| index % 7 == 0).map(new).collect();
        assert!(save(store, &old).await.iter().all(|outcome| *outcome == Accepted));
        let all: Vec<_> = (0..3000).map(new).collect();
        for (index, outcome) in save(store, &all).await.into_iter().enumerate() {
            assert_eq!(outcome, if index % 7 == 0 { Duplicate } else { Accepted }, "{index}");
        }
        let total = totals(store, tenant.id(), &[reference.id], None, &january()).await.unwrap()[&reference.id];
        assert_eq!((total.count, total.sum), (3000, decimal("3750")));
        assert_eq!(recount(store, tenant.id(), reference, None, &january()).await.unwrap(), total);
        database.finish().await;
    }
}

#[tokio::test]
async fn totals_cut_at_quarter_hours_and_by_project() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "cut").await;
        let reference = tenant.metric.reference();
        let other = ProjectId::from_uuid(Uuid::now_v7());
        let batch: Vec<_> = [
            ("a", tenant.project.id, "2026-01-10T09:59:59.999999Z", "1"),
            ("b", tenant.project.id, "2026-01-10T10:00:00Z", "2"),
            ("c", other, "2026-01-10T10:14:59.999999Z", "4"),
            ("d", other, "2026-01-10T10:15:00Z", "8"),
        ]
        .map(|(id, project, occurred_at, value)| usage(tenant.id(), event(reference, project, id, occurred_at, value)))
        .into();
        save(store, &batch).await;
        let quarter = period("2026-01-10T10:00:00Z", "2026-01-10T10:15:00Z");
        let month = january();
        let sum = async |project: Option<ProjectId>, within| {
            let found = totals(store, tenant.id(), &[reference.id], project, within).await.unwrap();
            let again = recount(store, tenant.id(), reference, project, within).await.unwrap();
            let found = found.get(&reference.id).copied().unwrap_or_default();
            assert_eq!(found, again);
            found.sum.to_string()
        };
        assert_eq!(sum(None, &quarter).await, "6");
        assert_eq!(sum(Some(other), &quarter).await, "4");
        assert_eq!(sum(None, &month).await, "15");
        assert_eq!(sum(Some(other), &month).await, "12");
        assert_eq!(sum(Some(ProjectId::from_uuid(Uuid::now_v7())), &month).await, "0");
        let buckets = series(store, tenant.id(), reference.id, None, &january()).await.unwrap();
        let buckets: Vec<_> = buckets.into_iter().map(|(start, total)| (start, total.count)).collect();
        let start = |text| at(text);
        assert_eq!(
            buckets,
            [
                (start("2026-01-10T09:45:00Z"), 1),
                (start("2026-01-10T10:00:00Z"), 2),
                (start("2026-01-10T10:15:00Z"), 1)
            ],
        );
        let by_project = totals_by_project(store, tenant.id(), &[reference.id], &january()).await.unwrap();
        assert_eq!(by_project[&(other, reference.id)].sum, decimal("12"));
        assert_eq!(by_project.len(), 2);
        database.finish().await;
    }
}

#[tokio::test]
async fn a_counting_metric_keeps_the_value_and_counts() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "count").await;
        let reference = metric("counting", Aggregation::Count).reference();
        let mut without = event(reference, tenant.project.id, "a", "2026-01-10T10:00:00Z", "1");
        without.value = None;
        without.properties.clear();
        let with = event(reference, tenant.project.id, "b", "2026-01-10T10:00:00Z", "9");
        let batch = [usage(tenant.id(), without.clone()), usage(tenant.id(), with)];
        save(store, &batch).await;
        let total = totals(store, tenant.id(), &[reference.id], None, &january()).await.unwrap()[&reference.id];
        assert_eq!((total.count, total.sum, total.min, total.max), (2, decimal("0"), None, None));
        assert_eq!(total.event_set, Totals::of(&without).merge(&Totals::of(&batch[1].event)).unwrap().event_set);
        assert_eq!(recount(store, tenant.id(), reference, None, &january()).await.unwrap(), total);
        let stored = find_event(store, tenant.id(), "a").await.unwrap().unwrap();
        assert_eq!(stored.into_event(reference), without);
        database.finish().await;
    }
}

#[tokio::test]
async fn facts_are_paged_both_ways() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "pages").await;
        let (one, two) = (tenant.metric.reference(), metric("second", Aggregation::Max).reference());
        let batch: Vec<_> = (0..25)
            .map(|index| {
                // Three facts share each instant, so that ties are cut too.
                let occurred_at = format!("2026-01-10T10:{:02}:00Z", index / 3);
                let metric = if index % 2 == 0 { one } else { two };
                usage(tenant.id(), event(metric, tenant.project.id, &format!("t{index}"), &occurred_at, "1"))
            })
            .collect();
        save(store, &batch).await;
        let filter = EventFilter { metrics: vec![one.id, two.id], ..EventFilter::default() };
        let whole = events_page(store, tenant.id(), &filter, &Page::first(100)).await.unwrap();
        assert_eq!((whole.items.len(), whole.has_next, whole.has_previous), (25, false, false));
        assert!(whole.items.windows(2).all(|pair| pair[0].cursor() != pair[1].cursor()));
        let mut seen = Vec::new();
        let mut page = Page::first(7);
        loop {
            let part = events_page(store, tenant.id(), &filter, &page).await.unwrap();
            page.after = part.items.last().map(Keyed::cursor);
            seen.extend(part.items);
            if !part.has_next {
                break;
            }
        }
        assert_eq!(seen, whole.items);
        let back = Page { first: 7, after: Some(whole.items[10].cursor()), backward: true };
        let part = events_page(store, tenant.id(), &filter, &back).await.unwrap();
        assert_eq!(part.items, whole.items[3..10]);
        assert!(part.has_next && part.has_previous);
        let narrow = EventFilter {
            metrics: vec![two.id],
            project_id: Some(tenant.project.id),
            occurred_from: Some(at("2026-01-10T10:01:00Z")),
            occurred_until: Some(at("2026-01-10T10:02:00Z")),
        };
        let part = events_page(store, tenant.id(), &narrow, &Page::first(100)).await.unwrap();
        assert_eq!(part.items.len(), 2);
        database.finish().await;
    }
}
