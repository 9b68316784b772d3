//! The lines of an invoice before it has a number.

use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;
use rust_decimal::Decimal;

use super::{Totals, TotalsRefused, totals};
use crate::money::{Currency, Money, MoneyError};
use crate::period::{Interval, ProrationRefused, prorate};
use crate::rating::{Charge, FixedFee, PriceStep, PricedCharge};
use crate::tax::{AcceptedTaxes, TaxLine};

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// Usage of a metric, priced by a plugin.
    Usage,
    /// A fixed fee of the plan.
    FixedFee,
}

impl LineKind {
    /// The name in the API and in stored rows: `USAGE` or `FIXED_FEE`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "USAGE",
            Self::FixedFee => "FIXED_FEE",
        }
    }
}

impl fmt::Display for LineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no kind of line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownLineKind;

impl fmt::Display for UnknownLineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not a kind of invoice line; use USAGE or FIXED_FEE")
    }
}

impl std::error::Error for UnknownLineKind {}

impl FromStr for LineKind {
    type Err = UnknownLineKind;

    fn from_str(text: &str) -> Result<Self, UnknownLineKind> {
        match text {
            "USAGE" => Ok(Self::Usage),
            "FIXED_FEE" => Ok(Self::FixedFee),
            _ => Err(UnknownLineKind),
        }
    }
}

/// One line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceLine {
    /// What the line is for.
    pub kind: LineKind,
    /// The metric, for usage.
    pub metric_code: Option<String>,
    /// The code of the charge or fee in the plan.
    pub charge_code: String,
    /// What the reader sees.
    pub description: String,
    /// The quantity, for usage.
    pub quantity: Option<Decimal>,
    /// The net amount in major units before rounding.
    pub amount_exact: Decimal,
    /// The net amount, rounded once.
    pub amount: Money,
    /// The time the line is for; the invoice has none of its own.
    pub service_period: Interval,
    /// How the amount came about; may be empty.
    pub steps: Vec<PriceStep>,
}

impl InvoiceLine {
    /// The line of a priced charge. `charge` is the one the price was asked for.
    #[must_use]
    pub fn usage(charge: &Charge, priced: PricedCharge, service_period: Interval) -> Self {
        Self {
            kind: LineKind::Usage,
            metric_code: Some(charge.metric_code.clone()),
            charge_code: priced.code,
            description: charge.name.clone(),
            quantity: Some(priced.quantity),
            amount_exact: priced.amount_exact,
            amount: priced.amount,
            service_period,
            steps: priced.steps,
        }
    }

    /// The line of a fixed fee for the part of the full period that was served.
    ///
    /// # Errors
    /// [`FeeRefused`] when the served time is not within the full period or the amount does not
    /// fit.
    pub fn fixed_fee(fee: &FixedFee, served: Interval, full: &Interval, tz: Tz) -> Result<Self, FeeRefused> {
        let amount_exact = prorate(fee.amount.to_decimal(), &served, full, tz).map_err(FeeRefused::Proration)?;
        Ok(Self {
            kind: LineKind::FixedFee,
            metric_code: None,
            charge_code: fee.code.clone(),
            description: fee.name.clone(),
            quantity: None,
            amount_exact,
            amount: Money::round(amount_exact, fee.amount.currency).map_err(FeeRefused::Money)?,
            service_period: served,
            steps: Vec::new(),
        })
    }
}

/// Why a fixed fee makes no line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeeRefused {
    /// The part of the period cannot be calculated.
    Proration(ProrationRefused),
    /// The amount does not fit.
    Money(MoneyError),
}

impl fmt::Display for FeeRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proration(error) => error.fmt(f),
            Self::Money(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FeeRefused {}

/// An invoice before it has a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The currency of every amount.
    pub currency: Currency,
    /// The billing period that led to the invoice.
    pub period: Interval,
    /// The lines, in the order they are printed.
    pub lines: Vec<InvoiceLine>,
    /// The taxes on them.
    pub taxes: AcceptedTaxes,
}

impl Draft {
    /// The lines as the tax plugin is asked about them, all of one category.
    #[must_use]
    pub fn tax_lines(&self, category: &str) -> Vec<TaxLine> {
        let line = |line: &InvoiceLine| TaxLine {
            code: line.charge_code.clone(),
            amount: line.amount,
            category: category.to_owned(),
        };
        self.lines.iter().map(line).collect()
    }

    /// What the draft adds up to.
    ///
    /// # Errors
    /// As [`totals()`].
    pub fn totals(&self) -> Result<Totals, TotalsRefused> {
        totals(self.currency, &self.lines, &self.taxes)
    }
}
