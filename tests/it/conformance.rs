//! The table of prices in `golden/charge-models.md`, priced by the real pricing plugin through the host
//! and accepted by the rules of billing. The table is the specification: nobody generates it.

use billing::money::Currency;
use billing::period::Interval;
use billing::rating::{self, ChargeQuestion, ParameterValue, PricingQuestion, Tier};
use chrono::DateTime;
use plugin_host::HostSettings;
use rust_decimal::Decimal;
use std::sync::Arc;
use undash::plugin::{Kind, Plugins, StandardGuest};

const TABLE: &str = include_str!("../golden/charge-models.md");

/// One row with the price of its section.
struct Case {
    place: String,
    model: String,
    parameters: Vec<(String, ParameterValue)>,
    currency: Currency,
    used: Decimal,
    events: u64,
    /// Exact price and line, or a refusal.
    expected: Option<(Decimal, String)>,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_the_table_comes_out() {
    let cases = cases();
    assert!(cases.len() >= 90, "the table was read: {}", cases.len());
    let plugins = Plugins::start(HostSettings { threads: 2, ..HostSettings::default() }).unwrap();
    let guest = StandardGuest::of(Kind::Pricing);
    plugins.prepare(guest.digest(), Arc::from(guest.bytes)).await.unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let question = question(case);
        let answered = plugins.price(guest.digest(), &question).await;
        let priced = answered
            .map_err(|error| error.to_string())
            .and_then(|(answer, _)| rating::accept(&question, answer).map_err(|refused| refused.to_string()));
        let came = priced.map(|mut charges| charges.remove(0));
        match (&case.expected, came) {
            (None, Err(_)) => {}
            (Some((exact, line)), Ok(charge))
                if charge.amount_exact == *exact && charge.amount.to_decimal().to_string() == *line => {}
            (_, Ok(charge)) => {
                wrong.push(format!(
                    "{}: {} rounded to {}",
                    case.place,
                    charge.amount_exact,
                    charge.amount.to_decimal()
                ));
            }
            (Some(_), Err(words)) => wrong.push(format!("{}: {words}", case.place)),
        }
    }
    assert!(wrong.is_empty(), "prices differ from the table:\n{}", wrong.join("\n"));
}

fn question(case: &Case) -> PricingQuestion {
    let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
    let period = Interval::new(at("2024-03-01T00:00:00Z"), at("2024-04-01T00:00:00Z")).unwrap();
    PricingQuestion {
        reference: case.place.clone(),
        currency: case.currency,
        period,
        as_of: period.end,
        charges: vec![ChargeQuestion {
            code: "charge".to_owned(),
            metric_code: "metric".to_owned(),
            quantity: case.used,
            event_count: case.events,
            model: case.model.clone(),
            parameters: case.parameters.clone(),
        }],
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let (mut model, mut parameters, mut columns) = (String::new(), Vec::new(), Vec::new());
    for (number, line) in TABLE.lines().enumerate() {
        let place = format!("golden/charge-models.md:{}", number + 1);
        if let Some(price) = line.strip_prefix("Model `") {
            let (name, rest) = price.split_once('`').expect("a model");
            (model, parameters, columns) = (name.to_owned(), read_parameters(rest), Vec::new());
            continue;
        }
        let Some(row) = line.strip_prefix('|') else { continue };
        let cells: Vec<&str> = row.trim_end_matches('|').split('|').map(str::trim).collect();
        if columns.is_empty() {
            columns = cells.into_iter().map(str::to_owned).collect();
        } else if !cells[0].contains("---") {
            cases.push(case(place, &model, &parameters, &columns, &cells));
        }
    }
    cases
}

fn case(
    place: String,
    model: &str,
    parameters: &[(String, ParameterValue)],
    columns: &[String],
    cells: &[&str],
) -> Case {
    let cell = |name: &str| columns.iter().position(|column| column == name).map(|index| cells[index]);
    let (line, currency) = columns
        .iter()
        .zip(cells)
        .find_map(|(column, cell)| Some((*cell, column.strip_prefix("invoice ")?)))
        .expect("an invoice column");
    let exact = cell("exact price").expect("an exact price");
    let expected = (exact != "refused").then(|| (number(exact), line.to_owned()));
    let currency = Currency::from_code(currency).expect("a currency");
    let events = cell("events").map_or(1, |events| events.parse().expect("a count"));
    let used = number(cell("used").expect("a quantity"));
    Case { place, model: model.to_owned(), parameters: parameters.to_vec(), currency, used, events, expected }
}

/// `, unit_amount 0.5, tiers to 10: 5 each + 3; above: 1 each, rounding up`
fn read_parameters(text: &str) -> Vec<(String, ParameterValue)> {
    text.split(", ")
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) =
                part.trim_start_matches(", ").split_once(' ').unwrap_or_else(|| panic!("`{part}` is a parameter"));
            let value = match (name, value) {
                ("tiers", tiers) => ParameterValue::Tiers(tiers.split("; ").map(tier).collect()),
                (_, "yes") => ParameterValue::Flag(true),
                ("rounding", word) => ParameterValue::Text(word.to_owned()),
                (_, number_text) => ParameterValue::Number(number(number_text)),
            };
            (name.to_owned(), value)
        })
        .collect()
}

fn tier(text: &str) -> Tier {
    let (bound, price) = text.split_once(": ").unwrap_or_else(|| panic!("`{text}` is a tier"));
    let up_to = bound.strip_prefix("to ").map(number);
    assert!(up_to.is_some() || bound == "above", "`{text}` is a tier");
    let (unit, flat) = price.split_once(" each").unwrap_or_else(|| panic!("`{text}` has a price"));
    let flat_amount = flat.strip_prefix(" + ").map_or(Decimal::ZERO, number);
    Tier { up_to, unit_amount: number(unit), flat_amount }
}

fn number(text: &str) -> Decimal {
    billing::decimal::parse(text).unwrap_or_else(|error| panic!("`{text}` {error}"))
}
