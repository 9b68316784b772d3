//! Payment gateways: what is asked of them, and what they may answer.
//!
//! No answer is no decline. A gateway that is silent, busy or broken leaves an [`Outcome::Unknown`], and is asked again
//! with the same key; only a plain no is [`Outcome::Declined`]. Nothing here opens a transaction or knows a row: the use
//! cases write down what is to be asked before they ask, and what was answered after.

mod offline;
pub mod razorpay;

use billing::money::Money;
use billing::payment::PaymentState;
use billing::refund::RefundState;
use futures_util::future::BoxFuture;
use std::fmt;

use crate::config::Settings;
use crate::error::Error;
use crate::store::payment::GatewayName;

pub use offline::Offline;
pub use razorpay::Razorpay;

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The gateway did it, now or when it was asked before.
    Done(T),
    /// The gateway will not, and asking again will not change that.
    Declined(Declined),
    /// It may have happened or not: why nobody knows.
    Unknown(String),
}

/// A plain no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declined {
    /// Why, for programs: a reason of the gateway such as `insufficient_fund`.
    pub code: String,
    /// Why, for people.
    pub words: String,
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.words, self.code)
    }
}

/// Money to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Ours, unique for ever: the gateway finds what an earlier try made under it.
    pub key: String,
    /// How much.
    pub amount: Money,
    /// What the payer reads.
    pub description: String,
    /// What comes back with each payment, to find ours by.
    pub owner: String,
    /// Whether it may have been asked before, so that the gateway is searched first.
    pub again: bool,
}

/// Where money can be paid now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The gateway's order or link.
    pub id: String,
    /// Where a link is paid.
    pub pay_url: Option<String>,
}

/// A payment as the gateway tells of it: a snapshot of some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The gateway's payment.
    pub id: String,
    /// The order it is for.
    pub order_id: Option<String>,
    /// What [`Ask::owner`] said.
    pub owner: Option<String>,
    /// Where it stands.
    pub state: PaymentState,
    /// How much.
    pub amount: Money,
    /// What the gateway keeps, tax included.
    pub fee: Option<Money>,
    /// The tax in the fee.
    pub fee_tax: Option<Money>,
    /// Why it was declined.
    pub decline: Option<Declined>,
}

/// Money to go back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// Ours, the same at every try: the gateway refunds once for it.
    pub key: String,
    /// The gateway's payment.
    pub payment_id: String,
    /// How much.
    pub amount: Money,
}

/// A refund as the gateway tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundSighting {
    /// The gateway's refund.
    pub id: String,
    /// The gateway's payment.
    pub payment_id: String,
    /// What [`Return::key`] said; none for one that was not asked for by us.
    pub key: Option<String>,
    /// Where it stands.
    pub state: RefundState,
    /// How much.
    pub amount: Money,
    /// What the payer's bank shows.
    pub bank_reference: Option<String>,
}

/// What a gateway tells unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Of a payment.
    Payment(Sighting),
    /// Of a link: its id, where it stands, and the payment that paid it.
    Link(String, PaymentState, Option<Sighting>),
    /// Of a refund.
    Refund(RefundSighting),
    /// Of a dispute, by its id: ask what it holds.
    Dispute(String),
    /// Of nothing that money hangs on.
    Other,
}

/// What a dispute holds or has taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// The gateway's payment.
    pub payment_id: String,
    /// How much; zero when it was won or closed.
    pub held: Money,
}

/// Somebody through whom money comes and goes. Every question may be asked twice.
pub trait PaymentGateway: Send + Sync {
    /// Whether this amount can be asked for; else why not, in words.
    fn takes(&self, amount: Money) -> Result<(), Declined>;

    /// Opens an order for the checkout in the seller's own page.
    fn open_order<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Outcome<Opened>>;

    /// Opens a link to a page of the gateway.
    fn open_link<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Outcome<Opened>>;

    /// Every payment made for an order.
    fn payments_of_order<'a>(&'a self, order: &'a str) -> BoxFuture<'a, Outcome<Vec<Sighting>>>;

    /// Where a link stands, and every payment made for it.
    fn link<'a>(&'a self, link: &'a str) -> BoxFuture<'a, Outcome<(PaymentState, Vec<Sighting>)>>;

    /// Takes money that the payer's bank has agreed to.
    fn capture<'a>(&'a self, payment: &'a str, amount: Money) -> BoxFuture<'a, Outcome<Sighting>>;

    /// Sends money back.
    fn refund<'a>(&'a self, wanted: &'a Return) -> BoxFuture<'a, Outcome<RefundSighting>>;

    /// Every refund of a payment.
    fn refunds_of<'a>(&'a self, payment: &'a str) -> BoxFuture<'a, Outcome<Vec<RefundSighting>>>;

    /// What a dispute holds.
    fn dispute<'a>(&'a self, dispute: &'a str) -> BoxFuture<'a, Outcome<Dispute>>;
}

/// The gateways that the settings name.
pub struct Gateways {
    razorpay: Option<Razorpay>,
    offline: Offline,
}

impl Gateways {
    /// Those of the settings.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        Ok(Self { razorpay: Razorpay::new(settings)?, offline: Offline })
    }

    /// One by name, when it is set up.
    pub fn named(&self, name: GatewayName) -> Result<&dyn PaymentGateway, Error> {
        match name {
            GatewayName::Offline => Ok(&self.offline),
            GatewayName::Razorpay => Ok(self.razorpay()?),
        }
    }

    /// Razorpay, which also sends webhooks.
    pub fn razorpay(&self) -> Result<&Razorpay, Error> {
        self.razorpay.as_ref().ok_or_else(|| {
            Error::refused(
                "NO_GATEWAY",
                "No payment gateway is set up. The operator sets `razorpay_key_id` and `razorpay_key_secret`.",
            )
        })
    }
}
