//! The limiter as its callers see it, in this process.
#![allow(clippy::unwrap_used, clippy::panic)]

use billing::ids::{Id, OrganisationId};
use std::net::IpAddr;
use std::time::{Duration, Instant};
use uuid::Uuid;

use super::{Counted, Limiter, Measure};
use crate::config::{Rate, Secret, Settings};
use crate::metrics::Metrics;
use crate::viewer::{Role, Scope, Viewer};

fn limiter(change: impl FnOnce(&mut Settings)) -> Limiter {
    let mut settings = Settings::default();
    change(&mut settings);
    Limiter::new(&settings, Metrics::new()).unwrap()
}

fn viewer(key: u128, organisation: u128) -> Viewer {
    let scope = Scope::Organisation(OrganisationId::from_uuid(Uuid::from_u128(organisation)));
    Viewer::holding(Id::from_uuid(Uuid::from_u128(key)), scope, Role::Owner)
}

#[tokio::test]
async fn the_keys_of_one_organisation_share_its_bucket() {
    let limiter = limiter(|settings| {
        settings.rates.key_cost = Some(Rate { per_second: 1, burst: 60 });
        settings.rates.organisation_cost = Some(Rate { per_second: 1, burst: 100 });
    });
    let (one, two, stranger) = (viewer(1, 7), viewer(2, 7), viewer(3, 8));
    let left = limiter.spend(&one, Measure::Cost, 60).await.unwrap();
    assert_eq!(left.iter().map(|bucket| bucket.remaining).collect::<Vec<_>>(), [0, 40]);
    assert_eq!(limiter.spend(&one, Measure::Cost, 1).await.unwrap_err().counted, Counted::KeyCost);
    let wait = limiter.spend(&two, Measure::Cost, 50).await.unwrap_err();
    assert_eq!(wait.counted, Counted::OrganisationCost);
    assert!(wait.retry_after > Duration::from_secs(8) && wait.retry_after <= Duration::from_secs(10), "{wait:?}");
    assert!(limiter.spend(&stranger, Measure::Cost, 60).await.is_ok());
    limiter.give_back(&one, Measure::Cost, 30).await;
    assert!(limiter.spend(&two, Measure::Cost, 50).await.is_ok(), "what one gives back another may use");
}

#[tokio::test]
async fn guessing_keys_stops_new_ones_from_that_address_only() {
    let limiter = limiter(|settings| settings.rates.failed_keys = Some(Rate { per_second: 1, burst: 2 }));
    let [guesser, other]: [IpAddr; 2] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
    for _ in 0..2 {
        limiter.admit_address(guesser, false).await.unwrap();
        limiter.note_failed_key(guesser).await;
    }
    assert_eq!(limiter.admit_address(guesser, false).await.unwrap_err().counted, Counted::AddressFailures);
    assert!(limiter.admit_address(guesser, true).await.is_ok(), "a key in good standing is not kept waiting");
    assert!(limiter.admit_address(other, false).await.is_ok());
}

#[tokio::test]
async fn what_is_switched_off_is_not_counted() {
    let limiter = limiter(|settings| {
        settings.rates.key_requests = None;
        settings.rates.organisation_requests = None;
    });
    assert_eq!(limiter.spend(&viewer(1, 2), Measure::Requests, u64::MAX).await.unwrap(), []);
    assert_eq!(limiter.most(Measure::Requests), u64::MAX);
}

/// All four decisions of one GraphQL operation: address, request, charge and settlement.
#[tokio::test]
async fn an_operation_is_decided_in_microseconds() {
    let limiter = limiter(|_| ());
    let address: IpAddr = "192.0.2.1".parse().unwrap();
    let began = Instant::now();
    let mut granted = 0_u32;
    for turn in 0..20_000 {
        let viewer = viewer(turn % 500, turn % 100);
        let _ = limiter.admit_address(address, false).await;
        let _ = limiter.spend(&viewer, Measure::Requests, 1).await;
        if limiter.spend(&viewer, Measure::Cost, 50).await.is_ok() {
            limiter.give_back(&viewer, Measure::Cost, 20).await;
            granted += 1;
        }
    }
    let each = began.elapsed() / 20_000;
    assert!(granted > 10_000);
    // The bound is for an unoptimised build on a busy machine.
    assert!(each < Duration::from_micros(200), "{each:?} for one operation");
}

/// The script on Redis and the function in this process are one algorithm: a thousand decisions, the same answers.
#[tokio::test]
async fn redis_and_this_process_decide_alike() {
    let Some(redis) = throwaway::Redis::start() else { return };
    let rates = |settings: &mut Settings| {
        // The inflow is nothing beside the amounts, so that no clock has a say.
        settings.rates.key_cost = Some(Rate { per_second: 3, burst: 70_000 });
        settings.rates.organisation_cost = Some(Rate { per_second: 7, burst: 100_000 });
    };
    let here = limiter(rates);
    let on_redis = |settings: &mut Settings| {
        rates(settings);
        settings.redis_url = Some(Secret::new(redis.url()));
    };
    let nodes = [limiter(on_redis), limiter(on_redis)];
    let mut random = 88_172_645_463_325_252_u64;
    let mut refused = 0;
    for turn in 0..1_000 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let viewer = viewer(u128::from(random % 3), 1);
        let amount = 1_000 * (random >> 20) % 30_000;
        let node = &nodes[turn % 2];
        let (mine, theirs) = if (random >> 50).is_multiple_of(3) {
            let mine = here.give_back(&viewer, Measure::Cost, amount).await;
            (Ok(mine), Ok(node.give_back(&viewer, Measure::Cost, amount).await))
        } else {
            let mine = here.spend(&viewer, Measure::Cost, amount).await;
            (mine, node.spend(&viewer, Measure::Cost, amount).await)
        };
        match (mine, theirs) {
            (Ok(mine), Ok(theirs)) => {
                for (mine, theirs) in mine.iter().zip(&theirs) {
                    assert_eq!(mine.counted, theirs.counted);
                    assert!(mine.remaining.abs_diff(theirs.remaining) <= 100, "turn {turn}: {mine:?} {theirs:?}");
                }
            }
            (Err(mine), Err(theirs)) => {
                refused += 1;
                assert_eq!(mine.counted, theirs.counted, "turn {turn}");
                let apart = mine.retry_after.abs_diff(theirs.retry_after);
                assert!(apart < Duration::from_secs(20), "turn {turn}: {mine:?} {theirs:?}");
            }
            (mine, theirs) => panic!("turn {turn}: {mine:?} here, {theirs:?} on Redis"),
        }
    }
    assert!((100..900).contains(&refused), "{refused} refusals");
    assert!(!nodes[0].metrics.page().unwrap().contains("fallbacks_total 1"), "Redis answered all the time");
    let began = Instant::now();
    for _ in 0..1_000 {
        let _ = nodes[0].spend(&viewer(9, 9), Measure::Cost, 1).await;
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?} for a thousand decisions on Redis", began.elapsed());
}

/// An address that nothing listens on, and a word that is none.
#[tokio::test]
async fn without_redis_the_server_starts_and_counts_for_itself() {
    let limiter = limiter(|settings| {
        settings.redis_url = Some(Secret::new("redis+unix:///nowhere/at/all"));
        settings.rates.key_requests = Some(Rate { per_second: 1, burst: 2 });
    });
    let viewer = viewer(1, 2);
    for _ in 0..2 {
        assert!(limiter.spend(&viewer, Measure::Requests, 1).await.is_ok());
    }
    assert!(limiter.spend(&viewer, Measure::Requests, 1).await.is_err());
    assert!(limiter.metrics.page().unwrap().contains("undash_limiter_fallback_active 1"));
    let settings = Settings { redis_url: Some(Secret::new("redis://:not a url:")), ..Settings::default() };
    assert_eq!(Limiter::new(&settings, Metrics::new()).err().unwrap().code, "SETTINGS");
}
