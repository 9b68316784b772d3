//! An order: what is to be paid.

use serde_json::{Map, Value, json};

use crate::shelf::Named;

/// How far an order has come; `Paid` is its end, even when all of it is refunded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrderStatus {
    Created,
    Attempted,
    Paid,
}

impl OrderStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Attempted => "attempted",
            Self::Paid => "paid",
        }
    }
}

/// What a mandate that is registered with an order will allow.
#[derive(Clone)]
pub(crate) struct Terms {
    pub(crate) max_amount: i64,
    pub(crate) expire_at: Option<i64>,
}

/// The notice a payer gets before a debit.
#[derive(Clone)]
pub(crate) struct Notice {
    pub(crate) id: String,
    pub(crate) token_id: String,
    pub(crate) payment_after: i64,
    /// `None` until it was delivered or failed to be.
    pub(crate) status: Option<&'static str>,
    pub(crate) delivered_at: Option<i64>,
}

/// What is to be paid.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) amount_paid: i64,
    pub(crate) currency: String,
    pub(crate) receipt: Option<String>,
    pub(crate) status: OrderStatus,
    pub(crate) attempts: u32,
    pub(crate) notes: Map<String, Value>,
    pub(crate) partial: bool,
    pub(crate) first_min: Option<i64>,
    pub(crate) captures: bool,
    pub(crate) method: Option<String>,
    pub(crate) customer_id: Option<String>,
    pub(crate) terms: Option<Terms>,
    pub(crate) notice: Option<Notice>,
    /// The payment link it was made for.
    pub(crate) link: Option<String>,
    pub(crate) created_at: i64,
}

impl Named for Order {
    fn id(&self) -> &str {
        &self.id
    }

    fn created_at(&self) -> i64 {
        self.created_at
    }
}

impl Order {
    pub(crate) fn due(&self) -> i64 {
        self.amount - self.amount_paid
    }

    /// The order in an event of its own, which is plain even when it registers a mandate.
    pub(crate) fn event_json(&self) -> Value {
        json!({
            "id": self.id,
            "entity": "order",
            "amount": self.amount,
            "amount_paid": self.amount_paid,
            "amount_due": self.due(),
            "currency": self.currency,
            "receipt": self.receipt,
            "offer_id": null,
            "status": self.status.as_str(),
            "attempts": self.attempts,
            "notes": super::notes(&self.notes),
            "created_at": self.created_at
        })
    }

    pub(crate) fn json(&self) -> Value {
        let mut document = self.event_json();
        if self.terms.is_some() {
            super::set(&mut document, "method", json!(self.method));
            super::set(&mut document, "customer_id", json!(self.customer_id));
            super::set(&mut document, "description", Value::Null);
        }
        if let Some(notice) = &self.notice {
            super::set(&mut document, "notification", notice.in_order());
        }
        document
    }

    /// The order as `payment_link.*` events show it: another shape, from another service.
    pub(crate) fn internal_json(&self, account: &str, link_id: &str, key_id: &str, now: i64) -> Value {
        let bare = |id: &str| id.split_once('_').map_or(id, |(_, rest)| rest).to_owned();
        let mut document = json!({
            "account_number": null, "amount": self.amount, "amount_due": self.due(), "amount_paid": self.amount_paid,
            "app_offer": false, "attempts": self.attempts, "authorized": true, "bank": null, "bank_account": null,
            "checkout_config_id": null, "created_at": self.created_at, "currency": self.currency, "customer_id": null,
            "discount": false, "first_payment_min_amount": self.first_min, "force_offer": null, "id": bare(&self.id),
            "late_auth_config_id": null, "merchant_id": bare(account), "method": null,
            "notes": super::notes(&self.notes), "offers": {}, "order_metas": [], "order_relationships": [],
            "partial_payment": self.partial, "payer_name": null, "payment_capture": self.captures,
            "product_id": bare(link_id), "product_type": "payment_link_v2", "provider_context": null,
            "public_key": key_id, "public_response": null, "receipt": self.receipt, "source": null,
            "status": self.status.as_str(), "transfers": null, "updated_at": now
        });
        for number in 2..=8 {
            super::set(&mut document, &format!("reference{number}"), Value::Null);
        }
        document
    }
}

impl Notice {
    fn in_order(&self) -> Value {
        let mut document = json!({ "token_id": self.token_id, "payment_after": self.payment_after, "id": self.id });
        if let Some(status) = self.status {
            super::set(&mut document, "status", json!(status));
            super::set(&mut document, "delivered_at", json!(self.delivered_at));
        }
        document
    }

    /// As the `order.notification.*` events show it.
    pub(crate) fn json(&self, order_id: &str) -> Value {
        json!({
            "id": self.id,
            "entity": "notification",
            "order_id": order_id,
            "token_id": self.token_id,
            "delivered_at": self.delivered_at,
            "status": self.status,
            "payment_after": self.payment_after
        })
    }
}
