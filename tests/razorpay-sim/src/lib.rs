//! Razorpay as far as it can be known from outside: its API, its webhooks, its payers and its bad days.
//!
//! A [`Simulator`] listens on an address and answers like `api.razorpay.com`: the same documents, the same refusals
//! in the same words. Nobody pays by themselves: a test, or a person at the page `/pay/order/…` or `/pay/link/…`,
//! decides what a [`Payer`] does. Webhooks are delivered as Razorpay does it, at least once and in no order, and what
//! goes wrong with requests and webhooks is said by a [`Fault`] and a [`WebhookFault`].
//!
//! Money is in integers of minor units everywhere. It depends on nothing of the product, so that both can be wrong
//! only separately.

mod api;
mod courier;
mod faults;
mod front;
mod ids;
mod lock;
mod merchant;
mod model;
mod options;
mod pages;
mod payer;
mod refusal;
mod shared;
mod shelf;
pub mod signature;
mod simulator;
mod wire;
mod world;

pub use courier::{Delivery, Release};
pub use faults::{Fault, Times, Trouble, WebhookFault, WebhookTrouble};
pub use merchant::{Mandate, NewDispute, Outcome, Verdict};
pub use options::{Options, Pace, RefundCourse, Webhook};
pub use payer::{Conduct, Method, Payer};
pub use refusal::Refusal;
pub use simulator::Simulator;
