//! A settlement: what reaches the merchant's bank account, and the lines it is made of.

use serde_json::{Value, json};

use crate::{model::payment::Payment, shelf::Named};

/// What reaches the merchant's bank account.
#[derive(Clone)]
pub(crate) struct Settlement {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) utr: String,
    pub(crate) created_at: i64,
    pub(crate) lines: Vec<Value>,
}

impl Named for Settlement {
    fn id(&self) -> &str {
        &self.id
    }

    fn created_at(&self) -> i64 {
        self.created_at
    }
}

/// What a reconciliation line says of the thing it stands for.
pub(crate) struct Line<'a> {
    pub(crate) entity_id: &'a str,
    pub(crate) kind: &'static str,
    pub(crate) debit: i64,
    pub(crate) credit: i64,
    pub(crate) amount: i64,
    pub(crate) fee: (i64, i64),
    pub(crate) created_at: i64,
    pub(crate) notes: Value,
    pub(crate) dispute_id: Option<&'a str>,
    pub(crate) payment: &'a Payment,
    pub(crate) receipt: Option<&'a str>,
}

impl Settlement {
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "entity": "settlement",
            "amount": self.amount,
            "status": "processed",
            "fees": 0,
            "tax": 0,
            "utr": self.utr,
            "created_at": self.created_at
        })
    }

    /// Adds a line and its money.
    pub(crate) fn add(&mut self, line: &Line<'_>) {
        let is_payment = line.kind == "payment";
        let card = line.payment.card_id.is_some();
        self.amount += line.credit - line.debit;
        let mut document = json!({
            "entity_id": line.entity_id,
            "type": line.kind,
            "debit": line.debit,
            "credit": line.credit,
            "amount": line.amount,
            "currency": line.payment.currency,
            "fee": line.fee.0,
            "tax": line.fee.1,
            "on_hold": false,
            "settled": true,
            "created_at": line.created_at,
            "settled_at": self.created_at,
            "settlement_id": self.id,
            "posted_at": null,
            "description": if is_payment { line.payment.description.as_deref() } else { None },
            "notes": line.notes,
            "payment_id": (!is_payment).then_some(&line.payment.id),
            "settlement_utr": self.utr,
            "order_id": line.payment.order_id,
            "order_receipt": line.receipt,
            "method": line.payment.method.as_str(),
            "card_network": card.then_some("Visa"),
            "card_issuer": card.then_some("HDFC"),
            "card_type": card.then_some("credit"),
            "dispute_id": line.dispute_id
        });
        if line.kind != "adjustment" {
            super::set(&mut document, "credit_type", json!("default"));
        }
        self.lines.push(document);
    }
}
