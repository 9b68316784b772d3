//! `/v1/payments/create/recurring`.

use serde_json::json;

use super::{
    Answer,
    call::Call,
    input::{Input, missing},
};
use crate::{refusal::Refusal, world::World};

const FIELDS: [&str; 10] =
    ["email", "contact", "amount", "currency", "order_id", "customer_id", "token", "recurring", "description", "notes"];

/// Debits a mandate for an order that was made for it; the answer names the payment and nothing else.
pub(crate) fn debit(world: &mut World, call: &Call) -> Answer {
    let input = Input(&call.body);
    input.only(&FIELDS)?;
    let currency = input.currency()?.ok_or_else(|| missing("currency"))?;
    let amount = input.needed_amount("amount", &currency)?;
    let order_id = input.needed("order_id", 40)?;
    let customer_id = input.needed("customer_id", 40)?;
    let token_id = input.needed("token", 40)?;
    input.needed("email", 254)?;
    if call.body.get("contact").is_none_or(serde_json::Value::is_null) {
        return Err(missing("contact"));
    }
    if !input.flag("recurring")?.ok_or_else(|| missing("recurring"))? {
        return Err(Refusal::input("The selected recurring is invalid.").at("recurring"));
    }
    let description = input.text("description", 255)?;
    let notes = input.notes()?;
    world.customer(&customer_id)?;
    let payment_id = world.debit(&order_id, &token_id, &customer_id, amount, description)?;
    if let Some(payment) = world.payments.get_mut(&payment_id) {
        payment.notes = notes;
        payment.customer_id = Some(customer_id);
    }
    Ok(json!({ "razorpay_payment_id": payment_id }))
}
