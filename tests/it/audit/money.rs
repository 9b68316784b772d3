//! The steps of `mutations` that move money.

use serde_json::json;

use super::mutations::Witness;

/// Records a payment and refunds a part of it.
pub(super) async fn moves(witness: &mut Witness<'_>, organisation: &str) {
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
