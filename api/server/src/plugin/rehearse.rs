//! The rehearsal before a version is made: the same question twice, in fresh instances, must get the
//! same answer for the same fuel, and the answer must be one that production could use.

use plugin_host::{Failure, v1};

use super::{CallRecord, Kind, PluginError, Plugins, json, pricing, read, tax, text_digest};

/// What a rehearsal found out.
pub struct Rehearsal {
    /// Fuel of one call.
    pub fuel: u64,
    /// Memory of one call at its peak, in bytes.
    pub memory_peak: u64,
    /// Engine it ran on.
    pub fingerprint: String,
}

impl Plugins {
    /// Rehearses with the author's `fixture` (an input of the contract as JSON), or with ours. A
    /// refusal by the plugin is a failure for its own fixture and fine for ours, which it need not know.
    pub async fn rehearse(&self, kind: Kind, digest: &str, fixture: Option<String>) -> Result<Rehearsal, String> {
        let own = fixture.is_some();
        let input = match fixture {
            Some(text) => canonical(kind, &text)?,
            None => standard_input(kind)?,
        };
        let record = CallRecord {
            kind,
            digest: digest.to_owned(),
            fingerprint: String::new(),
            input_digest: text_digest(&input),
            input,
            output: String::new(),
            fuel: 0,
        };
        let first = self.replay(&record).await;
        let second = self.replay(&record).await;
        match (first, second) {
            (Ok(first), Ok(second)) if first.output != second.output || first.fuel != second.fuel => {
                Err("The plugin answered the same question in two ways. Remove whatever differs between calls: random numbers, addresses, the order of a hash map.".to_owned())
            }
            (Ok(first), Ok(_)) => {
                readable(kind, &first.output).map_err(|error| format!("The plugin's answer to the fixture cannot be used: {error}."))?;
                Ok(Rehearsal { fuel: first.fuel, memory_peak: 0, fingerprint: first.fingerprint })
            }
            (Err(error), _) | (_, Err(error)) if !own && is_refusal(&error) => {
                Ok(Rehearsal { fuel: 0, memory_peak: 0, fingerprint: self.host.fingerprint().to_owned() })
            }
            (Err(error), _) | (_, Err(error)) => Err(format!("The plugin failed on the fixture: {error}.")),
        }
    }
}

fn is_refusal(error: &PluginError) -> bool {
    matches!(error, PluginError::Failed { failure: Failure::GuestError { .. }, .. })
}

fn canonical(kind: Kind, text: &str) -> Result<String, String> {
    let again = match kind {
        Kind::Pricing => read::<v1::pricing::Input>(text).and_then(|input| json(&input)),
        Kind::Tax => read::<v1::tax::Input>(text).and_then(|input| json(&input)),
        Kind::Template => read::<v1::template::Input>(text).and_then(|input| json(&input)),
    };
    again.map_err(|error| format!("The fixture is not an input of the contract: {error}."))
}

fn readable(kind: Kind, output: &str) -> Result<(), PluginError> {
    match kind {
        Kind::Pricing => pricing::answer(read(output)?).map(|_| ()),
        Kind::Tax => tax::answer(read(output)?).map(|_| ()),
        Kind::Template => read::<v1::template::Output>(output).map(|_| ()),
    }
}

fn standard_input(kind: Kind) -> Result<String, String> {
    let text = match kind {
        Kind::Pricing => include_str!("fixtures/pricing.json"),
        Kind::Tax => include_str!("fixtures/tax.json"),
        Kind::Template => include_str!("fixtures/template.json"),
    };
    canonical(kind, text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn our_fixtures_are_inputs_of_the_contract() {
        for kind in [Kind::Pricing, Kind::Tax, Kind::Template] {
            standard_input(kind).unwrap();
        }
    }
}
