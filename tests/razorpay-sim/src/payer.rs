//! What somebody who pays does, and how banks say no.

/// How somebody pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// UPI, the usual one.
    Upi,
    /// A card.
    Card,
    /// The bank's own site.
    Netbanking,
    /// A wallet.
    Wallet,
}

impl Method {
    /// As Razorpay writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upi => "upi",
            Self::Card => "card",
            Self::Netbanking => "netbanking",
            Self::Wallet => "wallet",
        }
    }

    /// Reads what Razorpay writes; `None` for a method that is not simulated.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        [Self::Upi, Self::Card, Self::Netbanking, Self::Wallet].into_iter().find(|method| method.as_str() == word)
    }
}

/// What comes of an attempt to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conduct {
    /// Authorised, and captured unless the order says otherwise.
    Pays,
    /// Failed for one of Razorpay's reasons, such as `insufficient_fund` or `payment_cancelled`.
    Declines(String),
    /// Failed because the bank did not answer in time.
    TimesOut,
    /// Failed because the bank did not answer in time; authorised after all after
    /// [`crate::Pace::late_authorisation`].
    AuthorisesLate,
    /// Authorised and never captured by itself, whatever the order says.
    AuthorisesOnly,
}

/// Somebody who pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payer {
    /// What comes of it.
    pub conduct: Conduct,
    /// How it is paid.
    pub method: Method,
    /// Minor units, for what may be paid in parts; `None` is all that is due.
    pub amount: Option<i64>,
    /// The payer's mail address.
    pub email: String,
    /// The payer's telephone number.
    pub contact: String,
}

impl Payer {
    /// Somebody who behaves so, pays by UPI and pays all that is due.
    #[must_use]
    pub fn new(conduct: Conduct) -> Self {
        Self {
            conduct,
            method: Method::Upi,
            amount: None,
            email: "gaurav.kumar@example.com".to_owned(),
            contact: "+919000090000".to_owned(),
        }
    }

    /// Somebody who pays.
    #[must_use]
    pub fn pays() -> Self {
        Self::new(Conduct::Pays)
    }

    /// Somebody whose bank declines for this reason.
    #[must_use]
    pub fn declines(reason: &str) -> Self {
        Self::new(Conduct::Declines(reason.to_owned()))
    }

    /// Somebody whose bank does not answer.
    #[must_use]
    pub fn times_out() -> Self {
        Self::new(Conduct::TimesOut)
    }

    /// Somebody whose bank answers long after everybody gave up.
    #[must_use]
    pub fn authorises_late() -> Self {
        Self::new(Conduct::AuthorisesLate)
    }

    /// Somebody whose payment waits to be captured.
    #[must_use]
    pub fn authorises_only() -> Self {
        Self::new(Conduct::AuthorisesOnly)
    }

    /// The same, paying so.
    #[must_use]
    pub fn by(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// The same, paying this much, in minor units.
    #[must_use]
    pub fn amount(mut self, amount: i64) -> Self {
        self.amount = Some(amount);
        self
    }
}

/// How a bank said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decline {
    pub(crate) code: &'static str,
    pub(crate) description: String,
    pub(crate) source: &'static str,
    pub(crate) step: &'static str,
    pub(crate) reason: String,
}

const BAD_REQUEST: &str = "BAD_REQUEST_ERROR";
const GATEWAY: &str = "GATEWAY_ERROR";

impl Decline {
    /// Razorpay's words for one of its reasons; a reason that is not known here is a plain `Payment failed`.
    pub(crate) fn of(reason: &str) -> Self {
        let (code, source, step, description) = match reason {
            "payment_timed_out" => (
                BAD_REQUEST,
                "customer",
                "payment_authentication",
                "Payment was unsuccessful as you could not complete it in time.",
            ),
            "payment_cancelled" => (
                BAD_REQUEST,
                "customer",
                "payment_authentication",
                "You may have cancelled the payment or there was a delay in response from the UPI app.",
            ),
            "insufficient_fund" => (
                BAD_REQUEST,
                "customer",
                "payment_authorization",
                "Your payment could not be completed due to insufficient account balance. Try again with another \
                 card or account.",
            ),
            "card_declined" => (
                BAD_REQUEST,
                "issuer",
                "payment_authorization",
                "Your payment was declined by the bank. Try again with another card or contact your bank.",
            ),
            "card_disabled_for_online_payments" => (
                BAD_REQUEST,
                "customer",
                "payment_authorization",
                "Your card is disabled for online payments. Contact your bank to enable it.",
            ),
            "card_number_invalid" => {
                (BAD_REQUEST, "customer", "payment_initiation", "You have entered an incorrect card number. Try again.")
            }
            "gateway_technical_error" => (
                GATEWAY,
                "gateway",
                "payment_authorization",
                "Payment processing failed due to error at bank or wallet gateway",
            ),
            "authentication_failed" => {
                (GATEWAY, "customer", "payment_authentication", "Authentication failed due to incorrect otp")
            }
            _ => (BAD_REQUEST, "gateway", "payment_authorization", "Payment failed"),
        };
        Self { code, description: description.to_owned(), source, step, reason: reason.to_owned() }
    }
}
