//! A dispute: a payer who wants money back through the bank.

use serde_json::{Map, Value, json};

use crate::shelf::Named;

/// The kinds of proof a merchant may hand in, each a list of documents.
pub(crate) const PROOFS: [&str; 9] = [
    "shipping_proof",
    "billing_proof",
    "cancellation_proof",
    "customer_communication",
    "proof_of_service",
    "explanation_letter",
    "refund_confirmation",
    "access_activity_log",
    "refund_cancellation_policy",
];

/// How far a dispute has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DisputeStatus {
    Open,
    UnderReview,
    Won,
    Lost,
    Closed,
}

impl DisputeStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::UnderReview => "under_review",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Closed => "closed",
        }
    }
}

/// A payer who wants money back through the bank.
#[derive(Clone)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) payment_id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) amount_deducted: i64,
    pub(crate) reason_code: String,
    pub(crate) phase: String,
    pub(crate) respond_by: i64,
    pub(crate) status: DisputeStatus,
    pub(crate) evidence: Map<String, Value>,
    pub(crate) settled: bool,
    pub(crate) created_at: i64,
}

impl Named for Dispute {
    fn id(&self) -> &str {
        &self.id
    }

    fn created_at(&self) -> i64 {
        self.created_at
    }
}

/// Evidence before any was handed in.
pub(crate) fn no_evidence(amount: i64) -> Map<String, Value> {
    let mut evidence = Map::new();
    evidence.insert("amount".to_owned(), json!(amount));
    evidence.insert("summary".to_owned(), Value::Null);
    for proof in PROOFS {
        evidence.insert(proof.to_owned(), Value::Null);
    }
    for rest in ["term_and_conditions", "others", "submitted_at"] {
        evidence.insert(rest.to_owned(), Value::Null);
    }
    evidence
}

impl Dispute {
    /// Without its evidence.
    pub(crate) fn bare_json(&self) -> Value {
        json!({
            "id": self.id,
            "entity": "dispute",
            "payment_id": self.payment_id,
            "amount": self.amount,
            "currency": self.currency,
            "amount_deducted": self.amount_deducted,
            "reason_code": self.reason_code,
            "respond_by": self.respond_by,
            "status": self.status.as_str(),
            "phase": self.phase,
            "created_at": self.created_at
        })
    }

    pub(crate) fn json(&self) -> Value {
        let mut document = self.bare_json();
        super::set(&mut document, "evidence", json!(self.evidence));
        document
    }
}
