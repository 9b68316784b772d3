//! The steps of `mutations` that move money.

use serde_json::{Value, json};

use super::mutations::Witness;

/// Records a payment and refunds a part of it.
pub(super) async fn moves(witness: &mut Witness<'_>, organisation: &str) {
    let invoice = paid_later(witness, organisation).await;
    let asked = json!({"organisationId": organisation, "invoiceId": invoice, "method": "LINK"});
    let expected = ("PAYMENT_CREATED", "organisation", "invoiceId method amount");
    witness.does("paymentCreate", asked.clone(), "payment { id }", expected).await;
    witness.changes_nothing("paymentCreate", asked, "payment { id }").await;

    let came = json!({
        "organisationId": organisation, "amount": {"amount": "50.00", "currency": "USD"}, "method": "CASH", "reference": "till 3",
        "receivedAt": "2024-04-02T00:00:00Z", "idempotencyKey": "audited-payment",
    });
    let fields = "method captured allocated reference";
    let expected = ("PAYMENT_CREATED", "organisation", fields);
    let payment = witness.does("paymentRecord", came.clone(), "payment { id }", expected).await;
    witness.changes_nothing("paymentRecord", came, "payment { id } replayed").await;
    let back = json!({
        "organisationId": organisation, "paymentId": payment["payment"]["id"], "reason": "A test.", "idempotencyKey": "audited-refund",
    });
    let fields = "paymentId state amount reason";
    witness.does("refundCreate", back.clone(), "refund { id }", ("REFUND_REQUESTED", "organisation", fields)).await;
    witness.changes_nothing("refundCreate", back, "refund { id } replayed").await;
}

/// An issued invoice that nobody has paid.
async fn paid_later(witness: &Witness<'_>, organisation: &str) -> Value {
    let plans = witness.app.operator().get("{ plans { nodes { id } } }", json!({})).await;
    let input = json!({
        "organisationId": organisation, "planId": plans["plans"]["nodes"][0]["id"],
        "startsAt": "2024-01-01T00:00:00Z", "endsAt": "2024-02-01T00:00:00Z",
    });
    witness.app.operator().make("subscriptionCreate", input, "subscription { id }").await;
    witness.app.bill().await;
    let filter = json!({"org": organisation});
    let open = "query($org: ID!) { invoices(organisationId: $org, filter: {state: {in: [OPEN]}}) { nodes { id } } }";
    witness.app.operator().get(open, filter).await["invoices"]["nodes"][0]["id"].take()
}
