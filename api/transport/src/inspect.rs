//! The look a document gets before it runs, for those who want it without running anything: a build
//! that registers trusted documents, a benchmark, a fuzzer.

use std::{error::Error, fmt};

use serde_json::Value as Json;

use crate::{
    CostModel, CostSettings, Limits,
    document::{Rules, prepare},
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

/// Parses, measures and prices a request, `{"query", "operationName", "variables"}`, exactly as the
/// transport does before it runs one. The schema is not asked whether the fields exist.
///
/// # Errors
/// What the client would be told.
pub fn inspect(
    request: Json,
    limits: &Limits,
    costs: Option<(&CostModel, &CostSettings)>,
) -> Result<Inspection, Refusal> {
    let mut envelope = Envelope::from_json(request)?;
    let text = envelope.query.take().unwrap_or_default();
    let prepared = prepare(text, envelope, Files::default(), &Rules { limits, costs, resume: None })?;
    Ok(Inspection { cost: prepared.price.map(|(cost, _)| cost) })
}
