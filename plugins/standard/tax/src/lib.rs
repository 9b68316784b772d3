//! The standard tax guest: flat rates and India's goods and services tax, on the same SDK as anyone's.
//!
//! Rates come from the operator's settings, never from here: they change with the law. A regime that does not fit the
//! parties is a refusal; no tax is ever assumed to be zero.

mod flat;
mod india;
mod lines;
#[cfg(test)]
mod tests;

use undash_plugin_sdk::tax::{Input, Output};
use undash_plugin_sdk::{Failure, Parameters, TaxCalculator, refuse};

/// The standard tax calculator.
pub struct StandardTax;

impl TaxCalculator for StandardTax {
    fn calculate(input: Input) -> Result<Output, Failure> {
        let path = || String::from("regime.parameters");
        let parameters = Parameters::new(&input.regime.parameters, &path);
        match input.regime.model.as_str() {
            "FLAT" => flat::calculate(&input, &parameters),
            "IN_GST" => india::calculate(&input, &parameters),
            _ => Err(refuse(
                "unknown-model",
                "the standard calculator knows FLAT and IN_GST; choose one of them, or activate a plugin of your own",
                "regime.model",
            )),
        }
    }
}

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ARENA: undash_plugin_sdk::Arena = undash_plugin_sdk::Arena::new();

undash_plugin_sdk::export_tax_calculator!(StandardTax);
