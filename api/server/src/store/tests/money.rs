//! Payments, refunds, credit notes and keys: what is written is read again, and what must not be twice is not.

use billing::credit_note::Parts;
use billing::ids::{CreditNoteId, InvoiceId, OrganisationId, PaymentId, RefundId};
use billing::invoice::InvoiceState;
use billing::money::Money;
use billing::payment::PaymentState;
use billing::refund::RefundState;
use uuid::Uuid;

use super::builders::{at, tenant, usd};
use super::databases;
use super::invoices::{contents, draft, with_component};
use crate::store::credit_note::{self, CreditNote};
use crate::store::gateway_reference::{self, Referred};
use crate::store::inbox::{self, Told};
use crate::store::mutation_key::{self, Performed};
use crate::store::payment::{self, Allocation, GatewayName, Payment, PaymentMethod};
use crate::store::refund::{self, Refund, RefundOrigin};
use crate::store::{Tx, balance, invoice, is_taken};

fn money(minor: i64) -> Money {
    Money::new(minor, usd())
}

pub(super) fn payment(organisation: OrganisationId, invoice: InvoiceId) -> Payment {
    Payment {
        organisation_id: organisation,
        id: PaymentId::from_uuid(Uuid::now_v7()),
        invoice_id: Some(invoice),
        gateway: GatewayName::Razorpay,
        method: PaymentMethod::Link,
        state: PaymentState::Captured,
        amount: money(5976),
        captured: money(5976),
        allocated: money(5976),
        disputed: money(0),
        gateway_order_id: Some("order_1".to_owned()),
        gateway_link_id: Some("plink_1".to_owned()),
        gateway_payment_id: Some(format!("pay_{organisation}")),
        pay_url: Some("https://rzp.io/i/1".to_owned()),
        decline_code: Some("insufficient_fund".to_owned()),
        decline_words: Some("No funds".to_owned()),
        fee: Some(money(119)),
        fee_tax: Some(money(18)),
        reference: Some("UTR".to_owned()),
        received_at: Some(at("2026-02-03T00:00:00Z")),
        checked_at: None,
        version: 1,
        created_at: at("2026-02-02T00:00:00Z"),
    }
}

fn note(of: &Payment, invoice: InvoiceId) -> CreditNote {
    CreditNote {
        organisation_id: of.organisation_id,
        id: CreditNoteId::from_uuid(Uuid::now_v7()),
        invoice_id: invoice,
        number: "INV-CN-000001".to_owned(),
        parts: Parts { net: money(100), taxes: vec![money(9), money(9)] },
        total: money(118),
        reason: "Outage".to_owned(),
        issued_at: at("2026-02-04T00:00:00Z"),
    }
}

fn going_back(of: &Payment, note: &CreditNote) -> Refund {
    Refund {
        organisation_id: of.organisation_id,
        id: RefundId::from_uuid(Uuid::now_v7()),
        payment_id: of.id,
        invoice_id: Some(note.invoice_id),
        credit_note_id: Some(note.id),
        origin: RefundOrigin::Request,
        state: RefundState::Pending,
        amount: money(118),
        invoiced: money(118),
        reason: note.reason.clone(),
        gateway_refund_id: Some("rfnd_1".to_owned()),
        bank_reference: Some("ARN".to_owned()),
        failure: None,
        checked_at: None,
        settled_at: None,
        version: 1,
        created_at: at("2026-02-04T00:00:00Z"),
    }
}

/// One of everything, for an invoice that is there.
pub(super) async fn everything_in_tx(tx: &Tx, organisation: OrganisationId, invoice: InvoiceId) -> (Payment, Refund) {
    let payment = payment(organisation, invoice);
    let note = note(&payment, invoice);
    let back = going_back(&payment, &note);
    let now = at("2026-02-04T00:00:00Z");
    payment::insert_in_tx(tx, &payment).await.unwrap();
    let allocation = Allocation { payment_id: payment.id, invoice_id: invoice, minor: 5976 };
    payment::allocate_in_tx(tx, organisation, allocation, now).await.unwrap();
    credit_note::insert_in_tx(tx, &note).await.unwrap();
    refund::insert_in_tx(tx, &back).await.unwrap();
    let performed = Performed { digest: vec![1; 32], subject_id: back.id.uuid() };
    mutation_key::take_in_tx(tx, organisation, "refundCreate", "a-key-of-theirs", &performed, now).await.unwrap();
    (payment, back)
}

#[tokio::test]
async fn what_is_written_is_read_again() {
    for database in databases().await {
        let store = &database.store;
        with_component(store).await;
        let tenant = tenant(store, "a").await;
        let draft = draft(&tenant, 0);
        let tx = store.begin().await.unwrap();
        invoice::insert_draft_in_tx(&tx, &draft, &contents(&tenant)).await.unwrap();
        let (mut written, back) = everything_in_tx(&tx, tenant.id(), draft.id).await;
        tx.commit().await.unwrap();

        assert_eq!(payment::find(store, tenant.id(), written.id).await.unwrap().as_ref(), Some(&written));
        assert_eq!(refund::of_payment(store, tenant.id(), written.id).await.unwrap(), std::slice::from_ref(&back));
        let notes = credit_note::of_invoice(store, tenant.id(), draft.id).await.unwrap();
        assert_eq!((notes.len(), notes[0].parts.taxes.len()), (1, 2));
        assert_eq!(Some(notes[0].id), back.credit_note_id);
        let key = mutation_key::find(store, tenant.id(), "refundCreate", "a-key-of-theirs").await.unwrap().unwrap();
        assert_eq!(key.subject_id, back.id.uuid());
        assert_eq!(mutation_key::find(store, tenant.id(), "paymentRecord", "a-key-of-theirs").await.unwrap(), None);

        // The key is taken, for ever.
        let tx = store.begin().await.unwrap();
        let now = at("2026-02-05T00:00:00Z");
        let again = mutation_key::take_in_tx(&tx, tenant.id(), "refundCreate", "a-key-of-theirs", &key, now).await;
        assert!(is_taken(&again.unwrap_err()));
        drop(tx);

        // More than what came cannot be allocated: the database refuses it.
        let tx = store.begin().await.unwrap();
        let mut locked = payment::lock_in_tx(&tx, tenant.id(), written.id).await.unwrap().unwrap();
        locked.allocated = money(5977);
        assert!(payment::update_in_tx(&tx, &mut locked).await.is_err());
        drop(tx);
        let tx = store.begin().await.unwrap();
        written.disputed = money(5);
        payment::update_in_tx(&tx, &mut written).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(payment::find(store, tenant.id(), written.id).await.unwrap(), Some(written));
        database.finish().await;
    }
}

#[tokio::test]
async fn a_sum_that_its_rows_do_not_give_is_found() {
    for database in databases().await {
        let store = &database.store;
        with_component(store).await;
        let tenant = tenant(store, "a").await;
        let draft = draft(&tenant, 0);
        let tx = store.begin().await.unwrap();
        invoice::insert_draft_in_tx(&tx, &draft, &contents(&tenant)).await.unwrap();
        let (payment, _) = everything_in_tx(&tx, tenant.id(), draft.id).await;
        let settlement = invoice::Settlement { paid: 5976, credited: 118, refunded: 118 };
        invoice::settle_in_tx(&tx, tenant.id(), draft.id, settlement, InvoiceState::Paid).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(balance::imbalances(store, tenant.id()).await.unwrap(), []);

        let tx = store.begin().await.unwrap();
        let settlement = invoice::Settlement { paid: 1, credited: -1, refunded: 2 };
        invoice::settle_in_tx(&tx, tenant.id(), draft.id, settlement, InvoiceState::Paid).await.unwrap();
        let mut locked = payment::lock_in_tx(&tx, tenant.id(), payment.id).await.unwrap().unwrap();
        (locked.captured, locked.allocated) = (money(100), money(99));
        payment::update_in_tx(&tx, &mut locked).await.unwrap();
        tx.commit().await.unwrap();
        let found = balance::imbalances(store, tenant.id()).await.unwrap();
        let mut sums: Vec<_> = found.iter().map(|wrong| (wrong.kept, wrong.counted)).collect();
        sums.sort_unstable();
        assert_eq!(sums, [(99, 5976), (100, 118), (117, 118), (120, 118), (5977, 5976)], "{found:?}");
        database.finish().await;
    }
}

#[tokio::test]
async fn an_event_is_news_once_and_a_reference_keeps_its_meaning() {
    for database in databases().await {
        let store = &database.store;
        let now = at("2026-02-05T00:00:00Z");
        let told = |body: &str| Told {
            gateway: GatewayName::Razorpay,
            event_id: "evt_1".to_owned(),
            event: "payment.captured".to_owned(),
            body: body.to_owned(),
        };
        let organisation = OrganisationId::from_uuid(Uuid::now_v7());
        let referred = |_: u8| Referred::Payment(organisation, PaymentId::from_uuid(Uuid::now_v7()));
        let first = referred(1);
        for (news, meaning) in [(true, first), (false, referred(2))] {
            let tx = store.begin().await.unwrap();
            assert_eq!(inbox::keep_in_tx(&tx, &told(&format!("{{\"news\": {news}}}")), now).await.unwrap(), news);
            let noted = gateway_reference::note_in_tx(&tx, GatewayName::Razorpay, "order_1", meaning).await.unwrap();
            assert_eq!(noted, news);
            tx.commit().await.unwrap();
        }
        let kept = inbox::find(store, GatewayName::Razorpay, "evt_1").await.unwrap().unwrap();
        assert_eq!(kept, told("{\"news\": true}"), "word for word, and the first");
        assert_eq!(gateway_reference::find(store, GatewayName::Razorpay, "order_1").await.unwrap(), Some(first));
        assert_eq!(gateway_reference::find(store, GatewayName::Razorpay, "order_2").await.unwrap(), None);
        database.finish().await;
    }
}
