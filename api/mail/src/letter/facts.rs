//! The facts of each kind of letter: plain values, as the caller knows them.
//!
//! Dates are calendar days in the reader's time zone, chosen by the caller. Nothing is formatted and nothing is
//! looked up here.

use billing::money::Money;
use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::locale::Locale;
use super::sheet::Sheet;
use super::{Letter, LetterError};

/// A new invoice.
#[derive(Debug, Clone, PartialEq)]
pub struct InvoiceIssued {
    /// The invoice's number.
    pub number: String,
    /// Whom the letter greets.
    pub customer: String,
    /// What is to be paid.
    pub total: Money,
    /// The last day to pay.
    pub due: NaiveDate,
    /// Where it can be paid.
    pub link: String,
}

/// Money has arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct PaymentReceived {
    /// The invoice's number.
    pub number: String,
    /// Whom the letter greets.
    pub customer: String,
    /// What has arrived.
    pub amount: Money,
    /// The day it was paid.
    pub paid_on: NaiveDate,
    /// How, for readers: `Visa •••• 4242`.
    pub method: Option<String>,
    /// Where the invoice can be seen.
    pub link: String,
}

/// A collection was declined.
#[derive(Debug, Clone, PartialEq)]
pub struct PaymentFailed {
    /// The invoice's number.
    pub number: String,
    /// Whom the letter greets.
    pub customer: String,
    /// What was to be collected.
    pub amount: Money,
    /// Why it was declined.
    pub reason: Decline,
    /// The day of the next attempt; `None` when there will be none.
    pub next_attempt: Option<NaiveDate>,
    /// Where it can be paid by other means.
    pub link: String,
}

/// Why a collection was declined, as far as a reader is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decline {
    /// Too little money in the account.
    InsufficientFunds,
    /// The card has expired.
    ExpiredCard,
    /// The holder has to confirm the payment.
    AuthenticationNeeded,
    /// The amount is above a limit of the card, the account or the mandate.
    LimitExceeded,
    /// The mandate was withdrawn.
    MandateCancelled,
    /// The bank could not be reached.
    Technical,
    /// The bank said no without a reason that may be passed on.
    Refused,
}

impl Decline {
    /// Every reason; each language has words for each.
    pub const ALL: [Self; 7] = [
        Self::InsufficientFunds,
        Self::ExpiredCard,
        Self::AuthenticationNeeded,
        Self::LimitExceeded,
        Self::MandateCancelled,
        Self::Technical,
        Self::Refused,
    ];

    /// The name templates know it by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "insufficient_funds",
            Self::ExpiredCard => "expired_card",
            Self::AuthenticationNeeded => "authentication_needed",
            Self::LimitExceeded => "limit_exceeded",
            Self::MandateCancelled => "mandate_cancelled",
            Self::Technical => "technical",
            Self::Refused => "refused",
        }
    }
}

/// An open invoice.
#[derive(Debug, Clone, PartialEq)]
pub struct Owed {
    /// The invoice's number.
    pub number: String,
    /// Whom the letter greets.
    pub customer: String,
    /// What is still to be paid.
    pub outstanding: Money,
    /// The last day to pay.
    pub due: NaiveDate,
    /// Where it can be paid.
    pub link: String,
}

/// An open invoice past its due date.
#[derive(Debug, Clone, PartialEq)]
pub struct Overdue {
    /// The invoice.
    pub owed: Owed,
    /// Whole days since the due date.
    pub days: u32,
}

/// An open invoice about which this is the last letter.
#[derive(Debug, Clone, PartialEq)]
pub struct FinalNotice {
    /// The invoice.
    pub owed: Owed,
    /// The last day to pay before other steps are taken.
    pub pay_until: NaiveDate,
}

/// Money is on its way back.
#[derive(Debug, Clone, PartialEq)]
pub struct RefundSent {
    /// The number of the invoice it was paid for.
    pub number: String,
    /// Whom the letter greets.
    pub customer: String,
    /// What is sent back.
    pub amount: Money,
    /// The day it was sent.
    pub sent_on: NaiveDate,
    /// By what a bank finds it.
    pub reference: Option<String>,
}

/// A threshold of an alert rule was reached.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageAlert {
    /// Whom the letter greets.
    pub customer: String,
    /// What is watched and where it stands.
    pub watched: Watched,
    /// Where usage can be seen.
    pub link: String,
    /// Where the reader unsubscribes with one click; `https` only.
    pub unsubscribe: String,
}

/// What an alert rule watches and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Watched {
    /// The cost of the period so far.
    Cost {
        /// So far.
        used: Money,
        /// What was reached.
        threshold: Money,
    },
    /// The quantity of one metric so far.
    Quantity {
        /// The metric's name.
        metric: String,
        /// So far, in units of the metric.
        used: Decimal,
        /// What was reached, in units of the metric.
        threshold: Decimal,
    },
}

/// The card on file is about to expire.
#[derive(Debug, Clone, PartialEq)]
pub struct CardExpiry {
    /// Whom the letter greets.
    pub customer: String,
    /// The card for readers: `Visa •••• 4242`.
    pub card: String,
    /// The last day the card can be used.
    pub expires: NaiveDate,
    /// Where another card can be given.
    pub link: String,
    /// Where the reader unsubscribes with one click; `https` only.
    pub unsubscribe: String,
}

/// The facts of a letter, checked and in the reader's form, for its template.
pub(super) fn lay_out(letter: &Letter, locale: Locale) -> Result<Sheet, LetterError> {
    let sheet = Sheet::new(locale);
    match letter {
        Letter::InvoiceIssued(facts) => invoice(sheet, &facts.number, &facts.customer)?
            .money("total", facts.total)
            .date("due", facts.due)
            .link("link", &facts.link),
        Letter::PaymentReceived(facts) => invoice(sheet, &facts.number, &facts.customer)?
            .money("amount", facts.amount)
            .date("paid_on", facts.paid_on)
            .maybe_text("method", facts.method.as_deref())?
            .link("link", &facts.link),
        Letter::PaymentFailed(facts) => invoice(sheet, &facts.number, &facts.customer)?
            .money("amount", facts.amount)
            .word("reason", facts.reason.as_str())
            .maybe_date("next_attempt", facts.next_attempt)
            .link("link", &facts.link),
        Letter::ReminderBeforeDue(facts) | Letter::DueToday(facts) => owed(sheet, facts),
        Letter::Overdue(facts) => Ok(owed(sheet, &facts.owed)?.count("days", facts.days)),
        Letter::FinalNotice(facts) => Ok(owed(sheet, &facts.owed)?.date("pay_until", facts.pay_until)),
        Letter::RefundSent(facts) => invoice(sheet, &facts.number, &facts.customer)?
            .money("amount", facts.amount)
            .date("sent_on", facts.sent_on)
            .maybe_text("reference", facts.reference.as_deref()),
        Letter::UsageAlert(facts) => watched(sheet.text("customer", &facts.customer)?, &facts.watched)?
            .link("link", &facts.link)?
            .secure_link("unsubscribe", &facts.unsubscribe),
        Letter::CardExpiry(facts) => sheet
            .text("customer", &facts.customer)?
            .text("card", &facts.card)?
            .date("expires", facts.expires)
            .link("link", &facts.link)?
            .secure_link("unsubscribe", &facts.unsubscribe),
    }
}

fn invoice(sheet: Sheet, number: &str, customer: &str) -> Result<Sheet, LetterError> {
    sheet.text("number", number)?.text("customer", customer)
}

fn owed(sheet: Sheet, facts: &Owed) -> Result<Sheet, LetterError> {
    invoice(sheet, &facts.number, &facts.customer)?
        .money("outstanding", facts.outstanding)
        .date("due", facts.due)
        .link("link", &facts.link)
}

fn watched(sheet: Sheet, facts: &Watched) -> Result<Sheet, LetterError> {
    match facts {
        Watched::Cost { used, threshold } => {
            Ok(sheet.maybe_text("metric", None)?.money("used", *used).money("threshold", *threshold))
        }
        Watched::Quantity { metric, used, threshold } => {
            Ok(sheet.text("metric", metric)?.number("used", *used).number("threshold", *threshold))
        }
    }
}
