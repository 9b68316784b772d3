//! Queues: leases run out, late answers change nothing, nobody gets the same row twice.

use std::collections::HashSet;

use billing::ids::{OrganisationId, OutboxId};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::builders::{at, tenant};
use super::databases;
use crate::store::billing_run::{self, RunKey, RunState};
use crate::store::outbox::{self, JobState, NewJob};
use crate::store::{Page, Store, schedule, subscription, usage_change};

fn now() -> DateTime<Utc> {
    at("2026-02-02T00:00:00Z")
}

fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}

fn job(topic: &str, dedupe_key: Option<&str>) -> NewJob {
    NewJob {
        id: OutboxId::from_uuid(Uuid::now_v7()),
        organisation_id: Some(OrganisationId::from_uuid(Uuid::now_v7())),
        topic: topic.to_owned(),
        payload: serde_json::json!({"invoice": "inv_1"}),
        dedupe_key: dedupe_key.map(str::to_owned),
        available_at: now(),
    }
}

async fn enqueue(store: &Store, job: &NewJob) -> bool {
    let tx = store.begin().await.unwrap();
    let new = outbox::enqueue_in_tx(&tx, job, now()).await.unwrap();
    tx.commit().await.unwrap();
    new
}

#[tokio::test]
async fn an_outbox_lease_runs_out_and_is_reclaimed() {
    for database in databases().await {
        let store = &database.store;
        assert!(enqueue(store, &job("pdf", Some("k"))).await);
        assert!(!enqueue(store, &job("pdf", Some("k"))).await);
        assert!(enqueue(store, &job("mail", None)).await);
        assert!(enqueue(store, &job("mail", None)).await);
        assert_eq!(outbox::depth(store, 100).await.unwrap(), 3);
        assert_eq!(outbox::oldest(store).await.unwrap(), Some(now()));
        let early = outbox::claim(store, &[], 10, now() - minutes(1), minutes(5)).await.unwrap();
        assert_eq!(early, []);
        let first = outbox::claim(store, &["pdf", "other"], 10, now(), minutes(5)).await.unwrap();
        assert_eq!((first.len(), first[0].attempts, first[0].topic.as_str()), (1, 1, "pdf"));
        assert_eq!(outbox::claim(store, &["pdf"], 10, now() + minutes(4), minutes(5)).await.unwrap(), []);
        // The worker dies; the lease runs out; another takes over, and the first wakes up too late.
        let second = outbox::claim(store, &["pdf"], 10, now() + minutes(5), minutes(5)).await.unwrap();
        assert_eq!((second[0].id, second[0].attempts), (first[0].id, 2));
        assert!(!outbox::done(store, &first[0], now()).await.unwrap());
        assert!(!outbox::retry(store, &first[0], now(), "late").await.unwrap());
        assert!(!outbox::dead(store, &first[0], now(), "late").await.unwrap());
        assert!(outbox::retry(store, &second[0], now() + minutes(20), "gateway \0 away").await.unwrap());
        assert_eq!(outbox::claim(store, &["pdf"], 10, now() + minutes(19), minutes(5)).await.unwrap(), []);
        let third = outbox::claim(store, &["pdf"], 10, now() + minutes(20), minutes(5)).await.unwrap();
        assert_eq!((third[0].attempts, third[0].last_error.as_deref()), (3, Some("gateway \u{fffd} away")));
        assert!(outbox::dead(store, &third[0], now(), "given up").await.unwrap());
        let in_state = async |state: JobState| {
            let filter = outbox::Filter { states: vec![state], ..outbox::Filter::default() };
            let jobs = outbox::page(store, &filter, &Page::first(10), now()).await.unwrap().items;
            assert_eq!(outbox::count_capped(store, &filter, now(), 10).await.unwrap(), jobs.len() as u64);
            assert!(jobs.iter().all(|job| job.state == state));
            jobs.len()
        };
        assert_eq!((in_state(JobState::Dead).await, in_state(JobState::Waiting).await), (1, 2));
        let tx = store.begin().await.unwrap();
        assert!(outbox::replay_in_tx(&tx, third[0].id, now()).await.unwrap());
        assert!(!outbox::replay_in_tx(&tx, third[0].id, now()).await.unwrap(), "only a dead one");
        assert!(!outbox::discard_in_tx(&tx, third[0].id, "why", now()).await.unwrap(), "only a dead one");
        tx.commit().await.unwrap();
        assert_eq!((in_state(JobState::Dead).await, in_state(JobState::Waiting).await), (0, 3));
        let replayed = outbox::find(store, third[0].id, now()).await.unwrap().unwrap();
        assert_eq!((replayed.attempts, replayed.attempt_limit), (3, 3 + outbox::ATTEMPTS), "as many tries again");
        let fourth = outbox::claim(store, &["pdf"], 10, now(), minutes(5)).await.unwrap();
        let tx = store.begin().await.unwrap();
        assert!(outbox::done_in_tx(&tx, &fourth[0], now()).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!((in_state(JobState::Done).await, in_state(JobState::Running).await), (1, 0));
        let mails = outbox::claim(store, &["mail"], 1, now(), minutes(5)).await.unwrap();
        assert!(outbox::done(store, &mails[0], now()).await.unwrap());
        assert_eq!(outbox::depth(store, 100).await.unwrap(), 1);
        // The one with a dedupe key stays, so that a repeat is still harmless.
        assert_eq!(outbox::purge_done(store, now() + minutes(1)).await.unwrap(), 1);
        assert!(!enqueue(store, &job("pdf", Some("k"))).await);
        database.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_workers_claim_each_job_once() {
    for database in databases().await {
        let store = &database.store;
        for _ in 0..60 {
            enqueue(store, &job("work", None)).await;
        }
        let workers = (0..6).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut mine = Vec::new();
                for _ in 0..30 {
                    let jobs = outbox::claim(&store, &[], 3, now(), minutes(5)).await.unwrap();
                    mine.extend(jobs.into_iter().map(|job| job.id));
                }
                mine
            })
        });
        let mut claimed = Vec::new();
        for worker in workers.collect::<Vec<_>>() {
            claimed.extend(worker.await.unwrap());
        }
        assert_eq!(claimed.len(), 60);
        assert_eq!(claimed.into_iter().collect::<HashSet<_>>().len(), 60);
        database.finish().await;
    }
}

#[tokio::test]
async fn changes_made_while_evaluating_stay_in_the_queue() {
    for database in databases().await {
        let store = &database.store;
        let ids = [1_u128, 2].map(|id| OrganisationId::from_uuid(Uuid::from_u128(id)));
        let bump = async |ids: &[OrganisationId], at| {
            let tx = store.begin().await.unwrap();
            usage_change::bump_in_tx(&tx, ids, at).await.unwrap();
            tx.commit().await.unwrap();
        };
        bump(&[ids[1], ids[0], ids[1]], now()).await;
        bump(&ids[..1], now() + minutes(1)).await;
        let claimed = usage_change::claim(store, 10, now(), minutes(5)).await.unwrap();
        assert_eq!(claimed.len(), 2);
        let first = *claimed.iter().find(|change| change.organisation_id == ids[0]).unwrap();
        assert_eq!(first.revision, 2);
        assert_eq!(usage_change::claim(store, 10, now(), minutes(5)).await.unwrap(), []);
        bump(&ids[..1], now() + minutes(2)).await;
        for change in &claimed {
            usage_change::evaluated(store, change).await.unwrap();
        }
        assert_eq!(usage_change::depth(store).await.unwrap(), 1);
        let again = usage_change::claim(store, 10, now(), minutes(5)).await.unwrap();
        assert_eq!((again.len(), again[0].organisation_id, again[0].revision), (1, ids[0], 3));
        // Its worker dies; the lease runs out.
        let reclaimed = usage_change::claim(store, 10, now() + minutes(5), minutes(5)).await.unwrap();
        assert_eq!(reclaimed, again);
        usage_change::evaluated(store, &reclaimed[0]).await.unwrap();
        // A late answer about an older revision does not turn the clock back.
        usage_change::evaluated(store, &first).await.unwrap();
        assert_eq!(usage_change::depth(store).await.unwrap(), 0);
        database.finish().await;
    }
}

#[tokio::test]
async fn a_billing_run_is_claimed_held_and_finished() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "runs").await;
        let (organisation, id) = (tenant.id(), tenant.subscription.id);
        let period = tenant.subscription.next_period;
        let key = RunKey { organisation_id: organisation, subscription_id: id, period_start: period.start };
        let claim = async |at| {
            let tx = store.begin().await.unwrap();
            let claimed = billing_run::claim_in_tx(&tx, &key, period.end, at, minutes(5)).await.unwrap();
            tx.commit().await.unwrap();
            claimed
        };
        let due = async |at| subscription::due(store, at, 10).await.unwrap().len();
        assert_eq!(due(now()).await, 1);
        assert!(claim(now()).await);
        assert!(!claim(now()).await);
        assert_eq!(due(now()).await, 0);
        assert_eq!(due(now() + minutes(5)).await, 1);
        let later = now() + minutes(60);
        assert!(billing_run::hold(store, &key, "plugin trapped", later, now()).await.unwrap());
        assert!(!claim(now() + minutes(59)).await);
        assert_eq!(due(now() + minutes(59)).await, 0);
        assert_eq!(due(later).await, 1);
        assert!(billing_run::dead(store, &key, "still trapping", now()).await.unwrap());
        assert_eq!(due(later).await, 0);
        assert!(!claim(later).await);
        let run = billing_run::find(store, &key).await.unwrap().unwrap();
        assert_eq!((run.state, run.attempts, run.reason.as_deref()), (RunState::Dead, 2, Some("still trapping")));
        let retry = async || {
            let tx = store.begin().await.unwrap();
            let done = billing_run::retry_in_tx(&tx, &key, now()).await.unwrap();
            tx.commit().await.unwrap();
            done
        };
        assert!(retry().await);
        assert!(claim(now()).await);
        let tx = store.begin().await.unwrap();
        billing_run::done_in_tx(&tx, &key, now()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!claim(later).await);
        assert!(!billing_run::hold(store, &key, "late", later, now()).await.unwrap());
        assert!(!retry().await);
        let runs = async |organisation_id, states: &[RunState]| {
            let filter = billing_run::Filter { organisation_id, states: states.to_vec() };
            let page = billing_run::page(store, &filter, &Page::first(10)).await.unwrap();
            assert_eq!(billing_run::count_capped(store, &filter, 10).await.unwrap(), page.items.len() as u64);
            page.items
        };
        let done = runs(Some(organisation), &[RunState::Done]).await;
        assert_eq!((done.len(), done[0].period, done[0].reason.as_deref()), (1, period, None));
        assert_eq!(runs(None, &[]).await.len(), 1);
        assert_eq!(runs(None, &[RunState::Held]).await, []);
        database.finish().await;
    }
}

#[tokio::test]
async fn a_turn_is_taken_by_one_and_taken_late_when_nobody_was_there() {
    for database in databases().await {
        let store = &database.store;
        let claim = |at| schedule::claim(store, "test.turn", now() + minutes(10), at, minutes(5));
        assert_eq!(claim(now()).await.unwrap(), None, "heard of for the first time");
        assert_eq!(claim(now() + minutes(9)).await.unwrap(), None, "not due");
        // Due, and long overdue: one of many workers has it, once.
        let late = now() + minutes(60);
        let turns: Vec<_> = futures_util::future::join_all((0..8).map(|_| claim(late))).await;
        let mut turns = turns.into_iter().filter_map(Result::unwrap);
        let first = turns.next().unwrap();
        assert_eq!((turns.next(), first.due_at), (None, now() + minutes(10)));
        // Its worker dies; after the lease another takes the same turn, and the first comes too late.
        assert_eq!(claim(late + minutes(4)).await.unwrap(), None);
        let second = claim(late + minutes(5)).await.unwrap().unwrap();
        assert!(!schedule::done(store, &first, late + minutes(70), late).await.unwrap());
        assert!(schedule::failed(store, &second, late + minutes(6), "away").await.unwrap());
        let third = claim(late + minutes(6)).await.unwrap().unwrap();
        assert!(schedule::done(store, &third, late + minutes(70), late + minutes(7)).await.unwrap());
        assert_eq!(claim(late + minutes(69)).await.unwrap(), None);
        assert!(claim(late + minutes(70)).await.unwrap().is_some());
        database.finish().await;
    }
}
