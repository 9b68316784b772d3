//! Settings of the payment gateways.

use std::time::Duration;

use super::{Secret, Setting, between, setting, url};

pub(super) const GATEWAY: &[Setting] = &[
    setting!(
        "razorpay_key_id",
        "UNDASH_RAZORPAY_KEY_ID",
        "none: only money outside a gateway",
        "Public half of the key to Razorpay, `rzp_live_…` or `rzp_test_…`.",
        |s, v| {
            s.razorpay_key_id = Some(v.to_owned());
            Ok(())
        }
    ),
    setting!("razorpay_key_secret", "UNDASH_RAZORPAY_KEY_SECRET", "none", "Secret half of that key.", |s, v| {
        s.razorpay_key_secret = Some(Secret::new(v));
        Ok(())
    }),
    setting!(
        "razorpay_webhook_secret",
        "UNDASH_RAZORPAY_WEBHOOK_SECRET",
        "none: webhooks are refused",
        "What Razorpay signs webhooks with; they go to `/v1/webhooks/razorpay`.",
        |s, v| {
            s.razorpay_webhook_secret = Some(Secret::new(v));
            Ok(())
        }
    ),
    setting!(
        "razorpay_previous_webhook_secret",
        "UNDASH_RAZORPAY_PREVIOUS_WEBHOOK_SECRET",
        "none",
        "What it signed them with before: an event older than a rotation comes with the old signature, for a day.",
        |s, v| {
            s.razorpay_previous_webhook_secret = Some(Secret::new(v));
            Ok(())
        }
    ),
    setting!(
        "razorpay_url",
        "UNDASH_RAZORPAY_URL",
        "https://api.razorpay.com",
        "Where Razorpay is; another address for a simulator.",
        |s, v| {
            s.razorpay_url = url(v)?;
            Ok(())
        }
    ),
    setting!(
        "gateway_timeout_seconds",
        "UNDASH_GATEWAY_TIMEOUT_SECONDS",
        "15",
        "Seconds a payment gateway may take to answer; after that what it did is unknown and it is asked again (1 to 120).",
        |s, v| {
            s.gateway_timeout = Duration::from_secs(u64::from(between(v, 1, 120)?));
            Ok(())
        }
    ),
];
