//! Settlements: everything that moved since the last one, line by line.

use serde_json::{Map, Value, json};

use super::World;
use crate::{
    ids,
    model::{
        dispute::DisputeStatus,
        refund::RefundStatus,
        settlement::{Line, Settlement},
    },
};

impl World {
    /// Settles captured payments, processed refunds and lost disputes; `None` when nothing moved.
    pub(crate) fn settle(&mut self) -> Option<String> {
        let now = self.now();
        let mut settlement = Settlement {
            id: ids::fresh("setl"),
            amount: 0,
            utr: format!("{now}{}", ids::letters(6).to_lowercase()),
            created_at: now,
            lines: Vec::new(),
        };
        self.payment_lines(&mut settlement);
        self.refund_lines(&mut settlement);
        self.dispute_lines(&mut settlement);
        if settlement.lines.is_empty() {
            return None;
        }
        let id = settlement.id.clone();
        self.settlements.put(settlement);
        self.tell_settlement(&id);
        Some(id)
    }

    fn payment_lines(&mut self, settlement: &mut Settlement) {
        for payment in self.payments.iter_mut().filter(|payment| payment.captured && !payment.settled) {
            payment.settled = true;
            let fee = payment.fee.unwrap_or((0, 0));
            settlement.add(&Line {
                entity_id: &payment.id,
                kind: "payment",
                debit: 0,
                credit: payment.amount - fee.0,
                amount: payment.amount,
                fee,
                created_at: payment.created_at,
                notes: text(&payment.notes),
                dispute_id: None,
                receipt: self.orders.get(&payment.order_id).and_then(|order| order.receipt.as_deref()),
                payment,
            });
        }
    }

    fn refund_lines(&mut self, settlement: &mut Settlement) {
        let moved = |status| status == RefundStatus::Processed;
        for refund in self.refunds.iter_mut().filter(|refund| moved(refund.status) && !refund.settled) {
            // What was authorised and never captured goes back without ever having arrived.
            let Some(payment) = self.payments.get(&refund.payment_id).filter(|payment| payment.captured) else {
                continue;
            };
            refund.settled = true;
            settlement.add(&Line {
                entity_id: &refund.id,
                kind: "refund",
                debit: refund.amount,
                credit: 0,
                amount: refund.amount,
                fee: (0, 0),
                created_at: refund.created_at,
                notes: text(&refund.notes),
                dispute_id: None,
                receipt: self.orders.get(&payment.order_id).and_then(|order| order.receipt.as_deref()),
                payment,
            });
        }
    }

    fn dispute_lines(&mut self, settlement: &mut Settlement) {
        let lost = |status| status == DisputeStatus::Lost;
        for dispute in self.disputes.iter_mut().filter(|dispute| lost(dispute.status) && !dispute.settled) {
            let Some(payment) = self.payments.get(&dispute.payment_id) else { continue };
            dispute.settled = true;
            settlement.add(&Line {
                entity_id: &ids::fresh("adj"),
                kind: "adjustment",
                debit: dispute.amount_deducted,
                credit: 0,
                amount: dispute.amount_deducted,
                fee: (0, 0),
                created_at: dispute.created_at,
                notes: Value::Null,
                dispute_id: Some(&dispute.id),
                receipt: None,
                payment,
            });
        }
    }
}

/// Notes as reconciliation writes them: a string.
fn text(notes: &Map<String, Value>) -> Value {
    json!(Value::Object(notes.clone()).to_string())
}
