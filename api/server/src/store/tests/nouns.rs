//! Plain nouns: what goes in comes back, another tenant's thing is not found, a lost race changes nothing.

use billing::ids::{ApiKeyId, OrganisationId, PlanVersionId, ProjectId, RejectionId, SubscriptionId};
use billing::metering::{Rejection, RejectionCode};
use billing::period::{Anchor, Interval};
use uuid::Uuid;

use super::builders::{at, issuing_entity, organisation, project, tenant, terms};
use super::databases;
use crate::error::ErrorKind;
use crate::store::api_key::{self, ApiKey, KeyScope};
use crate::store::rejection::{self, RejectedEvent};
use crate::store::subscription::SubscriptionState;
use crate::store::{
    Cursor, Keyed, Page, installation, is_taken, issuing_entity as issuers, metric, organisation as organisations,
    plan, project as projects, subscription,
};

#[tokio::test]
async fn what_goes_in_comes_back() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "round").await;
        let id = tenant.id();
        assert_eq!(issuers::find(store, tenant.issuer.id).await.unwrap(), Some(tenant.issuer.clone()));
        assert_eq!(issuers::list(store).await.unwrap(), std::slice::from_ref(&tenant.issuer));
        assert_eq!(organisations::find(store, id).await.unwrap(), Some(tenant.organisation.clone()));
        assert_eq!(organisations::find_many(store, &[id]).await.unwrap(), std::slice::from_ref(&tenant.organisation));
        assert_eq!(projects::find(store, id, tenant.project.id).await.unwrap(), Some(tenant.project.clone()));
        assert_eq!(projects::find_by_code(store, id, "main").await.unwrap(), Some(tenant.project.clone()));
        assert_eq!(metric::find_by_code(store, &tenant.metric.code).await.unwrap(), Some(tenant.metric.clone()));
        assert_eq!(plan::find_by_code(store, &tenant.plan.code).await.unwrap(), Some(tenant.plan.clone()));
        let version = plan::latest_version(store, tenant.plan.id).await.unwrap().unwrap();
        assert_eq!((version.number, &version.terms), (1, &terms(&tenant.metric)));
        let found = subscription::find(store, id, tenant.subscription.id).await.unwrap();
        assert_eq!(found, Some(tenant.subscription.clone()));
        assert_eq!(subscription::list(store, id).await.unwrap(), std::slice::from_ref(&tenant.subscription));
        assert_eq!(subscription::list_by_plan(store, tenant.plan.id, 10).await.unwrap().len(), 1);
        let stranger = OrganisationId::from_uuid(Uuid::now_v7());
        assert_eq!(projects::find(store, stranger, tenant.project.id).await.unwrap(), None);
        assert_eq!(subscription::find(store, stranger, tenant.subscription.id).await.unwrap(), None);
        database.finish().await;
    }
}

#[tokio::test]
async fn what_is_taken_or_missing_has_a_kind() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "kinds").await;
        let tx = store.begin().await.unwrap();
        let error = projects::insert_in_tx(&tx, &project(tenant.id(), "main")).await.unwrap_err();
        assert!(is_taken(&error), "{error:?}");
        drop(tx);
        let tx = store.begin().await.unwrap();
        let stranger = OrganisationId::from_uuid(Uuid::now_v7());
        let error = projects::insert_in_tx(&tx, &project(stranger, "x")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid, "{error:?}");
        assert!(!error.public.contains("projects"), "database text in public");
        drop(tx);
        // A subscription cannot point into another tenant.
        let tx = store.begin().await.unwrap();
        let other = organisation(tenant.issuer.id);
        organisations::insert_in_tx(&tx, &other).await.unwrap();
        let mut crossing = tenant.subscription.clone();
        crossing.organisation_id = other.id;
        let error = subscription::insert_in_tx(&tx, &crossing).await.unwrap_err();
        assert_eq!(error.code, "REFERENCE_MISSING");
        drop(tx);
        database.finish().await;
    }
}

#[tokio::test]
async fn updates_compare_the_version() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "update").await;
        let tx = store.begin().await.unwrap();
        let mut issuer = tenant.issuer.clone();
        issuer.footer = "Bye".to_owned();
        issuer.logo = None;
        assert!(issuers::update_in_tx(&tx, &issuer).await.unwrap());
        assert!(!issuers::update_in_tx(&tx, &issuer).await.unwrap());
        let mut organisation = tenant.organisation.clone();
        organisation.email = None;
        organisation.alert_sequence = 77;
        assert!(organisations::update_in_tx(&tx, &organisation).await.unwrap());
        assert!(!organisations::update_in_tx(&tx, &organisation).await.unwrap());
        tx.commit().await.unwrap();
        issuer.version = 2;
        assert_eq!(issuers::find(store, issuer.id).await.unwrap(), Some(issuer));
        let found = organisations::find(store, tenant.id()).await.unwrap().unwrap();
        assert_eq!((found.version, found.email, found.alert_sequence), (2, None, 0));
        database.finish().await;
    }
}

#[tokio::test]
async fn plan_versions_count_up_and_keep_an_anniversary() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "versions").await;
        let mut second = terms(&tenant.metric);
        second.cadence.anchor = Anchor::Anniversary("2024-02-29".parse().unwrap());
        let tx = store.begin().await.unwrap();
        let id = PlanVersionId::from_uuid(Uuid::now_v7());
        let now = at("2026-02-01T00:00:00Z");
        let made = plan::insert_version_in_tx(&tx, id, tenant.plan.id, &second, now).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(made.number, 2);
        assert_eq!(plan::version(store, id).await.unwrap(), Some(made.clone()));
        let numbers: Vec<_> = plan::versions(store, tenant.plan.id).await.unwrap();
        assert_eq!(numbers.iter().map(|version| version.number).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(plan::versions_many(store, &[id]).await.unwrap(), [made]);
        database.finish().await;
    }
}

#[tokio::test]
async fn a_subscription_advances_once() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "advance").await;
        let (organisation, id) = (tenant.id(), tenant.subscription.id);
        let february = Interval::new(at("2026-02-01T00:00:00Z"), at("2026-03-01T00:00:00Z")).unwrap();
        assert_eq!(subscription::due(store, at("2026-01-31T23:59:59Z"), 10).await.unwrap(), []);
        assert_eq!(subscription::due(store, at("2026-02-01T00:00:00Z"), 10).await.unwrap().len(), 1);
        let tx = store.begin().await.unwrap();
        let from = tenant.subscription.next_period.start;
        let active = SubscriptionState::Active;
        assert!(subscription::advance_in_tx(&tx, organisation, id, from, &february, active).await.unwrap());
        assert!(!subscription::advance_in_tx(&tx, organisation, id, from, &february, active).await.unwrap());
        assert!(subscription::end_in_tx(&tx, organisation, id, 1, february.end, &february).await.unwrap());
        assert!(!subscription::end_in_tx(&tx, organisation, id, 1, february.end, &february).await.unwrap());
        let plan = (tenant.plan.id, tenant.subscription.plan_version_id);
        assert!(subscription::change_plan_in_tx(&tx, organisation, id, 2, plan).await.unwrap());
        let ended = SubscriptionState::Ended;
        assert!(subscription::advance_in_tx(&tx, organisation, id, february.start, &february, ended).await.unwrap());
        let unknown = SubscriptionId::from_uuid(Uuid::now_v7());
        assert!(!subscription::advance_in_tx(&tx, organisation, unknown, from, &february, active).await.unwrap());
        tx.commit().await.unwrap();
        let found = subscription::find(store, organisation, id).await.unwrap().unwrap();
        assert_eq!((found.version, found.state, found.ends_at), (3, ended, Some(february.end)));
        assert_eq!(subscription::due(store, at("2027-01-01T00:00:00Z"), 10).await.unwrap(), []);
        database.finish().await;
    }
}

#[tokio::test]
async fn lists_are_paged_newest_first_and_counted_up_to_a_cap() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "pages").await;
        let tx = store.begin().await.unwrap();
        for index in 0..9 {
            let mut more = project(tenant.id(), &format!("p{index}"));
            // Groups of three share a microsecond.
            more.created_at = at(&format!("2026-01-0{}T00:00:00Z", 4 + index / 3));
            projects::insert_in_tx(&tx, &more).await.unwrap();
        }
        tx.commit().await.unwrap();
        let whole = projects::page(store, tenant.id(), &Page::first(100)).await.unwrap();
        assert_eq!(whole.items.len(), 10);
        assert!(
            whole
                .items
                .windows(2)
                .all(|pair| { (pair[0].created_at, pair[0].id.uuid()) > (pair[1].created_at, pair[1].id.uuid()) })
        );
        let mut page = Page::first(4);
        let mut seen = Vec::new();
        loop {
            let part = projects::page(store, tenant.id(), &page).await.unwrap();
            assert_eq!(part.has_previous, page.after.is_some());
            page.after = part.items.last().map(Keyed::cursor);
            assert_eq!(page.after.and_then(|cursor| Cursor::from_text(&cursor.to_text())), page.after);
            seen.extend(part.items);
            if !part.has_next {
                break;
            }
        }
        assert_eq!(seen, whole.items);
        let back = Page { first: 3, after: Some(whole.items[5].cursor()), backward: true };
        let part = projects::page(store, tenant.id(), &back).await.unwrap();
        assert_eq!(part.items, whole.items[2..5]);
        let last = Page { first: 3, after: None, backward: true };
        let part = projects::page(store, tenant.id(), &last).await.unwrap();
        assert_eq!(part.items, whole.items[7..]);
        assert!(part.has_previous && !part.has_next);
        assert_eq!(projects::count_capped(store, tenant.id(), 10_000).await.unwrap(), 10);
        assert_eq!(projects::count_capped(store, tenant.id(), 4).await.unwrap(), 4);
        assert_eq!(organisations::count_capped(store, 10).await.unwrap(), 1);
        assert_eq!(Cursor::from_text("nonsense"), None);
        database.finish().await;
    }
}

#[tokio::test]
async fn keys_are_found_by_hash_and_revoked_once() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "keys").await;
        assert!(!api_key::any_operator_exists(store).await.unwrap());
        let project = tenant.project.id;
        let scopes = [KeyScope::Operator, KeyScope::Organisation(tenant.id()), KeyScope::Project(tenant.id(), project)];
        let now = at("2026-01-05T00:00:00Z");
        let tx = store.begin().await.unwrap();
        let mut keys = Vec::new();
        for (index, scope) in scopes.into_iter().enumerate() {
            let key = ApiKey {
                id: ApiKeyId::from_uuid(Uuid::now_v7()),
                prefix: "uk_1234".to_owned(),
                hash: vec![u8::try_from(index).unwrap(); 32],
                scope,
                role: "OWNER".to_owned(),
                name: "Key".to_owned(),
                expires_at: (index == 1).then_some(now),
                trusted_documents_only: index == 1,
                revoked_at: None,
                last_used_at: None,
                role_id: None,
                ip_allow_list: vec!["2001:db8::/32".to_owned()],
                version: 1,
                created_at: now,
            };
            api_key::insert_in_tx(&tx, &key).await.unwrap();
            keys.push(key);
        }
        tx.commit().await.unwrap();
        for key in &keys {
            assert_eq!(api_key::find_by_hash(store, &key.hash).await.unwrap().as_ref(), Some(key));
        }
        assert_eq!(api_key::find_by_hash(store, &[9; 32]).await.unwrap(), None);
        assert!(api_key::any_operator_exists(store).await.unwrap());
        assert_eq!(api_key::page(store, Some(tenant.id()), &Page::first(10)).await.unwrap().items.len(), 2);
        assert_eq!(api_key::page(store, None, &Page::first(10)).await.unwrap().items.len(), 1);
        let tx = store.begin().await.unwrap();
        assert!(api_key::revoke_in_tx(&tx, keys[2].id, now).await.unwrap());
        assert!(!api_key::revoke_in_tx(&tx, keys[2].id, now).await.unwrap());
        tx.commit().await.unwrap();
        api_key::touch(store, keys[0].id, now).await.unwrap();
        assert_eq!(api_key::find(store, keys[0].id).await.unwrap().unwrap().last_used_at, Some(now));
        database.finish().await;
    }
}

#[tokio::test]
async fn rejections_are_kept_once_and_can_be_taken_out() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "reject").await;
        let rejection =
            Rejection { field: "metric", code: RejectionCode::UnknownMetric, message: "metric is unknown".to_owned() };
        let rejected = |body: &str| {
            let id = RejectionId::from_uuid(Uuid::now_v7());
            let at = at("2026-01-05T00:00:00Z");
            let mut event = RejectedEvent::of(tenant.id(), id, body.to_owned(), &rejection, at);
            event.project_id = Some(tenant.project.id);
            event.transaction_id = Some("t".to_owned());
            event
        };
        let events = [rejected("{\"a\":1}"), rejected("with a \0 in it"), rejected("{\"a\":1}")];
        for expected in [2, 0] {
            let tx = store.begin().await.unwrap();
            assert_eq!(rejection::insert_many_in_tx(&tx, &events).await.unwrap(), expected);
            tx.commit().await.unwrap();
        }
        let page = rejection::page(store, tenant.id(), None, &Page::first(10)).await.unwrap();
        assert_eq!(page.items.len(), 2);
        assert!(page.items.iter().any(|event| event.body == "with a \u{fffd} in it"));
        let found = rejection::find(store, tenant.id(), events[0].id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&events[0]));
        let other = Some(ProjectId::from_uuid(Uuid::now_v7()));
        assert_eq!(rejection::count_capped(store, tenant.id(), other, 10).await.unwrap(), 0);
        let tx = store.begin().await.unwrap();
        assert!(rejection::delete_in_tx(&tx, tenant.id(), events[0].id).await.unwrap());
        assert!(!rejection::delete_in_tx(&tx, tenant.id(), events[0].id).await.unwrap());
        tx.commit().await.unwrap();
        database.finish().await;
    }
}

#[tokio::test]
async fn the_first_signing_key_stays() {
    for database in databases().await {
        let store = &database.store;
        assert_eq!(installation::signing_key(store).await.unwrap(), None);
        for proposed in [[1; 32], [2; 32]] {
            let tx = store.begin().await.unwrap();
            let now = at("2026-01-05T00:00:00Z");
            assert_eq!(installation::signing_key_in_tx(&tx, proposed, now).await.unwrap(), [1; 32]);
            tx.commit().await.unwrap();
        }
        let tx = store.begin().await.unwrap();
        let error = issuers::insert_in_tx(&tx, &issuing_entity("X")).await;
        assert!(error.is_ok());
        drop(tx);
        database.finish().await;
    }
}
