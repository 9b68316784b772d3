//! Pricing questions and answers as contract records.

use billing::rating::{ChargeAnswer, PriceStep, PricingAnswer, PricingQuestion};
use plugin_host::v1::pricing::{Charge, Input, Output, Period};

use super::PluginError;
use super::values::{instant, number, parameters, text};

pub(super) fn input(question: &PricingQuestion) -> Input {
    Input {
        reference: question.reference.clone(),
        currency: question.currency.code().to_owned(),
        period: Period { start: instant(question.period.start), end: instant(question.period.end) },
        as_of: instant(question.as_of),
        charges: question
            .charges
            .iter()
            .map(|charge| Charge {
                code: charge.code.clone(),
                metric_code: charge.metric_code.clone(),
                quantity: text(charge.quantity),
                event_count: charge.event_count,
                model: charge.model.clone(),
                parameters: parameters(&charge.parameters),
                attributes: Vec::new(),
            })
            .collect(),
        attributes: Vec::new(),
    }
}

pub(super) fn answer(output: Output) -> Result<PricingAnswer, PluginError> {
    let charges = output.charges.into_iter().map(|charge| {
        let path = format!("charges.{}", charge.index);
        let steps = charge.steps.into_iter().map(|step| {
            Ok(PriceStep {
                quantity: number(&path, &step.quantity)?,
                unit_amount: number(&path, &step.unit_amount)?,
                amount: number(&path, &step.amount)?,
                label: step.label,
            })
        });
        Ok(ChargeAnswer {
            index: charge.index,
            amount: number(&path, &charge.amount)?,
            steps: steps.collect::<Result<_, PluginError>>()?,
        })
    });
    Ok(PricingAnswer { charges: charges.collect::<Result<_, PluginError>>()? })
}
