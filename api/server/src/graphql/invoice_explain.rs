//! Where an invoice came from: what each plugin was asked and answered, and whether it comes out the same again.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use super::access::{Need, enter};
use super::fault::{Result, nullable};
use super::ident::parse_id;
use super::invoice::Invoice;
use super::invoice_line::InvoiceLine;
use super::scalar::Decimal;
use crate::app::explain_invoice::{Explanation, UsedPlugin as Used, explain};
use crate::app::recompute_invoice::{Recomputation, recompute};
use crate::store::invoice as records;
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("invoiceExplain", Permission::InvoicesRead),
    Need::query("invoiceRecompute", Permission::InvoicesRead),
];

/// What a plugin does. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::store::plugin::PluginKind")]
pub(super) enum PluginKind {
    /// Prices the charges of a period.
    Pricing,
    /// Calculates the taxes of an invoice.
    Tax,
    /// Arranges the document of an invoice.
    Template,
}

/// An invoice with everything behind it: enough to calculate it again by hand.
#[derive(SimpleObject)]
struct InvoiceExplanation {
    /// The invoice.
    invoice: Invoice,
    /// Its lines, each with the call that priced it.
    lines: Vec<InvoiceLineExplanation>,
    /// Every call of a plugin, in the order they were made.
    calls: Vec<PluginCall>,
    /// The components that had a part in it.
    plugins: Vec<UsedPlugin>,
}

/// A line with what priced it.
#[derive(SimpleObject)]
struct InvoiceLineExplanation {
    /// The line.
    line: InvoiceLine,
    /// The place of the call that priced it in `calls`, from 0; null for a fixed fee.
    call_index: Option<i32>,
}

/// One call of a plugin: what was asked, what it answered, and exactly which bytes did.
#[derive(SimpleObject)]
struct PluginCall {
    /// What was asked for.
    kind: PluginKind,
    /// The SHA-256 of the component that answered.
    digest: String,
    /// The contract it answered under.
    world: String,
    /// The engine that ran it.
    engine: String,
    /// The question, as canonical JSON of the contract.
    input: String,
    /// The SHA-256 of the question.
    input_digest: String,
    /// The answer, as canonical JSON of the contract.
    output: String,
    /// The instructions it spent.
    fuel_used: Decimal,
}

/// A component that had a part in an invoice.
#[derive(SimpleObject)]
struct UsedPlugin {
    /// What it did.
    kind: PluginKind,
    /// The name and version of its plugin.
    name: String,
    /// The SHA-256 of its bytes.
    digest: String,
}

/// An issued invoice, calculated again from what it recorded.
#[derive(SimpleObject)]
struct InvoiceRecomputation {
    /// Whether usage, prices, taxes, sums and the document came out as issued, to the last byte.
    identical: bool,
    /// What came out differently; empty when identical.
    differences: Vec<InvoiceDifference>,
}

/// One thing that came out differently.
#[derive(SimpleObject)]
struct InvoiceDifference {
    /// Where, such as `lines.0.quantity`.
    path: String,
    /// As issued.
    issued: String,
    /// As it comes out now.
    recomputed: String,
}

#[derive(Default)]
pub(super) struct InvoiceExplainQuery;

#[Object]
impl InvoiceExplainQuery {
    /// Explains an invoice: each line with its usage, the plugin that priced it, the question and the answer.
    async fn invoice_explain(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The invoice.")] id: ID,
        #[graphql(desc = "Its organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
    ) -> Option<Result<InvoiceExplanation>> {
        nullable(async {
            let call = enter(ctx)?;
            let organisation = call.organisation(organisation_id.as_ref())?;
            let found = explain(call.app, call.viewer, organisation, parse_id(&id, "id")?).await?;
            Ok(Some(InvoiceExplanation::of(found)))
        })
        .await
    }

    /// Calculates an issued invoice again, with the same plugins, from its usage, and compares to the last byte.
    /// Nothing is changed.
    async fn invoice_recompute(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The invoice.")] id: ID,
        #[graphql(desc = "Its organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
    ) -> Option<Result<InvoiceRecomputation>> {
        nullable(async {
            let call = enter(ctx)?;
            let organisation = call.organisation(organisation_id.as_ref())?;
            let found = recompute(call.app, call.viewer, organisation, parse_id(&id, "id")?).await?;
            Ok(Some(InvoiceRecomputation::of(found)))
        })
        .await
    }
}

impl InvoiceExplanation {
    fn of(found: Explanation) -> Self {
        let line = |line: records::Line| {
            let call_index = line.call_position.and_then(|place| i32::try_from(place).ok());
            InvoiceLineExplanation { line: InvoiceLine::whole(line), call_index }
        };
        Self {
            lines: found.contents.lines.into_iter().map(line).collect(),
            calls: found.contents.calls.into_iter().map(PluginCall::of).collect(),
            plugins: found.plugins.into_iter().map(UsedPlugin::of).collect(),
            invoice: Invoice::alone(found.invoice),
        }
    }
}

impl PluginCall {
    fn of(call: records::PluginCall) -> Self {
        let records::PluginCall { kind, digest, world, fingerprint, input, input_digest, output, fuel } = call;
        Self {
            kind: kind.into(),
            digest,
            world,
            engine: fingerprint,
            input,
            input_digest,
            output,
            fuel_used: Decimal(fuel.into()),
        }
    }
}

impl UsedPlugin {
    fn of(used: Used) -> Self {
        Self { kind: used.kind.into(), name: used.name, digest: used.digest }
    }
}

impl InvoiceRecomputation {
    fn of(found: Recomputation) -> Self {
        let differences = found.differences.into_iter();
        let differences = differences.map(|difference| InvoiceDifference {
            path: difference.path,
            issued: difference.issued,
            recomputed: difference.recomputed,
        });
        Self { identical: found.identical, differences: differences.collect() }
    }
}
