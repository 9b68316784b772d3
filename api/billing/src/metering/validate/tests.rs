//! Every way an event can be wrong, and that what is taken is within the limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::ids::Id;
use crate::metering::{Aggregation, PropertyValue, RawProperty};

struct World {
    metrics: HashMap<String, MetricRef>,
    projects: HashSet<ProjectId>,
}

fn project_id(number: u128) -> ProjectId {
    Id::from_uuid(Uuid::from_u128(number))
}

impl World {
    fn new() -> Self {
        let metric = |number, aggregation| MetricRef { id: Id::from_uuid(Uuid::from_u128(number)), aggregation };
        let metrics = [
            ("requests".to_owned(), metric(1, Aggregation::Count)),
            ("tokens".to_owned(), metric(2, Aggregation::Sum)),
            ("seats".to_owned(), metric(3, Aggregation::Max)),
        ];
        Self { metrics: metrics.into(), projects: [project_id(1), project_id(2)].into() }
    }

    fn validate(&self, raw: RawEvent) -> Result<UsageEvent, Rejection> {
        let catalogue =
            Catalogue { metrics: &self.metrics, projects: &self.projects, default_project: Some(project_id(2)) };
        validate(raw, &catalogue, &limits(), now())
    }
}

fn now() -> DateTime<Utc> {
    "2026-02-01T12:00:00Z".parse().unwrap()
}

fn limits() -> EventLimits {
    EventLimits { max_past: TimeDelta::days(30), max_future: TimeDelta::minutes(10) }
}

fn sound() -> RawEvent {
    RawEvent {
        transaction_id: "evt-1".to_owned(),
        metric: "tokens".to_owned(),
        project_id: Some(project_id(1).to_string()),
        occurred_at: "2026-02-01T11:00:00.1234567+05:30".to_owned(),
        value: Some(RawValue::Text("12.50".to_owned())),
        properties: vec![
            ("model".to_owned(), RawProperty::Text("größe".to_owned())),
            ("cached".to_owned(), RawProperty::Bool(true)),
            ("size".to_owned(), RawProperty::Number("5e-1".to_owned())),
        ],
    }
}

#[test]
fn a_sound_event() {
    let event = World::new().validate(sound()).unwrap();
    assert_eq!(event.project_id, project_id(1));
    assert_eq!(event.occurred_at.to_rfc3339(), "2026-02-01T05:30:00.123456+00:00");
    assert_eq!(event.value, Some(Decimal::new(125, 1)));
    let names: Vec<&str> = event.properties.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["cached", "model", "size"]);
    assert_eq!(event.properties[2].1, PropertyValue::Number(Decimal::new(5, 1)));
}

#[test]
fn what_may_be_left_out() {
    let world = World::new();
    let raw = RawEvent { project_id: None, properties: Vec::new(), ..sound() };
    assert_eq!(world.validate(raw).unwrap().project_id, project_id(2));
    let raw = RawEvent { metric: "requests".to_owned(), value: None, ..sound() };
    assert_eq!(world.validate(raw).unwrap().value, None);
}

type Change = fn(&mut RawEvent);

fn text(value: &str) -> Option<RawValue> {
    Some(RawValue::Text(value.to_owned()))
}

#[test]
fn rejections() {
    let table: [(&str, Code, Change); 30] = [
        ("transactionId", Code::MissingField, |raw| {
            raw.transaction_id.clear();
        }),
        ("transactionId", Code::TooLong, |raw| {
            raw.transaction_id = "é".repeat(128);
        }),
        ("transactionId", Code::NotPrintable, |raw| {
            raw.transaction_id.push('\0');
        }),
        ("transactionId", Code::NotPrintable, |raw| {
            raw.transaction_id.push('\u{202E}');
        }),
        ("transactionId", Code::NotPrintable, |raw| {
            raw.transaction_id.push(' ');
        }),
        ("metric", Code::MissingField, |raw| raw.metric.clear()),
        ("metric", Code::TooLong, |raw| raw.metric = "m".repeat(65)),
        ("metric", Code::UnknownMetric, |raw| {
            raw.metric = "Tokens".to_owned();
        }),
        ("projectId", Code::UnknownProject, |raw| {
            raw.project_id = Some("prj_1".to_owned());
        }),
        ("projectId", Code::UnknownProject, |raw| {
            raw.project_id = Some(project_id(3).to_string());
        }),
        ("occurredAt", Code::MissingField, |raw| {
            raw.occurred_at.clear();
        }),
        ("occurredAt", Code::BadTime, |raw| {
            raw.occurred_at = "2026-02-01".to_owned();
        }),
        ("occurredAt", Code::BadTime, |raw| {
            raw.occurred_at = "2026-02-01T11:00:00".to_owned();
        }),
        ("occurredAt", Code::BadTime, |raw| {
            raw.occurred_at = "2026-02-30T11:00:00Z".to_owned();
        }),
        ("occurredAt", Code::TooOld, |raw| {
            raw.occurred_at = "2026-01-02T11:59:59.999999Z".to_owned();
        }),
        ("occurredAt", Code::InFuture, |raw| {
            raw.occurred_at = "2026-02-01T12:10:00.000001Z".to_owned();
        }),
        ("value", Code::MissingValue, |raw| raw.value = None),
        ("value", Code::NotANumber, |raw| raw.value = text("12,5")),
        ("value", Code::NotANumber, |raw| raw.value = text("1e3")),
        ("value", Code::NotANumber, |raw| raw.value = text("")),
        ("value", Code::NotANumber, |raw| {
            raw.value = Some(RawValue::Other("object"));
        }),
        ("value", Code::OutOfRange, |raw| {
            raw.value = text("1000000000000000");
        }),
        ("value", Code::OutOfRange, |raw| {
            raw.value = text("-1000000000000000");
        }),
        ("value", Code::OutOfRange, |raw| {
            raw.value = text("0.0000000000001");
        }),
        ("value", Code::OutOfRange, |raw| {
            raw.value = Some(RawValue::Number("1e400".to_owned()));
        }),
        ("properties", Code::TooLong, |raw| {
            raw.properties = (0..33).map(|index| (index.to_string(), RawProperty::Bool(true))).collect();
        }),
        ("properties", Code::TooLong, |raw| {
            raw.properties[0].0 = "k".repeat(65);
        }),
        ("properties", Code::TooLong, |raw| {
            raw.properties[0].1 = RawProperty::Text("t".repeat(257));
        }),
        ("properties", Code::BadProperty, |raw| {
            raw.properties[1].0 = "model".to_owned();
        }),
        ("event", Code::TooLong, |raw| {
            raw.properties[0].1 = RawProperty::Number("1".repeat(4096));
        }),
    ];
    for (field, code, change) in table {
        let mut raw = sound();
        change(&mut raw);
        let rejection = World::new().validate(raw).unwrap_err();
        assert_eq!((rejection.field, rejection.code), (field, code), "{rejection}");
        assert!(rejection.message.ends_with('.'), "{rejection}");
    }
}

#[test]
fn bad_properties() {
    let table = [
        ("", RawProperty::Bool(true)),
        (" a", RawProperty::Bool(true)),
        ("a\n", RawProperty::Bool(true)),
        ("a", RawProperty::Text("\0".to_owned())),
        ("a", RawProperty::Number("01".to_owned())),
        ("a", RawProperty::Other("array")),
    ];
    for (name, value) in table {
        let raw = RawEvent { properties: vec![(name.to_owned(), value)], ..sound() };
        let rejection = World::new().validate(raw).unwrap_err();
        assert_eq!(rejection.code, Code::BadProperty, "{name:?}: {rejection}");
    }
}

#[test]
fn the_edges_are_taken() {
    let table: [Change; 9] = [
        |raw| raw.transaction_id = "x".repeat(255),
        |raw| raw.occurred_at = "2026-01-02T12:00:00Z".to_owned(),
        |raw| raw.occurred_at = "2026-02-01T12:10:00Z".to_owned(),
        |raw| raw.value = text("999999999999999.999999999999"),
        |raw| raw.value = text("-0.000000000001"),
        |raw| raw.value = text("1.00000000000000000"),
        |raw| raw.value = Some(RawValue::Number("1e14".to_owned())),
        |raw| raw.properties[0] = ("k".repeat(64), RawProperty::Text("t".repeat(256))),
        |raw| raw.properties[0].1 = RawProperty::Text(String::new()),
    ];
    for change in table {
        let mut raw = sound();
        change(&mut raw);
        World::new().validate(raw).unwrap();
    }
}

#[test]
fn a_counting_metric_still_wants_a_number() {
    let raw = RawEvent { metric: "requests".to_owned(), value: text("many"), ..sound() };
    assert_eq!(World::new().validate(raw).unwrap_err().code, Code::NotANumber);
}

#[test]
fn without_a_default_a_project_is_needed() {
    let world = World::new();
    let catalogue = Catalogue { metrics: &world.metrics, projects: &world.projects, default_project: None };
    let raw = RawEvent { project_id: None, ..sound() };
    let rejection = validate(raw, &catalogue, &limits(), now()).unwrap_err();
    assert_eq!((rejection.field, rejection.code), ("projectId", Code::MissingField));
}

#[test]
fn endless_limits_do_not_overflow() {
    let world = World::new();
    let catalogue = Catalogue { metrics: &world.metrics, projects: &world.projects, default_project: None };
    let endless = EventLimits::new(Duration::MAX, Duration::MAX);
    let raw = RawEvent { occurred_at: "0001-01-01T00:00:00Z".to_owned(), ..sound() };
    assert!(validate(raw, &catalogue, &endless, now()).is_ok());
}

#[test]
fn code_names() {
    for code in Code::ALL {
        assert_eq!(code.as_str().parse(), Ok(*code));
    }
}

proptest! {
    #[test]
    fn nothing_panics_and_what_is_taken_is_within_limits(
        transaction_id in ".{0,20}", value in "[-0-9.eE]{0,30}", name in ".{0,10}", property in ".{0,20}", at in "[-0-9TZ:.+]{0,30}",
    ) {
        let raw = RawEvent {
            transaction_id,
            occurred_at: if at.len() % 2 == 0 { at } else { sound().occurred_at },
            value: Some(RawValue::Number(value)),
            properties: vec![(name, RawProperty::Text(property))],
            ..sound()
        };
        if let Ok(event) = World::new().validate(raw) {
            let value = event.value.unwrap();
            prop_assert!(value.abs() < Decimal::from(1_000_000_000_000_000_i64) && decimal::scale(value) <= 12);
            prop_assert!(!event.transaction_id.is_empty() && is_printable(&event.transaction_id));
        }
    }

    #[test]
    fn property_order_does_not_matter(order in Just(sound().properties).prop_shuffle()) {
        let shuffled = World::new().validate(RawEvent { properties: order, ..sound() }).unwrap();
        prop_assert_eq!(shuffled, World::new().validate(sound()).unwrap());
    }
}
