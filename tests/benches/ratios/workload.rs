//! The events: about 200 bytes each, the same for the server (as a request) and for the yardstick (as rows).
//!
//! Time moves on by a quarter of a second an event and tenant, as live usage does, so that a batch of 1,000 raises
//! about a dozen totals. Everything is prepared before the clock starts.

use std::collections::BTreeMap;

use billing::ids::OrganisationId;
use billing::metering::{PropertyValue, Totals, UsageEvent, content_digest, transaction_digest};
use billing::period::quarter_hour;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use rust_decimal::Decimal;
use undash::store::metric::Metric;
use undash::store::usage::NewUsage;
use uuid::Uuid;

use crate::tenants::Tenant;
use crate::wire;

/// Events of a bulk request, and rows of a raw transaction.
pub(crate) const BATCH: usize = 1_000;

const MODELS: [&str; 4] = ["small-2", "medium-4", "large-4", "embedding-3"];
const REGIONS: [&str; 3] = ["ap-south", "eu-west", "us-east"];

/// A fact as the driver binds it.
pub(crate) struct RawRow {
    pub(crate) digest: [u8; 16],
    pub(crate) transaction_id: String,
    pub(crate) project: Uuid,
    pub(crate) metric: Uuid,
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) value: Option<Decimal>,
    pub(crate) value_text: Option<String>,
    pub(crate) properties: String,
    pub(crate) content: [u8; 16],
}

/// What a batch adds to one quarter hour.
pub(crate) struct RawTotal {
    pub(crate) metric: Uuid,
    pub(crate) project: Uuid,
    pub(crate) bucket: DateTime<Utc>,
    pub(crate) totals: Totals,
}

/// Events of one organisation, ready to be sent or saved.
pub(crate) struct Batch {
    /// The HTTP request.
    pub(crate) request: Vec<u8>,
    pub(crate) organisation: Uuid,
    pub(crate) recorded_at: DateTime<Utc>,
    /// Sorted by key: the yardstick gets every advantage.
    pub(crate) rows: Vec<RawRow>,
    pub(crate) totals: Vec<RawTotal>,
    /// As the store takes them, in the order sent.
    pub(crate) usage: Vec<NewUsage>,
}

/// An endless source of events.
pub(crate) struct Workload {
    tenants: Vec<Tenant>,
    metrics: Vec<Metric>,
    clocks: Vec<DateTime<Utc>>,
    random: StdRng,
    turn: usize,
}

impl Workload {
    pub(crate) fn new(tenants: Vec<Tenant>, metrics: Vec<Metric>) -> Self {
        let start = Utc::now() - TimeDelta::days(60);
        let clocks = vec![DateTime::from_timestamp_micros(start.timestamp_micros()).unwrap_or(start); tenants.len()];
        Self { tenants, metrics, clocks, random: StdRng::seed_from_u64(20_261_014), turn: 0 }
    }

    /// So many batches, the tenants in turn.
    pub(crate) fn batches(&mut self, count: usize) -> Vec<Batch> {
        (0..count).map(|_| self.batch(BATCH)).collect()
    }

    /// Requests of a single event.
    pub(crate) fn singles(&mut self, count: usize) -> Vec<Batch> {
        (0..count).map(|_| self.batch(1)).collect()
    }

    fn batch(&mut self, size: usize) -> Batch {
        self.turn = (self.turn + 1) % self.tenants.len();
        let recorded_at = self.clocks[self.turn];
        let mut body = String::with_capacity(230 * size);
        let (mut rows, mut usage) = (Vec::with_capacity(size), Vec::with_capacity(size));
        let mut totals: BTreeMap<(Uuid, Uuid, DateTime<Utc>), Totals> = BTreeMap::new();
        for place in 0..size {
            let (event, code) = self.event();
            body.push(if place == 0 { '[' } else { ',' });
            body.push_str(&json(&event, code));
            let key = (event.metric.id.uuid(), event.project_id.uuid(), quarter_hour(event.occurred_at));
            let total = totals.entry(key).or_default();
            *total = total.merge(&Totals::of(&event)).expect("small sums");
            rows.push(row(&event));
            usage.push(new_usage(self.tenants[self.turn].organisation, event, recorded_at));
        }
        body.push(']');
        rows.sort_by_key(|row| row.digest);
        let tenant = &self.tenants[self.turn];
        Batch {
            request: wire::request(&tenant.key, body.as_bytes()),
            organisation: tenant.organisation.uuid(),
            recorded_at,
            rows,
            totals: totals
                .into_iter()
                .map(|((metric, project, bucket), totals)| RawTotal { metric, project, bucket, totals })
                .collect(),
            usage,
        }
    }

    fn event(&mut self) -> (UsageEvent, &'static str) {
        let random = &mut self.random;
        let metric = &self.metrics[random.random_range(0..self.metrics.len())];
        let code = match metric.code.as_str() {
            "context_tokens" => "context_tokens",
            "generated_tokens" => "generated_tokens",
            _ => "requests",
        };
        self.clocks[self.turn] += TimeDelta::microseconds(random.random_range(1_000..500_000));
        let text = |value: &str| PropertyValue::Text(value.to_owned());
        let event = UsageEvent {
            transaction_id: Uuid::from_bytes(random.random()).to_string(),
            metric: metric.reference(),
            project_id: self.tenants[self.turn].projects[usize::from(random.random_bool(0.2))],
            occurred_at: self.clocks[self.turn],
            value: (code != "requests").then(|| Decimal::from(random.random_range(1..20_000_u32))),
            properties: vec![
                ("model".to_owned(), text(MODELS[random.random_range(0..MODELS.len())])),
                ("region".to_owned(), text(REGIONS[random.random_range(0..REGIONS.len())])),
            ],
        };
        (event, code)
    }
}

fn json(event: &UsageEvent, code: &str) -> String {
    let value = event.value.map_or_else(String::new, |value| format!(r#","value":{value}"#));
    format!(
        r#"{{"transactionId":"{}","metric":"{code}","projectId":"{}","occurredAt":"{}"{value},"properties":{}}}"#,
        event.transaction_id,
        event.project_id,
        event.occurred_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        properties(event),
    )
}

fn properties(event: &UsageEvent) -> String {
    let pairs = event.properties.iter().map(|(name, value)| match value {
        PropertyValue::Text(text) => format!(r#""{name}":"{text}""#),
        PropertyValue::Number(number) => format!(r#""{name}":{number}"#),
        PropertyValue::Bool(truth) => format!(r#""{name}":{truth}"#),
    });
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

fn new_usage(organisation: OrganisationId, event: UsageEvent, recorded_at: DateTime<Utc>) -> NewUsage {
    NewUsage {
        organisation,
        transaction_digest: transaction_digest(&event.transaction_id),
        content_digest: content_digest(&event),
        event,
        recorded_at,
    }
}

fn row(event: &UsageEvent) -> RawRow {
    RawRow {
        digest: transaction_digest(&event.transaction_id),
        content: content_digest(event),
        properties: properties(event),
        project: event.project_id.uuid(),
        metric: event.metric.id.uuid(),
        occurred_at: event.occurred_at,
        value: event.value,
        value_text: event.value.map(billing::decimal::canonical),
        transaction_id: event.transaction_id.clone(),
    }
}
