//! IN_GST: which of India's taxes is due, from where the parties are.
//!
//! Seller and place of supply in one state: half the rate to the centre, half to the state (or union territory), each
//! rounded on its own. In two states, to a special economic zone or abroad: the integrated tax at the full rate, or at
//! zero for exports under a letter of undertaking. Parameters: `rate_percent` and, for exports and special economic
//! zones, the flag `lut`.

use undash_plugin_sdk::decimal::exact_mul;
use undash_plugin_sdk::tax::{Input, Output, Party};
use undash_plugin_sdk::{Decimal, Failure, Parameters, refuse};

use crate::lines;

const EXPORT_UNDER_LUT: &str =
    "Supply meant for export under bond or letter of undertaking without payment of integrated tax";
const EXPORT_WITH_TAX: &str = "Supply meant for export on payment of integrated tax";
const SEZ_UNDER_LUT: &str = "Supply meant for supply to Special Economic Zone unit or Special Economic Zone developer \
     for authorised operations under bond or letter of undertaking without payment of integrated tax";
const SEZ_WITH_TAX: &str = "Supply meant for supply to Special Economic Zone unit or Special Economic Zone developer \
     for authorised operations on payment of integrated tax";

/// `(code of the tax number, ISO 3166-2:IN without the prefix)`.
const STATES: [(&str, &str); 38] = [
    ("01", "JK"),
    ("02", "HP"),
    ("03", "PB"),
    ("04", "CH"),
    ("05", "UT"),
    ("06", "HR"),
    ("07", "DL"),
    ("08", "RJ"),
    ("09", "UP"),
    ("10", "BR"),
    ("11", "SK"),
    ("12", "AR"),
    ("13", "NL"),
    ("14", "MN"),
    ("15", "MZ"),
    ("16", "TR"),
    ("17", "ML"),
    ("18", "AS"),
    ("19", "WB"),
    ("20", "JH"),
    ("21", "OD"),
    ("22", "CG"),
    ("23", "MP"),
    ("24", "GJ"),
    ("26", "DH"),
    ("27", "MH"),
    ("29", "KA"),
    ("30", "GA"),
    ("31", "LD"),
    ("32", "KL"),
    ("33", "TN"),
    ("34", "PY"),
    ("35", "AN"),
    ("36", "TS"),
    ("37", "AP"),
    ("38", "LA"),
    // Letters in older use.
    ("21", "OR"),
    ("05", "UK"),
];

/// Union territories without a legislature.
const UNION_TERRITORIES: [&str; 5] = ["04", "26", "31", "35", "38"];

pub(crate) fn calculate(input: &Input, parameters: &Parameters<'_>) -> Result<Output, Failure> {
    parameters.only(&["rate_percent", "lut"])?;
    let rate = lines::check_rate(parameters.number("rate_percent")?)
        .map_err(|text| parameters.refuse("out-of-range", text, "rate_percent"))?;
    let under_lut = parameters.flag("lut")?;
    if !input.seller.country.eq_ignore_ascii_case("IN") {
        return Err(refuse(
            "seller-abroad",
            "IN_GST is for sellers in India; choose another regime for this issuing entity",
            "seller.country",
        ));
    }
    let seller_state = state(&input.seller, "seller")?
        .ok_or_else(|| refuse("missing-state", "add the seller's state, such as KA, or its GSTIN", "seller.region"))?;
    if !input.buyer.country.eq_ignore_ascii_case("IN") {
        return integrated(input, rate, under_lut, [EXPORT_UNDER_LUT, EXPORT_WITH_TAX]);
    }
    if attribute(&input.buyer, "sez") {
        return integrated(input, rate, under_lut, [SEZ_UNDER_LUT, SEZ_WITH_TAX]);
    }
    // An unregistered buyer without an address is supplied where the seller is.
    let place = state(&input.buyer, "buyer")?.unwrap_or(seller_state);
    if place != seller_state {
        let component = lines::component(input, "IGST", "IGST", rate)?;
        return Ok(Output { components: vec![component], notes: Vec::new() });
    }
    let half =
        exact_mul(rate, Decimal::new(5, 1)).map_err(|e| parameters.refuse("inexact", e.message(), "rate_percent"))?;
    let state_tax = if UNION_TERRITORIES.contains(&place) { "UTGST" } else { "SGST" };
    Ok(Output {
        components: vec![
            lines::component(input, "CGST", "CGST", half)?,
            lines::component(input, state_tax, state_tax, half)?,
        ],
        notes: Vec::new(),
    })
}

/// The integrated tax with the endorsement the law prescribes.
fn integrated(
    input: &Input,
    rate: Decimal,
    under_lut: bool,
    [without_tax, with_tax]: [&str; 2],
) -> Result<Output, Failure> {
    let (rate, note) = if under_lut { (Decimal::ZERO, without_tax) } else { (rate, with_tax) };
    Ok(Output { components: vec![lines::component(input, "IGST", "IGST", rate)?], notes: vec![note.to_owned()] })
}

/// The two digits of a party's state: from its region, or else from its GSTIN.
fn state(party: &Party, who: &str) -> Result<Option<&'static str>, Failure> {
    let (text, field) = match (&party.region, &party.tax_id) {
        (Some(region), _) if !region.trim().is_empty() => (region.trim(), "region"),
        (_, Some(gstin)) if gstin.len() == 15 => (gstin.get(..2).unwrap_or_default(), "tax-id"),
        _ => return Ok(None),
    };
    let text = text.strip_prefix("IN-").unwrap_or(text);
    let found = STATES.iter().find(|(digits, letters)| *digits == text || letters.eq_ignore_ascii_case(text));
    match found {
        Some((digits, _)) => Ok(Some(digits)),
        None => Err(refuse(
            "unknown-state",
            "give a state of India by its letters, such as KA, or its two digits, such as 29",
            [who, field].join("."),
        )),
    }
}

fn attribute(party: &Party, name: &str) -> bool {
    let mut found = party.attributes.iter().filter(|(key, _)| key == name);
    found.any(|(_, value)| value == "true")
}
