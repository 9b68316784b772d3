//! The arithmetic of each model: what a quantity costs, and by which steps.
//!
//! Steps account for the whole quantity and the whole amount. A step that is money without quantity, such as a flat
//! fee, has the quantity zero. Zero usage costs nothing unless a parameter says otherwise.

use std::cmp::Ordering;

use undash_plugin_sdk::decimal::{DecimalError, compare, divide_whole, exact_add, exact_mul, exact_sub, least, text};
use undash_plugin_sdk::pricing::PriceStep;
use undash_plugin_sdk::{Band, Decimal, Failure, Parameters, refuse};

/// One charge with its quantity read.
pub(crate) struct Question<'a> {
    pub(crate) quantity: Decimal,
    pub(crate) quantity_text: &'a str,
    pub(crate) event_count: u64,
    pub(crate) parameters: Parameters<'a>,
    pub(crate) path: &'a dyn Fn(&str) -> String,
}

/// What a charge costs.
pub(crate) struct Priced {
    pub(crate) amount: Decimal,
    pub(crate) steps: Vec<PriceStep>,
}

impl Question<'_> {
    fn exact<T>(&self, result: Result<T, DecimalError>) -> Result<T, Failure> {
        result.map_err(|error| refuse("inexact", error.message(), (self.path)("quantity")))
    }

    fn mul(&self, a: Decimal, b: Decimal) -> Result<Decimal, Failure> {
        self.exact(exact_mul(a, b))
    }

    fn add(&self, a: Decimal, b: Decimal) -> Result<Decimal, Failure> {
        self.exact(exact_add(a, b))
    }

    fn sub(&self, a: Decimal, b: Decimal) -> Result<Decimal, Failure> {
        self.exact(exact_sub(a, b))
    }

    fn more(&self, a: Decimal, b: Decimal) -> Result<bool, Failure> {
        self.exact(compare(a, b).map(Ordering::is_gt))
    }

    /// One step for the whole quantity.
    fn whole(&self, label: String, unit_amount: &str, amount: Decimal) -> Vec<PriceStep> {
        vec![PriceStep {
            label,
            quantity: self.quantity_text.to_owned(),
            unit_amount: unit_amount.to_owned(),
            amount: text(amount),
        }]
    }

    /// Splits the quantity into what is free and what is paid.
    fn after_free_units(&self, steps: &mut Vec<PriceStep>) -> Result<Decimal, Failure> {
        let free = self.parameters.optional_number("free_units")?;
        let free = self.exact(least(free.unwrap_or(Decimal::ZERO), self.quantity))?;
        if free.is_zero() {
            return Ok(self.quantity);
        }
        steps.push(step("Free units".to_owned(), free, Decimal::ZERO, Decimal::ZERO));
        self.sub(self.quantity, free)
    }
}

fn step(label: String, quantity: Decimal, unit: Decimal, amount: Decimal) -> PriceStep {
    PriceStep { label, quantity: text(quantity), unit_amount: text(unit), amount: text(amount) }
}

/// `unit_amount × quantity`.
pub(crate) fn per_unit(question: &Question<'_>) -> Result<Priced, Failure> {
    question.parameters.only(&["unit_amount"])?;
    let unit = question.parameters.number("unit_amount")?;
    let amount = question.mul(question.quantity, unit)?;
    Ok(Priced { amount, steps: question.whole("Per unit".to_owned(), &text(unit), amount) })
}

const TIERED: [&str; 2] = ["tiers", "zero_usage_first_tier_flat"];

/// Each tier prices the part of the quantity that falls into it, and its flat amount is due once it is entered.
pub(crate) fn graduated(question: &Question<'_>) -> Result<Priced, Failure> {
    question.parameters.only(&TIERED)?;
    let bands = question.parameters.bands("tiers")?;
    if question.quantity.is_zero() {
        return nothing_used(question, &bands);
    }
    let mut amount = Decimal::ZERO;
    let mut steps = Vec::with_capacity(bands.len());
    let mut floor = Decimal::ZERO;
    let mut previous = None;
    for band in &bands {
        let (end, is_last) = match band.up_to {
            Some(up_to) if question.more(question.quantity, up_to)? => (up_to, false),
            _ => (question.quantity, true),
        };
        let part = question.sub(end, floor)?;
        let cost = question.mul(part, band.unit_amount)?;
        steps.push(PriceStep {
            label: band_label(previous, band),
            quantity: text(part),
            unit_amount: band.tier.unit_amount.clone(),
            amount: text(cost),
        });
        amount = question.add(amount, cost)?;
        amount = add_flat(question, amount, band, &mut steps)?;
        if is_last {
            break;
        }
        (floor, previous) = (end, Some(band));
    }
    Ok(Priced { amount, steps })
}

/// The tier the whole quantity falls into prices all of it.
pub(crate) fn volume(question: &Question<'_>) -> Result<Priced, Failure> {
    question.parameters.only(&TIERED)?;
    let bands = question.parameters.bands("tiers")?;
    if question.quantity.is_zero() {
        return nothing_used(question, &bands);
    }
    let mut previous = None;
    for band in &bands {
        match band.up_to {
            Some(up_to) if question.more(question.quantity, up_to)? => previous = Some(band),
            _ => {
                let cost = question.mul(question.quantity, band.unit_amount)?;
                let mut steps = question.whole(band_label(previous, band), &band.tier.unit_amount, cost);
                let amount = add_flat(question, cost, band, &mut steps)?;
                return Ok(Priced { amount, steps });
            }
        }
    }
    // The last tier has no upper bound, so that one always matches.
    Err(refuse("bad-tiers", "add a tier without `up_to`", (question.path)("parameters.tiers")))
}

/// Zero usage enters no tier, unless the operator charges the first flat amount from zero on.
fn nothing_used(question: &Question<'_>, bands: &[Band<'_>]) -> Result<Priced, Failure> {
    let mut steps = Vec::new();
    let mut amount = Decimal::ZERO;
    if question.parameters.flag("zero_usage_first_tier_flat")?
        && let Some(band) = bands.first()
    {
        amount = add_flat(question, amount, band, &mut steps)?;
    }
    Ok(Priced { amount, steps })
}

fn add_flat(
    question: &Question<'_>,
    amount: Decimal,
    band: &Band<'_>,
    steps: &mut Vec<PriceStep>,
) -> Result<Decimal, Failure> {
    if band.flat_amount.is_zero() {
        return Ok(amount);
    }
    let flat = band.flat_amount;
    steps.push(step("Flat amount of the tier".to_owned(), Decimal::ZERO, flat, flat));
    question.add(amount, flat)
}

/// `First 100000`, `Over 100000 up to 500000`, `Over 500000`, or `Any quantity`.
fn band_label(previous: Option<&Band<'_>>, band: &Band<'_>) -> String {
    let floor = previous.and_then(|band| band.tier.up_to.as_deref());
    match (floor, band.tier.up_to.as_deref()) {
        (None, None) => "Any quantity".to_owned(),
        (None, Some(up_to)) => ["First ", up_to].concat(),
        (Some(floor), None) => ["Over ", floor].concat(),
        (Some(floor), Some(up_to)) => ["Over ", floor, " up to ", up_to].concat(),
    }
}

/// `package_amount` for each package of `package_size` begun (or filled, when `rounding` is `down`) after the free
/// units.
pub(crate) fn package(question: &Question<'_>) -> Result<Priced, Failure> {
    let parameters = &question.parameters;
    parameters.only(&["package_size", "package_amount", "free_units", "rounding"])?;
    let size = parameters.number("package_size")?;
    if size.is_zero() {
        return Err(parameters.refuse("zero", "give a size above zero", "package_size"));
    }
    let price = parameters.number("package_amount")?;
    let up = match parameters.optional_text("rounding")? {
        None | Some("up") => true,
        Some("down") => false,
        Some(_) => return Err(parameters.refuse("unknown-value", "give `up` or `down`", "rounding")),
    };
    let mut steps = Vec::with_capacity(2);
    let paid = question.after_free_units(&mut steps)?;
    if paid.is_zero() {
        return Ok(Priced { amount: Decimal::ZERO, steps });
    }
    let (filled, begun) = question.exact(divide_whole(paid, size))?;
    let count = if begun && up { question.add(filled, Decimal::ONE)? } else { filled };
    let amount = question.mul(count, price)?;
    let mut label = text(count);
    label.push_str(if count == Decimal::ONE { " package of " } else { " packages of " });
    label.push_str(&text(size));
    steps.push(step(label, paid, price, amount));
    Ok(Priced { amount, steps })
}

/// `rate_percent` of the quantity after the free part, and `fixed_amount` for each event; the sum is at least
/// `minimum_amount` and at most `maximum_amount`. The platform sees totals, so that both bounds hold for the charge
/// and not for each event.
pub(crate) fn percentage(question: &Question<'_>) -> Result<Priced, Failure> {
    let parameters = &question.parameters;
    parameters.only(&["rate_percent", "fixed_amount", "free_units", "minimum_amount", "maximum_amount"])?;
    let rate = question.mul(parameters.number("rate_percent")?, Decimal::new(1, 2))?;
    let minimum = parameters.optional_number("minimum_amount")?;
    let maximum = parameters.optional_number("maximum_amount")?;
    if let (Some(minimum), Some(maximum)) = (minimum, maximum)
        && question.more(minimum, maximum)?
    {
        let fix = "make it at most `maximum_amount`";
        return Err(parameters.refuse("above-maximum", fix, "minimum_amount"));
    }
    if question.quantity.is_zero() && question.event_count == 0 {
        return Ok(Priced { amount: Decimal::ZERO, steps: Vec::new() });
    }
    let mut steps = Vec::with_capacity(4);
    let paid = question.after_free_units(&mut steps)?;
    let mut amount = question.mul(paid, rate)?;
    steps.push(step("Percentage".to_owned(), paid, rate, amount));
    if let Some(fixed) = parameters.optional_number("fixed_amount")?
        && !fixed.is_zero()
    {
        let cost = question.mul(fixed, Decimal::from(question.event_count))?;
        let mut label = question.event_count.to_string();
        label.push_str(" events");
        steps.push(step(label, Decimal::ZERO, fixed, cost));
        amount = question.add(amount, cost)?;
    }
    if let Some(minimum) = minimum
        && question.more(minimum, amount)?
    {
        let missing = question.sub(minimum, amount)?;
        steps.push(step("Up to the minimum".to_owned(), Decimal::ZERO, missing, missing));
        amount = minimum;
    }
    if let Some(maximum) = maximum
        && question.more(amount, maximum)?
    {
        amount = maximum;
        steps = question.whole("At the maximum".to_owned(), &text(maximum), maximum);
    }
    Ok(Priced { amount, steps })
}
