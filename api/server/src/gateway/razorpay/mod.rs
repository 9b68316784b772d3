//! Razorpay, as it is documented and as it behaves.
//!
//! | trap | what is done |
//! |---|---|
//! | orders have no idempotency key | the receipt is ours and unique; a second try looks it up first |
//! | a refund without amount is of everything | the amount is always sent |
//! | a key used again for another refund | 409: declined; 409 while the first is in flight: unknown, asked again |
//! | wrong credentials, a wrong address, 429, 5xx, silence | unknown: none of them says what became of the money |
//! | a link made before may not be in the list yet | "already exists": unknown, looked up again |
//! | a key is forgotten some day, a receipt is not | "Duplicate receipt": the refund is looked up |
//! | three-digit currencies end in 0, rupees start at 1.00 | refused before anything is asked |

mod http;
mod shapes;
mod webhook;

use billing::money::Money;
use billing::payment::PaymentState;
use futures_util::future::{BoxFuture, FutureExt as _};
use serde_json::{Value, json};

use super::{Ask, Declined, Dispute, Opened, Outcome, PaymentGateway, RefundSighting, Return, Sighting};
use http::Http;

pub use http::Razorpay;
pub use webhook::{event_name, news};

/// Where our own id travels in the notes of orders, links, payments and refunds.
const OWNER: &str = "undash";

/// Results a list answers at most.
const LIST: usize = 100;

impl Razorpay {
    fn api(&self) -> &Http {
        &self.http
    }

    /// The order or link that an earlier try has made; none when there was no such try, or it made nothing.
    async fn made_before(&self, ask: &Ask, list: &str, field: &str, items: &str) -> Option<Outcome<Opened>> {
        if !ask.again {
            return None;
        }
        let path = format!("{list}?{field}={}&count={LIST}", ask.key);
        let found = self.api().get(&path).await.then(|found| {
            let all = found.get(items).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let ours = all.iter().find(|item| item.get(field).and_then(Value::as_str) == Some(&ask.key));
            ours.map(shapes::opened).transpose()
        });
        match found {
            Outcome::Done(None) => None,
            Outcome::Done(Some(opened)) => Some(Outcome::Done(opened)),
            Outcome::Declined(declined) => Some(Outcome::Declined(declined)),
            Outcome::Unknown(why) => Some(Outcome::Unknown(why)),
        }
    }

    async fn order(&self, ask: &Ask) -> Outcome<Opened> {
        if let Some(known) = self.made_before(ask, "orders", "receipt", "items").await {
            return known;
        }
        let body = json!({
            "amount": ask.amount.minor,
            "currency": ask.amount.currency.code(),
            "receipt": ask.key,
            "payment_capture": true,
            "notes": {OWNER: ask.owner},
        });
        self.api().post("orders", &body, None).await.then(|order| shapes::opened(&order))
    }

    async fn payment_link(&self, ask: &Ask) -> Outcome<Opened> {
        if let Some(known) = self.made_before(ask, "payment_links", "reference_id", "payment_links").await {
            return known;
        }
        let body = json!({
            "amount": ask.amount.minor,
            "currency": ask.amount.currency.code(),
            "reference_id": ask.key,
            "description": ask.description,
            "reminder_enable": false,
            "notes": {OWNER: ask.owner},
        });
        match self.api().post("payment_links", &body, None).await {
            // An earlier try made it, and the list does not show it yet.
            Outcome::Declined(declined) if declined.words.contains("already exists") => {
                Outcome::Unknown(declined.words)
            }
            answer => answer.then(|link| shapes::opened(&link)),
        }
    }

    async fn link_and_payments(&self, link: &str) -> Outcome<(PaymentState, Vec<Sighting>)> {
        let link = match self.api().get(&format!("payment_links/{link}")).await {
            Outcome::Done(link) => link,
            Outcome::Declined(declined) => return Outcome::Declined(declined),
            Outcome::Unknown(why) => return Outcome::Unknown(why),
        };
        let state = shapes::link_state(&link);
        match shapes::text(&link, "order_id") {
            None => Outcome::Done((state, Vec::new())),
            Some(order) => match self.payments_of_order(&order).await {
                Outcome::Done(payments) => Outcome::Done((state, payments)),
                Outcome::Declined(declined) => Outcome::Declined(declined),
                Outcome::Unknown(why) => Outcome::Unknown(why),
            },
        }
    }
}

impl<T> Outcome<T> {
    /// The answer read, where there is one. An answer nobody can read tells nothing of the money.
    fn then<U>(self, read: impl FnOnce(T) -> Result<U, String>) -> Outcome<U> {
        match self {
            Self::Done(answer) => match read(answer) {
                Ok(read) => Outcome::Done(read),
                Err(why) => Outcome::Unknown(format!("the answer cannot be read: {why}")),
            },
            Self::Declined(declined) => Outcome::Declined(declined),
            Self::Unknown(why) => Outcome::Unknown(why),
        }
    }
}

impl PaymentGateway for Razorpay {
    fn takes(&self, amount: Money) -> Result<(), Declined> {
        let no = |words: String| Err(Declined { code: "bad_amount".to_owned(), words });
        match (amount.currency.exponent(), amount.currency.code()) {
            (_, "INR") if amount.minor < 100 => no(format!("{amount} is below 1.00 INR, the least that can be paid.")),
            _ if amount.minor < 1 => no(format!("{amount} is nothing to pay.")),
            (3, _) if amount.minor % 10 != 0 => {
                no(format!("{amount} has a third digit, which card networks do not take in {}.", amount.currency))
            }
            (4.., _) => no(format!("{} cannot be paid through this gateway.", amount.currency)),
            _ => Ok(()),
        }
    }

    fn open_order<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Outcome<Opened>> {
        self.order(ask).boxed()
    }

    fn open_link<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Outcome<Opened>> {
        self.payment_link(ask).boxed()
    }

    fn payments_of_order<'a>(&'a self, order: &'a str) -> BoxFuture<'a, Outcome<Vec<Sighting>>> {
        async move {
            let answer = self.api().get(&format!("orders/{order}/payments")).await;
            answer.then(|answer| shapes::items(&answer)?.iter().map(shapes::payment).collect())
        }
        .boxed()
    }

    fn link<'a>(&'a self, link: &'a str) -> BoxFuture<'a, Outcome<(PaymentState, Vec<Sighting>)>> {
        self.link_and_payments(link).boxed()
    }

    fn capture<'a>(&'a self, payment: &'a str, amount: Money) -> BoxFuture<'a, Outcome<Sighting>> {
        async move {
            let body = json!({"amount": amount.minor, "currency": amount.currency.code()});
            let answer = self.api().post(&format!("payments/{payment}/capture"), &body, None).await;
            answer.then(|answer| shapes::payment(&answer))
        }
        .boxed()
    }

    fn refund<'a>(&'a self, wanted: &'a Return) -> BoxFuture<'a, Outcome<RefundSighting>> {
        async move {
            let body = json!({"amount": wanted.amount.minor, "receipt": wanted.key, "notes": {OWNER: wanted.key}});
            let path = format!("payments/{}/refund", wanted.payment_id);
            match self.api().post(&path, &body, Some(&wanted.key)).await {
                // An earlier try made it, and its key is forgotten; its receipt is not.
                Outcome::Declined(declined) if declined.words.contains("Duplicate receipt") => {
                    match self.refunds_of(&wanted.payment_id).await {
                        Outcome::Done(all) => match all.into_iter().find(|seen| seen.key.as_ref() == Some(&wanted.key))
                        {
                            Some(seen) => Outcome::Done(seen),
                            None => Outcome::Unknown(declined.words),
                        },
                        Outcome::Declined(_) | Outcome::Unknown(_) => Outcome::Unknown(declined.words),
                    }
                }
                answer => answer.then(|answer| shapes::refund(&answer)),
            }
        }
        .boxed()
    }

    fn refunds_of<'a>(&'a self, payment: &'a str) -> BoxFuture<'a, Outcome<Vec<RefundSighting>>> {
        async move {
            let answer = self.api().get(&format!("payments/{payment}/refunds?count={LIST}")).await;
            answer.then(|answer| shapes::items(&answer)?.iter().map(shapes::refund).collect())
        }
        .boxed()
    }

    fn dispute<'a>(&'a self, dispute: &'a str) -> BoxFuture<'a, Outcome<Dispute>> {
        async move { self.api().get(&format!("disputes/{dispute}")).await.then(|answer| shapes::dispute(&answer)) }
            .boxed()
    }
}
