//! What Razorpay tells unasked: whether it is really Razorpay, and what it says.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use super::{Razorpay, shapes};
use crate::gateway::News;

impl Razorpay {
    /// Whether a body is signed with a secret that is, or was a moment ago, ours. Compared in constant time.
    pub fn is_signed(&self, body: &[u8], signature: &str) -> bool {
        let Ok(signature) = hex::decode(signature) else { return false };
        self.webhook_secrets.iter().any(|secret| {
            Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()).is_ok_and(|mut code| {
                code.update(body);
                code.verify_slice(&signature).is_ok()
            })
        })
    }

    /// Whether webhooks can be told from forgeries at all.
    pub fn has_webhook_secret(&self) -> bool {
        !self.webhook_secrets.is_empty()
    }
}

/// The name of the event in a body.
///
/// # Errors
/// Words, when it is no event.
pub fn event_name(body: &str) -> Result<String, String> {
    let event: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
    shapes::text(&event, "event").ok_or_else(|| "`event` is missing".to_owned())
}

/// What an event says.
///
/// # Errors
/// Words, when what it says cannot be read.
pub fn news(body: &str) -> Result<News, String> {
    let event: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
    let name = shapes::text(&event, "event").ok_or("`event` is missing")?;
    let entity = |noun: &str| event.get("payload").and_then(|payload| payload.get(noun)?.get("entity"));
    let of = |noun: &str| entity(noun).ok_or_else(|| format!("`payload.{noun}.entity` is missing"));
    match name.as_str() {
        // Before `payment.`: a dispute's event carries a payment as well.
        _ if name.starts_with("payment.dispute.") => {
            let dispute = of("dispute")?;
            Ok(News::Dispute(shapes::text(dispute, "id").ok_or("the dispute has no id")?))
        }
        "payment.authorized" | "payment.captured" | "payment.failed" | "order.paid" => {
            shapes::payment(of("payment")?).map(News::Payment)
        }
        "payment_link.paid" | "payment_link.partially_paid" | "payment_link.cancelled" | "payment_link.expired" => {
            let link = of("payment_link")?;
            let id = shapes::text(link, "id").ok_or("the link has no id")?;
            let payment = entity("payment").map(shapes::payment).transpose()?;
            Ok(News::Link(id, shapes::link_state(link), payment))
        }
        _ if name.starts_with("refund.") => shapes::refund(of("refund")?).map(News::Refund),
        _ => Ok(News::Other),
    }
}

#[cfg(test)]
mod tests {}
