//! A refund: money on its way back.

use serde_json::{Map, Value, json};

use crate::shelf::Named;

/// How far a refund has come. `Processed` is its documented end, and yet it may fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RefundStatus {
    Pending,
    Processed,
    Failed,
}

impl RefundStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processed => "processed",
            Self::Failed => "failed",
        }
    }
}

/// Money on its way back.
#[derive(Clone)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) payment_id: String,
    pub(crate) notes: Map<String, Value>,
    pub(crate) receipt: Option<String>,
    pub(crate) status: RefundStatus,
    pub(crate) speed_requested: String,
    pub(crate) speed_processed: &'static str,
    /// The bank's name for it, known once processed.
    pub(crate) arn: Option<String>,
    pub(crate) settled: bool,
    pub(crate) created_at: i64,
}

impl Named for Refund {
    fn id(&self) -> &str {
        &self.id
    }

    fn created_at(&self) -> i64 {
        self.created_at
    }
}

impl Refund {
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "entity": "refund",
            "amount": self.amount,
            "currency": self.currency,
            "payment_id": self.payment_id,
            "notes": super::notes(&self.notes),
            "receipt": self.receipt,
            "acquirer_data": { "arn": self.arn },
            "created_at": self.created_at,
            "batch_id": null,
            "status": self.status.as_str(),
            "speed_processed": self.speed_processed,
            "speed_requested": self.speed_requested
        })
    }
}
