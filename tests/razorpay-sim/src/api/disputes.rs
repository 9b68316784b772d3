//! `/v1/disputes`.

use serde_json::{Map, Value};

use super::{Answer, call::Call, input::Input, page::Page};
use crate::{
    merchant::Verdict,
    model::{
        self,
        dispute::{Dispute, PROOFS},
    },
    refusal::Refusal,
    world::World,
};

pub(crate) fn answer(world: &mut World, call: &Call, rest: &[&str]) -> Answer {
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let page = Page::read(call, 100, &[])?;
            call.only_expands(&["payment", "transaction.settlement"])?;
            Ok(model::collection(page.of(world.disputes.iter()).into_iter().map(Dispute::json)))
        }
        ("GET", [id]) => Ok(world.dispute(id)?.json()),
        ("POST", [id, "accept"]) => {
            world.decide_dispute(id, Verdict::Lost)?;
            Ok(world.dispute(id)?.json())
        }
        ("PATCH", [id, "contest"]) => {
            world.dispute(id)?;
            let (evidence, submits) = read(call)?;
            world.contest(id, evidence, submits)?;
            Ok(world.dispute(id)?.json())
        }
        _ => Err(Refusal::unknown_url()),
    }
}

fn read(call: &Call) -> Result<(Map<String, Value>, bool), Refusal> {
    let input = Input(&call.body);
    let mut known = vec!["amount", "summary", "action", "others", "term_and_conditions"];
    known.extend(PROOFS);
    input.only(&known)?;
    input.number("amount")?;
    input.text("summary", 1000)?;
    let submits = match input.text("action", 10)?.as_deref() {
        None | Some("draft") => false,
        Some("submit") => true,
        Some(_) => return Err(Refusal::input("The selected action is invalid.").at("action")),
    };
    let evidence = call.body.iter().filter(|(field, _)| *field != "action");
    Ok((evidence.map(|(field, value)| (field.clone(), value.clone())).collect(), submits))
}
