//! The question put to a tax plugin, and which of its answers we accept.
//!
//! This crate knows no tax law and no rate: it knows that a tax is a rate of a base, that a base
//! is the sum of lines, and that what is printed must add up.

mod answer;
mod question;

pub use answer::{AcceptedComponent, AcceptedTaxes, TaxAnswer, TaxComponent, TaxRefused, accept};
pub use question::{TaxLine, TaxParty, TaxQuestion, TaxRegime};
