//! The records of contract version 1 as Rust types, generated from the WIT.
//!
//! Generated code and re-exports only; every later version of a package gets a module of its own beside these.
#![allow(missing_docs, reason = "generated; the WIT files carry the documentation")]

pub(crate) mod shared {
    wasmtime::component::bindgen!({
        path: ["../contract/wit/v1/types"],
        inline: "package undash:host;
            world shared { import undash:types/values@1.0.0; import undash:types/log@1.0.0; }",
        additional_derives: [Clone, PartialEq, serde::Serialize, serde::Deserialize],
    });
}

pub(crate) mod bindings {
    pub(crate) mod pricing {
        wasmtime::component::bindgen!({
            path: ["../contract/wit/v1/types", "../contract/wit/v1/pricing"],
            world: "undash:pricing/pricing-rule",
            additional_derives: [Clone, PartialEq, serde::Serialize, serde::Deserialize],
            with: {
                "undash:types/values": crate::v1::shared::undash::types::values,
                "undash:types/log": crate::v1::shared::undash::types::log,
            },
        });
    }

    pub(crate) mod tax {
        wasmtime::component::bindgen!({
            path: ["../contract/wit/v1/types", "../contract/wit/v1/tax"],
            world: "undash:tax/tax-calculator",
            additional_derives: [Clone, PartialEq, serde::Serialize, serde::Deserialize],
            with: {
                "undash:types/values": crate::v1::shared::undash::types::values,
                "undash:types/log": crate::v1::shared::undash::types::log,
            },
        });
    }

    pub(crate) mod template {
        wasmtime::component::bindgen!({
            path: ["../contract/wit/v1/types", "../contract/wit/v1/template"],
            world: "undash:template/invoice-template",
            additional_derives: [Clone, PartialEq, serde::Serialize, serde::Deserialize],
            with: {
                "undash:types/values": crate::v1::shared::undash::types::values,
                "undash:types/log": crate::v1::shared::undash::types::log,
            },
        });
    }
}

/// Values every kind of plugin shares.
pub mod types {
    pub use super::shared::undash::types::log::Level;
    pub use super::shared::undash::types::values::{
        Attributes, Date, Decimal, Failure, Parameter, ParameterValue, Period, Tier, Timestamp,
    };
}

/// Pricing rules.
pub mod pricing {
    pub use super::bindings::pricing::exports::undash::pricing::rule::{Charge, ChargePrice, Input, Output, PriceStep};
    pub use super::types::{Failure, Parameter, ParameterValue, Period, Tier};
}

/// Tax calculators.
pub mod tax {
    pub use super::bindings::tax::exports::undash::tax::calculator::{
        Input, Output, Party, Regime, Rounding, TaxComponent, TaxLine,
    };
    pub use super::types::{Failure, Parameter, ParameterValue, Tier};
}

/// Invoice templates.
pub mod template {
    pub use super::bindings::template::exports::undash::template::template::{
        Align, Block, Column, DaySpan, Document, DocumentKind, Heading, Input, InvoiceLine, Masthead, Paragraph, Party,
        PriceStep, RowStyle, Run, Table, TableColumn, TableRow, Tax, TaxId, TotalLine,
    };
    pub use super::types::Failure;
    /// What a template answers, named as in the other kinds.
    pub type Output = Document;
}
