//! A customer's pricing rule, as small as one can be: every charge costs the amount its plan names.
//!
//! It knows two parameters. `amount` is what the charge costs (7.77 without it). `panic` makes it trap,
//! so that a test can see what a failing plugin does to a bill. After a change, build it again with
//! `undash plugin build tests/guests/flat-price --output tests/guests/flat-price.wasm` and commit both:
//! the tests upload the component, not the source.

use undash_plugin_sdk::pricing::{Charge, ChargePrice, Input, Output};
use undash_plugin_sdk::{Failure, ParameterValue, PricingRule};

struct FlatPrice;

impl PricingRule for FlatPrice {
    fn price(input: Input) -> Result<Output, Failure> {
        let charges = (0_u32..)
            .zip(&input.charges)
            .map(|(index, charge)| ChargePrice { index, amount: amount(charge), steps: Vec::new() })
            .collect();
        Ok(Output { charges })
    }
}

undash_plugin_sdk::export_pricing_rule!(FlatPrice);

fn amount(charge: &Charge) -> String {
    let mut amount = String::from("7.77");
    for parameter in &charge.parameters {
        match (parameter.name.as_str(), &parameter.value) {
            ("amount", ParameterValue::Number(number)) => amount.clone_from(number),
            ("panic", ParameterValue::Flag(true)) => panic!("this plan told me to fail"),
            _ => {}
        }
    }
    amount
}
