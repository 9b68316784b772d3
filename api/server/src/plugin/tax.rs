//! Tax questions and answers as contract records.

use billing::tax::{TaxAnswer, TaxComponent, TaxParty, TaxQuestion};
use plugin_host::v1::tax::{Input, Output, Party, Regime, Rounding, TaxLine};

use super::PluginError;
use super::values::{instant, number, parameters, text};

pub(super) fn input(reference: &str, question: &TaxQuestion) -> Input {
    Input {
        reference: reference.to_owned(),
        currency: question.currency.code().to_owned(),
        exponent: question.currency.exponent(),
        rounding: Rounding::HalfAwayFromZero,
        as_of: instant(question.as_of),
        seller: party(&question.seller),
        buyer: party(&question.buyer),
        regime: Regime { model: question.regime.model.clone(), parameters: parameters(&question.regime.parameters) },
        lines: question
            .lines
            .iter()
            .map(|line| TaxLine {
                code: line.code.clone(),
                amount: text(line.amount.to_decimal()),
                category: line.category.clone(),
                attributes: Vec::new(),
            })
            .collect(),
        attributes: Vec::new(),
    }
}

fn party(party: &TaxParty) -> Party {
    Party {
        name: party.name.clone(),
        country: party.country.clone(),
        region: party.region.clone(),
        tax_id: party.tax_id.clone(),
        attributes: party.attributes.clone(),
    }
}

pub(super) fn answer(output: Output) -> Result<TaxAnswer, PluginError> {
    let components = output.components.into_iter().enumerate().map(|(index, component)| {
        let path = format!("components.{index}");
        Ok(TaxComponent {
            rate_percent: number(&path, &component.rate_percent)?,
            base: number(&path, &component.base)?,
            amount: number(&path, &component.amount)?,
            code: component.code,
            name: component.name,
            lines: component.lines,
        })
    });
    Ok(TaxAnswer { components: components.collect::<Result<_, PluginError>>()?, notes: output.notes })
}
