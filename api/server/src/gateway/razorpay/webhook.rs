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
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::config::{Secret, Settings};
    use billing::payment::PaymentState;
    use billing::refund::RefundState;

    fn account(secret: &str, previous: Option<&str>) -> Razorpay {
        let settings = Settings {
            razorpay_key_id: Some("rzp_test_key".to_owned()),
            razorpay_key_secret: Some(Secret::new("secret")),
            razorpay_webhook_secret: Some(Secret::new(secret)),
            razorpay_previous_webhook_secret: previous.map(Secret::new),
            ..Settings::default()
        };
        Razorpay::new(&settings).unwrap().unwrap()
    }

    /// The vector of the official Python client.
    const KNOWN: (&str, &str, &str) = (
        "key_secret",
        "fake_order_id|fake_payment_id",
        "b2335e3b0801106b84a7faff035df56ecffde06918c9ddd1f0fafbb37a51cc89",
    );

    #[test]
    fn signatures_of_the_current_and_the_previous_secret() {
        let (secret, body, signature) = KNOWN;
        let body = body.as_bytes();
        assert!(account(secret, None).is_signed(body, signature));
        assert!(account("rotated", Some(secret)).is_signed(body, signature));
        assert!(!account("rotated", None).is_signed(body, signature));
        assert!(!account(secret, None).is_signed(b"fake_order_id|other", signature));
        for wrong in ["", "b2335e", "zz", &signature[1..]] {
            assert!(!account(secret, None).is_signed(body, wrong), "{wrong}");
        }
    }

    fn event(name: &str, payload: &str) -> News {
        news(&format!(r#"{{"entity":"event","event":"{name}","payload":{payload}}}"#)).unwrap()
    }

    #[test]
    fn events_as_they_really_come() {
        let payment = r#"{"id":"pay_1","entity":"payment","amount":2360,"currency":"INR","status":"authorized","captured":true,"order_id":"order_1","notes":[],"fee":"55","tax":8,"contact":919999999999,"error_code":null}"#;
        let News::Payment(seen) = event("payment.authorized", &format!(r#"{{"payment":{{"entity":{payment}}}}}"#))
        else {
            panic!("a payment")
        };
        assert_eq!((seen.state, seen.order_id.as_deref(), seen.owner), (PaymentState::Captured, Some("order_1"), None));
        assert_eq!(seen.fee.unwrap().minor, 55, "numbers in texts are numbers");

        let failed = payment.replace("authorized", "failed").replace("true", "\"\"").replace(
            r#""error_code":null"#,
            r#""error_code":"BAD_REQUEST_ERROR","error_reason":"insufficient_fund","error_description":"No funds""#,
        );
        let News::Payment(seen) = event("payment.failed", &format!(r#"{{"payment":{{"entity":{failed}}}}}"#)) else {
            panic!("a payment")
        };
        assert_eq!((seen.state, seen.decline.unwrap().code.as_str()), (PaymentState::Failed, "insufficient_fund"));

        let link = r#"{"payment_link":{"entity":{"id":"plink_1","status":"paid"}},"order":{"entity":{"id":"Qflcz"}},"payment":{"entity":PAYMENT}}"#
            .replace("PAYMENT", &payment.replace("[]", r#"{"undash":"org/pay"}"#));
        let News::Link(id, state, Some(seen)) = event("payment_link.paid", &link) else { panic!("a link") };
        assert_eq!((id.as_str(), state, seen.owner.as_deref()), ("plink_1", PaymentState::Pending, Some("org/pay")));
        let News::Link(_, state, None) =
            event("payment_link.expired", r#"{"payment_link":{"entity":{"id":"plink_1","status":"expired"}}}"#)
        else {
            panic!("a link")
        };
        assert_eq!(state, PaymentState::Cancelled);

        let refund = r#"{"refund":{"entity":{"id":"rfnd_1","payment_id":"pay_1","amount":100,"currency":"INR","status":"processed","notes":{"undash":"rfn_1"},"acquirer_data":{"arn":"10000"}}}}"#;
        let News::Refund(seen) = event("refund.created", refund) else { panic!("a refund") };
        assert_eq!((seen.state, seen.key.as_deref()), (RefundState::Succeeded, Some("rfn_1")));
        assert_eq!(seen.bank_reference.as_deref(), Some("10000"));

        let dispute = r#"{"payment":{"entity":{"id":"pay_1"}},"dispute":{"entity":{"id":"disp_1"},"evidence":{}}}"#;
        assert_eq!(event("payment.dispute.action_required", dispute), News::Dispute("disp_1".to_owned()));
        assert_eq!(event("payment.downtime.started", "{}"), News::Other);
    }

    #[test]
    fn what_money_hangs_on_must_be_there() {
        for (name, payload, words) in [
            ("payment.captured", "{}", "payload.payment.entity"),
            (
                "payment.captured",
                r#"{"payment":{"entity":{"id":"pay_1","status":"captured","currency":"INR"}}}"#,
                "amount",
            ),
            (
                "payment.captured",
                r#"{"payment":{"entity":{"id":"pay_1","status":"captured","amount":1.5,"currency":"INR"}}}"#,
                "amount",
            ),
            (
                "payment.captured",
                r#"{"payment":{"entity":{"id":"pay_1","status":"captured","amount":1,"currency":"???"}}}"#,
                "currency",
            ),
            (
                "payment.captured",
                r#"{"payment":{"entity":{"id":"pay_1","status":"lost","amount":1,"currency":"INR"}}}"#,
                "status",
            ),
            ("refund.processed", r#"{"refund":{"entity":{"id":"rfnd_1","amount":1,"currency":"INR"}}}"#, "payment_id"),
        ] {
            let refused = news(&format!(r#"{{"event":"{name}","payload":{payload}}}"#)).unwrap_err();
            assert!(refused.contains(words), "{refused}");
        }
        assert!(news("[]").is_err() && news("no JSON").is_err() && event_name("{}").is_err());
    }
}
