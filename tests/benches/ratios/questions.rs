//! The ten charges every pricing number is about: each standard model, twice.

use billing::metering::Aggregation;
use billing::period::{Anchor, Cadence, CadenceUnit};
use billing::rating::{Charge, ParameterValue, PlanTerms, Tier};
use rust_decimal::Decimal;
use undash::store::metric::Metric;

use crate::tenants::usd;

/// Lines of an invoice.
pub(crate) const CHARGES: usize = 10;

/// Usage events behind each line.
pub(crate) const EVENTS: u64 = 1_000;

/// The quantity of each charge that the pricing section asks about.
const QUANTITY: &str = "1234567.5";

/// Code and aggregation of the metric of a charge.
pub(crate) fn metric(place: usize) -> (String, Aggregation) {
    (format!("metric_{place}"), Aggregation::Sum)
}

/// A plan with one charge for each metric.
pub(crate) fn terms(metrics: &[Metric]) -> PlanTerms {
    let charges = metrics.iter().enumerate().map(|(place, metric)| {
        let (model, parameters) = model(place);
        Charge {
            code: metric.code.clone(),
            name: format!("Usage of {}", metric.code),
            metric_code: metric.code.clone(),
            metric_id: metric.id,
            model: model.to_owned(),
            parameters,
        }
    });
    PlanTerms {
        currency: usd(),
        cadence: Cadence { unit: CadenceUnit::Month, anchor: Anchor::Calendar },
        charges: charges.collect(),
        fees: Vec::new(),
    }
}

fn model(place: usize) -> (&'static str, Vec<(String, ParameterValue)>) {
    let number = |name: &str, mantissa: i64, scale: u32| {
        (name.to_owned(), ParameterValue::Number(Decimal::new(mantissa, scale)))
    };
    let tier = |up_to: Option<i64>, mantissa: i64| Tier {
        up_to: up_to.map(Decimal::from),
        unit_amount: Decimal::new(mantissa, 6),
        flat_amount: Decimal::ZERO,
    };
    let tiers = || {
        (
            "tiers".to_owned(),
            ParameterValue::Tiers(vec![tier(Some(100_000), 15), tier(Some(500_000), 12), tier(None, 10)]),
        )
    };
    match place % 5 {
        0 => ("PER_UNIT", vec![number("unit_amount", 3, 6)]),
        1 => ("GRADUATED", vec![tiers()]),
        2 => ("VOLUME", vec![tiers()]),
        3 => (
            "PACKAGE",
            vec![number("package_size", 1_000, 0), number("package_amount", 25, 2), number("free_units", 1_000, 0)],
        ),
        _ => ("PERCENTAGE", vec![number("rate_percent", 29, 1), number("fixed_amount", 3, 1)]),
    }
}

/// The same question in two sets of records with the same fields: the host's and the SDK's.
macro_rules! question {
    ($name:ident) => {
        /// The question about ten charges.
        pub(crate) fn $name() -> question_records::$name::Input {
            use question_records::$name as records;
            let parameter = |(name, value): (String, ParameterValue)| records::Parameter {
                name,
                value: match value {
                    ParameterValue::Text(text) => records::ParameterValue::Text(text),
                    ParameterValue::Number(number) => records::ParameterValue::Number(number.to_string()),
                    ParameterValue::Flag(flag) => records::ParameterValue::Flag(flag),
                    ParameterValue::Tiers(tiers) => records::ParameterValue::Tiers(
                        tiers
                            .into_iter()
                            .map(|tier| records::Tier {
                                up_to: tier.up_to.map(|up_to| up_to.to_string()),
                                unit_amount: tier.unit_amount.to_string(),
                                flat_amount: tier.flat_amount.to_string(),
                            })
                            .collect(),
                    ),
                },
            };
            let charge = |place: usize| {
                let (code, _) = metric(place);
                let (model, parameters) = model(place);
                records::Charge {
                    code: code.clone(),
                    metric_code: code,
                    quantity: QUANTITY.to_owned(),
                    event_count: EVENTS,
                    model: model.to_owned(),
                    parameters: parameters.into_iter().map(parameter).collect(),
                    attributes: Vec::new(),
                }
            };
            records::Input {
                reference: "bench".to_owned(),
                currency: "USD".to_owned(),
                period: records::Period {
                    start: "2026-10-01T00:00:00Z".to_owned(),
                    end: "2026-11-01T00:00:00Z".to_owned(),
                },
                as_of: "2026-11-01T00:00:00Z".to_owned(),
                charges: (0..CHARGES).map(charge).collect(),
                attributes: Vec::new(),
            }
        }
    };
}

/// The two sets of records, each under the name of its function.
mod question_records {
    pub(super) use plugin_host::v1::pricing as for_guest;
    pub(super) use undash_plugin_sdk::pricing as for_native;
}

question!(for_guest);
question!(for_native);
