//! `/v1/payments`, except for their refunds.

use serde_json::{Value, json};

use super::{
    Answer,
    call::Call,
    input::{Input, missing},
    page::Page,
};
use crate::{
    model::{self, card::card, payment::Payment},
    refusal::Refusal,
    world::World,
};

pub(super) const EXPANSIONS: [&str; 8] =
    ["card", "emi", "transaction", "transaction.settlement", "refunds", "offers", "token", "upi"];

pub(crate) fn answer(world: &mut World, call: &Call, rest: &[&str]) -> Answer {
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let page = Page::read(call, 100, &[])?;
            call.only_expands(&EXPANSIONS)?;
            let payments = page.of(world.payments.iter());
            Ok(model::collection(payments.into_iter().map(|payment| expanded(world, payment, call))))
        }
        ("GET", [id]) => {
            call.only_expands(&EXPANSIONS)?;
            Ok(expanded(world, world.payment(id)?, call))
        }
        ("GET", [id, "card"]) => match &world.payment(id)?.card_id {
            Some(card_id) => Ok(card(card_id)),
            None => Err(Refusal::plain(400, "Payment was not done using card")),
        },
        ("PATCH", [id]) => {
            world.payment(id)?;
            let notes = Input(&call.body).new_notes()?;
            let payment = world.payments.get_mut(id).ok_or_else(Refusal::unknown_id)?;
            payment.notes = notes;
            Ok(payment.json())
        }
        ("POST", [id, "capture"]) => {
            let input = Input(&call.body);
            input.only(&["amount", "currency"])?;
            let currency = input.currency()?;
            let known = world.payment(id)?.currency.clone();
            let amount = input.needed_amount("amount", currency.as_deref().unwrap_or(&known))?;
            if currency.is_none() && known != "INR" {
                return Err(missing("currency"));
            }
            world.capture(id, amount, currency.as_deref())?;
            Ok(world.payment(id)?.json())
        }
        _ => Err(Refusal::unknown_url()),
    }
}

fn expanded(world: &World, payment: &Payment, call: &Call) -> Value {
    let mut document = payment.json();
    if let Some(card_id) = payment.card_id.as_ref().filter(|_| call.expands("card")) {
        model::set(&mut document, "card", card(card_id));
    }
    if call.expands("refunds") {
        let refunds = world.refunds.iter().filter(|refund| refund.payment_id == payment.id);
        model::set(&mut document, "refunds", model::collection(refunds.map(|refund| refund.json())));
    }
    if call.expands("offers") {
        model::set(&mut document, "offers", model::collection(std::iter::empty()));
    }
    if let Some(token) = payment.token_id.as_ref().filter(|_| call.expands("token")) {
        let token = world.tokens.get(token).map_or(json!(null), |token| token.json());
        model::set(&mut document, "token", token);
    }
    document
}
