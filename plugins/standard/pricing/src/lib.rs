//! The standard pricing guest: per unit, graduated, volume, package and percentage, on the same SDK as anyone's.
//!
//! Every amount is exact; a price that cannot be computed exactly is a refusal. The platform rounds, once a line.
//! No model of a customer's own belongs here: those are plugins beside this one.

mod models;
#[cfg(test)]
mod tests;

use models::{Priced, Question};
use undash_plugin_sdk::pricing::{Charge, ChargePrice, Input, Output};
use undash_plugin_sdk::{Failure, Parameters, PricingRule, decimal, refuse};

/// The standard pricing rule.
pub struct StandardPricing;

impl PricingRule for StandardPricing {
    fn price(input: Input) -> Result<Output, Failure> {
        let mut charges = Vec::with_capacity(input.charges.len());
        for (index, charge) in (0_u32..).zip(&input.charges) {
            let priced = price_charge(index, charge)?;
            charges.push(ChargePrice { index, amount: decimal::text(priced.amount), steps: priced.steps });
        }
        Ok(Output { charges })
    }
}

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ARENA: undash_plugin_sdk::Arena = undash_plugin_sdk::Arena::new();

undash_plugin_sdk::export_pricing_rule!(StandardPricing);

fn price_charge(index: u32, charge: &Charge) -> Result<Priced, Failure> {
    let path = |field: &str| {
        let mut path = String::from("charges.");
        path.push_str(&index.to_string());
        path.push('.');
        path.push_str(field);
        path
    };
    let quantity =
        decimal::parse(&charge.quantity).map_err(|error| refuse("not-a-decimal", error.message(), path("quantity")))?;
    if quantity.is_sign_negative() {
        return Err(refuse("negative", "a negative quantity has no price; correct the usage", path("quantity")));
    }
    let parameters_path = || path("parameters");
    let question = Question {
        quantity,
        quantity_text: &charge.quantity,
        event_count: charge.event_count,
        parameters: Parameters::new(&charge.parameters, &parameters_path),
        path: &path,
    };
    match charge.model.as_str() {
        "PER_UNIT" => models::per_unit(&question),
        "GRADUATED" => models::graduated(&question),
        "VOLUME" => models::volume(&question),
        "PACKAGE" => models::package(&question),
        "PERCENTAGE" => models::percentage(&question),
        _ => Err(refuse(
            "unknown-model",
            "the standard rule knows PER_UNIT, GRADUATED, VOLUME, PACKAGE and PERCENTAGE; choose one of them, or \
             activate a plugin of your own for this plan",
            path("model"),
        )),
    }
}
