//! How long one call of the standard pricing guest takes: `cargo run --release -p plugin-host --example price_bench`.
//!
//! Ten charges of mixed models, a fresh store and instance each time, on one thread. A yardstick, not a test.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "a yardstick for developers")]

use std::time::Instant;

use plugin_host::v1::pricing::{Charge, Input, Period};
use plugin_host::v1::types::{Parameter, ParameterValue, Tier};
use plugin_host::{Host, HostSettings, digest};

const CALLS: usize = 20_000;

fn main() {
    let bytes = include_bytes!("../../dist/standard-pricing.wasm");
    let host = Host::new(HostSettings::default()).unwrap();
    let name = digest(bytes);
    let started = Instant::now();
    host.prepare_now(&name, bytes).unwrap();
    println!("prepared in {:?}", started.elapsed());
    for charges in [0, 1, 10, 100] {
        let input = question(charges);
        let mut times = Vec::with_capacity(CALLS);
        let mut fuel = 0;
        for _ in 0..CALLS {
            let started = Instant::now();
            let call = host.price_now(&name, &input);
            times.push(started.elapsed());
            assert_eq!(call.answer.unwrap().charges.len(), charges);
            fuel = call.fuel_used;
        }
        times.sort_unstable();
        println!(
            "{charges} charges: median {:?}, p99 {:?}, least {:?}, fuel {fuel}",
            times[CALLS / 2],
            times[CALLS * 99 / 100],
            times[0],
        );
    }
}

fn question(charges: usize) -> Input {
    Input {
        reference: "bench".into(),
        currency: "USD".into(),
        period: Period { start: "2026-01-01T00:00:00Z".into(), end: "2026-02-01T00:00:00Z".into() },
        as_of: "2026-02-01T00:00:00Z".into(),
        charges: (0..charges).map(charge).collect(),
        attributes: Vec::new(),
    }
}

fn charge(at: usize) -> Charge {
    let number = |name: &str, value: &str| Parameter { name: name.into(), value: ParameterValue::Number(value.into()) };
    let (model, parameters) = match at % 5 {
        0 => ("PER_UNIT", vec![number("unit_amount", "0.000003")]),
        1 => ("GRADUATED", vec![tiers()]),
        2 => ("VOLUME", vec![tiers()]),
        3 => (
            "PACKAGE",
            vec![number("package_size", "1000"), number("package_amount", "0.25"), number("free_units", "1000")],
        ),
        _ => ("PERCENTAGE", vec![number("rate_percent", "1.3"), number("fixed_amount", "0.02")]),
    };
    Charge {
        code: format!("charge-{at}"),
        metric_code: format!("metric-{at}"),
        quantity: "1234567.25".into(),
        event_count: 4321,
        model: model.into(),
        parameters,
        attributes: Vec::new(),
    }
}

fn tiers() -> Parameter {
    let tier = |up_to: Option<&str>, unit: &str| Tier {
        up_to: up_to.map(Into::into),
        unit_amount: unit.into(),
        flat_amount: "0".into(),
    };
    Parameter {
        name: "tiers".into(),
        value: ParameterValue::Tiers(vec![
            tier(Some("100000"), "0.000015"),
            tier(Some("500000"), "0.000012"),
            tier(None, "0.00001"),
        ]),
    }
}
