//! What the fields of the schema cost. The model reads most prices off the schema itself; here are the few fields whose
//! work is not seen in the answer's shape. Counting and buckets are elsewhere.

use async_graphql::Value;
use chrono::{DateTime, TimeDelta};
use transport::{Arguments, CostModel, CostModelError, FieldCost};

use super::buckets::Granularity;
use super::usage_series::{MOST_DAYS, MOST_GROUPS, MOST_POINTS};

/// The model in words, as `apiLimits` shows it.
pub(super) const WORDS: &str = "A scalar costs 0 and an object 1; amounts of money, intervals and invoice parties count as scalars. \
A connection costs 2 and, for each item of the page asked for (`first` or `last`, else defaultPageSize), what is selected of an item. \
A list counts as listItems items, `nodes` as many as there are ids. \
`usageSeries` costs 1, a tenth of its points times groups, and a tenth of the days of its window times groups. \
`usageIngest` costs 1 and a tenth of its events. `invoicePreview` adds 50, `invoiceExplain` 20, `invoiceRecompute` 200. \
Introspection is free. A subscription is charged once, when it starts. What an answer did not use is given back.";

/// Objects that are values in several parts.
const VALUES: [&str; 3] = ["Money", "DateTimeInterval", "InvoiceParty"];

/// The price of every field.
pub(super) fn model(sdl: &str) -> Result<CostModel, CostModelError> {
    let mut model = CostModel::from_sdl(sdl)?;
    for value in VALUES {
        model = model.with_value(value)?;
    }
    model
        .with_field("Query.usageSeries", usage_series)?
        .with_field("Mutation.usageIngest", usage_ingest)?
        .with_field("Query.invoicePreview", |_| FieldCost { own: 51, items: 1 })?
        .with_field("Query.invoiceExplain", |_| FieldCost { own: 21, items: 1 })?
        .with_field("Query.invoiceRecompute", |_| FieldCost { own: 201, items: 1 })
}

/// Points times groups, because each is in the answer; days times groups, because the quarter hours of each are read.
fn usage_series(arguments: &Arguments<'_>) -> FieldCost {
    let days = window(arguments).unwrap_or(TimeDelta::days(MOST_DAYS));
    let days = u64::try_from(days.num_minutes()).unwrap_or_default().div_ceil(24 * 60).min(MOST_DAYS.unsigned_abs());
    let points = points(arguments, days).min(MOST_POINTS as u64);
    let groups = match arguments.at(&["input", "groupBy"]) {
        Some(Value::List(dimensions)) if dimensions.is_empty() => 1,
        None | Some(Value::Null) => 1,
        Some(_) => groups(arguments),
    };
    let tenth = |number: u64| number.saturating_mul(groups).div_ceil(10);
    FieldCost { own: 1_u64.saturating_add(tenth(points)).saturating_add(tenth(days)), items: 0 }
}

fn groups(arguments: &Arguments<'_>) -> u64 {
    let most = MOST_GROUPS as u64;
    match arguments.at(&["input", "topGroups"]) {
        None => 10,
        Some(Value::Number(number)) => number.as_u64().unwrap_or(most).clamp(1, most),
        Some(_) => most,
    }
}

fn window(arguments: &Arguments<'_>) -> Option<TimeDelta> {
    let bound = |name| match arguments.at(&["input", "window", name]) {
        Some(Value::String(text)) => DateTime::parse_from_rfc3339(&text).ok(),
        _ => None,
    };
    Some((bound("lt")? - bound("gte")?).max(TimeDelta::zero()))
}

/// How many points the days are cut into, and one for the cut ends.
fn points(arguments: &Arguments<'_>, days: u64) -> u64 {
    let name = match arguments.at(&["input", "granularity"]) {
        Some(Value::Enum(name)) => name.to_string(),
        Some(Value::String(name)) => name,
        _ => String::new(),
    };
    let granularity = Granularity::ALL.into_iter().find(|granularity| granularity.as_str() == name);
    1 + match granularity {
        Some(Granularity::QuarterHour) | None => days * 96,
        Some(Granularity::Hour) => days * 24,
        Some(Granularity::Day) => days,
        Some(Granularity::Week) => days.div_ceil(7),
        Some(Granularity::Month) => days.div_ceil(28),
    }
}

fn usage_ingest(arguments: &Arguments<'_>) -> FieldCost {
    let events = match arguments.at(&["input", "events"]) {
        None | Some(Value::Null) => 0,
        Some(Value::List(events)) => events.len() as u64,
        Some(_) => 1,
    };
    FieldCost { own: 1 + events.div_ceil(10), items: 0 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value as Json, json};
    use transport::{CostSettings, Inspector, Limits};

    fn cost(query: &str, input: Json) -> u64 {
        let model = super::model(&crate::graphql::sdl()).unwrap();
        let settings = CostSettings { operation: u64::MAX, ..CostSettings::default() };
        let inspector = Inspector::new(Limits::default(), Some((model, settings)), 0);
        inspector.inspect(json!({"query": query, "variables": {"input": input}})).unwrap().cost.unwrap()
    }

    fn series(from: &str, to: &str, granularity: &str, grouped: bool) -> u64 {
        let by = if grouped { json!(["PROJECT"]) } else { json!([]) };
        let window = json!({"gte": from, "lt": to});
        cost(
            "query($input: UsageSeriesInput!) { usageSeries(input: $input) { groups { points { quantity } } } }",
            json!({"metric": "requests", "window": window, "granularity": granularity, "groupBy": by}),
        )
    }

    #[test]
    fn a_series_costs_its_points_groups_and_days() {
        let month = ("2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z");
        assert_eq!(series(month.0, month.1, "DAY", false), 1 + 4 + 3);
        assert_eq!(series(month.0, month.1, "DAY", true), 1 + 31 + 30);
        assert_eq!(series(month.0, month.1, "HOUR", false), 1 + 73 + 3);
        let dearest = series("2000-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "WEEK", true);
        assert_eq!(dearest, 1 + 524 + 3_660);
        assert_eq!(series("nonsense", "x", "HOUR", false), 1 + 200 + 366, "what is not understood costs the most");
    }

    #[test]
    fn usage_costs_by_its_events_and_money_is_free() {
        let events: Vec<Json> = (0..250).map(|_| json!({})).collect();
        let ingest =
            "mutation($input: UsageIngestInput!) { usageIngest(input: $input) { accepted results { status } } }";
        assert_eq!(cost(ingest, json!({ "events": events })), 26);
        let page = "{ invoices(first: 100) { nodes { id total { amount currency } period { start } } } }";
        assert_eq!(cost(page, Json::Null), 102);
    }

    #[test]
    fn the_largest_page_of_invoices_with_their_lines_is_within_reach() {
        let page = "{ invoices(first: 100) { nodes { id number total { amount } lines { description quantity amount { amount } } taxes { amount { amount } } } } }";
        assert_eq!(cost(page, Json::Null), 2_102);
    }
}
