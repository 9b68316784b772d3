//! Alert rules and events: each threshold once, numbers without holes.

use std::sync::Arc;

use billing::alert::AlertSubject;
use billing::ids::{AlertEventId, AlertRuleId};
use uuid::Uuid;

use super::builders::{Tenant, at, decimal, january, tenant, usd};
use super::databases;
use crate::error::ErrorKind;
use crate::store::alert_event::{
    NewAlertEvent, append_in_tx, fired_thresholds, latest_sequence, oldest_sequence, page_after, page_before,
};
use crate::store::alert_rule::{self, AlertRule};
use crate::store::{Page, Store};

pub(super) async fn rule(store: &Store, tenant: &Tenant, subject: AlertSubject) -> AlertRule {
    let rule = AlertRule {
        organisation_id: tenant.id(),
        id: AlertRuleId::from_uuid(Uuid::now_v7()),
        name: "Budget".to_owned(),
        subject,
        subscription_id: tenant.subscription.id,
        thresholds: vec![decimal("0.5"), decimal("100"), decimal("99999999999999.99")],
        disabled_at: None,
        version: 1,
        created_at: at("2026-01-05T00:00:00Z"),
    };
    let tx = store.begin().await.unwrap();
    alert_rule::insert_in_tx(&tx, &rule).await.unwrap();
    tx.commit().await.unwrap();
    rule
}

pub(super) fn crossing(rule: &AlertRule, threshold: &str) -> NewAlertEvent {
    NewAlertEvent {
        organisation_id: rule.organisation_id,
        id: AlertEventId::from_uuid(Uuid::now_v7()),
        rule_id: rule.id,
        subscription_id: rule.subscription_id,
        period: january(),
        threshold: decimal(threshold),
        observed: decimal("123.000000000001"),
        currency: Some(usd()),
        occurred_at: at("2026-01-20T00:00:00Z"),
    }
}

#[tokio::test]
async fn rules_come_back_and_can_be_switched_off() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "rules").await;
        let cost = rule(store, &tenant, AlertSubject::Cost).await;
        let mut quantity = rule(store, &tenant, AlertSubject::Quantity(tenant.metric.id)).await;
        assert_eq!(alert_rule::find(store, tenant.id(), cost.id).await.unwrap().as_ref(), Some(&cost));
        assert_eq!(
            alert_rule::find_many(store, tenant.id(), &[quantity.id]).await.unwrap(),
            std::slice::from_ref(&quantity)
        );
        assert_eq!(alert_rule::list_enabled(store, tenant.id()).await.unwrap().len(), 2);
        quantity.disabled_at = Some(at("2026-01-06T00:00:00Z"));
        quantity.thresholds = vec![decimal("7")];
        let tx = store.begin().await.unwrap();
        assert!(alert_rule::update_in_tx(&tx, &quantity).await.unwrap());
        assert!(!alert_rule::update_in_tx(&tx, &quantity).await.unwrap());
        tx.commit().await.unwrap();
        quantity.version = 2;
        assert_eq!(alert_rule::find(store, tenant.id(), quantity.id).await.unwrap(), Some(quantity));
        assert_eq!(alert_rule::list_enabled(store, tenant.id()).await.unwrap(), [cost]);
        assert_eq!(alert_rule::page(store, tenant.id(), &Page::first(10)).await.unwrap().items.len(), 2);
        database.finish().await;
    }
}

#[tokio::test]
async fn a_threshold_fires_once_a_period() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "once").await;
        let rule = rule(store, &tenant, AlertSubject::Cost).await;
        assert_eq!(latest_sequence(store, tenant.id()).await.unwrap(), 0);
        let tx = store.begin().await.unwrap();
        let first = append_in_tx(&tx, &crossing(&rule, "100")).await.unwrap().unwrap();
        assert_eq!(first.sequence, 1);
        assert_eq!(append_in_tx(&tx, &crossing(&rule, "100.00")).await.unwrap(), None);
        let mut later = crossing(&rule, "100");
        later.period = super::builders::period("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z");
        assert_eq!(append_in_tx(&tx, &later).await.unwrap().unwrap().sequence, 2);
        tx.commit().await.unwrap();
        assert_eq!(page_after(store, tenant.id(), 0, 10).await.unwrap()[0], first);
        assert_eq!(page_after(store, tenant.id(), 1, 10).await.unwrap().len(), 1);
        assert_eq!(page_before(store, tenant.id(), None, 10).await.unwrap()[0].sequence, 2);
        assert_eq!(page_before(store, tenant.id(), Some(2), 10).await.unwrap(), [first]);
        assert_eq!(oldest_sequence(store, tenant.id()).await.unwrap(), 1);
        let fired = fired_thresholds(store, tenant.id(), rule.id, january().start).await.unwrap();
        assert_eq!(fired, [decimal("100")]);
        let mut stranger = crossing(&rule, "1");
        stranger.organisation_id = billing::ids::OrganisationId::from_uuid(Uuid::now_v7());
        let tx = store.begin().await.unwrap();
        assert_eq!(append_in_tx(&tx, &stranger).await.unwrap_err().kind, ErrorKind::NotFound);
        drop(tx);
        database.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_sequence_has_no_holes() {
    for database in databases().await {
        let store = &database.store;
        let tenant = Arc::new(tenant(store, "holes").await);
        let rule = Arc::new(rule(store, &tenant, AlertSubject::Cost).await);
        let mut tasks = Vec::new();
        for worker in 0..8 {
            let (store, rule) = (store.clone(), rule.clone());
            tasks.push(tokio::spawn(async move {
                for threshold in 1..=10 {
                    let tx = store.begin().await.unwrap();
                    append_in_tx(&tx, &crossing(&rule, &threshold.to_string())).await.unwrap();
                    // Some workers die before their commit.
                    if (worker + threshold) % 3 == 0 {
                        drop(tx);
                    } else {
                        tx.commit().await.unwrap();
                    }
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        let sequences: Vec<i64> =
            page_after(store, tenant.id(), 0, 100).await.unwrap().iter().map(|event| event.sequence).collect();
        assert_eq!(sequences, (1..=10).collect::<Vec<i64>>());
        assert_eq!(latest_sequence(store, tenant.id()).await.unwrap(), 10);
        database.finish().await;
    }
}
