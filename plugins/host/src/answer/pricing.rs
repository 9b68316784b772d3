//! The form of a pricing rule's answer: amounts are decimals that are zero or more.

use plugin_contract::Budget;

use super::Meter;
use crate::failure::Failure;
use crate::v1::pricing::Output;

const LABEL: usize = 256;

pub(crate) fn check(output: &mut Output, budget: Budget) -> Result<(), Failure> {
    let mut meter = Meter::new(budget);
    meter.list(&output.charges)?;
    for (at, charge) in output.charges.iter_mut().enumerate() {
        meter.amount(&charge.amount, || format!("charges.{at}.amount"))?;
        meter.list(&charge.steps)?;
        for (step_at, step) in charge.steps.iter_mut().enumerate() {
            let path = |field: &str| format!("charges.{at}.steps.{step_at}.{field}");
            meter.text(&mut step.label, LABEL, || path("label"))?;
            meter.amount(&step.quantity, || path("quantity"))?;
            meter.amount(&step.unit_amount, || path("unit-amount"))?;
            meter.amount(&step.amount, || path("amount"))?;
        }
    }
    Ok(())
}
