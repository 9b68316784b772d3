//! What is put to the pricing plugin: everything it may know, and nothing else.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::{ParameterValue, PlanTerms};
use crate::metering::{MetricRef, Overflow, Totals};
use crate::money::Currency;
use crate::period::Interval;

/// One call of a pricing plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricingQuestion {
    /// A name for the question in the plugin's log; it must not change the answer.
    pub reference: String,
    /// The currency every amount of the answer is in.
    pub currency: Currency,
    /// The time the usage is from.
    pub period: Interval,
    /// The moment the answer is for; the plugin has no clock of its own.
    pub as_of: DateTime<Utc>,
    /// What is to be priced, in the order of the plan.
    pub charges: Vec<ChargeQuestion>,
}

/// One charge to be priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeQuestion {
    /// The charge's code.
    pub code: String,
    /// The code of its metric.
    pub metric_code: String,
    /// The aggregated quantity.
    pub quantity: Decimal,
    /// The number of events behind it.
    pub event_count: u64,
    /// The price model.
    pub model: String,
    /// The model's parameters, in the order of the plan.
    pub parameters: Vec<(String, ParameterValue)>,
}

/// Asks for the price of a period's usage under a plan.
///
/// `usage` holds the totals of each metric; several entries of one metric are merged, and a
/// metric without an entry has not been used. Every charge of the plan is asked about, also with
/// a quantity of zero.
///
/// # Errors
/// [`Overflow`] when merged totals no longer fit.
pub fn question(
    terms: &PlanTerms,
    usage: &[(MetricRef, Totals)],
    reference: impl Into<String>,
    period: Interval,
    as_of: DateTime<Utc>,
) -> Result<PricingQuestion, Overflow> {
    let charges = terms.charges.iter().map(|charge| {
        let mut totals = Totals::default();
        let mut quantity = Decimal::ZERO;
        for (metric, more) in usage.iter().filter(|(metric, _)| metric.id == charge.metric_id) {
            totals = totals.merge(more)?;
            quantity = totals.quantity(metric.aggregation);
        }
        Ok(ChargeQuestion {
            code: charge.code.clone(),
            metric_code: charge.metric_code.clone(),
            quantity,
            event_count: totals.count,
            model: charge.model.clone(),
            parameters: charge.parameters.clone(),
        })
    });
    let charges = charges.collect::<Result<Vec<_>, Overflow>>()?;
    Ok(PricingQuestion { reference: reference.into(), currency: terms.currency, period, as_of, charges })
}
