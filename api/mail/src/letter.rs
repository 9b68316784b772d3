//! What is said: facts in, subject, text and HTML out.
//!
//! The words themselves stand in `templates/`, one file a kind and a language; here is only what they may speak of.
//! Who is written to, and what a mail looks like on the wire, does not belong here.

use std::fmt;

mod brand;
mod facts;
mod locale;
mod sheet;
mod stationery;

pub use self::brand::{Brand, Colour};
pub use self::facts::{
    CardExpiry, Decline, FinalNotice, InvoiceIssued, Overdue, Owed, PaymentFailed, PaymentReceived, RefundSent,
    UsageAlert, Watched,
};
pub use self::locale::Locale;
pub use self::stationery::Stationery;

/// A letter of one kind with the facts it is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Letter {
    /// A new invoice; its PDF is to be attached.
    InvoiceIssued(InvoiceIssued),
    /// Money has arrived.
    PaymentReceived(PaymentReceived),
    /// A collection was declined.
    PaymentFailed(PaymentFailed),
    /// An open invoice will be due soon.
    ReminderBeforeDue(Owed),
    /// An open invoice is due today.
    DueToday(Owed),
    /// An open invoice is past its due date.
    Overdue(Overdue),
    /// The last letter before other steps.
    FinalNotice(FinalNotice),
    /// Money is on its way back.
    RefundSent(RefundSent),
    /// A threshold of an alert rule was reached.
    UsageAlert(UsageAlert),
    /// The card on file is about to expire.
    CardExpiry(CardExpiry),
}

impl Letter {
    /// The names of all kinds; each language has a file for each.
    pub const KINDS: [&'static str; 10] = [
        "invoice_issued",
        "payment_received",
        "payment_failed",
        "reminder_before_due",
        "due_today",
        "overdue",
        "final_notice",
        "refund_sent",
        "usage_alert",
        "card_expiry",
    ];

    /// The name of this kind: one of [`Letter::KINDS`].
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::InvoiceIssued(_) => "invoice_issued",
            Self::PaymentReceived(_) => "payment_received",
            Self::PaymentFailed(_) => "payment_failed",
            Self::ReminderBeforeDue(_) => "reminder_before_due",
            Self::DueToday(_) => "due_today",
            Self::Overdue(_) => "overdue",
            Self::FinalNotice(_) => "final_notice",
            Self::RefundSent(_) => "refund_sent",
            Self::UsageAlert(_) => "usage_alert",
            Self::CardExpiry(_) => "card_expiry",
        }
    }

    /// Where the reader can unsubscribe, for the kinds that are not part of a transaction.
    #[must_use]
    pub fn unsubscribe(&self) -> Option<&str> {
        match self {
            Self::UsageAlert(facts) => Some(&facts.unsubscribe),
            Self::CardExpiry(facts) => Some(&facts.unsubscribe),
            _ => None,
        }
    }
}

/// A letter in words, ready to be put into an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// One line.
    pub subject: String,
    /// The letter as plain text, lines ending in LF.
    pub text: String,
    /// The same as a whole HTML document.
    pub html: String,
    /// The `https` address a mail program posts to for unsubscribing with one click.
    pub unsubscribe: Option<String>,
}

/// Why a letter cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterError {
    /// A fact holds a line break or another control character.
    ControlCharacter {
        /// The name of the fact.
        fact: &'static str,
    },
    /// A link is not an absolute `https://` (or, for unsuspicious links, `http://`) address.
    NotALink {
        /// The name of the fact.
        fact: &'static str,
    },
    /// The accent colour is not `#rrggbb`.
    NotAColour,
    /// A template of this crate is broken: a fault of ours.
    Template(String),
}

impl fmt::Display for LetterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ControlCharacter { fact } => {
                write!(f, "{fact} holds a line break or another control character; use one line of text")
            }
            Self::NotALink { fact } => {
                write!(f, "{fact} is not a link; use an absolute address that begins with https://")
            }
            Self::NotAColour => f.write_str("the accent colour is not a colour; use six hexadecimal digits after a #"),
            Self::Template(words) => write!(f, "the letter cannot be written: {words}"),
        }
    }
}

impl std::error::Error for LetterError {}

#[cfg(test)]
mod tests;
