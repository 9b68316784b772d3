//! The standard template guest: a clear, proud invoice, on the same SDK as anyone's.
//!
//! Decides words, order and number formats. It computes no amount: everything it shows is in its input. Fonts, pages
//! and colours are the platform's.

mod blocks;
mod numbers;
mod table;
#[cfg(test)]
mod tests;

use undash_plugin_sdk::template::{Document, Input};
use undash_plugin_sdk::{Failure, InvoiceTemplate};

/// The standard invoice template.
pub struct StandardTemplate;

impl InvoiceTemplate for StandardTemplate {
    fn render(input: Input) -> Result<Document, Failure> {
        Ok(blocks::document(&input))
    }
}

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ARENA: undash_plugin_sdk::Arena = undash_plugin_sdk::Arena::new();

undash_plugin_sdk::export_invoice_template!(StandardTemplate);
