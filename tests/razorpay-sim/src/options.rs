//! How a simulator is set up: its keys, its webhook, how fast its world turns and what becomes of refunds.

use std::time::Duration;

/// Where events are sent and what they are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// A plain `http://` URL; the simulator speaks no TLS.
    pub url: String,
    /// The webhook secret, which is not the key secret.
    pub secret: String,
}

/// What becomes of a refund after it was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RefundCourse {
    /// `pending` in the answer, `processed` after [`Pace::refund_settles`].
    #[default]
    ProcessedLater,
    /// `processed` already in the answer.
    ProcessedAtOnce,
    /// `pending` in the answer, `failed` after [`Pace::refund_settles`].
    Fails,
    /// `processed` after [`Pace::refund_settles`], and `failed` once more of that time has passed: the bank bounced it.
    FailsAfterProcessed,
    /// Stays `pending` until [`crate::Simulator::settle_refund`].
    Waits,
}

/// How long things take. Razorpay needs minutes to days for most of them; the defaults suit a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Between an effect and the first delivery of its webhook.
    pub webhook: Duration,
    /// How long a receiver may take to answer (Razorpay: 5 s).
    pub webhook_timeout: Duration,
    /// Before the second delivery; doubled before each further one.
    pub retry_first: Duration,
    /// The longest pause between two deliveries.
    pub retry_longest: Duration,
    /// How long after an event its delivery is given up and the webhook disabled (Razorpay: 24 h).
    pub give_up: Duration,
    /// Between the acceptance of a refund and its end (Razorpay: 5 to 7 working days).
    pub refund_settles: Duration,
    /// Between a payment's failure and its late authorisation (Razorpay: up to 3 days).
    pub late_authorisation: Duration,
    /// Between the order of a recurring debit and its result (Razorpay: up to 72 h).
    pub debit: Duration,
    /// Between an order with a `notification` and the delivery of the notice.
    pub notice: Duration,
    /// How long the list of payment links does not yet show a new one, which can be asked for alone at once. None by
    /// default; some saw Razorpay need six seconds.
    pub link_list_lag: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            webhook: Duration::from_millis(20),
            webhook_timeout: Duration::from_secs(5),
            retry_first: Duration::from_millis(200),
            retry_longest: Duration::from_secs(10),
            give_up: Duration::from_secs(24 * 60 * 60),
            refund_settles: Duration::from_millis(100),
            late_authorisation: Duration::from_millis(300),
            debit: Duration::from_millis(100),
            notice: Duration::from_millis(50),
            link_list_lag: Duration::ZERO,
        }
    }
}

/// Everything a simulator is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The user of HTTP Basic, such as `rzp_test_1DP5mmOlF5G5ag`.
    pub key_id: String,
    /// The password of HTTP Basic; also signs what the checkout hands over.
    pub key_secret: String,
    /// Where events go; none are sent without it.
    pub webhook: Option<Webhook>,
    /// How people reach the simulator, for the addresses of its pages; the address it listens on when `None`.
    pub public_url: Option<String>,
    /// How long things take.
    pub pace: Pace,
    /// What becomes of refunds.
    pub refunds: RefundCourse,
    /// Whether an order that does not say captures its payments by itself.
    pub captures: bool,
    /// What the merchant may refund in all, in minor units; `None` is without limit.
    pub balance: Option<i64>,
}

impl Options {
    /// Options with these keys, without a webhook, and otherwise as Razorpay is by default, only faster.
    pub fn new(key_id: impl Into<String>, key_secret: impl Into<String>) -> Self {
        Self {
            key_id: key_id.into(),
            key_secret: key_secret.into(),
            webhook: None,
            public_url: None,
            pace: Pace::default(),
            refunds: RefundCourse::default(),
            captures: true,
            balance: None,
        }
    }

    /// The same with a webhook.
    #[must_use]
    pub fn webhook(mut self, url: impl Into<String>, secret: impl Into<String>) -> Self {
        self.webhook = Some(Webhook { url: url.into(), secret: secret.into() });
        self
    }
}
