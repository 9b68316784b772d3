//! Where an invoice came from: each line with its price, the plugin that gave it, and its events.

use billing::ids::{InvoiceId, OrganisationId};
use std::collections::HashMap;

use super::App;
use super::finalise_invoice::find;
use super::invoice_contents::InvoiceFacts;
use crate::error::Error;
use crate::plugin::{Kind, STANDARD};
use crate::store;
use crate::store::invoice::{Contents, Invoice};
use crate::viewer::{Permission, Viewer};

/// An invoice with everything behind it.
pub struct Explanation {
    /// The invoice.
    pub invoice: Invoice,
    /// Lines, taxes and the plugin calls behind them.
    pub contents: Contents,
    /// What it says besides numbers.
    pub facts: InvoiceFacts,
    /// The components that made it, in the order pricing, tax, template.
    pub plugins: Vec<UsedPlugin>,
}

/// A component that had a part in an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedPlugin {
    /// What it did.
    pub kind: Kind,
    /// Name of its plugin.
    pub name: String,
    /// Its bytes.
    pub digest: String,
}

/// Explains an invoice.
pub async fn explain(
    app: &App,
    viewer: &Viewer,
    organisation: OrganisationId,
    id: InvoiceId,
) -> Result<Explanation, Error> {
    viewer.require(Permission::InvoicesRead)?;
    let invoice = find(app, organisation, id).await?;
    let contents = store::invoice::contents(&app.store, &invoice).await?;
    let facts = InvoiceFacts::from_json(&contents.facts)?;
    let mut used: Vec<(Kind, String)> = contents.calls.iter().map(|call| (call.kind, call.digest.clone())).collect();
    used.push((Kind::Template, facts.template.clone()));
    used.dedup();
    let mut names = HashMap::new();
    for (_, digest) in &used {
        names.insert(digest.clone(), name(app, digest).await?);
    }
    let plugins = used
        .into_iter()
        .map(|(kind, digest)| UsedPlugin { kind, name: names.get(&digest).cloned().unwrap_or_default(), digest })
        .collect();
    Ok(Explanation { invoice, contents, facts, plugins })
}

/// What people call a component.
async fn name(app: &App, digest: &str) -> Result<String, Error> {
    if let Some(guest) = STANDARD.iter().find(|guest| guest.digest() == digest) {
        return Ok(guest.name.to_owned());
    }
    let Some(version) = store::plugin::versions_of_digest(&app.store, digest).await?.into_iter().next() else {
        return Ok("standard (of an earlier release)".to_owned());
    };
    let plugin = store::plugin::find(&app.store, version.plugin_id).await?;
    Ok(plugin.map_or_else(|| digest.to_owned(), |plugin| format!("{} v{}", plugin.name, version.number)))
}
