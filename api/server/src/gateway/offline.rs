//! Money that moves outside every gateway: it is recorded when it has come, and goes back by a person's hand.

use billing::money::Money;
use billing::payment::PaymentState;
use billing::refund::RefundState;
use futures_util::future::{BoxFuture, FutureExt as _, ready};

use super::{Ask, Declined, Dispute, Opened, Outcome, PaymentGateway, RefundSighting, Return, Sighting};

/// Bank transfers and cash.
pub struct Offline;

fn nobody<T>() -> Outcome<T> {
    Outcome::Declined(Declined {
        code: "offline".to_owned(),
        words: "Money outside a gateway cannot be asked for by program; record it when it has come.".to_owned(),
    })
}

impl PaymentGateway for Offline {
    fn takes(&self, _: Money) -> Result<(), Declined> {
        Ok(())
    }

    fn open_order<'a>(&'a self, _: &'a Ask) -> BoxFuture<'a, Outcome<Opened>> {
        ready(nobody()).boxed()
    }

    fn open_link<'a>(&'a self, _: &'a Ask) -> BoxFuture<'a, Outcome<Opened>> {
        ready(nobody()).boxed()
    }

    fn payments_of_order<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Outcome<Vec<Sighting>>> {
        ready(Outcome::Done(Vec::new())).boxed()
    }

    fn link<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Outcome<(PaymentState, Vec<Sighting>)>> {
        ready(nobody()).boxed()
    }

    fn capture<'a>(&'a self, _: &'a str, _: Money) -> BoxFuture<'a, Outcome<Sighting>> {
        ready(nobody()).boxed()
    }

    /// Whoever asked for the refund sends the money; recording it again records nothing new.
    fn refund<'a>(&'a self, wanted: &'a Return) -> BoxFuture<'a, Outcome<RefundSighting>> {
        ready(Outcome::Done(RefundSighting {
            id: wanted.key.clone(),
            payment_id: wanted.payment_id.clone(),
            key: Some(wanted.key.clone()),
            state: RefundState::Succeeded,
            amount: wanted.amount,
            bank_reference: None,
        }))
        .boxed()
    }

    fn refunds_of<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Outcome<Vec<RefundSighting>>> {
        ready(Outcome::Done(Vec::new())).boxed()
    }

    fn dispute<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Outcome<Dispute>> {
        ready(nobody()).boxed()
    }
}
