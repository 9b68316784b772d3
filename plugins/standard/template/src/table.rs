//! The table of lines: one row for what was bought, and rows below it for how its price came about.

use undash_plugin_sdk::decimal::{exact_mul, parse};
use undash_plugin_sdk::template::{Align, Input, InvoiceLine, PriceStep, RowStyle, Table, TableColumn, TableRow};

use crate::numbers::{money, plain, quantity, span};

/// Bytes of a description.
const DESCRIPTION: usize = 1_000;

pub(crate) fn lines(input: &Input) -> Table {
    let column = |title: &str, align: Align, weight: u32| TableColumn { title: title.to_owned(), align, weight };
    let mut rows = Vec::with_capacity(input.lines.len() * 3);
    for line in &input.lines {
        let single = single_price(line);
        rows.push(main_row(line, single, &input.currency));
        if single.is_none() {
            rows.extend(line.steps.iter().map(|step| detail_row(step, &input.currency)));
        }
    }
    Table {
        columns: vec![
            column("Description", Align::Left, 50),
            column("Quantity", Align::Right, 15),
            column("Unit price", Align::Right, 16),
            column("Amount", Align::Right, 19),
        ],
        rows,
    }
}

/// The one step that says it all: its quantity times its unit price is its amount.
fn single_price(line: &InvoiceLine) -> Option<&PriceStep> {
    let [step] = line.steps.as_slice() else { return None };
    let product = exact_mul(parse(&step.quantity).ok()?, parse(&step.unit_amount).ok()?).ok()?;
    (product == parse(&step.amount).ok()?).then_some(step)
}

fn main_row(line: &InvoiceLine, single: Option<&PriceStep>, currency: &str) -> TableRow {
    let mut description = plain(&line.description, DESCRIPTION);
    if let Some(days) = &line.service_days {
        description.push_str(" · ");
        description.push_str(&span(days));
    }
    let mut count = line.quantity.as_deref().map(|value| quantity(value, currency)).unwrap_or_default();
    if !line.unit.is_empty() && !count.is_empty() {
        count.push('\u{a0}');
        count.push_str(&plain(&line.unit, 32));
    }
    let unit = single.map(|step| money(&step.unit_amount, currency)).unwrap_or_default();
    TableRow { cells: vec![description, count, unit, money(&line.amount, currency)], style: RowStyle::Normal }
}

fn detail_row(step: &PriceStep, currency: &str) -> TableRow {
    // A step without quantity is money alone, such as a flat amount: its unit price would repeat the amount.
    let (count, unit) = if step.quantity == "0" {
        (String::new(), String::new())
    } else {
        (quantity(&step.quantity, currency), money(&step.unit_amount, currency))
    };
    TableRow {
        cells: vec![plain(&step.label, DESCRIPTION), count, unit, money(&step.amount, currency)],
        style: RowStyle::Detail,
    }
}
