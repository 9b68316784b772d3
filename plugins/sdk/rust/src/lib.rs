//! What a plugin author in Rust builds on: the records of the contract, exact decimals, parameters and a log.
//!
//! A plugin is a crate of type `cdylib` (and `rlib`, to test it natively) that implements one trait and names it:
//!
//! ```
//! use undash_plugin_sdk::pricing::{ChargePrice, Input, Output};
//! use undash_plugin_sdk::{Failure, PricingRule};
//!
//! struct Free;
//!
//! impl PricingRule for Free {
//!     fn price(input: Input) -> Result<Output, Failure> {
//!         let charges = (0..input.charges.len() as u32)
//!             .map(|index| ChargePrice { index, amount: "0".into(), steps: Vec::new() })
//!             .collect();
//!         Ok(Output { charges })
//!     }
//! }
//!
//! undash_plugin_sdk::export_pricing_rule!(Free);
//! # fn main() {}
//! ```
//!
//! Nothing here reads a clock, a file or a random number: a plugin has none of them, and the same input must give the
//! same answer for ever.

mod arena;
pub mod bindings;
pub mod decimal;
mod failure;
pub mod log;
mod parameters;

pub use arena::Arena;
pub use decimal::Decimal;
pub use failure::refuse;
pub use parameters::{Band, Parameters};

pub use bindings::shared::undash::types::values::{Failure, Parameter, ParameterValue, Period, Tier};

/// The records of pricing rules.
pub mod pricing {
    pub use crate::bindings::pricing::exports::undash::pricing::rule::{Charge, ChargePrice, Input, Output, PriceStep};
    pub use crate::{Parameter, ParameterValue, Period, Tier};
}

/// The records of tax calculators.
pub mod tax {
    pub use crate::bindings::tax::exports::undash::tax::calculator::{
        Input, Output, Party, Regime, Rounding, TaxComponent, TaxLine,
    };
    pub use crate::{Parameter, ParameterValue, Tier};
}

/// The records of invoice templates.
pub mod template {
    pub use crate::bindings::template::exports::undash::template::template::{
        Align, Block, Column, DaySpan, Document, DocumentKind, Heading, Input, InvoiceLine, Masthead, Paragraph, Party,
        PriceStep, RowStyle, Run, Table, TableColumn, TableRow, Tax, TaxId, TotalLine,
    };
}

/// A rule that prices the charges of one billing period.
pub trait PricingRule {
    /// Answers every charge of the input exactly once, exactly and without rounding.
    ///
    /// # Errors
    /// A refusal that names the field and the fix; the invoice is then held, and nothing is billed.
    fn price(input: pricing::Input) -> Result<pricing::Output, Failure>;
}

/// A calculator of the taxes of one invoice.
pub trait TaxCalculator {
    /// Answers the components of tax, each rounded to the input's exponent.
    ///
    /// # Errors
    /// A refusal that names the field and the fix; the invoice is then held, and nothing is billed.
    fn calculate(input: tax::Input) -> Result<tax::Output, Failure>;
}

/// A template that turns the facts of one document into blocks.
pub trait InvoiceTemplate {
    /// Answers the document.
    ///
    /// # Errors
    /// A refusal; the platform then uses its own template.
    fn render(input: template::Input) -> Result<template::Document, Failure>;
}

/// Makes a type that implements [`PricingRule`] the plugin of this crate. Once in a crate.
#[macro_export]
macro_rules! export_pricing_rule {
    ($rule:ty) => {
        const _: () = {
            #[allow(dead_code, reason = "exported to the platform only")]
            struct Exported;
            impl $crate::bindings::pricing::exports::undash::pricing::rule::Guest for Exported {
                fn price(
                    input: $crate::pricing::Input,
                ) -> ::core::result::Result<$crate::pricing::Output, $crate::Failure> {
                    $crate::log::report_panics();
                    <$rule as $crate::PricingRule>::price(input)
                }
            }
            // A shared library of the machine cannot carry the names a component exports.
            #[cfg(target_arch = "wasm32")]
            $crate::bindings::pricing::__export_pricing_rule!(
                Exported with_types_in $crate::bindings::pricing
            );
        };
    };
}

/// Makes a type that implements [`TaxCalculator`] the plugin of this crate. Once in a crate.
#[macro_export]
macro_rules! export_tax_calculator {
    ($calculator:ty) => {
        const _: () = {
            #[allow(dead_code, reason = "exported to the platform only")]
            struct Exported;
            impl $crate::bindings::tax::exports::undash::tax::calculator::Guest for Exported {
                fn calculate(
                    input: $crate::tax::Input,
                ) -> ::core::result::Result<$crate::tax::Output, $crate::Failure> {
                    $crate::log::report_panics();
                    <$calculator as $crate::TaxCalculator>::calculate(input)
                }
            }
            // A shared library of the machine cannot carry the names a component exports.
            #[cfg(target_arch = "wasm32")]
            $crate::bindings::tax::__export_tax_calculator!(
                Exported with_types_in $crate::bindings::tax
            );
        };
    };
}

/// Makes a type that implements [`InvoiceTemplate`] the plugin of this crate. Once in a crate.
#[macro_export]
macro_rules! export_invoice_template {
    ($template:ty) => {
        const _: () = {
            #[allow(dead_code, reason = "exported to the platform only")]
            struct Exported;
            impl $crate::bindings::template::exports::undash::template::template::Guest for Exported {
                fn render(
                    input: $crate::template::Input,
                ) -> ::core::result::Result<$crate::template::Document, $crate::Failure> {
                    $crate::log::report_panics();
                    <$template as $crate::InvoiceTemplate>::render(input)
                }
            }
            // A shared library of the machine cannot carry the names a component exports.
            #[cfg(target_arch = "wasm32")]
            $crate::bindings::template::__export_invoice_template!(
                Exported with_types_in $crate::bindings::template
            );
        };
    };
}
