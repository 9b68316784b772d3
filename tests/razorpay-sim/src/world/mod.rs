//! Razorpay's books: everything there is, changed in one piece at a time under one lock.
//!
//! Nothing here waits. What a change tells the merchant is left in the outbox, what will happen of itself later is
//! left in the agenda, and whoever made the change takes both along.

mod events;
mod links;
mod mandates;
mod merchant;
mod payments;
mod refunds;
mod settling;
mod time;

use std::{collections::HashMap, time::Duration};

use chrono::Utc;
use serde_json::Value;

pub(crate) use events::Letter;
pub(crate) use refunds::{Claim, NewRefund};

use crate::{
    ids,
    merchant::Outcome,
    model::{
        customer::Customer, dispute::Dispute, link::Link, order::Order, payment::Payment, refund::Refund,
        settlement::Settlement, token::Token,
    },
    options::Options,
    shelf::Shelf,
};

/// Something that will happen of itself.
pub(crate) enum Deed {
    /// A bank answers late.
    Authorise(String),
    /// A refund comes to an end.
    Settle(String, Outcome),
    /// A recurring debit comes to an end.
    Debit(String),
    /// The payer is told of a debit.
    Notify(String),
}

/// What was said of a refund's idempotency key.
pub(crate) struct KeyUse {
    body: Value,
    refund_id: Option<String>,
}

/// Razorpay's books.
pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) account: String,
    /// Where pages are found; known once the simulator listens.
    pub(crate) url: String,
    /// Seconds by which this world is ahead.
    shift: i64,
    pub(crate) orders: Shelf<Order>,
    pub(crate) payments: Shelf<Payment>,
    pub(crate) refunds: Shelf<Refund>,
    pub(crate) links: Shelf<Link>,
    pub(crate) customers: Shelf<Customer>,
    pub(crate) tokens: Shelf<Token>,
    pub(crate) disputes: Shelf<Dispute>,
    pub(crate) settlements: Shelf<Settlement>,
    keys: HashMap<String, KeyUse>,
    outbox: Vec<Letter>,
    agenda: Vec<(Duration, Deed)>,
}

impl World {
    pub(crate) fn new(options: Options, url: String) -> Self {
        Self {
            options,
            account: ids::fresh("acc"),
            url,
            shift: 0,
            orders: Shelf::default(),
            payments: Shelf::default(),
            refunds: Shelf::default(),
            links: Shelf::default(),
            customers: Shelf::default(),
            tokens: Shelf::default(),
            disputes: Shelf::default(),
            settlements: Shelf::default(),
            keys: HashMap::new(),
            outbox: Vec::new(),
            agenda: Vec::new(),
        }
    }

    /// Unix seconds in this world.
    pub(crate) fn now(&self) -> i64 {
        Utc::now().timestamp() + self.shift
    }

    fn plan(&mut self, after: Duration, deed: Deed) {
        self.agenda.push((after, deed));
    }

    /// What has been left to be told and to be done since this was last asked.
    pub(crate) fn take(&mut self) -> (Vec<Letter>, Vec<(Duration, Deed)>) {
        (std::mem::take(&mut self.outbox), std::mem::take(&mut self.agenda))
    }

    /// Does what was planned, if it still can be done.
    pub(crate) fn happen(&mut self, deed: &Deed) {
        match deed {
            Deed::Authorise(payment_id) => {
                if let Err(refusal) = self.late_authorise(payment_id) {
                    tracing::debug!(payment_id, %refusal, "a late authorisation came to nothing");
                }
            }
            Deed::Settle(refund_id, outcome) => {
                if let Err(refusal) = self.settle_refund(refund_id, *outcome) {
                    tracing::debug!(refund_id, %refusal, "a refund was settled before");
                }
            }
            Deed::Debit(payment_id) => self.end_debit(payment_id),
            Deed::Notify(order_id) => self.notify(order_id, true),
        }
    }
}
