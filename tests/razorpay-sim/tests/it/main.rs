//! What the simulator promises, seen from outside.

mod errors;
mod mandates;
mod money;
mod payments;
mod refunds;
mod stage;
mod webhooks;
