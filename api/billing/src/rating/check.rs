//! Whether a plan makes sense, all problems at once: run before a plan version is published.
//!
//! A plan that passes can be asked about; whether the plugin likes it shows in a rehearsal.

use std::collections::HashSet;

use rust_decimal::Decimal;

use super::models::{self, Parameter, Shape};
use super::{Charge, FixedFee, ParameterValue, PlanTerms, Tier};
use crate::decimal::{self, MAX_PRICE_SCALE};

/// The longest code of a charge or fee, in bytes.
pub const MAX_CODE_BYTES: usize = 64;
/// The longest name of a charge, fee, parameter or model, in bytes.
pub const MAX_NAME_BYTES: usize = 200;
/// The most charges and fees of a plan together: each becomes a line, and plugins take no more.
pub const MAX_CHARGES: usize = 1000;

/// One thing that is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanProblem {
    /// Where, as in the API: `["charges", "0", "parameters", "tiers", "1", "upTo"]`.
    pub path: Vec<String>,
    /// The machine-readable kind of problem, for example `DUPLICATE_CODE`.
    pub code: &'static str,
    /// A sentence that says what is wrong and what to do.
    pub message: String,
}

impl PlanTerms {
    /// Checks everything that can be known without asking the plugin.
    ///
    /// # Errors
    /// Every problem found, in the order of the plan; never an empty list.
    pub fn check(&self) -> Result<(), Vec<PlanProblem>> {
        let mut problems = Problems::default();
        let mut codes = HashSet::new();
        if self.charges.len().saturating_add(self.fees.len()) > MAX_CHARGES {
            let message = format!("charges and fees are more than {MAX_CHARGES} together; split the plan.");
            problems.at([]).report(&["charges"], "TOO_MANY_CHARGES", message);
        }
        for (index, charge) in self.charges.iter().enumerate() {
            let mut at = problems.at(["charges", &index.to_string()]);
            at.code_and_name(&charge.code, &charge.name, &mut codes);
            at.charge(charge);
        }
        for (index, fee) in self.fees.iter().enumerate() {
            let mut at = problems.at(["fees", &index.to_string()]);
            at.code_and_name(&fee.code, &fee.name, &mut codes);
            at.fee(fee, self);
        }
        if problems.0.is_empty() { Ok(()) } else { Err(problems.0) }
    }
}

#[derive(Default)]
struct Problems(Vec<PlanProblem>);

impl Problems {
    fn at<const N: usize>(&mut self, path: [&str; N]) -> At<'_> {
        At { path: path.iter().map(ToString::to_string).collect(), problems: self }
    }
}

/// A place in the plan that problems are reported for.
struct At<'a> {
    path: Vec<String>,
    problems: &'a mut Problems,
}

impl At<'_> {
    fn report(&mut self, below: &[&str], code: &'static str, message: impl Into<String>) {
        let below = below.iter().map(ToString::to_string);
        let path = self.path.iter().cloned().chain(below).collect();
        self.problems.0.push(PlanProblem { path, code, message: message.into() });
    }

    fn code_and_name<'c>(&mut self, code: &'c str, name: &str, codes: &mut HashSet<&'c str>) {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if code.is_empty() || code.len() > MAX_CODE_BYTES || !code.bytes().all(allowed) {
            let message =
                format!("code {code:?} is not usable; give 1 to {MAX_CODE_BYTES} letters, digits, `_`, `-` or `.`.");
            self.report(&["code"], "BAD_CODE", message);
        } else if !codes.insert(code) {
            let message = format!("code {code:?} is used twice; give each charge and fee a code of its own.");
            self.report(&["code"], "DUPLICATE_CODE", message);
        }
        if name.trim().is_empty() || name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
            let message = format!("name is not usable; give 1 to {MAX_NAME_BYTES} bytes of visible text.");
            self.report(&["name"], "BAD_NAME", message);
        }
    }

    fn fee(&mut self, fee: &FixedFee, terms: &PlanTerms) {
        if fee.amount.currency != terms.currency {
            let message = format!(
                "amount is in {} but the plan is in {}; use the plan's currency.",
                fee.amount.currency, terms.currency
            );
            self.report(&["amount"], "WRONG_CURRENCY", message);
        }
        if fee.amount.is_negative() {
            self.report(&["amount"], "NEGATIVE_AMOUNT", "amount is below zero; give zero or more.");
        }
    }

    fn charge(&mut self, charge: &Charge) {
        let mut names = HashSet::new();
        for (name, _) in &charge.parameters {
            if !names.insert(name.as_str()) {
                let message = format!("parameter {name:?} is given twice; give it once.");
                self.report(&["parameters", name], "DUPLICATE_PARAMETER", message);
            }
        }
        match models::parameters(&charge.model) {
            Some(known) => self.standard(charge, known),
            None => self.custom(charge),
        }
    }

    fn custom(&mut self, charge: &Charge) {
        let name = charge.model.strip_prefix(models::CUSTOM_PREFIX).unwrap_or("");
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if name.is_empty() || name.len() > MAX_CODE_BYTES || !name.bytes().all(allowed) {
            let message = format!(
                "model {:?} does not exist; use one of {} or `CUSTOM:<name>`.",
                charge.model,
                models::STANDARD.join(", ")
            );
            self.report(&["model"], "UNKNOWN_MODEL", message);
        }
    }

    fn standard(&mut self, charge: &Charge, known: &[Parameter]) {
        for (name, value) in &charge.parameters {
            match known.iter().find(|parameter| parameter.name == name) {
                Some(parameter) => self.parameter(name, value, parameter.shape),
                None => {
                    let names: Vec<&str> = known.iter().map(|parameter| parameter.name).collect();
                    let message =
                        format!("parameter {name:?} is unknown to {}; it takes {}.", charge.model, names.join(", "));
                    self.report(&["parameters", name], "UNKNOWN_PARAMETER", message);
                }
            }
        }
        for parameter in known.iter().filter(|parameter| parameter.required) {
            if charge.parameter(parameter.name).is_none() {
                let message = format!("parameter `{}` is missing; {} needs it.", parameter.name, charge.model);
                self.report(&["parameters", parameter.name], "MISSING_PARAMETER", message);
            }
        }
        if let (Some(ParameterValue::Number(minimum)), Some(ParameterValue::Number(maximum))) =
            (charge.parameter("minimum_amount"), charge.parameter("maximum_amount"))
            && minimum > maximum
        {
            let message = "minimum_amount is above maximum_amount; exchange them.";
            self.report(&["parameters", "minimum_amount"], "MINIMUM_ABOVE_MAXIMUM", message);
        }
    }

    fn parameter(&mut self, name: &str, value: &ParameterValue, shape: Shape) {
        match (shape, value) {
            (Shape::Amount, ParameterValue::Number(number)) => {
                self.amount(&["parameters", name], *number);
            }
            (Shape::Positive, ParameterValue::Number(number)) => {
                if number.is_zero() {
                    let message = format!("{name} is zero; give a number above zero.");
                    self.report(&["parameters", name], "NOT_POSITIVE", message);
                }
                self.amount(&["parameters", name], *number);
            }
            (Shape::Tiers, ParameterValue::Tiers(tiers)) => self.tiers(name, tiers),
            (Shape::Flag, ParameterValue::Flag(_)) => {}
            (Shape::Word(words), ParameterValue::Text(word)) if words.contains(&word.as_str()) => {}
            (Shape::Word(words), ParameterValue::Text(word)) => {
                let message = format!("{name} {word:?} is not known; use {}.", words.join(" or "));
                self.report(&["parameters", name], "BAD_PARAMETER", message);
            }
            (_, value) => {
                let wanted = match shape {
                    Shape::Amount | Shape::Positive => "number",
                    Shape::Tiers => "tiers",
                    Shape::Flag => "flag",
                    Shape::Word(_) => "text",
                };
                let message = format!("{name} is given as {}; give it as {wanted}.", value.kind());
                self.report(&["parameters", name], "BAD_PARAMETER", message);
            }
        }
    }

    /// A price, rate or size: not negative and no finer than 12 digits after the point.
    fn amount(&mut self, below: &[&str], number: Decimal) {
        let name = below.last().copied().unwrap_or_default();
        if number < Decimal::ZERO {
            self.report(below, "NEGATIVE_AMOUNT", format!("{name} is below zero; give zero or more."));
        }
        if decimal::scale(number) > MAX_PRICE_SCALE {
            let message = format!("{name} has more than {MAX_PRICE_SCALE} digits after the point; shorten it.");
            self.report(below, "TOO_MANY_DIGITS", message);
        }
    }

    fn tiers(&mut self, name: &str, tiers: &[Tier]) {
        if tiers.is_empty() {
            let message = format!("{name} is empty; give at least one tier, the last without upTo.");
            self.report(&["parameters", name], "EMPTY_TIERS", message);
        }
        let mut previous = Decimal::ZERO;
        for (index, tier) in tiers.iter().enumerate() {
            let place = index.to_string();
            let here = ["parameters", name, place.as_str()];
            self.amount(&[here[0], here[1], here[2], "unitAmount"], tier.unit_amount);
            self.amount(&[here[0], here[1], here[2], "flatAmount"], tier.flat_amount);
            let up_to = [here[0], here[1], here[2], "upTo"];
            let last = index + 1 == tiers.len();
            match tier.up_to {
                None if last => {}
                None => {
                    self.report(
                        &up_to,
                        "TIER_NOT_LAST",
                        "upTo is missing but other tiers follow; only the last tier is open.",
                    );
                }
                Some(_) if last => {
                    self.report(
                        &up_to,
                        "TIERS_NOT_OPEN",
                        "upTo closes the last tier; leave it out, so that every quantity has a tier.",
                    );
                }
                Some(bound) => {
                    if bound <= previous {
                        self.report(
                            &up_to,
                            "TIERS_NOT_ASCENDING",
                            "upTo is not above the tier before (or zero); sort the tiers by upTo and give each once.",
                        );
                    }
                    self.amount(&up_to, bound.max(Decimal::ZERO));
                    previous = previous.max(bound);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
