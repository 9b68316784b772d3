//! What a pricing plugin answered, and whether it can be billed.
//!
//! An answer is taken whole or refused whole; production and rehearsals go through the same
//! [`accept`].

use std::fmt;

use rust_decimal::Decimal;

use super::{ChargeQuestion, PricingQuestion};
use crate::decimal::{canonical, exact_sum, within_limits};
use crate::money::Money;

/// The answer to a [`PricingQuestion`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricingAnswer {
    /// One entry for each charge of the question, in any order.
    pub charges: Vec<ChargeAnswer>,
}

/// The price of one charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeAnswer {
    /// The charge's place in the question, from zero.
    pub index: u32,
    /// The price in major units, not rounded.
    pub amount: Decimal,
    /// How it came about, for the invoice; may be empty.
    pub steps: Vec<PriceStep>,
}

/// One step on the way to a price, such as a tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceStep {
    /// What the step is, in words.
    pub label: String,
    /// The part of the quantity it covers; zero for a flat amount.
    pub quantity: Decimal,
    /// The price of one unit, for display.
    pub unit_amount: Decimal,
    /// What the step adds to the price, in major units, not rounded.
    pub amount: Decimal,
}

/// A charge with an accepted price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedCharge {
    /// The charge's code.
    pub code: String,
    /// The quantity that was priced.
    pub quantity: Decimal,
    /// The price in major units as the plugin gave it.
    pub amount_exact: Decimal,
    /// The price, rounded once, half away from zero.
    pub amount: Money,
    /// How it came about.
    pub steps: Vec<PriceStep>,
}

/// Why an answer cannot be billed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RatingRefused {
    /// The answer names a charge that was not asked about.
    UnknownCharge {
        /// The place named.
        index: u32,
    },
    /// A charge has two prices.
    AnsweredTwice {
        /// The charge's code.
        code: String,
    },
    /// A charge has no price.
    NotAnswered {
        /// The charge's code.
        code: String,
    },
    /// A price is below zero.
    NegativeAmount {
        /// The charge's code.
        code: String,
        /// The price.
        amount: Decimal,
    },
    /// The steps do not add up to the price.
    StepAmounts {
        /// The charge's code.
        code: String,
        /// What the steps add up to.
        steps: Decimal,
        /// The price.
        amount: Decimal,
    },
    /// The steps do not cover exactly the quantity.
    StepQuantities {
        /// The charge's code.
        code: String,
        /// What the steps cover.
        steps: Decimal,
        /// The quantity that was asked about.
        quantity: Decimal,
    },
    /// A price or a sum of steps is too large or has too many digits.
    Overflow {
        /// The charge's code.
        code: String,
    },
}

impl RatingRefused {
    /// The machine-readable reason, for example `NEGATIVE_AMOUNT`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownCharge { .. } => "UNKNOWN_CHARGE",
            Self::AnsweredTwice { .. } => "ANSWERED_TWICE",
            Self::NotAnswered { .. } => "NOT_ANSWERED",
            Self::NegativeAmount { .. } => "NEGATIVE_AMOUNT",
            Self::StepAmounts { .. } => "STEP_AMOUNTS",
            Self::StepQuantities { .. } => "STEP_QUANTITIES",
            Self::Overflow { .. } => "OVERFLOW",
        }
    }
}

impl fmt::Display for RatingRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCharge { index } => write!(
                f,
                "the pricing plugin priced charge number {index}, which was not asked about; use the indexes of the question"
            ),
            Self::AnsweredTwice { code } => {
                write!(f, "the pricing plugin priced charge `{code}` twice; answer each charge once")
            }
            Self::NotAnswered { code } => {
                write!(
                    f,
                    "the pricing plugin did not price charge `{code}`; answer each charge once, with 0 if it is free"
                )
            }
            Self::NegativeAmount { code, amount } => write!(
                f,
                "the pricing plugin priced charge `{code}` at {}; a price is zero or more",
                canonical(*amount)
            ),
            Self::StepAmounts { code, steps, amount } => write!(
                f,
                "the steps of charge `{code}` add up to {} but its amount is {}; make them equal or leave the steps out",
                canonical(*steps),
                canonical(*amount)
            ),
            Self::StepQuantities { code, steps, quantity } => write!(
                f,
                "the steps of charge `{code}` cover a quantity of {} but {} was asked about; cover all of it, free units with an amount of 0",
                canonical(*steps),
                canonical(*quantity)
            ),
            Self::Overflow { code } => {
                write!(
                    f,
                    "the price of charge `{code}` or one of its sums is too large or has more than 28 digits; use shorter numbers"
                )
            }
        }
    }
}

impl std::error::Error for RatingRefused {}

/// Checks an answer against its question and rounds each price once.
///
/// The result has one entry for each charge, in the order of the question.
///
/// # Errors
/// [`RatingRefused`] when a charge is not priced exactly once, a price is below zero, or steps
/// are given that do not add up to the price and to the quantity.
pub fn accept(question: &PricingQuestion, answer: PricingAnswer) -> Result<Vec<PricedCharge>, RatingRefused> {
    let mut answers: Vec<Option<ChargeAnswer>> = question.charges.iter().map(|_| None).collect();
    for priced in answer.charges {
        let index = priced.index;
        let place = usize::try_from(index).ok();
        let asked = place.and_then(|place| question.charges.get(place).zip(answers.get_mut(place)));
        let (charge, slot) = asked.ok_or(RatingRefused::UnknownCharge { index })?;
        if slot.replace(priced).is_some() {
            return Err(RatingRefused::AnsweredTwice { code: charge.code.clone() });
        }
    }
    let pairs = question.charges.iter().zip(answers);
    pairs
        .map(|(charge, answer)| {
            let answer = answer.ok_or_else(|| RatingRefused::NotAnswered { code: charge.code.clone() })?;
            accept_one(question, charge, answer)
        })
        .collect()
}

fn accept_one(
    question: &PricingQuestion,
    charge: &ChargeQuestion,
    answer: ChargeAnswer,
) -> Result<PricedCharge, RatingRefused> {
    let code = || charge.code.clone();
    let overflow = || RatingRefused::Overflow { code: code() };
    let amount_exact = within_limits(answer.amount).map_err(|_| overflow())?;
    if amount_exact < Decimal::ZERO {
        return Err(RatingRefused::NegativeAmount { code: code(), amount: amount_exact });
    }
    if !answer.steps.is_empty() {
        let steps = exact_sum(answer.steps.iter().map(|step| step.amount)).map_err(|_| overflow())?;
        if steps != amount_exact {
            return Err(RatingRefused::StepAmounts { code: code(), steps, amount: amount_exact });
        }
        let steps = exact_sum(answer.steps.iter().map(|step| step.quantity)).map_err(|_| overflow())?;
        if steps != charge.quantity {
            return Err(RatingRefused::StepQuantities { code: code(), steps, quantity: charge.quantity });
        }
    }
    let amount = Money::round(amount_exact, question.currency).map_err(|_| overflow())?;
    Ok(PricedCharge { code: code(), quantity: charge.quantity, amount_exact, amount, steps: answer.steps })
}

#[cfg(test)]
mod tests;
