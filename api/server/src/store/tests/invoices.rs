//! Invoices: one per period, gapless numbers, contents exact.

use std::collections::BTreeSet;

use billing::ids::InvoiceId;
use billing::invoice::{InvoiceState, LineKind};
use billing::money::Money;
use billing::rating::PriceStep;
use uuid::Uuid;

use super::builders::{Tenant, at, decimal, january, period, tenant, usd};
use super::databases;
use crate::store::invoice::{
    self, Contents, DraftOutcome, Filter, Finalisation, Invoice, InvoiceKind, InvoiceTax, Line, Pdf, PluginCall,
};
use crate::store::plugin::{self, Component, PluginKind};
use crate::store::{JsonText, Page, Store, Tx, is_retryable, is_taken};

pub(super) fn draft(tenant: &Tenant, month: u32) -> Invoice {
    let start = format!("{}-{:02}-01T00:00:00Z", 2020 + month / 12, 1 + month % 12);
    let end = format!("{}-{:02}-01T00:00:00Z", 2020 + (month + 1) / 12, 1 + (month + 1) % 12);
    Invoice {
        organisation_id: tenant.id(),
        id: InvoiceId::from_uuid(Uuid::now_v7()),
        subscription_id: tenant.subscription.id,
        issuing_entity_id: tenant.issuer.id,
        kind: InvoiceKind::Period,
        period: period(&start, &end),
        state: InvoiceState::Draft,
        number: None,
        currency: usd(),
        subtotal: Money::new(5001, usd()),
        tax: Money::new(975, usd()),
        total: Money::new(5976, usd()),
        paid: Money::zero(usd()),
        credited: Money::zero(usd()),
        refunded: Money::zero(usd()),
        issued_at: None,
        due_at: None,
        version: 1,
        pdf_key: None,
        pdf_sha256: None,
        template_fallback: None,
        created_at: at("2026-02-01T00:00:01Z"),
    }
}

pub(super) fn contents(tenant: &Tenant) -> Contents {
    let usage = Line {
        kind: LineKind::Usage,
        metric_id: Some(tenant.metric.id),
        metric_code: Some(tenant.metric.code.clone()),
        charge_code: "calls".to_owned(),
        description: "Calls".to_owned(),
        quantity: Some(decimal("99999999999999.99")),
        event_count: Some(12),
        event_set: Some([7; 16]),
        amount_exact: decimal("1.004999999999999999999999999"),
        amount: Money::new(101, usd()),
        tax: Money::new(20, usd()),
        service_period: january(),
        steps: vec![PriceStep {
            label: "first tier".to_owned(),
            quantity: decimal("0.000000000001"),
            unit_amount: decimal("0.00125"),
            amount: decimal("1.005"),
        }],
        call_position: Some(0),
    };
    let fee = Line {
        kind: LineKind::FixedFee,
        metric_id: None,
        metric_code: None,
        quantity: None,
        event_count: None,
        event_set: None,
        steps: Vec::new(),
        call_position: None,
        ..usage.clone()
    };
    Contents {
        facts: JsonText::new(&serde_json::json!({"customer": {"name": "Ünïcode"}, "rate": "0.1"})),
        lines: vec![usage, fee],
        taxes: vec![InvoiceTax {
            code: "VAT".to_owned(),
            name: "VAT".to_owned(),
            rate_percent: decimal("19.5"),
            base: Money::new(5001, usd()),
            amount: Money::new(975, usd()),
        }],
        calls: vec![PluginCall {
            kind: PluginKind::Pricing,
            digest: "sha256:aa".to_owned(),
            world: "undash:pricing/pricing-rule@1.0.0".to_owned(),
            fingerprint: "engine".to_owned(),
            input: "{\"b\":1,\"a\":2}".to_owned(),
            input_digest: "sha256:bb".to_owned(),
            output: "{}".to_owned(),
            fuel: 123,
        }],
    }
}

pub(super) async fn with_component(store: &Store) {
    let component = Component {
        digest: "sha256:aa".to_owned(),
        kind: PluginKind::Pricing,
        world: "w".to_owned(),
        size: 3,
        created_at: at("2026-01-01T00:00:00Z"),
    };
    let tx = store.begin().await.unwrap();
    plugin::insert_component_in_tx(&tx, &component, &[1, 2, 3]).await.unwrap();
    tx.commit().await.unwrap();
}

/// Takes a number and issues the draft with it, as a use case would.
async fn finalise(tx: &Tx, invoice: &Invoice) -> bool {
    let number = invoice::take_number_in_tx(tx, invoice.issuing_entity_id, "2026").await.unwrap();
    let finalisation = Finalisation {
        organisation_id: invoice.organisation_id,
        id: invoice.id,
        version: invoice.version,
        issuing_entity_id: invoice.issuing_entity_id,
        number: format!("A-2026-{number:05}"),
        issued_at: at("2026-02-01T00:00:02Z"),
        due_at: at("2026-02-15T00:00:02Z"),
    };
    invoice::finalise_in_tx(tx, &finalisation).await.unwrap()
}

#[tokio::test]
async fn one_draft_per_period_with_exact_contents() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "draft").await;
        with_component(store).await;
        let (first, second, contents) = (draft(&tenant, 0), draft(&tenant, 0), contents(&tenant));
        let tx = store.begin().await.unwrap();
        let outcome = invoice::insert_draft_in_tx(&tx, &first, &contents).await.unwrap();
        assert_eq!(outcome, DraftOutcome::Inserted);
        let outcome = invoice::insert_draft_in_tx(&tx, &second, &contents).await.unwrap();
        assert_eq!(outcome, DraftOutcome::Exists(first.id));
        tx.commit().await.unwrap();
        assert_eq!(invoice::find(store, tenant.id(), first.id).await.unwrap().as_ref(), Some(&first));
        assert_eq!(invoice::contents(store, &first).await.unwrap(), contents);
        assert_eq!(invoice::call(store, tenant.id(), first.id, 0).await.unwrap().as_ref(), contents.calls.first());
        assert_eq!(invoice::call(store, tenant.id(), first.id, 1).await.unwrap(), None);
        let mut fewer = contents.clone();
        fewer.lines.pop();
        fewer.taxes.clear();
        let tx = store.begin().await.unwrap();
        assert!(invoice::replace_contents_in_tx(&tx, &first, &fewer).await.unwrap());
        assert!(!invoice::replace_contents_in_tx(&tx, &first, &contents).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(invoice::contents(store, &first).await.unwrap(), fewer);
        assert_eq!(invoice::latest_billed_end(store, tenant.id()).await.unwrap(), Some(first.period.end));
        let latest = invoice::latest_billed_end_for_plan(store, tenant.plan.id).await.unwrap();
        assert_eq!(latest, Some(first.period.end));
        database.finish().await;
    }
}

#[tokio::test]
async fn states_move_by_compare_and_set() {
    for database in databases().await {
        let store = &database.store;
        let tenant = tenant(store, "state").await;
        let invoice = draft(&tenant, 0);
        let pdf = Pdf { key: "k".to_owned(), sha256: "s".to_owned(), template_fallback: Some("trap".to_owned()) };
        let tx = store.begin().await.unwrap();
        invoice::insert_draft_in_tx(&tx, &invoice, &Contents::default()).await.unwrap();
        assert!(!invoice::set_pdf_in_tx(&tx, tenant.id(), invoice.id, &pdf).await.unwrap());
        assert!(finalise(&tx, &invoice).await);
        tx.commit().await.unwrap();
        // A second run loses and gives its number back.
        let tx = store.begin().await.unwrap();
        assert!(!finalise(&tx, &invoice).await);
        drop(tx);
        let tx = store.begin().await.unwrap();
        assert_eq!(invoice::take_number_in_tx(&tx, tenant.issuer.id, "2026").await.unwrap(), 2);
        assert_eq!(invoice::take_number_in_tx(&tx, tenant.issuer.id, "2027").await.unwrap(), 1);
        drop(tx);
        let tx = store.begin().await.unwrap();
        assert!(invoice::set_pdf_in_tx(&tx, tenant.id(), invoice.id, &pdf).await.unwrap());
        let (open, void) = (InvoiceState::Open, InvoiceState::Void);
        assert!(invoice::move_state_in_tx(&tx, tenant.id(), invoice.id, open, void).await.unwrap());
        assert!(!invoice::move_state_in_tx(&tx, tenant.id(), invoice.id, open, void).await.unwrap());
        tx.commit().await.unwrap();
        let found = invoice::find(store, tenant.id(), invoice.id).await.unwrap().unwrap();
        assert_eq!((found.state, found.version, found.number.as_deref()), (void, 3, Some("A-2026-00001")));
        assert_eq!((found.pdf_key, found.template_fallback), (Some("k".to_owned()), Some("trap".to_owned())));
        let owner = invoice::find_by_number(store, tenant.issuer.id, "A-2026-00001").await.unwrap();
        assert_eq!(owner, Some((tenant.id(), invoice.id)));
        let filter = Filter { states: vec![void], issued_from: found.issued_at, ..Filter::default() };
        let page = invoice::page(store, tenant.id(), &filter, &Page::first(5)).await.unwrap();
        assert_eq!(page.items.len(), 1);
        let filter = Filter { issued_until: found.issued_at, ..filter };
        assert_eq!(invoice::count_capped(store, tenant.id(), &filter, 10).await.unwrap(), 0);
        // The same number twice is impossible even when a caller makes it up.
        let other = draft(&tenant, 1);
        let tx = store.begin().await.unwrap();
        invoice::insert_draft_in_tx(&tx, &other, &Contents::default()).await.unwrap();
        let again = Finalisation {
            organisation_id: tenant.id(),
            id: other.id,
            version: 1,
            issuing_entity_id: tenant.issuer.id,
            number: "A-2026-00001".to_owned(),
            issued_at: at("2026-02-01T00:00:02Z"),
            due_at: at("2026-02-01T00:00:02Z"),
        };
        assert!(is_taken(&invoice::finalise_in_tx(&tx, &again).await.unwrap_err()));
        drop(tx);
        database.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn numbers_have_no_gap_under_concurrency_and_failure() {
    for database in databases().await {
        let store = &database.store;
        let tenant = std::sync::Arc::new(tenant(store, "gapless").await);
        let mut tasks = Vec::new();
        for worker in 0..8 {
            let (store, tenant) = (store.clone(), tenant.clone());
            tasks.push(tokio::spawn(async move {
                for step in 0..6 {
                    // Two workers race for each period, and every third winner fails before its commit first.
                    let invoice = draft(&tenant, (worker / 2) * 6 + step);
                    let mut fails = step % 3 == 0;
                    while !bill(&store, &invoice, fails).await {
                        fails = false;
                    }
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        let all = invoice::page(store, tenant.id(), &Filter::default(), &Page::first(100)).await.unwrap().items;
        assert_eq!(all.len(), 24);
        let numbers: BTreeSet<String> = all.into_iter().filter_map(|invoice| invoice.number).collect();
        let expected: BTreeSet<String> = (1..=24).map(|number| format!("A-2026-{number:05}")).collect();
        assert_eq!(numbers, expected);
        database.finish().await;
    }
}

/// Saves and issues an invoice in one transaction; answers `false` when it has to be run again.
async fn bill(store: &Store, invoice: &Invoice, fails: bool) -> bool {
    let tx = store.begin().await.unwrap();
    match invoice::insert_draft_in_tx(&tx, invoice, &Contents::default()).await {
        Ok(DraftOutcome::Exists(_)) => return true,
        Ok(DraftOutcome::Inserted) => {}
        Err(error) => {
            assert!(is_retryable(&error), "{error:?}");
            return false;
        }
    }
    assert!(finalise(&tx, invoice).await);
    if fails {
        return false;
    }
    tx.commit().await.unwrap();
    true
}
