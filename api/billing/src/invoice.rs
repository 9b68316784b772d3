//! An invoice: its lines, what they add up to, and which state may follow which.
//!
//! Numbers, due dates and everything that must be unique are decided by a transaction, not here.

pub mod draft;
pub mod state;
pub mod totals;

pub use draft::{Draft, FeeRefused, InvoiceLine, LineKind, UnknownLineKind};
pub use state::{InvoiceCommand, InvoiceState, StateRefused, Transition, UnknownInvoiceState, next};
pub use totals::{Totals, TotalsRefused, totals};
