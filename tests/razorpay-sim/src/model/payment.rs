//! A payment: an attempt to pay an order, and what came of it.

use serde_json::{Map, Value, json};

use crate::{payer::Decline, payer::Method, shelf::Named};

/// How far a payment has come. `Failed` is not its end: it may still be authorised late.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PaymentStatus {
    Created,
    Authorized,
    Captured,
    Refunded,
    Failed,
}

impl PaymentStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
        }
    }
}

/// An attempt to pay.
#[derive(Clone)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) status: PaymentStatus,
    pub(crate) captured: bool,
    pub(crate) order_id: String,
    pub(crate) method: Method,
    pub(crate) amount_refunded: i64,
    pub(crate) description: Option<String>,
    pub(crate) card_id: Option<String>,
    pub(crate) email: String,
    pub(crate) contact: String,
    pub(crate) customer_id: Option<String>,
    pub(crate) token_id: Option<String>,
    pub(crate) notes: Map<String, Value>,
    /// What Razorpay keeps of it, and the GST in that; known once captured.
    pub(crate) fee: Option<(i64, i64)>,
    pub(crate) decline: Option<Decline>,
    pub(crate) reference: Option<String>,
    pub(crate) settled: bool,
    pub(crate) created_at: i64,
}

impl Named for Payment {
    fn id(&self) -> &str {
        &self.id
    }

    fn created_at(&self) -> i64 {
        self.created_at
    }
}

/// The GST on Razorpay's fee, in percent.
const GST: i64 = 18;

/// Razorpay's fee, 2 % and the GST on it, and the GST alone.
pub(crate) fn fee(amount: i64) -> (i64, i64) {
    let fee = (amount * 2 + 50) / 100;
    let tax = (fee * GST + 50) / 100;
    (fee + tax, tax)
}

impl Payment {
    pub(crate) fn refundable(&self) -> i64 {
        self.amount - self.amount_refunded
    }

    pub(crate) fn json(&self) -> Value {
        let mut document = json!({
            "id": self.id,
            "entity": "payment",
            "amount": self.amount,
            "currency": self.currency,
            "status": self.status.as_str(),
            "order_id": self.order_id,
            "invoice_id": null,
            "international": false,
            "method": self.method.as_str(),
            "amount_refunded": self.amount_refunded,
            "refund_status": match self.amount_refunded {
                0 => None,
                refunded if refunded < self.amount => Some("partial"),
                _ => Some("full"),
            },
            "captured": self.captured,
            "description": self.description,
            "card_id": self.card_id,
            "bank": (self.method == Method::Netbanking).then_some("HDFC"),
            "wallet": (self.method == Method::Wallet).then_some("airtelmoney"),
            "vpa": self.vpa(),
            "email": self.email,
            "contact": self.contact,
            "notes": super::notes(&self.notes),
            "fee": self.fee.map(|(fee, _)| fee),
            "tax": self.fee.map(|(_, tax)| tax),
            "error_code": self.decline.as_ref().map(|decline| decline.code),
            "error_description": self.decline.as_ref().map(|decline| decline.description.as_str()),
            "error_source": self.decline.as_ref().map(|decline| decline.source),
            "error_step": self.decline.as_ref().map(|decline| decline.step),
            "error_reason": self.decline.as_ref().map(|decline| decline.reason.as_str()),
            "acquirer_data": self.acquirer_data(),
            "created_at": self.created_at
        });
        if let Some(customer_id) = &self.customer_id {
            super::set(&mut document, "customer_id", json!(customer_id));
        }
        if let Some(token_id) = &self.token_id {
            super::set(&mut document, "token_id", json!(token_id));
        }
        if let Some(vpa) = self.vpa() {
            let upi = json!({ "payer_account_type": "bank_account", "vpa": vpa, "flow": "intent" });
            super::set(&mut document, "upi", upi);
        }
        document
    }

    /// The payment in an event about a refund or a dispute, which says a little more than the API.
    pub(crate) fn side_json(&self) -> Value {
        let mut document = self.json();
        if self.captured {
            super::set(&mut document, "base_amount", json!(self.amount));
            super::set(&mut document, "amount_transferred", json!(0));
        }
        document
    }

    /// The payment in an event of its own or its order's, which shows the card as well.
    pub(crate) fn event_json(&self) -> Value {
        let mut document = self.side_json();
        if let Some(card_id) = &self.card_id {
            super::set(&mut document, "card", super::card::event_card(card_id));
        }
        document
    }

    /// The payment in the list of its order, which says a little more of UPI.
    pub(crate) fn listed_json(&self) -> Value {
        let mut document = self.json();
        if self.method == Method::Upi {
            super::set(&mut document, "gateway_provider", json!("Razorpay"));
            for field in ["amount_captured", "provider", "reward"] {
                super::set(&mut document, field, Value::Null);
            }
        }
        document
    }

    fn vpa(&self) -> Option<&'static str> {
        (self.method == Method::Upi).then_some("gaurav.kumar@upi")
    }

    fn acquirer_data(&self) -> Value {
        match self.method {
            Method::Upi => json!({ "rrn": self.reference }),
            Method::Card => json!({ "auth_code": self.reference }),
            Method::Netbanking => json!({ "bank_transaction_id": self.reference }),
            Method::Wallet => json!({ "transaction_id": self.reference }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fee;

    #[test]
    fn the_fee_includes_its_tax() {
        assert_eq!(fee(2_100), (50, 8));
        assert_eq!(fee(250_000), (5_900, 900));
    }
}
