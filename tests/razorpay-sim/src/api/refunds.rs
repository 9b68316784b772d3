//! `/v1/refunds` and `/v1/payments/…/refund`.

use serde_json::{Value, json};

use super::{
    Answer,
    call::Call,
    input::{Input, missing},
    page::Page,
};
use crate::{
    model::{self, refund::Refund},
    refusal::Refusal,
    world::{NewRefund, World},
};

pub(crate) fn answer(world: &mut World, call: &Call, rest: &[&str]) -> Answer {
    match (call.method.as_str(), rest) {
        ("GET", []) => list(world, call, None),
        ("GET", [id]) => Ok(world.refund(id)?.json()),
        ("POST", []) => {
            let payment = payment_of(call).ok_or_else(|| missing("payment_id"))?;
            create(world, call, &payment)
        }
        ("PATCH", [id]) => {
            world.refund(id)?;
            let notes = Input(&call.body).new_notes()?;
            let refund = world.refunds.get_mut(id).ok_or_else(Refusal::unknown_id)?;
            refund.notes = notes;
            Ok(refund.json())
        }
        _ => Err(Refusal::unknown_url()),
    }
}

/// What is refunded, whichever of the two addresses it was asked at; `None` where no refund is asked for.
pub(crate) fn payment_of(call: &Call) -> Option<String> {
    match call.path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        _ if call.method != "POST" => None,
        ["payments", payment, "refund"] => Some((*payment).to_owned()),
        ["refunds"] => call.body.get("payment_id").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    }
}

/// Makes a refund. Its idempotency key was looked at before.
pub(crate) fn create(world: &mut World, call: &Call, payment_id: &str) -> Answer {
    let input = Input(&call.body);
    input.only(&["amount", "speed", "notes", "receipt", "payment_id", "reverse_all"])?;
    let currency = world.payment(payment_id)?.currency.clone();
    let speed = input.text("speed", 20)?.unwrap_or_else(|| "normal".to_owned());
    if speed != "normal" && speed != "optimum" {
        return Err(Refusal::input("The selected speed is invalid.").at("speed"));
    }
    if input.number("amount")? == Some(0) {
        return Err(Refusal::input("Amount cannot be blank.").at("amount"));
    }
    let new = NewRefund {
        amount: input.amount("amount", &currency)?,
        speed,
        notes: input.notes()?,
        receipt: input.text("receipt", 40)?,
    };
    let id = world.make_refund(payment_id, new)?;
    Ok(world.refund(&id)?.json())
}

pub(crate) fn of_payment(world: &World, call: &Call, payment_id: &str) -> Answer {
    list(world, call, Some(&world.payment(payment_id)?.id))
}

pub(crate) fn one_of_payment(world: &World, payment_id: &str, refund_id: &str) -> Answer {
    let payment = world.payment(payment_id)?;
    let refund = world.refund(refund_id)?;
    if refund.payment_id == payment.id { Ok(refund.json()) } else { Err(Refusal::unknown_id()) }
}

fn list(world: &World, call: &Call, payment_id: Option<&str>) -> Answer {
    let page = Page::read(call, 100, &["payment_id"])?;
    let payment_id = payment_id.or_else(|| call.parameter("payment_id"));
    let refunds = world.refunds.iter().filter(|refund| payment_id.is_none_or(|id| refund.payment_id == id));
    Ok(model::collection(page.of(refunds).into_iter().map(Refund::json)))
}

/// What an idempotency key stands for: everything that was sent, and what it was sent about.
pub(crate) fn fingerprint(call: &Call, payment_id: &str) -> Value {
    json!([payment_id, call.body])
}
