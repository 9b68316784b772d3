//! From net lines to a component of tax: the base summed exactly, the tax rounded once.

use undash_plugin_sdk::decimal::{exact_add, exact_mul, parse, round_half_away, text};
use undash_plugin_sdk::tax::{Input, Rounding, TaxComponent};
use undash_plugin_sdk::{Decimal, Failure, refuse};

/// One tax at one rate on every line of the input.
pub(crate) fn component(input: &Input, code: &str, name: &str, rate_percent: Decimal) -> Result<TaxComponent, Failure> {
    let base = base(input)?;
    let amount = tax(base, rate_percent, input)?;
    Ok(TaxComponent {
        code: code.to_owned(),
        name: name.to_owned(),
        rate_percent: text(rate_percent),
        base: text(base),
        amount: text(amount),
        lines: (0_u32..).take(input.lines.len()).collect(),
    })
}

fn base(input: &Input) -> Result<Decimal, Failure> {
    let mut sum = Decimal::ZERO;
    for (at, line) in input.lines.iter().enumerate() {
        let path = || ["lines", at.to_string().as_str(), "amount"].join(".");
        let amount = parse(&line.amount).map_err(|e| refuse("not-a-decimal", e.message(), path()))?;
        sum = exact_add(sum, amount).map_err(|e| refuse("inexact", e.message(), path()))?;
    }
    Ok(sum)
}

fn tax(base: Decimal, rate_percent: Decimal, input: &Input) -> Result<Decimal, Failure> {
    let inexact = |e: undash_plugin_sdk::decimal::DecimalError| refuse("inexact", e.message(), "regime.parameters");
    if input.rounding != Rounding::HalfAwayFromZero {
        return Err(refuse("unsupported-rounding", "this calculator rounds halves away from zero only", "rounding"));
    }
    let exact =
        exact_mul(base, rate_percent).and_then(|product| exact_mul(product, Decimal::new(1, 2))).map_err(inexact)?;
    round_half_away(exact, input.exponent).map_err(inexact)
}

/// A rate between 0 and 100.
pub(crate) fn check_rate(rate: Decimal) -> Result<Decimal, &'static str> {
    if rate > Decimal::ONE_HUNDRED { Err("a tax rate is at most 100") } else { Ok(rate) }
}
