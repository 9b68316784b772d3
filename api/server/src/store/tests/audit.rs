//! The audit trail: numbers without holes whoever dies before the commit, many rows and chains in one transaction.

use billing::audit::{Chain, Change};
use billing::ids::{ApiKeyId, AuditEventId, OrganisationId};
use uuid::Uuid;

use super::builders::at;
use super::databases;
use crate::store::Store;
use crate::store::audit::{
    Actor, ActorKind, AuditAction, Filter, NewAuditEvent, SubjectType, append_in_tx, chain_with, chains, find, head,
    links_after, page_before,
};

fn event(organisation_id: Option<OrganisationId>, text: &str) -> NewAuditEvent {
    NewAuditEvent {
        organisation_id,
        id: AuditEventId::from_uuid(Uuid::now_v7()),
        recorded_at: at("2026-01-05T00:00:00.123456789Z"),
        actor: Actor {
            kind: ActorKind::ApiKey,
            key_id: Some(ApiKeyId::from_uuid(Uuid::now_v7())),
            session_id: None,
            role: Some("OWNER".to_owned()),
            address: Some("203.0.113.7".to_owned()),
            request_id: None,
        },
        action: AuditAction::ProjectCreated,
        subject_type: SubjectType::Project,
        subject_id: Some("prj_1".to_owned()),
        changes: vec![
            Change { field: "name".to_owned(), before: None, after: Some(text.to_owned()) },
            Change { field: "other".to_owned(), before: Some(String::new()), after: None },
        ],
    }
}

async fn is_whole(store: &Store, organisation: Option<OrganisationId>) -> u64 {
    let head = head(store, organisation).await.unwrap().unwrap();
    let mut chain = Chain::new(organisation.map(|id| id.to_string()), head);
    for row in links_after(store, organisation, None, 10_000).await.unwrap() {
        chain.step(&row.link).unwrap();
    }
    chain.finish().unwrap();
    head.sequence
}

#[tokio::test]
async fn many_rows_of_many_chains_in_one_transaction() {
    for database in databases().await {
        let store = &database.store;
        let [a, b] = [0, 1].map(|_| OrganisationId::from_uuid(Uuid::now_v7()));
        // What PostgreSQL cannot keep and what JSON escapes comes back as it was hashed.
        let texts = ["plain", "\"quoted\" \\ \n \u{7} é 😀", "nul \0 inside", ""];
        let events: Vec<NewAuditEvent> =
            (0..1_203).map(|n| event([Some(a), None, Some(b)][n % 3], texts[n % 4])).collect();
        let tx = store.begin().await.unwrap();
        append_in_tx(&tx, &[]).await.unwrap();
        append_in_tx(&tx, &events).await.unwrap();
        append_in_tx(&tx, &events[..1].iter().map(|_| event(Some(a), "once more")).collect::<Vec<_>>()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(is_whole(store, Some(a)).await, 402);
        assert_eq!(is_whole(store, None).await, 401);
        assert_eq!(is_whole(store, Some(b)).await, 401);
        assert_eq!(chains(store).await.unwrap().len(), 3);
        let found = find(store, None, events[1].id).await.unwrap().unwrap();
        assert_eq!(found.link.entry.recorded_at, "2026-01-05T00:00:00.123456Z");
        assert_eq!(find(store, Some(a), events[1].id).await.unwrap(), None, "another chain's event is not found");
        assert_eq!(chain_with(store, events[1].id).await.unwrap(), Some(None));
        assert_eq!(chain_with(store, events[0].id).await.unwrap(), Some(Some(a)));
        assert_eq!(chain_with(store, event(None, "").id).await.unwrap(), None);
        let newest = page_before(store, Some(a), &Filter::default(), None, 2).await.unwrap();
        assert_eq!(newest.iter().map(|row| row.link.entry.sequence).collect::<Vec<_>>(), [402, 401]);
        database.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn numbers_have_no_holes_and_two_writers_never_wait_in_a_circle() {
    for database in databases().await {
        let store = &database.store;
        let [a, b] = [0, 1].map(|_| Some(OrganisationId::from_uuid(Uuid::now_v7())));
        let mut tasks = Vec::new();
        for worker in 0..8 {
            let store = store.clone();
            tasks.push(tokio::spawn(async move {
                for turn in 0..10 {
                    let tx = store.begin().await.unwrap();
                    // In one order here and in the other there.
                    let both = if worker % 2 == 0 { [a, b] } else { [b, a] };
                    append_in_tx(&tx, &both.map(|chain| event(chain, "x"))).await.unwrap();
                    // Some die before their commit.
                    if (worker + turn) % 3 == 0 {
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
        let expected = (0..80).filter(|n| (n / 10 + n % 10) % 3 != 0).count() as u64;
        assert_eq!(is_whole(store, a).await, expected);
        assert_eq!(is_whole(store, b).await, expected);
        database.finish().await;
    }
}
