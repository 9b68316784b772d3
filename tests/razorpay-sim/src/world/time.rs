//! The passing of time: links end, and what was authorised and never captured goes back.

use serde_json::Map;

use super::{NewRefund, World};
use crate::model::payment::PaymentStatus;

/// After so many seconds an authorised payment goes back to the payer.
const CAPTURE_WITHIN: i64 = 3 * 24 * 60 * 60;

impl World {
    /// Turns the clock forward and does what falls due.
    pub(crate) fn advance(&mut self, seconds: i64) {
        self.shift += seconds;
        self.expire_links();
        let latest = self.now() - CAPTURE_WITHIN;
        let forgotten: Vec<(String, i64)> = self
            .payments
            .iter()
            .filter(|payment| payment.status == PaymentStatus::Authorized && payment.created_at <= latest)
            .map(|payment| (payment.id.clone(), payment.amount))
            .collect();
        for (payment_id, amount) in forgotten {
            let new = NewRefund { amount: None, speed: "normal".to_owned(), notes: Map::new(), receipt: None };
            self.book_refund(&payment_id, amount, new);
        }
    }
}
