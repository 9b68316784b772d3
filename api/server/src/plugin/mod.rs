//! Between billing and the sandbox: questions become contract records, answers become billing types.
//!
//! This room and `store` are the only translators. It asks one plugin one question and hands back the
//! answer with a record of the call; whether the answer is acceptable is for `billing` to say, and what
//! a failure means for an invoice is for `app`. It reads no database: bytes are handed in.

mod document;
mod pricing;
mod rehearse;
mod standard;
mod tax;
mod values;

pub use document::{DocumentFacts, DocumentKind, DocumentLine, DocumentParty, DocumentTax};
pub use rehearse::Rehearsal;
pub use standard::{STANDARD, StandardGuest};

use billing::rating::{PricingAnswer, PricingQuestion};
use billing::tax::{TaxAnswer, TaxQuestion};
use plugin_host::{Call, Failure, Host, HostError, HostSettings, Inspection, LogLine, Refusal};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::sync::Arc;

use crate::pdf::Document;
/// What a plugin does.
pub use crate::store::plugin::PluginKind as Kind;

/// The kind a component of this host kind has in the books.
pub fn kind_of(kind: plugin_host::PluginKind) -> Kind {
    match kind {
        plugin_host::PluginKind::Pricing => Kind::Pricing,
        plugin_host::PluginKind::Tax => Kind::Tax,
        plugin_host::PluginKind::Template => Kind::Template,
    }
}

/// What a call was and what it cost: enough to run it again and compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// What the plugin was asked for.
    pub kind: Kind,
    /// Which component answered.
    pub digest: String,
    /// Engine and limits it ran under; fuel is comparable only between equal fingerprints.
    pub fingerprint: String,
    /// The question as canonical JSON.
    pub input: String,
    /// `sha256:` of `input`.
    pub input_digest: String,
    /// The answer as canonical JSON.
    pub output: String,
    /// Fuel the call used.
    pub fuel: u64,
}

impl CallRecord {
    /// The world of the contract that the call went through.
    pub fn world(&self) -> &'static str {
        world(self.kind)
    }
}

/// The world of the contract for plugins of a kind.
pub fn world(kind: Kind) -> &'static str {
    match kind {
        Kind::Pricing => plugin_contract::PRICING_RULE.name,
        Kind::Tax => plugin_contract::TAX_CALCULATOR.name,
        Kind::Template => plugin_contract::INVOICE_TEMPLATE.name,
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum PluginError {
    /// The plugin, or the host, failed.
    Failed {
        /// Which component.
        digest: String,
        /// How.
        failure: Failure,
        /// What it logged before, for its author.
        logs: Vec<LogLine>,
    },
    /// The answer was well-formed and cannot be turned into billing types.
    Unreadable(String),
}

impl PluginError {
    /// Whether the same call would fail again.
    pub fn is_deterministic(&self) -> bool {
        match self {
            Self::Failed { failure, .. } => failure.is_deterministic(),
            Self::Unreadable(_) => true,
        }
    }
}

impl fmt::Display for PluginError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { digest, failure, logs } => {
                write!(formatter, "plugin {digest}: {} ({})", failure.message(), failure.code())?;
                logs.last().map_or(Ok(()), |line| write!(formatter, "; its last log line: {}", line.text))
            }
            Self::Unreadable(why) => write!(formatter, "the plugin's answer cannot be read: {why}"),
        }
    }
}

impl std::error::Error for PluginError {}

/// The sandbox as the rest of the server sees it.
#[derive(Clone)]
pub struct Plugins {
    host: Arc<Host>,
}

impl Plugins {
    /// Starts the sandbox.
    pub fn start(settings: HostSettings) -> Result<Self, HostError> {
        Ok(Self { host: Host::new(settings)? })
    }

    /// Judges uploaded bytes.
    pub async fn inspect(&self, bytes: Arc<[u8]>) -> Result<Inspection, Refusal> {
        self.host.inspect(bytes).await
    }

    /// Whether a component can be called without handing in its bytes again.
    pub fn is_ready(&self, digest: &str) -> bool {
        self.host.is_ready(digest)
    }

    /// Compiles a component, or takes it from the cache.
    pub async fn prepare(&self, digest: &str, bytes: Arc<[u8]>) -> Result<(), PluginError> {
        self.host.prepare(digest, bytes).await.map_err(|failure| failed(digest, failure, Vec::new()))
    }

    /// Asks a pricing rule.
    pub async fn price(
        &self,
        digest: &str,
        question: &PricingQuestion,
    ) -> Result<(PricingAnswer, CallRecord), PluginError> {
        let input = pricing::input(question);
        let asked = json(&input)?;
        let (output, record) = self.recorded(Kind::Pricing, digest, asked, self.host.price(digest, input).await)?;
        Ok((pricing::answer(output)?, record))
    }

    /// Asks a tax calculator.
    pub async fn tax(
        &self,
        digest: &str,
        reference: &str,
        question: &TaxQuestion,
    ) -> Result<(TaxAnswer, CallRecord), PluginError> {
        let input = tax::input(reference, question);
        let asked = json(&input)?;
        let (output, record) = self.recorded(Kind::Tax, digest, asked, self.host.tax(digest, input).await)?;
        Ok((tax::answer(output)?, record))
    }

    /// Asks a template for the document of an invoice.
    pub async fn render(&self, digest: &str, facts: &DocumentFacts) -> Result<(Document, CallRecord), PluginError> {
        let input = document::input(facts);
        let asked = json(&input)?;
        let (output, record) = self.recorded(Kind::Template, digest, asked, self.host.render(digest, input).await)?;
        Ok((document::document(output, facts), record))
    }

    /// Asks again exactly what a record says was asked; the answer as canonical JSON, for comparing.
    pub async fn replay(&self, record: &CallRecord) -> Result<CallRecord, PluginError> {
        let (digest, asked) = (record.digest.as_str(), record.input.clone());
        let again = match record.kind {
            Kind::Pricing => {
                self.recorded(record.kind, digest, asked, self.host.price(digest, read(&record.input)?).await)?.1
            }
            Kind::Tax => {
                self.recorded(record.kind, digest, asked, self.host.tax(digest, read(&record.input)?).await)?.1
            }
            Kind::Template => {
                self.recorded(record.kind, digest, asked, self.host.render(digest, read(&record.input)?).await)?.1
            }
        };
        Ok(again)
    }

    fn recorded<T: Serialize>(
        &self,
        kind: Kind,
        digest: &str,
        input: String,
        call: Call<T>,
    ) -> Result<(T, CallRecord), PluginError> {
        for line in &call.logs {
            tracing::debug!(plugin = digest, level = ?line.level, text = line.text, "plugin log");
        }
        let output = call.answer.map_err(|failure| failed(digest, failure, call.logs))?;
        let record = CallRecord {
            kind,
            digest: digest.to_owned(),
            fingerprint: self.host.fingerprint().to_owned(),
            input_digest: text_digest(&input),
            output: json(&output)?,
            input,
            fuel: call.fuel_used,
        };
        Ok((output, record))
    }
}

/// `sha256:` and the hash of a text.
pub fn text_digest(text: &str) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(text.as_bytes())))
}

fn failed(digest: &str, failure: Failure, logs: Vec<LogLine>) -> PluginError {
    PluginError::Failed { digest: digest.to_owned(), failure, logs }
}

fn json<T: Serialize>(value: &T) -> Result<String, PluginError> {
    // Records have their fields in the order of the contract, so equal values give equal text.
    serde_json::to_string(value).map_err(|error| PluginError::Unreadable(error.to_string()))
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, PluginError> {
    serde_json::from_str(text).map_err(|error| PluginError::Unreadable(error.to_string()))
}
