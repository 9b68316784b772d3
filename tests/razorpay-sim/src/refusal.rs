//! A request that was not granted, as Razorpay words it.

use std::fmt;

use serde_json::{Map, Value, json};

/// Why a request was refused; rendered as Razorpay's `{"error": …}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// `BAD_REQUEST_ERROR`, `GATEWAY_ERROR` or `SERVER_ERROR`.
    pub code: &'static str,
    /// What Razorpay says of it.
    pub description: String,
    /// The field at fault, where there is one.
    pub field: Option<String>,
    /// A machine's word for it.
    pub reason: String,
    business: bool,
    stepless: bool,
    links: bool,
}

impl Refusal {
    /// A 400 for what the caller sent.
    pub(crate) fn input(description: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: "BAD_REQUEST_ERROR",
            description: description.into(),
            field: None,
            reason: "input_validation_failed".to_owned(),
            business: true,
            stepless: false,
            links: false,
        }
    }

    /// A refusal that blames nobody: its source, step and reason are `NA`.
    pub(crate) fn plain(status: u16, description: impl Into<String>) -> Self {
        Self { status, reason: "NA".to_owned(), business: false, ..Self::input(description) }
    }

    /// A 400 of the payment links service, which writes `null` where others write `NA`, and `[]` for no metadata.
    pub(crate) fn link(description: impl Into<String>) -> Self {
        Self { links: true, ..Self::input(description) }
    }

    /// Nothing has this well-formed id.
    pub(crate) fn unknown_id() -> Self {
        Self::input("The id provided does not exist")
    }

    /// Nothing answers at this address; a 400, not a 404.
    pub(crate) fn unknown_url() -> Self {
        Self::plain(400, "The requested URL was not found on the server.")
    }

    /// A fault of Razorpay's own, or of a bank behind it.
    pub(crate) fn fault(status: u16, code: &'static str, description: &str) -> Self {
        Self { code, ..Self::plain(status, description) }
    }

    /// The same with the field at fault.
    pub(crate) fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same with another reason.
    pub(crate) fn because(mut self, reason: &str) -> Self {
        reason.clone_into(&mut self.reason);
        self
    }

    /// The same before any step of a payment.
    pub(crate) fn before_any_step(mut self) -> Self {
        self.stepless = true;
        self
    }

    /// The body of the answer.
    #[must_use]
    pub fn body(&self) -> Value {
        let (source, step, reason) = match (self.links, self.business) {
            (true, _) => (Value::Null, Value::Null, Value::Null),
            (false, true) => {
                let step = if self.stepless { "NA" } else { "payment_initiation" };
                (json!("business"), json!(step), json!(self.reason))
            }
            (false, false) => (json!("NA"), json!("NA"), json!(self.reason)),
        };
        let mut error = Map::new();
        error.insert("code".to_owned(), json!(self.code));
        error.insert("description".to_owned(), json!(self.description));
        error.insert("source".to_owned(), source);
        error.insert("step".to_owned(), step);
        error.insert("reason".to_owned(), reason);
        error.insert("metadata".to_owned(), if self.links { json!([]) } else { json!({}) });
        if let Some(field) = &self.field {
            error.insert("field".to_owned(), json!(field));
        }
        json!({ "error": error })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: {}", self.status, self.code, self.description)
    }
}

impl std::error::Error for Refusal {}
