//! FLAT: one or several rates on everything, as the operator configured them.
//!
//! Either `rate_percent` with `code` and `name`, or `component.<n>.rate_percent` with `component.<n>.code` and
//! `component.<n>.name` for n from 1 on.

use undash_plugin_sdk::tax::{Input, Output, TaxComponent};
use undash_plugin_sdk::{Failure, Parameters};

use crate::lines;

/// More components than any law has.
const COMPONENTS: usize = 8;
const FIELDS: [&str; 3] = ["rate_percent", "code", "name"];

pub(crate) fn calculate(input: &Input, parameters: &Parameters<'_>) -> Result<Output, Failure> {
    let numbered: Vec<[String; 3]> =
        (1..=COMPONENTS).map(|n| FIELDS.map(|field| ["component", n.to_string().as_str(), field].join("."))).collect();
    let mut known: Vec<&str> = FIELDS.to_vec();
    known.extend(numbered.iter().flatten().map(String::as_str));
    parameters.only(&known)?;

    let mut components = Vec::new();
    let [rate, code, name] = FIELDS;
    components.extend(component(input, parameters, rate, code, name)?);
    let mut ended = !components.is_empty();
    for [rate, code, name] in &numbered {
        let found = component(input, parameters, rate, code, name)?;
        if found.is_some() && ended {
            let fix = "number the components from 1 without gaps, and leave out the unnumbered `rate_percent`";
            return Err(parameters.refuse("bad-components", fix, rate));
        }
        ended |= found.is_none();
        components.extend(found);
    }
    if components.is_empty() {
        return Err(parameters.refuse("missing-parameter", "add the rate; write 0 when nothing is due", rate));
    }
    Ok(Output { components, notes: Vec::new() })
}

fn component(
    input: &Input,
    parameters: &Parameters<'_>,
    rate: &str,
    code: &str,
    name: &str,
) -> Result<Option<TaxComponent>, Failure> {
    let code_text = parameters.optional_text(code)?;
    let name_text = parameters.optional_text(name)?;
    let Some(percent) = parameters.optional_number(rate)? else {
        if code_text.is_some() || name_text.is_some() {
            return Err(parameters.refuse("missing-parameter", "add the rate", rate));
        }
        return Ok(None);
    };
    let percent = lines::check_rate(percent).map_err(|text| parameters.refuse("out-of-range", text, rate))?;
    let code = code_text.unwrap_or("TAX");
    lines::component(input, code, name_text.unwrap_or(code), percent).map(Some)
}
