//! Refunds: their caps, their idempotency keys and their ends.

use serde_json::{Map, Value};

use super::{Deed, KeyUse, World};
use crate::{
    ids,
    merchant::Outcome,
    model::{
        payment::PaymentStatus,
        refund::{Refund, RefundStatus},
    },
    options::RefundCourse,
    refusal::Refusal,
};

/// After so many seconds a payment is refunded in the normal way no longer.
const SIX_MONTHS: i64 = 183 * 24 * 60 * 60;

/// A refund that is asked for.
pub(crate) struct NewRefund {
    /// `None` is all that the payment was.
    pub(crate) amount: Option<i64>,
    /// `normal` or `optimum`.
    pub(crate) speed: String,
    pub(crate) notes: Map<String, Value>,
    pub(crate) receipt: Option<String>,
}

/// What an idempotency key is good for.
pub(crate) enum Claim {
    /// Nobody used it before: go on.
    Fresh,
    /// The same was asked before, and this refund came of it.
    Done(String),
}

impl World {
    /// The refund of this name.
    pub(crate) fn refund(&self, id: &str) -> Result<&Refund, Refusal> {
        ids::valid("rfnd", id)?;
        self.refunds.get(id).ok_or_else(Refusal::unknown_id)
    }

    /// Claims an idempotency key for a request.
    pub(crate) fn claim(&mut self, key: &str, body: &Value) -> Result<Claim, Refusal> {
        if key.len() < 10 {
            return Err(Refusal::plain(400, "The idempotency key must be at least 10 characters long."));
        }
        if !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
            let words = "The idempotency key can contain alphabets, numbers, hyphens and underscores only.";
            return Err(Refusal::plain(400, words));
        }
        match self.keys.get(key) {
            None => {
                self.keys.insert(key.to_owned(), KeyUse { body: body.clone(), refund_id: None });
                Ok(Claim::Fresh)
            }
            Some(used) if used.body != *body => {
                let words = "Different request with the same idempotency key has already been processed.";
                Err(Refusal::plain(409, words))
            }
            Some(KeyUse { refund_id: Some(refund_id), .. }) => Ok(Claim::Done(refund_id.clone())),
            Some(_) => {
                let words = "Another request with the same idempotency key is still in progress.";
                Err(Refusal::plain(409, words))
            }
        }
    }

    /// Remembers what came of a key; a request that was refused gives it back.
    pub(crate) fn conclude(&mut self, key: &str, refund_id: Option<&str>) {
        match (refund_id, self.keys.get_mut(key)) {
            (Some(refund_id), Some(used)) => used.refund_id = Some(refund_id.to_owned()),
            (None, Some(_)) => {
                self.keys.remove(key);
            }
            (_, None) => {}
        }
    }

    /// Refunds a captured payment, in whole or in part.
    pub(crate) fn make_refund(&mut self, payment_id: &str, new: NewRefund) -> Result<String, Refusal> {
        let payment = self.payment(payment_id)?;
        match payment.status {
            PaymentStatus::Captured => {}
            PaymentStatus::Refunded => return Err(Refusal::input("The payment has been fully refunded already")),
            _ => return Err(Refusal::input("The payment status should be captured for action to be taken")),
        }
        let same = |refund: &Refund| refund.payment_id == payment_id && refund.receipt == new.receipt;
        if new.receipt.is_some() && self.refunds.iter().any(same) {
            return Err(Refusal::input("Duplicate receipt found for this refund request."));
        }
        let amount = new.amount.unwrap_or(payment.amount);
        if payment.refundable() == 0 {
            return Err(Refusal::input("The payment has been fully refunded already"));
        }
        if amount > payment.refundable() {
            return Err(Refusal::input("The refund amount provided is greater than amount captured").at("amount"));
        }
        if new.speed == "normal" && self.now() - payment.created_at > SIX_MONTHS {
            return Err(Refusal::input("Payment is more than 6 months old, only instant refund is supported"));
        }
        if let Some(balance) = self.options.balance {
            if amount > balance {
                let words = "Your account does not have enough balance to carry out the refund operation.";
                return Err(Refusal::input(words));
            }
            self.options.balance = Some(balance - amount);
        }
        Ok(self.book_refund(payment_id, amount, new))
    }

    /// Writes a refund that may be made.
    pub(super) fn book_refund(&mut self, payment_id: &str, amount: i64, new: NewRefund) -> String {
        let (now, course, pause) = (self.now(), self.options.refunds, self.options.pace.refund_settles);
        let id = ids::fresh("rfnd");
        let mut currency = String::new();
        if let Some(payment) = self.payments.get_mut(payment_id) {
            payment.amount_refunded += amount;
            currency.clone_from(&payment.currency);
            if payment.refundable() == 0 {
                payment.status = PaymentStatus::Refunded;
            }
        }
        let at_once = course == RefundCourse::ProcessedAtOnce;
        self.refunds.put(Refund {
            id: id.clone(),
            amount,
            currency,
            payment_id: payment_id.to_owned(),
            notes: new.notes,
            receipt: new.receipt,
            status: if at_once { RefundStatus::Processed } else { RefundStatus::Pending },
            speed_processed: if new.speed == "optimum" { "instant" } else { "normal" },
            speed_requested: new.speed,
            arn: None,
            settled: false,
            created_at: now,
        });
        self.tell_refund("refund.created", &id);
        match course {
            RefundCourse::ProcessedAtOnce => self.tell_refund("refund.processed", &id),
            RefundCourse::ProcessedLater => self.plan(pause, Deed::Settle(id.clone(), Outcome::Processed)),
            RefundCourse::Fails => self.plan(pause, Deed::Settle(id.clone(), Outcome::Failed)),
            RefundCourse::FailsAfterProcessed => {
                self.plan(pause, Deed::Settle(id.clone(), Outcome::Processed));
                self.plan(pause * 2, Deed::Settle(id.clone(), Outcome::Failed));
            }
            RefundCourse::Waits => {}
        }
        id
    }

    /// Brings a refund to an end. A failed one lets go of its share of the payment, after the event was written:
    /// Razorpay's sample shows the payment as it was.
    pub(crate) fn settle_refund(&mut self, refund_id: &str, outcome: Outcome) -> Result<(), Refusal> {
        let status = self.refund(refund_id)?.status;
        let end = match (status, outcome) {
            (RefundStatus::Pending, Outcome::Processed) => RefundStatus::Processed,
            (RefundStatus::Pending | RefundStatus::Processed, Outcome::Failed) => RefundStatus::Failed,
            _ => return Err(Refusal::input(format!("The refund is {} already", status.as_str()))),
        };
        let Some(refund) = self.refunds.get_mut(refund_id) else { return Err(Refusal::unknown_id()) };
        refund.status = end;
        let (payment_id, amount) = (refund.payment_id.clone(), refund.amount);
        if end == RefundStatus::Processed {
            refund.arn = Some(ids::digits(14));
            self.tell_refund("refund.processed", refund_id);
            return Ok(());
        }
        self.tell_refund("refund.failed", refund_id);
        if let Some(balance) = &mut self.options.balance {
            *balance += amount;
        }
        if let Some(payment) = self.payments.get_mut(&payment_id) {
            payment.amount_refunded -= amount;
            payment.status = if payment.captured { PaymentStatus::Captured } else { PaymentStatus::Authorized };
        }
        Ok(())
    }

    /// An instant refund falls back to the normal way.
    pub(crate) fn slow_refund(&mut self, refund_id: &str) -> Result<(), Refusal> {
        self.refund(refund_id)?;
        if let Some(refund) = self.refunds.get_mut(refund_id) {
            refund.speed_processed = "normal";
        }
        self.tell_refund("refund.speed_changed", refund_id);
        Ok(())
    }
}
