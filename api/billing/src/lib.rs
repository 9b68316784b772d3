//! The pure heart of the platform: what a number, a period, an event, a price, a tax and an
//! invoice *are*, and which answers about them are acceptable.
//!
//! Nothing in this crate reads a clock, opens a file, awaits, serialises or prices. Whoever calls
//! it passes `now`, the rows and the plugin's answer, and gets plain data or a refusal back; the
//! same arguments always give the same result. Floats are a lint error here, decimals are exact
//! or an error, and every money addition is checked.
//!
//! | room | what it decides |
//! |---|---|
//! | [`ids`] | public identifiers, one type per kind |
//! | [`decimal`] | the text of a number, and arithmetic that never rounds silently |
//! | [`money`] | currencies, minor units, the one rounding, fair splits |
//! | [`period`] | half-open intervals, billing periods, proration |
//! | [`metering`] | which usage events are sound, when two are the same, their totals |
//! | [`rating`] | plan terms, the question put to a pricing plugin, the answer we accept |
//! | [`tax`] | the same for a tax plugin |
//! | [`invoice`] | lines, totals and states of an invoice |
//! | [`credit_note`] | how a part of an invoice is taken back, net and each tax |
//! | [`payment`] | states of a payment, what its money settles |
//! | [`refund`] | states of a refund, how much may go back |
//! | [`alert`] | which thresholds a new observation crosses |
//! | [`audit`] | the hash chain of the audit trail, and where it breaks |

pub mod alert;
pub mod audit;
pub mod credit_note;
pub mod decimal;
pub mod ids;
pub mod invoice;
pub mod metering;
pub mod money;
pub mod payment;
pub mod period;
pub mod rating;
pub mod refund;
pub mod tax;
