//! What a plan charges for, the question put to a pricing plugin, and which answers we accept.
//!
//! This crate prices nothing: amounts come only from the plugin's answer. What is decided here is
//! whether a plan makes sense, what exactly is asked, and whether the answer can be billed.

mod answer;
mod check;
pub mod models;
mod question;
mod terms;

pub use answer::{ChargeAnswer, PriceStep, PricedCharge, PricingAnswer, RatingRefused, accept};
pub use check::{MAX_CHARGES, MAX_CODE_BYTES, MAX_NAME_BYTES, PlanProblem};
pub use question::{ChargeQuestion, PricingQuestion, question};
pub use terms::{Charge, FeeTiming, FixedFee, ParameterValue, PlanTerms, Tier, UnknownFeeTiming};
