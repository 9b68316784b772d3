//! What banks and the dashboard decide about a merchant's money.

/// How a refund ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The bank took it.
    Processed,
    /// The bank did not take it, or sent it back after it was `processed`.
    Failed,
}

/// How a dispute ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The merchant keeps the money.
    Won,
    /// The payer gets it: `amount_deducted` is what was disputed.
    Lost,
    /// It was withdrawn.
    Closed,
}

/// What a mandate is changed to by the payer or the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mandate {
    /// Debits are allowed again.
    Confirmed,
    /// The bank does not allow it.
    Rejected,
    /// The payer took it back.
    Cancelled,
    /// The payer stopped it for a while.
    Paused,
}

/// A dispute that somebody opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDispute {
    /// Minor units; `None` is the whole payment.
    pub amount: Option<i64>,
    /// Such as `goods_or_services_not_received_or_partially_received`.
    pub reason_code: String,
    /// `fraud`, `retrieval`, `chargeback`, `pre_arbitration` or `arbitration`.
    pub phase: String,
}

impl Default for NewDispute {
    fn default() -> Self {
        Self { amount: None, reason_code: "chargeback".to_owned(), phase: "chargeback".to_owned() }
    }
}
