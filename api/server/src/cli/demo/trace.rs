//! Usage traces: a CSV file of LLM requests, or one that the project makes itself from a seed.
//!
//! One row is one request and becomes one event per demo metric. Nothing here talks to the server;
//! it only turns rows into [`RawEvent`]s whose ids depend on the row's content and number, so that
//! importing a trace again adds nothing.

use billing::metering::{RawEvent, RawValue};
use billing::period::{Anchor, Cadence, CadenceUnit, Interval};
use chrono::{DateTime, Duration, NaiveDateTime, SecondsFormat, TimeZone as _, Utc};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use sha2::{Digest as _, Sha256};
use std::path::Path;

use crate::error::Error;

/// The header a trace file must have.
pub(super) const HEADER: [&str; 3] = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"];

/// Rows of the trace that is made when no file is given.
const GENERATED_ROWS: usize = 20_000;

/// One request of a language model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// When it was made, UTC, to the microsecond.
    pub(super) at: DateTime<Utc>,
    /// Tokens sent to the model.
    pub(super) context_tokens: u64,
    /// Tokens the model answered with.
    pub(super) generated_tokens: u64,
}

/// Reads a trace file. Every bad row is an error that names the row.
pub(super) fn read(path: &Path) -> Result<Vec<Request>, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| bad(format!("The trace {} cannot be read: {error}.", path.display())))?;
    parse(&text)
}

/// Reads the text of a trace, with or without a byte-order mark.
pub(super) fn parse(text: &str) -> Result<Vec<Request>, Error> {
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let headers = reader.headers().map_err(|error| bad(format!("The trace is not CSV: {error}.")))?;
    if headers.iter().ne(HEADER) {
        return Err(bad(format!("The trace must start with the header {}.", HEADER.join(","))));
    }
    let mut requests = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let row = index + 2;
        let record = record.map_err(|error| bad(format!("Row {row} of the trace is not CSV: {error}.")))?;
        requests.push(request(&record, row)?);
    }
    if requests.is_empty() {
        return Err(bad("The trace has a header and no rows.".to_owned()));
    }
    Ok(requests)
}

fn request(record: &csv::StringRecord, row: usize) -> Result<Request, Error> {
    let field = |column: usize| record.get(column).unwrap_or_default();
    let at = NaiveDateTime::parse_from_str(field(0), "%Y-%m-%d %H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(field(0), "%Y-%m-%dT%H:%M:%S%.f"))
        .map_err(|_| {
            bad(format!("Row {row}: TIMESTAMP `{}` is not a UTC time such as 2023-11-16 18:17:03.9799600.", field(0)))
        })?;
    let tokens = |column: usize| {
        field(column)
            .parse::<u64>()
            .map_err(|_| bad(format!("Row {row}: {} `{}` is not a whole number.", HEADER[column], field(column))))
    };
    Ok(Request {
        at: microseconds(Utc.from_utc_datetime(&at)),
        context_tokens: tokens(1)?,
        generated_tokens: tokens(2)?,
    })
}

/// A trace of our own: one busy hour of a code assistant, the same for the same seed.
pub(super) fn generate(seed: u64) -> Vec<Request> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut at = Utc.with_ymd_and_hms(2026, 10, 14, 9, 0, 0).earliest().unwrap_or_default();
    (0..GENERATED_ROWS)
        .map(|_| {
            at += Duration::microseconds(random.random_range(1_000..360_000));
            // Prompts are mostly long and answers mostly short: squaring a uniform draw leans that way.
            let lean = |draw: u64, most: u64| draw * draw / most + 1;
            Request {
                at,
                context_tokens: 200 + lean(random.random_range(0..6_000), 6_000),
                generated_tokens: lean(random.random_range(0..900), 900),
            }
        })
        .collect()
}

/// The three events of row number `row` (the first row of data is 1).
pub(super) fn events(request: &Request, row: usize, project: &str) -> [RawEvent; 3] {
    let at = request.at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let content = format!("{at},{},{}", request.context_tokens, request.generated_tokens);
    let digest = hex::encode(&Sha256::digest(content.as_bytes())[..8]);
    let event = |metric: &str, value: Option<u64>| RawEvent {
        transaction_id: format!("trace-{row}-{digest}-{metric}"),
        metric: metric.to_owned(),
        project_id: Some(project.to_owned()),
        occurred_at: at.clone(),
        value: value.map(|number| RawValue::Number(number.to_string())),
        properties: Vec::new(),
    };
    [
        event("context_tokens", Some(request.context_tokens)),
        event("generated_tokens", Some(request.generated_tokens)),
        event("requests", None),
    ]
}

/// The calendar month (UTC) the trace lies in; one that spans several is refused.
pub(super) fn month(requests: &[Request]) -> Result<Interval, Error> {
    let cadence = Cadence { unit: CadenceUnit::Month, anchor: Anchor::Calendar };
    let first = requests.iter().map(|request| request.at).min().unwrap_or_default();
    let month = cadence.period_containing(chrono_tz::UTC, first);
    match requests.iter().find(|request| !month.contains(request.at)) {
        None => Ok(month),
        Some(stray) => Err(bad(format!(
            "The trace must lie in one calendar month: it has rows of {} and of {}.",
            first.date_naive(),
            stray.at.date_naive()
        ))),
    }
}

fn microseconds(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

fn bad(sentence: String) -> Error {
    Error::invalid("BAD_TRACE", sentence).at(["trace"])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_seven_digits_and_a_byte_order_mark() {
        let requests =
            parse("\u{feff}TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:17:03.9799600,4808,10\r\n")
                .unwrap();
        assert_eq!(requests[0].at.timestamp_micros() % 1_000_000, 979_960);
        assert_eq!((requests[0].context_tokens, requests[0].generated_tokens), (4_808, 10));
    }

    #[test]
    fn names_the_row_that_is_wrong() {
        for (text, words) in [
            ("a,b\n1,2\n", "header TIMESTAMP,ContextTokens,GeneratedTokens"),
            ("TIMESTAMP,ContextTokens,GeneratedTokens\n", "no rows"),
            ("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,1,2\nnoon,1,2\n", "Row 3: TIMESTAMP `noon`"),
            ("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,-1,2\n", "Row 2: ContextTokens `-1`"),
        ] {
            assert!(parse(text).unwrap_err().public.contains(words), "{words}");
        }
    }

    #[test]
    fn equal_rows_at_different_places_are_different_requests() {
        let request = &generate(7)[0];
        let first = events(request, 1, "prj");
        assert_eq!(first, events(request, 1, "prj"));
        assert_ne!(first[0].transaction_id, events(request, 2, "prj")[0].transaction_id);
        assert_eq!(generate(7), generate(7));
        assert_ne!(generate(7), generate(8));
    }
}
