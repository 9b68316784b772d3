//! A payment link: an address at which somebody may pay.

use std::time::Instant;

use serde_json::{Map, Value, json};

use crate::shelf::Named;

/// How far a payment link has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkStatus {
    Created,
    PartiallyPaid,
    Paid,
    Expired,
    Cancelled,
}

impl LinkStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::PartiallyPaid => "partially_paid",
            Self::Paid => "paid",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A captured payment as its link remembers it.
#[derive(Clone)]
pub(crate) struct LinkPayment {
    pub(crate) payment_id: String,
    pub(crate) amount: i64,
    pub(crate) method: &'static str,
    pub(crate) created_at: i64,
}

/// An address at which somebody may pay.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) amount_paid: i64,
    pub(crate) currency: String,
    pub(crate) partial: bool,
    pub(crate) first_min: i64,
    pub(crate) upi: bool,
    pub(crate) description: String,
    pub(crate) reference_id: String,
    pub(crate) customer: Map<String, Value>,
    pub(crate) sms: bool,
    pub(crate) email: bool,
    pub(crate) reminds: bool,
    pub(crate) expire_by: i64,
    pub(crate) callback_url: Option<String>,
    pub(crate) notes: Map<String, Value>,
    pub(crate) short_url: String,
    pub(crate) status: LinkStatus,
    pub(crate) payments: Vec<LinkPayment>,
    pub(crate) order_id: Option<String>,
    pub(crate) cancelled_at: i64,
    pub(crate) expired_at: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    /// For how long it has been there; lists learn of it late.
    pub(crate) made: Instant,
}

impl Named for Link {
    fn id(&self) -> &str {
        &self.id
    }

    fn created_at(&self) -> i64 {
        self.created_at
    }
}

impl Link {
    /// Whether it may still be paid.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.status, LinkStatus::Created | LinkStatus::PartiallyPaid)
    }

    fn base(&self) -> Value {
        let mut document = json!({
            "id": self.id,
            "accept_partial": self.partial,
            "amount": self.amount,
            "amount_paid": self.amount_paid,
            "cancelled_at": self.cancelled_at,
            "created_at": self.created_at,
            "currency": self.currency,
            "customer": self.customer,
            "description": self.description,
            "expire_by": self.expire_by,
            "expired_at": self.expired_at,
            "first_min_partial_amount": self.first_min,
            // This service writes null where others write [].
            "notes": (!self.notes.is_empty()).then_some(&self.notes),
            "notify": { "email": self.email, "sms": self.sms },
            "reference_id": self.reference_id,
            "reminder_enable": self.reminds,
            "reminders": if self.reminds { json!({ "status": "pending" }) } else { json!([]) },
            "short_url": self.short_url,
            "status": self.status.as_str(),
            "updated_at": self.updated_at,
            "user_id": ""
        });
        if let Some(callback_url) = &self.callback_url {
            super::set(&mut document, "callback_url", json!(callback_url));
            super::set(&mut document, "callback_method", json!("get"));
        }
        if let Some(order_id) = self.order_id.as_ref().filter(|_| self.amount_paid > 0) {
            super::set(&mut document, "order_id", json!(order_id));
        }
        document
    }

    pub(crate) fn json(&self) -> Value {
        let mut document = self.base();
        let payments: Vec<Value> = self
            .payments
            .iter()
            .map(|payment| {
                json!({
                    "amount": payment.amount,
                    "created_at": payment.created_at,
                    "method": payment.method,
                    "payment_id": payment.payment_id,
                    "status": "captured"
                })
            })
            .collect();
        // Nothing is null in a link that was only made, and [] in one that has a history.
        let untouched = payments.is_empty() && self.status == LinkStatus::Created;
        super::set(&mut document, "payments", if untouched { Value::Null } else { json!(payments) });
        if self.upi {
            // A string here, a boolean in events: so it is documented.
            super::set(&mut document, "upi_link", json!("true"));
            super::set(&mut document, "source", json!(""));
            super::set(&mut document, "source_id", json!(""));
        }
        document
    }

    /// The link in an event, which names its payments elsewhere.
    pub(crate) fn event_json(&self) -> Value {
        let mut document = self.base();
        super::set(&mut document, "upi_link", json!(self.upi));
        super::set(&mut document, "whatsapp_link", json!(false));
        super::set(&mut document, "notify", json!({ "email": self.email, "sms": self.sms, "whatsapp": false }));
        super::set(&mut document, "reminders", json!({ "status": "failed" }));
        document
    }
}
