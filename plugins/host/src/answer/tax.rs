//! The form of a tax calculator's answer: rates from 0 to 100; amounts may be negative, as on a credit.

use plugin_contract::Budget;

use super::{Meter, invalid};
use crate::failure::Failure;
use crate::v1::tax::Output;

const NAME: usize = 128;
const NOTE: usize = 1_024;

pub(crate) fn check(output: &mut Output, budget: Budget) -> Result<(), Failure> {
    let mut meter = Meter::new(budget);
    meter.list(&output.components)?;
    for (at, component) in output.components.iter_mut().enumerate() {
        let path = |field: &str| format!("components.{at}.{field}");
        meter.code(&component.code, || path("code"))?;
        meter.text(&mut component.name, NAME, || path("name"))?;
        meter.amount(&component.rate_percent, || path("rate-percent"))?;
        if more_than_hundred(&component.rate_percent) {
            return Err(invalid(path("rate-percent"), "at-most-100", &component.rate_percent));
        }
        meter.decimal(&component.base, || path("base"))?;
        meter.decimal(&component.amount, || path("amount"))?;
        meter.list(&component.lines)?;
    }
    meter.list(&output.notes)?;
    for (at, note) in output.notes.iter_mut().enumerate() {
        meter.text(note, NOTE, || format!("notes.{at}"))?;
    }
    Ok(())
}

/// Compares without arithmetic; `rate` is a decimal that is zero or more.
fn more_than_hundred(rate: &str) -> bool {
    let (whole, fraction) = rate.split_once('.').unwrap_or((rate, ""));
    match whole.len() {
        0..=2 => false,
        3 => whole > "100" || (whole == "100" && fraction.bytes().any(|b| b != b'0')),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::more_than_hundred;

    #[test]
    fn a_rate_is_at_most_a_hundred() {
        for good in ["0", "18", "99.99", "100", "100.00"] {
            assert!(!more_than_hundred(good), "{good}");
        }
        for bad in ["100.01", "101", "1000"] {
            assert!(more_than_hundred(bad), "{bad}");
        }
    }
}
