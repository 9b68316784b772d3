//! Plugins: bytes once, versions count up, the most specific activation wins.

use billing::ids::{PluginActivationId, PluginId, PluginVersionId, UploadId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::builders::{at, tenant};
use super::databases;
use crate::store::plugin::{self, Activation, Component, Plugin, PluginKind, PluginVersion, Target, Upload, active_at};
use crate::store::{Page, Store, is_taken};

fn start() -> DateTime<Utc> {
    at("2026-01-01T00:00:00Z")
}

async fn versions(store: &Store) -> Vec<PluginVersion> {
    let component = Component {
        digest: "sha256:aa".to_owned(),
        kind: PluginKind::Pricing,
        world: "w".to_owned(),
        size: 3,
        created_at: start(),
    };
    let owner = Plugin {
        id: PluginId::from_uuid(Uuid::now_v7()),
        name: "standard".to_owned(),
        kind: PluginKind::Pricing,
        created_at: start(),
    };
    let tx = store.begin().await.unwrap();
    plugin::insert_component_in_tx(&tx, &component, &[1, 2, 3]).await.unwrap();
    plugin::insert_component_in_tx(&tx, &component, &[1, 2, 3]).await.unwrap();
    plugin::insert_in_tx(&tx, &owner).await.unwrap();
    let mut made = Vec::new();
    for _ in 0..3 {
        let id = PluginVersionId::from_uuid(Uuid::now_v7());
        let report = serde_json::json!({"cases": 3});
        made.push(plugin::insert_version_in_tx(&tx, id, owner.id, "sha256:aa", report, start()).await.unwrap());
    }
    tx.commit().await.unwrap();
    assert_eq!(plugin::component(store, "sha256:aa").await.unwrap(), Some(component.clone()));
    assert_eq!(plugin::components(store).await.unwrap(), [component]);
    assert_eq!(plugin::component_bytes(store, "sha256:aa").await.unwrap(), Some(vec![1, 2, 3]));
    assert_eq!(plugin::component_bytes(store, "sha256:bb").await.unwrap(), None);
    assert_eq!(plugin::find_by_name(store, "standard").await.unwrap().as_ref(), Some(&owner));
    assert_eq!(plugin::page(store, &Page::first(3)).await.unwrap().items, std::slice::from_ref(&owner));
    let numbers: Vec<i32> =
        plugin::versions(store, owner.id).await.unwrap().iter().map(|version| version.number).collect();
    assert_eq!(numbers, [3, 2, 1]);
    assert_eq!(plugin::versions_of_digest(store, "sha256:aa").await.unwrap().len(), 3);
    made
}

#[tokio::test]
async fn the_first_target_with_anything_active_wins() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "active").await;
        let versions = versions(store).await;
        let (own, plan) = (Target::Organisation(tenant.id()), Target::Plan(tenant.plan.id));
        let activation = |target, version: usize, effective_from: &str| Activation {
            id: PluginActivationId::from_uuid(Uuid::now_v7()),
            kind: PluginKind::Pricing,
            target,
            plugin_version_id: versions[version].id,
            effective_from: at(effective_from),
            created_at: start(),
        };
        let first = activation(plan, 0, "2026-01-01T00:00:00Z");
        let tx = store.begin().await.unwrap();
        for activation in
            [&first, &activation(plan, 1, "2026-02-01T00:00:00Z"), &activation(own, 2, "2026-03-01T00:00:00Z")]
        {
            plugin::insert_activation_in_tx(&tx, activation).await.unwrap();
        }
        tx.commit().await.unwrap();
        for (when, expected) in [
            ("2025-12-31T23:59:59Z", None),
            ("2026-01-01T00:00:00Z", Some(0)),
            ("2026-02-28T00:00:00Z", Some(1)),
            ("2026-03-01T00:00:00Z", Some(2)),
        ] {
            let found = active_at(store, &[own, plan], at(when)).await.unwrap();
            assert!(found.iter().all(|active| active.activation.kind == PluginKind::Pricing));
            let found: Vec<PluginVersion> = found.into_iter().map(|active| active.version).collect();
            assert_eq!(found, expected.map(|index: usize| versions[index].clone()).into_iter().collect::<Vec<_>>());
        }
        for (target, expected) in [(Some(plan), 2), (None, 3)] {
            let page = plugin::activations_page(store, target, &Page::first(10)).await.unwrap();
            let count = plugin::count_activations_capped(store, target, 10).await.unwrap();
            assert_eq!((page.items.len(), count), (expected, expected as u64));
            assert!(page.items.is_sorted_by_key(|active| std::cmp::Reverse(active.effective_from)));
        }
        assert_eq!(plugin::find_activation(store, first.id).await.unwrap().as_ref(), Some(&first));
        let tx = store.begin().await.unwrap();
        let twice = activation(plan, 2, "2026-01-01T00:00:00Z");
        assert!(is_taken(&plugin::insert_activation_in_tx(&tx, &twice).await.unwrap_err()));
        drop(tx);
        database.finish().await;
    }
}

#[tokio::test]
async fn an_upload_is_received_until_it_expires_and_finished_once() {
    for database in databases().await {
        let store = &database.store;
        let upload = Upload {
            id: UploadId::from_uuid(Uuid::now_v7()),
            filename: "rule.wasm".to_owned(),
            size: 4,
            sha256: "ab".to_owned(),
            expires_at: at("2026-01-01T01:00:00Z"),
            received_at: None,
            created_at: start(),
        };
        let tx = store.begin().await.unwrap();
        plugin::insert_upload_in_tx(&tx, &upload).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(plugin::find_upload(store, upload.id).await.unwrap().as_ref(), Some(&upload));
        assert_eq!(plugin::upload_bytes(store, upload.id).await.unwrap(), None);
        let tx = store.begin().await.unwrap();
        assert!(!plugin::receive_upload_in_tx(&tx, upload.id, b"\0asm", upload.expires_at).await.unwrap());
        assert!(plugin::receive_upload_in_tx(&tx, upload.id, b"\0asm", start()).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(plugin::upload_bytes(store, upload.id).await.unwrap(), Some(b"\0asm".to_vec()));
        let tx = store.begin().await.unwrap();
        assert!(plugin::finish_upload_in_tx(&tx, upload.id).await.unwrap());
        assert!(!plugin::finish_upload_in_tx(&tx, upload.id).await.unwrap());
        drop(tx);
        assert_eq!(plugin::purge_expired_uploads(store, upload.expires_at).await.unwrap(), 1);
        assert_eq!(plugin::find_upload(store, upload.id).await.unwrap(), None);
        database.finish().await;
    }
}
