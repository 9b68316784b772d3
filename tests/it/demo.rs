//! `undash demo` on a trace of our own: its numbers computed again here, by other code, from the file.

use harness::{scratch, undash};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A trace as it was written: times with seven digits, context and generated tokens.
pub(crate) struct Trace {
    rows: Vec<(String, u64, u64)>,
}

/// What a month must cost.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bill {
    quantities: [Decimal; 3],
    amounts: [Decimal; 4],
    subtotal: Decimal,
    tax: Decimal,
    total: Decimal,
}

impl Trace {
    /// Rows through a month, from its first to its last instant, with equal rows among them.
    pub(crate) fn of(rows: u64) -> Self {
        let row = |n: u64| {
            // Seven digits, as the real traces have; the last one is below a microsecond.
            let at = match n {
                0 => "2023-11-01 00:00:00.0000000".to_owned(),
                1 => "2023-11-30 23:59:59.9999999".to_owned(),
                _ => format!(
                    "2023-11-{:02} {:02}:{:02}:{:02}.{:07}",
                    1 + n % 30,
                    n % 24,
                    n * 7 % 60,
                    n * 13 % 60,
                    n / 3 * 1_234_567 % 10_000_000
                ),
            };
            (at, 1_000 + n * 7_919 % 20_000, 1 + n * 104_729 % 1_500)
        };
        let mut rows: Vec<_> = (0..rows).map(row).collect();
        if let Some(last) = rows.last().cloned() {
            rows.push(last);
        }
        Self { rows }
    }

    /// Requests in the trace.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Writes it as the tools of the trace's makers do: with a byte-order mark and Windows line ends.
    pub(crate) fn write(&self, folder: &Path) -> PathBuf {
        let mut text = "\u{feff}TIMESTAMP,ContextTokens,GeneratedTokens\r\n".to_owned();
        for (at, context, generated) in &self.rows {
            text.push_str(&format!("{at},{context},{generated}\r\n"));
        }
        let path = folder.join("trace.csv");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The bill by the words of the plan, with nothing but exact decimals.
    pub(crate) fn bill(&self) -> Bill {
        let price = |units: u64, millionths: i64| Decimal::from(units) * Decimal::new(millionths, 6);
        let context: u64 = self.rows.iter().map(|row| row.1).sum();
        let generated: u64 = self.rows.iter().map(|row| row.2).sum();
        let requests = self.rows.len() as u64;
        let (first, second, rest) =
            (generated.min(100_000), generated.saturating_sub(100_000).min(400_000), generated.saturating_sub(500_000));
        let amounts = [
            cents(price(context, 3)),
            cents(price(first, 15) + price(second, 12) + price(rest, 10)),
            cents(Decimal::from(requests.saturating_sub(1_000).div_ceil(1_000)) * Decimal::new(25, 2)),
            Decimal::new(2_000, 2),
        ];
        let subtotal: Decimal = amounts.iter().sum();
        let tax = cents(subtotal * Decimal::new(18, 2));
        Bill {
            quantities: [context, generated, requests].map(Decimal::from),
            amounts,
            subtotal,
            tax,
            total: subtotal + tax,
        }
    }
}

fn cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

impl Bill {
    /// Reads the bill off the demo's answer.
    pub(crate) fn read(answer: &Value) -> Self {
        let invoice = &answer["invoice"];
        let number =
            |value: &Value| value.as_str().unwrap_or_else(|| panic!("{value} is a text")).parse::<Decimal>().unwrap();
        let lines = invoice["lines"].as_array().unwrap();
        assert_eq!(
            lines.iter().map(|line| &line["metric"]).collect::<Vec<_>>(),
            [&json!("context_tokens"), &json!("generated_tokens"), &json!("requests"), &Value::Null]
        );
        Self {
            quantities: [0, 1, 2].map(|line| number(&lines[line]["quantity"])),
            amounts: [0, 1, 2, 3].map(|line| number(&lines[line]["amount"])),
            subtotal: number(&invoice["subtotal"]),
            tax: number(&invoice["tax"]),
            total: number(&invoice["total"]),
        }
    }
}

/// Runs the demo to its end; answers the object it printed.
pub(crate) fn demo(folder: &Path, trace: &Path, database: Option<&str>) -> Value {
    let mut command = undash();
    command.args(["demo", "--json", "--data-dir"]).arg(folder).arg("--trace").arg(trace);
    if let Some(url) = database {
        command.args(["--database-url", url]);
    }
    let output = command.output().unwrap();
    let (words, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the demo failed: {errors}\n{words}");
    serde_json::from_str(words.trim())
        .unwrap_or_else(|error| panic!("one JSON object on standard output: {error}: {words}"))
}

#[test]
fn the_numbers_are_those_of_the_trace() {
    let folder = scratch("demo");
    let trace = Trace::of(1_500);
    let file = trace.write(&folder);
    let data = folder.join("data");
    let answer = demo(&data, &file, None);
    let events = 3 * trace.len();
    assert_eq!(answer["events"], json!({"accepted": events, "duplicates": 0, "conflicts": 0, "rejected": 0}));
    let bill = trace.bill();
    assert_eq!(Bill::read(&answer), bill);
    assert!(bill.quantities[1] > Decimal::from(500_000), "every tier is reached: {bill:?}");
    let invoice = &answer["invoice"];
    assert_eq!((&invoice["currency"], &invoice["number"]), (&json!("USD"), &json!("DEMO-000001")));
    assert_eq!(invoice["period"], json!({"start": "2023-11-01T00:00:00Z", "end": "2023-12-01T00:00:00Z"}));
    assert_eq!(
        (&invoice["lines"][3]["description"], &invoice["lines"][3]["amount"]),
        (&json!("Platform fee"), &json!("20.00"))
    );

    let pdf = std::fs::read(invoice["pdf"].as_str().unwrap()).unwrap();
    assert!(pdf.starts_with(b"%PDF-"), "a PDF");
    // Usage costs 55 dollars or so: both thresholds fired, each with what had been observed by then.
    let alerts = answer["alerts"].as_array().unwrap();
    assert_eq!(
        alerts.iter().map(|alert| alert["threshold"].as_str().unwrap()).collect::<Vec<_>>(),
        ["10.00", "25.00"],
        "{alerts:?}"
    );
    for alert in alerts {
        let number = |key: &str| alert[key].as_str().unwrap().parse::<Decimal>().unwrap();
        assert!(number("observed") >= number("threshold") && number("observed") <= bill.subtotal, "{alert}");
        assert!(!alert["rule"].as_str().unwrap().is_empty());
    }
    let manifest: Value = serde_json::from_str(include_str!("../../plugins/dist/manifest.json")).unwrap();
    let shipped: Vec<Value> = manifest["guests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|guest| json!({"kind": guest["kind"], "name": guest["name"], "digest": guest["digest"]}))
        .collect();
    assert_eq!(answer["plugins"], json!(shipped));

    // The same again in the same folder: nothing is added, and the invoice is the same to the last character.
    let again = demo(&data, &file, None);
    assert_eq!(again["events"], json!({"accepted": 0, "duplicates": events, "conflicts": 0, "rejected": 0}));
    assert_eq!(again["invoice"], *invoice);
    assert_eq!(again["alerts"], answer["alerts"]);
    assert_eq!(std::fs::read(invoice["pdf"].as_str().unwrap()).unwrap(), pdf);

    // And the books say so themselves.
    let verified = undash().args(["verify", "--data-dir"]).arg(&data).output().unwrap();
    assert!(
        verified.status.success(),
        "{}{}",
        String::from_utf8_lossy(&verified.stdout),
        String::from_utf8_lossy(&verified.stderr)
    );
}

#[test]
fn a_bad_trace_is_refused_with_the_row() {
    let folder = scratch("demo");
    for (text, words) in [
        ("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,1.5,2\n", "Row 2"),
        (
            "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,1,2\n2023-12-16 18:17:03,1,2\n",
            "one calendar month",
        ),
        ("a,b,c\n", "header"),
    ] {
        let file = folder.join("bad.csv");
        std::fs::write(&file, text).unwrap();
        let output = undash()
            .args(["demo", "--json", "--data-dir"])
            .arg(folder.join("data"))
            .arg("--trace")
            .arg(&file)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && errors.contains(words), "`{errors}` should say {words}");
    }
}
