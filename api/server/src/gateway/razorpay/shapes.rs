//! Razorpay's documents as they really come: types vary between endpoints, nulls stand anywhere, empty notes are an
//! array. What money hangs on must be there; nothing else is looked at.

use billing::money::{Currency, Money};
use billing::payment::PaymentState;
use billing::refund::RefundState;
use serde_json::Value;

use super::OWNER;
use crate::gateway::{Declined, Dispute, Opened, RefundSighting, Sighting};

/// A text that says something.
pub(super) fn text(entity: &Value, field: &str) -> Option<String> {
    entity.get(field).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn needed(entity: &Value, field: &str) -> Result<String, String> {
    text(entity, field).ok_or_else(|| format!("`{field}` is missing"))
}

fn whole(entity: &Value, field: &str) -> Option<i64> {
    let value = entity.get(field)?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn money(entity: &Value, field: &str) -> Result<Money, String> {
    let minor = whole(entity, field).ok_or_else(|| format!("`{field}` is no whole number"))?;
    let code = needed(entity, "currency")?;
    let currency = Currency::from_stored(&code).ok_or_else(|| format!("`currency` is {code}"))?;
    Ok(Money::new(minor, currency))
}

/// The entries of a collection.
pub(super) fn items(collection: &Value) -> Result<&Vec<Value>, String> {
    collection.get("items").and_then(Value::as_array).ok_or_else(|| "`items` is missing".to_owned())
}

/// An order or a link.
pub(super) fn opened(entity: &Value) -> Result<Opened, String> {
    Ok(Opened { id: needed(entity, "id")?, pay_url: text(entity, "short_url") })
}

/// Where a link stands, as far as the link alone tells: money is believed when its payment is seen.
pub(super) fn link_state(link: &Value) -> PaymentState {
    match text(link, "status").as_deref() {
        Some("expired" | "cancelled") => PaymentState::Cancelled,
        _ => PaymentState::Pending,
    }
}

/// A payment.
pub(super) fn payment(entity: &Value) -> Result<Sighting, String> {
    let amount = money(entity, "amount")?;
    let captured = match entity.get("captured") {
        Some(Value::Bool(captured)) => *captured,
        Some(Value::String(text)) => text == "1" || text == "true",
        _ => false,
    };
    let state = match (needed(entity, "status")?.as_str(), captured) {
        // A snapshot may say that it was captured and still show the state of the moment before.
        ("captured" | "refunded", _) | ("authorized", true) => PaymentState::Captured,
        ("authorized", _) => PaymentState::Authorised,
        ("failed", _) => PaymentState::Failed,
        ("created" | "pending", _) => PaymentState::Pending,
        (other, _) => return Err(format!("`status` is {other}")),
    };
    let part = |field| whole(entity, field).map(|minor| Money::new(minor, amount.currency));
    let code = text(entity, "error_reason").or_else(|| text(entity, "error_code"));
    Ok(Sighting {
        id: needed(entity, "id")?,
        order_id: text(entity, "order_id"),
        owner: owner(entity),
        state,
        amount,
        fee: part("fee"),
        fee_tax: part("tax"),
        decline: code.map(|code| {
            let words = text(entity, "error_description").unwrap_or_else(|| "The payment failed.".to_owned());
            Declined { code, words }
        }),
    })
}

/// A refund.
pub(super) fn refund(entity: &Value) -> Result<RefundSighting, String> {
    let state = match text(entity, "status").as_deref() {
        // Old documents have no status; a refund that exists is on its way.
        None | Some("pending" | "created") => RefundState::Pending,
        Some("processed") => RefundState::Succeeded,
        Some("failed" | "reversed") => RefundState::Failed,
        Some(other) => return Err(format!("`status` is {other}")),
    };
    let acquirer = entity.get("acquirer_data");
    let shown = ["arn", "rrn", "utr"].into_iter().find_map(|field| acquirer.and_then(|data| text(data, field)));
    Ok(RefundSighting {
        id: needed(entity, "id")?,
        payment_id: needed(entity, "payment_id")?,
        key: owner(entity).or_else(|| text(entity, "receipt")),
        state,
        amount: money(entity, "amount")?,
        bank_reference: shown,
    })
}

/// A dispute.
pub(super) fn dispute(entity: &Value) -> Result<Dispute, String> {
    let amount = money(entity, "amount")?;
    let held = match needed(entity, "status")?.as_str() {
        "won" | "closed" => Money::zero(amount.currency),
        _ => amount,
    };
    Ok(Dispute { payment_id: needed(entity, "payment_id")?, held })
}

fn owner(entity: &Value) -> Option<String> {
    // Empty notes are `[]`.
    text(entity.get("notes")?, OWNER)
}
