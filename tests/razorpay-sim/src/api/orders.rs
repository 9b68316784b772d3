//! `/v1/orders`.

use serde_json::{Map, Value, json};

use super::{
    Answer,
    call::Call,
    input::{Input, missing},
    page::Page,
};
use crate::{
    ids,
    model::{
        self,
        card::card,
        order::{Notice, Order, OrderStatus, Terms},
    },
    payer::Method,
    refusal::Refusal,
    world::World,
};

const FIELDS: [&str; 18] = [
    "amount",
    "currency",
    "receipt",
    "notes",
    "partial_payment",
    "first_payment_min_amount",
    "payment_capture",
    "payment",
    "customer_id",
    "customer_details",
    "method",
    "token",
    "notification",
    "transfers",
    "offer_id",
    "offers",
    "discount",
    "bank_account",
];
const EXPANSIONS: [&str; 5] = ["payments", "payments.card", "transfers", "virtual_account", "offers"];

/// What a mandate allows that does not say: the most without the payer's word for each debit.
const USUAL_MAX: i64 = 1_500_000;

pub(crate) fn answer(world: &mut World, call: &Call, rest: &[&str]) -> Answer {
    match (call.method.as_str(), rest) {
        ("POST", []) => create(world, call),
        ("GET", []) => list(world, call),
        ("GET", [id]) => {
            call.only_expands(&EXPANSIONS)?;
            Ok(expanded(world, world.order(id)?, call))
        }
        ("GET", [id, "payments"]) => {
            call.only_expands(&super::payments::EXPANSIONS)?;
            let id = world.order(id)?.id.clone();
            Ok(payments_of(world, &id, call.expands("card")))
        }
        ("PATCH", [id]) => {
            world.order(id)?;
            let notes = Input(&call.body).new_notes()?;
            let order = world.orders.get_mut(id).ok_or_else(Refusal::unknown_id)?;
            order.notes = notes;
            Ok(order.json())
        }
        _ => Err(Refusal::unknown_url()),
    }
}

fn create(world: &mut World, call: &Call) -> Answer {
    let input = Input(&call.body);
    input.only(&FIELDS)?;
    let currency = input.currency()?.ok_or_else(|| missing("currency"))?;
    let method = input.text("method", 20)?;
    let terms = input.object("token")?.map(read_terms).transpose()?;
    // Mandates over a bank account are registered with nothing to pay.
    let amount = match input.number("amount")? {
        Some(0) if terms.is_some() => 0,
        _ => input.needed_amount("amount", &currency)?,
    };
    let customer_id = input.text("customer_id", 20)?;
    if let Some(customer_id) = &customer_id {
        world.customer(customer_id)?;
    }
    if terms.is_some() && customer_id.is_none() {
        return Err(missing("customer_id"));
    }
    if terms.is_some() && method.as_deref().and_then(Method::read) == Some(Method::Upi) && currency != "INR" {
        return Err(Refusal::input("Currency should be INR for UPI recurring payments").at("currency"));
    }
    let notice = input.object("notification")?.map(|fields| read_notice(world, fields)).transpose()?;
    let order = Order {
        id: ids::fresh("order"),
        amount,
        amount_paid: 0,
        receipt: input.text("receipt", 40)?,
        status: OrderStatus::Created,
        attempts: 0,
        notes: input.notes()?,
        partial: input.flag("partial_payment")?.unwrap_or(false),
        first_min: input.amount("first_payment_min_amount", &currency)?,
        captures: captures(&input)?.unwrap_or(world.options.captures),
        method,
        customer_id,
        terms,
        notice,
        link: None,
        created_at: world.now(),
        currency,
    };
    let (id, document, notifies) = (order.id.clone(), order.json(), order.notice.is_some());
    world.orders.put(order);
    if notifies {
        world.plan_notice(&id);
    }
    Ok(document)
}

fn captures(input: &Input<'_>) -> Result<Option<bool>, Refusal> {
    if let Some(capture) = input.object("payment")?.and_then(|payment| payment.get("capture")) {
        return Ok(Some(capture == "automatic"));
    }
    input.flag("payment_capture")
}

fn read_terms(fields: &Map<String, Value>) -> Result<Terms, Refusal> {
    let input = Input(fields);
    Ok(Terms {
        max_amount: input.number("max_amount")?.unwrap_or(USUAL_MAX),
        expire_at: input.number("expire_at")?.or(input.number("expire_by")?),
    })
}

fn read_notice(world: &World, fields: &Map<String, Value>) -> Result<Notice, Refusal> {
    let input = Input(fields);
    let token_id = input.needed("token_id", 20)?;
    world.token(&token_id)?;
    Ok(Notice {
        id: ids::fresh("notification"),
        token_id,
        payment_after: input.number("payment_after")?.unwrap_or_else(|| world.now()),
        status: None,
        delivered_at: None,
    })
}

fn list(world: &World, call: &Call) -> Answer {
    let page = Page::read(call, 100, &["authorized", "receipt"])?;
    call.only_expands(&EXPANSIONS)?;
    let receipt = call.parameter("receipt");
    let authorised = call.parameter("authorized").map(|flag| flag == "1");
    let orders = world.orders.iter().filter(|order| {
        let has_money = || world.payments.iter().any(|p| p.order_id == order.id && p.reference.is_some());
        receipt.is_none_or(|receipt| order.receipt.as_deref() == Some(receipt))
            && authorised.is_none_or(|wanted| has_money() == wanted)
    });
    Ok(model::collection(page.of(orders).into_iter().map(|order| expanded(world, order, call))))
}

fn expanded(world: &World, order: &Order, call: &Call) -> Value {
    let mut document = order.json();
    if call.expands("payments") || call.expands("payments.card") {
        let payments = payments_of(world, &order.id, call.expands("payments.card"));
        model::set(&mut document, "payments", payments);
    }
    if order.status != OrderStatus::Created && call.expands("offers") {
        model::set(&mut document, "offers", json!([]));
    }
    document
}

fn payments_of(world: &World, order_id: &str, with_card: bool) -> Value {
    let payments = world.payments.iter().filter(|payment| payment.order_id == order_id);
    model::collection(payments.map(|payment| {
        let mut document = payment.listed_json();
        if let Some(card_id) = payment.card_id.as_ref().filter(|_| with_card) {
            model::set(&mut document, "card", card(card_id));
        }
        document
    }))
}
