//! The standard price models: their names and the parameters each must and may have.
//!
//! Only the shape of the parameters is known here; what they cost is the pricing plugin's
//! business.

/// `unit_amount` for each unit.
pub const PER_UNIT: &str = "PER_UNIT";
/// Each unit at the price of the tier it falls into.
pub const GRADUATED: &str = "GRADUATED";
/// All units at the price of the tier the whole quantity falls into.
pub const VOLUME: &str = "VOLUME";
/// `package_amount` for each started (or completed) package of `package_size` units.
pub const PACKAGE: &str = "PACKAGE";
/// `rate_percent` of the quantity, which is itself an amount of money.
pub const PERCENTAGE: &str = "PERCENTAGE";
/// What the name of every other model begins with.
pub const CUSTOM_PREFIX: &str = "CUSTOM:";

/// The standard models.
pub const STANDARD: [&str; 5] = [PER_UNIT, GRADUATED, VOLUME, PACKAGE, PERCENTAGE];

/// What a parameter of a standard model holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A number that is not negative.
    Amount,
    /// A number above zero.
    Positive,
    /// Price tiers.
    Tiers,
    /// Yes or no.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// A parameter of a standard model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Whether the model cannot do without it.
    pub required: bool,
}

const fn required(name: &'static str, shape: Shape) -> Parameter {
    Parameter { name, shape, required: true }
}

const fn optional(name: &'static str, shape: Shape) -> Parameter {
    Parameter { name, shape, required: false }
}

/// Charges the first tier's flat amount even when nothing was used; off unless given.
pub const ZERO_USAGE_FLAT_FEE: &str = "zero_usage_first_tier_flat";

/// The parameters of a standard model, or `None` for any other model.
#[must_use]
pub fn parameters(model: &str) -> Option<&'static [Parameter]> {
    const TIERED: &[Parameter] = &[required("tiers", Shape::Tiers), optional(ZERO_USAGE_FLAT_FEE, Shape::Flag)];
    match model {
        PER_UNIT => Some(const { &[required("unit_amount", Shape::Amount)] }),
        GRADUATED | VOLUME => Some(TIERED),
        PACKAGE => Some(
            const {
                &[
                    required("package_size", Shape::Positive),
                    required("package_amount", Shape::Amount),
                    optional("free_units", Shape::Amount),
                    optional("rounding", Shape::Word(&["up", "down"])),
                ]
            },
        ),
        PERCENTAGE => Some(
            const {
                &[
                    required("rate_percent", Shape::Amount),
                    optional("fixed_amount", Shape::Amount),
                    optional("free_units", Shape::Amount),
                    optional("minimum_amount", Shape::Amount),
                    optional("maximum_amount", Shape::Amount),
                ]
            },
        ),
        _ => None,
    }
}
