//! What the demo tells: a tour for a person, or one JSON object for a program.

use billing::decimal::canonical;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

use super::alerts::Alert;
use crate::app::explain_invoice::Explanation;
use crate::cli::import::Counts;
use crate::error::Error;

/// Everything there is to tell.
pub(super) struct Outcome {
    pub(super) counts: Counts,
    pub(super) alerts: Vec<Alert>,
    pub(super) explanation: Explanation,
    pub(super) pdf: PathBuf,
}

/// One JSON object on standard output.
pub(super) fn json(outcome: &Outcome) -> Result<(), Error> {
    let Explanation { invoice, contents, plugins, .. } = &outcome.explanation;
    let lines: Vec<Value> = contents
        .lines
        .iter()
        .map(|line| {
            json!({
                "metric": line.metric_code,
                "description": line.description,
                "quantity": line.quantity.map(canonical),
                "amount": line.amount.to_decimal().to_string(),
            })
        })
        .collect();
    let object = json!({
        "events": outcome.counts,
        "invoice": {
            "id": invoice.id.to_string(),
            "number": invoice.number,
            "currency": invoice.currency.code(),
            "period": {"start": invoice.period.start.to_rfc3339_opts(chrono::SecondsFormat::Secs, true), "end": invoice.period.end.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)},
            "lines": lines,
            "subtotal": invoice.subtotal.to_decimal().to_string(),
            "tax": invoice.tax.to_decimal().to_string(),
            "total": invoice.total.to_decimal().to_string(),
            "pdf": outcome.pdf,
        },
        "alerts": outcome.alerts,
        "plugins": plugins.iter().map(|plugin| json!({"kind": plugin.kind.as_str().to_ascii_lowercase(), "name": plugin.name, "digest": plugin.digest})).collect::<Vec<_>>(),
    });
    println!("{}", serde_json::to_string(&object).map_err(Error::internal)?);
    Ok(())
}

/// A readable summary on standard output.
pub(super) fn tour(outcome: &Outcome, folder: &Path) {
    let Explanation { invoice, contents, plugins, .. } = &outcome.explanation;
    let Counts { accepted, duplicates, conflicts, rejected } = outcome.counts;
    println!("Events       {accepted} accepted, {duplicates} duplicates, {conflicts} conflicts, {rejected} rejected");
    println!("Alerts       {} received through the GraphQL subscription", outcome.alerts.len());
    let number = invoice.number.as_deref().unwrap_or("-");
    println!(
        "\nInvoice {number}   {} to {} (exclusive)\n",
        invoice.period.start.format("%-d %b %Y"),
        invoice.period.end.format("%-d %b %Y")
    );
    println!("  {:<24} {:>14} {:>14}", "", "quantity", invoice.currency.code());
    for line in &contents.lines {
        println!(
            "  {:<24} {:>14} {:>14}",
            line.description,
            line.quantity.map(canonical).unwrap_or_default(),
            line.amount.to_decimal()
        );
        for step in line.steps.iter().filter(|_| line.steps.len() > 1) {
            let label = format!("    {}", step.label);
            println!("  {label:<24} {:>14}   × {}", canonical(step.quantity), canonical(step.unit_amount));
        }
    }
    println!("  {:-<54}", "");
    println!("  {:<24} {:>14} {:>14}", "Subtotal", "", invoice.subtotal.to_decimal());
    for tax in &contents.taxes {
        let label = format!("{} {} %", tax.name, canonical(tax.rate_percent));
        println!("  {label:<24} {:>14} {:>14}", "", tax.amount.to_decimal());
    }
    println!("  {:<24} {:>14} {:>14}\n", "Total", "", invoice.total.to_decimal());
    println!("PDF          {}", outcome.pdf.display());
    println!("Database     {}", folder.join("undash.db").display());
    for plugin in plugins {
        println!("{:<12} {} {}", capitalised(plugin.kind.as_str()), plugin.name, plugin.digest);
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_string() + &letters.as_str().to_ascii_lowercase()).unwrap_or_default()
}
