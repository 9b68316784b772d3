//! The promise to plugin authors: WIT packages, worlds, the decimal grammar and the limits a plugin runs under.
//!
//! Data only. Nothing here may parse, run or depend on anything, so that the host, the build and an author's
//! tool can share one truth. A released WIT package is never edited: a change lives in a new folder beside it.

mod limits;

pub use limits::{Budget, LimitProfile, STANDARD};

/// One WIT package as published to authors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WitPackage {
    /// Package name with version, such as `undash:pricing@1.0.0`.
    pub name: &'static str,
    /// The file name its text is known by in messages.
    pub file: &'static str,
    /// The text itself.
    pub text: &'static str,
}

/// The packages of version 1, each after the ones it refers to.
pub const WIT: [WitPackage; 4] = [
    WitPackage { name: "undash:types@1.0.0", file: "types.wit", text: include_str!("../wit/v1/types/types.wit") },
    WitPackage {
        name: "undash:pricing@1.0.0",
        file: "pricing.wit",
        text: include_str!("../wit/v1/pricing/pricing.wit"),
    },
    WitPackage { name: "undash:tax@1.0.0", file: "tax.wit", text: include_str!("../wit/v1/tax/tax.wit") },
    WitPackage {
        name: "undash:template@1.0.0",
        file: "template.wit",
        text: include_str!("../wit/v1/template/template.wit"),
    },
];

/// A world a plugin may target: exact names, because lookups by name are otherwise semver-aware and two versions
/// would be confused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct World {
    /// Full name, such as `undash:pricing/pricing-rule@1.0.0`.
    pub name: &'static str,
    /// Name of the package it is declared in.
    pub package: &'static str,
    /// Name inside its package.
    pub local_name: &'static str,
    /// The one interface the plugin must export.
    pub export: &'static str,
    /// The function of that interface.
    pub function: &'static str,
    /// What the plugin may import; an interface of types alone counts as well.
    pub imports: &'static [&'static str],
}

/// The interface a plugin may call.
pub const LOG: &str = "undash:types/log@1.0.0";
/// The interface that only carries types.
pub const VALUES: &str = "undash:types/values@1.0.0";

/// Prices the charges of a period.
pub const PRICING_RULE: World = World {
    name: "undash:pricing/pricing-rule@1.0.0",
    package: "undash:pricing@1.0.0",
    local_name: "pricing-rule",
    export: "undash:pricing/rule@1.0.0",
    function: "price",
    imports: &[LOG, VALUES],
};

/// Calculates the taxes of an invoice.
pub const TAX_CALCULATOR: World = World {
    name: "undash:tax/tax-calculator@1.0.0",
    package: "undash:tax@1.0.0",
    local_name: "tax-calculator",
    export: "undash:tax/calculator@1.0.0",
    function: "calculate",
    imports: &[LOG, VALUES],
};

/// Turns the facts of an invoice into blocks of a document.
pub const INVOICE_TEMPLATE: World = World {
    name: "undash:template/invoice-template@1.0.0",
    package: "undash:template@1.0.0",
    local_name: "invoice-template",
    export: "undash:template/template@1.0.0",
    function: "render",
    imports: &[LOG, VALUES],
};

/// Every world of this version.
pub const WORLDS: [World; 3] = [PRICING_RULE, TAX_CALCULATOR, INVOICE_TEMPLATE];

/// The one text form of a decimal, as a regular expression. Two rules it cannot say: at most
/// [`DECIMAL_DIGITS`] significant digits and as many after the point, and zero has no minus sign.
pub const DECIMAL_GRAMMAR: &str = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?";

/// Most significant digits, and most digits after the point, of a decimal.
pub const DECIMAL_DIGITS: usize = 28;

/// The text form of a code a plugin answers, as a regular expression.
pub const CODE_GRAMMAR: &str = "[A-Za-z0-9._-]{1,64}";
