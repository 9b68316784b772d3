//! What the merchant is told: events as snapshots of their moment, in Razorpay's shapes, irregular ones included.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::World;
use crate::{
    ids,
    model::{self, payment::PaymentStatus},
};

/// An event on its way.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) body: Bytes,
}

/// Events whose time is written inside `payload`, as Razorpay's samples have it.
const TIME_INSIDE: [&str; 3] = ["refund.speed_changed", "order.notification.delivered", "order.notification.failed"];

impl World {
    /// Writes an event about these things, each of a kind and its document.
    pub(super) fn emit(&mut self, event: &str, contains: &[&str], parts: Vec<(&str, Value)>) {
        let now = self.now();
        let mut payload = Map::new();
        for (kind, document) in parts {
            payload.insert(kind.to_owned(), document);
        }
        let mut body = json!({ "entity": "event", "account_id": self.account, "event": event, "contains": contains });
        if TIME_INSIDE.contains(&event) {
            payload.insert("created_at".to_owned(), json!(now));
        } else {
            model::set(&mut body, "created_at", json!(now));
        }
        model::set(&mut body, "payload", Value::Object(payload));
        self.outbox.push(Letter { id: ids::letters(14), event: event.to_owned(), body: Bytes::from(body.to_string()) });
    }

    /// `payment.authorized`, `payment.captured` or `payment.failed`.
    pub(super) fn tell_payment(&mut self, payment_id: &str) {
        let Some(payment) = self.payments.get(payment_id) else { return };
        let event = match payment.status {
            PaymentStatus::Authorized => "payment.authorized",
            PaymentStatus::Failed => "payment.failed",
            _ => "payment.captured",
        };
        let document = entity(payment.event_json());
        self.emit(event, &["payment"], vec![("payment", document)]);
    }

    /// `order.paid`, with the payment that paid it.
    pub(super) fn tell_order_paid(&mut self, order_id: &str, payment_id: &str) {
        let (Some(order), Some(payment)) = (self.orders.get(order_id), self.payments.get(payment_id)) else { return };
        let parts = vec![("payment", entity(payment.event_json())), ("order", entity(order.event_json()))];
        self.emit("order.paid", &["payment", "order"], parts);
    }

    /// `refund.created`, `refund.processed`, `refund.failed` or `refund.speed_changed`.
    pub(super) fn tell_refund(&mut self, event: &str, refund_id: &str) {
        let Some(refund) = self.refunds.get(refund_id) else { return };
        let Some(payment) = self.payments.get(&refund.payment_id) else { return };
        let mut document = refund.json();
        if event == "refund.speed_changed" {
            model::unset(&mut document, "batch_id");
        }
        let parts = vec![("refund", entity(document)), ("payment", entity(payment.side_json()))];
        self.emit(event, &["refund", "payment"], parts);
    }

    /// `payment_link.paid` or `payment_link.partially_paid`, with the order in its internal shape.
    pub(super) fn tell_link_paid(&mut self, event: &str, link_id: &str, payment_id: &str) {
        let (Some(link), Some(payment)) = (self.links.get(link_id), self.payments.get(payment_id)) else { return };
        let Some(order) = self.orders.get(&payment.order_id) else { return };
        let order = order.internal_json(&self.account, link_id, &self.options.key_id, self.now());
        let mut payment = payment.event_json();
        model::set(&mut payment, "fee_bearer", json!("platform"));
        if let Some(upi) = payment.get_mut("upi") {
            model::unset(upi, "flow");
        }
        if payment.get("card").is_none() {
            model::set(&mut payment, "card", Value::Null);
        }
        let parts =
            vec![("payment_link", entity(link.event_json())), ("order", entity(order)), ("payment", entity(payment))];
        self.emit(event, &["payment_link", "order", "payment"], parts);
    }

    /// `payment_link.cancelled` or `payment_link.expired`.
    pub(super) fn tell_link(&mut self, event: &str, link_id: &str) {
        let Some(link) = self.links.get(link_id) else { return };
        let document = entity(link.event_json());
        self.emit(event, &["payment_link"], vec![("payment_link", document)]);
    }

    /// `token.confirmed` and the like.
    pub(super) fn tell_token(&mut self, token_id: &str) {
        let Some(token) = self.tokens.get(token_id) else { return };
        let event = format!("token.{}", token.status.as_str());
        let document = entity(token.event_json());
        self.emit(&event, &["token"], vec![("token", document)]);
    }

    /// `payment.dispute.*`; one of them writes the evidence beside the entity.
    pub(super) fn tell_dispute(&mut self, event: &str, dispute_id: &str) {
        let Some(dispute) = self.disputes.get(dispute_id) else { return };
        let Some(payment) = self.payments.get(&dispute.payment_id) else { return };
        let written = if event == "payment.dispute.action_required" {
            json!({ "entity": dispute.bare_json(), "evidence": dispute.evidence })
        } else {
            entity(dispute.json())
        };
        let parts = vec![("payment", entity(payment.side_json())), ("dispute", written)];
        self.emit(event, &["payment", "dispute"], parts);
    }

    /// `settlement.processed`.
    pub(super) fn tell_settlement(&mut self, settlement_id: &str) {
        let Some(settlement) = self.settlements.get(settlement_id) else { return };
        let document = entity(settlement.json());
        self.emit("settlement.processed", &["settlement"], vec![("settlement", document)]);
    }

    /// `order.notification.delivered` or `order.notification.failed`.
    pub(super) fn tell_notice(&mut self, order_id: &str) {
        let Some(notice) = self.orders.get(order_id).and_then(|order| order.notice.clone()) else { return };
        let event = format!("order.notification.{}", notice.status.unwrap_or("failed"));
        self.emit(&event, &["notification"], vec![("notification", entity(notice.json(order_id)))]);
    }
}

fn entity(document: Value) -> Value {
    let mut written = json!({});
    model::set(&mut written, "entity", document);
    written
}
