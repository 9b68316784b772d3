//! The signatures Razorpay makes: lower-case hexadecimal HMAC-SHA256 of bytes, or of words joined by `|`.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Signs the raw bytes of a webhook.
#[must_use]
pub fn sign(body: &[u8], secret: &str) -> String {
    match Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        Ok(mut mac) => {
            mac.update(body);
            hex::encode(mac.finalize().into_bytes())
        }
        // HMAC takes keys of every length.
        Err(_) => String::new(),
    }
}

/// What the checkout hands over after an order was paid: the signature of `order_id|payment_id`.
#[must_use]
pub fn checkout(order_id: &str, payment_id: &str, key_secret: &str) -> String {
    sign(format!("{order_id}|{payment_id}").as_bytes(), key_secret)
}

/// What the callback of a payment link carries: the signature of `link|reference|status|payment`.
#[must_use]
pub fn link_callback(link_id: &str, reference_id: &str, status: &str, payment_id: &str, key_secret: &str) -> String {
    sign(format!("{link_id}|{reference_id}|{status}|{payment_id}").as_bytes(), key_secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers_of_the_python_sdk() {
        assert_eq!(
            checkout("fake_order_id", "fake_payment_id", "key_secret"),
            "b2335e3b0801106b84a7faff035df56ecffde06918c9ddd1f0fafbb37a51cc89"
        );
        let subscription = sign(b"pay_IDZNwZZFtnjyym|sub_ID6MOhgkcoHj9I", "EnLs21M47BllR3X8PSFtjtbd");
        assert!(subscription.starts_with("601f3833") && subscription.ends_with("7693"), "{subscription}");
        let link =
            link_callback("plink_IH3cNucfVEgV68", "TSsd1989", "paid", "pay_IH3d0ara9bSsjQ", "EnLs21M47BllR3X8PSFtjtbd");
        assert!(link.starts_with("07ae1878") && link.ends_with("7d5b"), "{link}");
    }
}
