//! The look a document gets before it runs, for those who want it without running anything: a build
//! that registers trusted documents, a benchmark, a fuzzer.

use std::{error::Error, fmt};

use serde_json::Value as Json;

use crate::{
    CostModel, CostSettings, Limits,
    document::{Known, Rules, prepare},
    envelope::Envelope,
    failure::Failure,
    files::Files,
};

/// What the look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// The most the operation may cost; `None` where no model was given.
    pub cost: Option<u64>,
}

/// Why a document would be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// One of [`code`](crate::code).
    pub code: &'static str,
    /// The sentence a client would get.
    pub message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl Error for Refusal {}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code(), message: failure.message().to_owned() }
    }
}

/// Parses, measures and prices requests, `{"query", "operationName", "variables"}`, exactly as the
/// transport does before it runs one. The schema is not asked whether the fields exist.
#[derive(Debug)]
pub struct Inspector {
    limits: Limits,
    costs: Option<(CostModel, CostSettings)>,
    known: Known,
}

impl Inspector {
    /// By these limits and, where costs are counted, this model. Remembers `known_document_bytes` of
    /// text like `TransportSettings::known_document_bytes`.
    #[must_use]
    pub fn new(limits: Limits, costs: Option<(CostModel, CostSettings)>, known_document_bytes: usize) -> Self {
        Self { limits, costs, known: Known::new(known_document_bytes) }
    }

    /// Looks at one request.
    ///
    /// # Errors
    /// What the client would be told.
    pub fn inspect(&self, request: Json) -> Result<Inspection, Refusal> {
        let mut envelope = Envelope::from_json(request)?;
        let text = envelope.query.take().unwrap_or_default();
        let costs = self.costs.as_ref().map(|(model, settings)| (model, settings));
        let rules = Rules { limits: &self.limits, costs, resume: None, types: None, known: Some(&self.known) };
        let prepared = prepare(text, envelope, Files::default(), &rules)?;
        Ok(Inspection { cost: prepared.price.map(|(cost, _)| cost) })
    }
}
