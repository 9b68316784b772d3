//! What is put to the tax plugin: everything it may know, and nothing else.

use chrono::{DateTime, Utc};

use crate::money::{Currency, Money};
use crate::rating::ParameterValue;

/// A seller or a buyer, as far as a tax depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxParty {
    /// The legal name.
    pub name: String,
    /// The country, ISO 3166-1 alpha-2.
    pub country: String,
    /// The state or province where the law asks for it, such as an Indian state code.
    pub region: Option<String>,
    /// The registration for tax: VAT number, GSTIN.
    pub tax_id: Option<String>,
    /// Further facts by name, such as `sez` = `true`.
    pub attributes: Vec<(String, String)>,
}

/// Which rules apply: a name the plugin knows and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxRegime {
    /// `FLAT`, `IN_GST`, or a name of the plugin's own.
    pub model: String,
    /// The regime's parameters, each name once.
    pub parameters: Vec<(String, ParameterValue)>,
}

/// One line of an invoice, as far as a tax depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxLine {
    /// The code of the charge or fee.
    pub code: String,
    /// The net amount, rounded.
    pub amount: Money,
    /// What is sold, for regimes whose rate depends on it; empty if all lines are alike.
    pub category: String,
}

/// One call of a tax plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxQuestion {
    /// The currency of every amount.
    pub currency: Currency,
    /// The moment whose law applies; the plugin has no clock of its own.
    pub as_of: DateTime<Utc>,
    /// Who issues the invoice.
    pub seller: TaxParty,
    /// Who receives it.
    pub buyer: TaxParty,
    /// Which rules apply.
    pub regime: TaxRegime,
    /// The lines, in the order of the invoice.
    pub lines: Vec<TaxLine>,
}
