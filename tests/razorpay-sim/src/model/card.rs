//! The one card everybody pays with here: a test card that was never anybody's.

use serde_json::{Value, json};

/// The card of a payment.
pub(crate) fn card(id: &str) -> Value {
    json!({
        "id": id,
        "entity": "card",
        "name": "Gaurav Kumar",
        "last4": "1111",
        "network": "Visa",
        "type": "credit",
        "issuer": "HDFC",
        "international": false,
        "emi": false,
        "sub_type": "consumer",
        "token_iin": null
    })
}

/// The card of a payment in an event, which says less.
pub(crate) fn event_card(id: &str) -> Value {
    let mut card = card(id);
    super::unset(&mut card, "token_iin");
    card
}

/// The card of a mandate, which has no id and tells when it ends.
pub(crate) fn saved_card() -> Value {
    json!({
        "entity": "card",
        "name": "Gaurav Kumar",
        "last4": "1111",
        "network": "Visa",
        "type": "credit",
        "issuer": "HDFC",
        "international": false,
        "emi": false,
        "sub_type": "consumer",
        "expiry_month": 12,
        "expiry_year": 2099,
        "flows": { "otp": true, "recurring": true }
    })
}
