//! What happens to a merchant outside the API: refunds at the dashboard, and disputes.

use serde_json::{Map, Value, json};

use super::{NewRefund, World};
use crate::{
    ids,
    merchant::{NewDispute, Verdict},
    model::dispute::{Dispute, DisputeStatus, no_evidence},
    refusal::Refusal,
};

/// How long a merchant has to answer a dispute, in seconds.
const TIME_TO_RESPOND: i64 = 7 * 24 * 60 * 60;

impl World {
    /// A refund somebody made at the dashboard.
    pub(crate) fn refund_at_dashboard(&mut self, payment_id: &str, amount: i64) -> Result<String, Refusal> {
        let new = NewRefund { amount: Some(amount), speed: "normal".to_owned(), notes: Map::new(), receipt: None };
        self.make_refund(payment_id, new)
    }

    /// The dispute of this name.
    pub(crate) fn dispute(&self, id: &str) -> Result<&Dispute, Refusal> {
        ids::valid("disp", id)?;
        self.disputes.get(id).ok_or_else(Refusal::unknown_id)
    }

    /// A payer disputes a payment.
    pub(crate) fn open_dispute(&mut self, payment_id: &str, new: NewDispute) -> Result<String, Refusal> {
        let now = self.now();
        let payment = self.payment(payment_id)?;
        if !payment.captured {
            return Err(Refusal::input("Only captured payments can be disputed"));
        }
        let amount = new.amount.unwrap_or(payment.amount);
        let dispute = Dispute {
            id: ids::fresh("disp"),
            payment_id: payment_id.to_owned(),
            amount,
            currency: payment.currency.clone(),
            amount_deducted: 0,
            reason_code: new.reason_code,
            phase: new.phase,
            respond_by: now + TIME_TO_RESPOND,
            status: DisputeStatus::Open,
            evidence: no_evidence(amount),
            settled: false,
            created_at: now,
        };
        let id = dispute.id.clone();
        self.disputes.put(dispute);
        self.tell_dispute("payment.dispute.created", &id);
        Ok(id)
    }

    /// The bank wants to know more.
    pub(crate) fn require_action(&mut self, dispute_id: &str) -> Result<(), Refusal> {
        self.contestable(dispute_id)?;
        if let Some(dispute) = self.disputes.get_mut(dispute_id) {
            dispute.status = DisputeStatus::Open;
        }
        self.tell_dispute("payment.dispute.action_required", dispute_id);
        Ok(())
    }

    /// The bank decides. Only a lost dispute costs money.
    pub(crate) fn decide_dispute(&mut self, dispute_id: &str, verdict: Verdict) -> Result<(), Refusal> {
        self.contestable(dispute_id)?;
        let Some(dispute) = self.disputes.get_mut(dispute_id) else { return Err(Refusal::unknown_id()) };
        let event = match verdict {
            Verdict::Won => {
                dispute.status = DisputeStatus::Won;
                "payment.dispute.won"
            }
            Verdict::Lost => {
                dispute.status = DisputeStatus::Lost;
                dispute.amount_deducted = dispute.amount;
                "payment.dispute.lost"
            }
            Verdict::Closed => {
                dispute.status = DisputeStatus::Closed;
                "payment.dispute.closed"
            }
        };
        self.tell_dispute(event, dispute_id);
        Ok(())
    }

    /// The merchant hands in evidence, and may submit it.
    pub(crate) fn contest(
        &mut self,
        dispute_id: &str,
        evidence: Map<String, Value>,
        submits: bool,
    ) -> Result<(), Refusal> {
        let now = self.now();
        self.contestable(dispute_id)?;
        let Some(dispute) = self.disputes.get_mut(dispute_id) else { return Err(Refusal::unknown_id()) };
        dispute.evidence.extend(evidence);
        if submits {
            dispute.status = DisputeStatus::UnderReview;
            dispute.evidence.insert("submitted_at".to_owned(), json!(now));
            self.tell_dispute("payment.dispute.under_review", dispute_id);
        }
        Ok(())
    }

    fn contestable(&self, dispute_id: &str) -> Result<(), Refusal> {
        match self.dispute(dispute_id)?.status {
            DisputeStatus::Open | DisputeStatus::UnderReview => Ok(()),
            status => Err(Refusal::input(format!("Action not allowed when dispute is in {} state", status.as_str()))),
        }
    }
}
