//! What the merchant may ask: one request, one change of the books, one answer.

pub(crate) mod call;
mod customers;
mod disputes;
mod input;
mod links;
mod orders;
mod page;
mod payments;
mod recurring;
pub(crate) mod refunds;
mod settlements;

use serde_json::Value;

use crate::{api::call::Call, refusal::Refusal, world::World};

/// What an answer says, or why there is none.
pub(crate) type Answer = Result<Value, Refusal>;

/// Answers a request below `/v1`.
pub(crate) fn answer(world: &mut World, call: &Call) -> Answer {
    world.expire_links();
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match (path.first().copied(), path.get(1..).unwrap_or_default()) {
        (Some("orders"), rest) => orders::answer(world, call, rest),
        (Some("payments"), ["create", "recurring"]) if call.method == "POST" => recurring::debit(world, call),
        (Some("payments"), [payment, "refund"]) if call.method == "POST" => refunds::create(world, call, payment),
        (Some("payments"), [payment, "refunds"]) if call.method == "GET" => refunds::of_payment(world, call, payment),
        (Some("payments"), [payment, "refunds", refund]) if call.method == "GET" => {
            refunds::one_of_payment(world, payment, refund)
        }
        (Some("payments"), rest) => payments::answer(world, call, rest),
        (Some("refunds"), rest) => refunds::answer(world, call, rest),
        (Some("payment_links"), rest) => links::answer(world, call, rest),
        (Some("customers"), rest) => customers::answer(world, call, rest),
        (Some("disputes"), rest) => disputes::answer(world, call, rest),
        (Some("settlements"), rest) => settlements::answer(world, call, rest),
        _ => Err(Refusal::unknown_url()),
    }
}
