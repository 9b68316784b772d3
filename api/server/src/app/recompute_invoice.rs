//! An issued invoice, computed again from what it recorded: does it come out the same?
//!
//! Four things are compared: the usage (counted from the totals of today), each plugin call (asked
//! again of the same component), the sums, and the bytes of the document. Nothing is changed.

use billing::ids::{InvoiceId, MetricId, OrganisationId};
use billing::invoice::InvoiceState;
use billing::money::Money;
use rust_decimal::Decimal;
use std::collections::HashMap;

use super::App;
use super::finalise_invoice::find;
use super::guests_in_force::load;
use super::invoice_contents::recorded_call;
use super::invoice_document::rendered;
use super::late_usage::exclusive_or;
use super::tenants::find_subscription;
use crate::error::Error;
use crate::store;
use crate::store::invoice::{Contents, Invoice};
use crate::viewer::{Permission, Viewer};

/// What came out.
pub struct Recomputation {
    /// Whether everything is as issued, to the last byte.
    pub identical: bool,
    /// What is not.
    pub differences: Vec<Difference>,
}

/// One thing that came out in another way.
pub struct Difference {
    /// Where: `lines.0.quantity`, `calls.1.output`, `pdf`.
    pub path: String,
    /// As issued.
    pub issued: String,
    /// As it comes out now.
    pub recomputed: String,
}

#[derive(Default)]
struct Differences(Vec<Difference>);

impl Differences {
    fn compare(&mut self, path: String, issued: &dyn ToString, recomputed: &dyn ToString) {
        let (issued, recomputed) = (issued.to_string(), recomputed.to_string());
        if issued != recomputed {
            self.0.push(Difference { path, issued, recomputed });
        }
    }
}

/// Computes an invoice again.
pub async fn recompute(
    app: &App,
    viewer: &Viewer,
    organisation: OrganisationId,
    id: InvoiceId,
) -> Result<Recomputation, Error> {
    viewer.require(Permission::InvoicesRead)?;
    let invoice = find(app, organisation, id).await?;
    if !invoice.state.is_issued() {
        return Err(Error::refused(
            "NOT_ISSUED",
            "A draft is computed anew when it is finalised; there is nothing to compare with yet.",
        ));
    }
    let contents = store::invoice::contents(&app.store, &invoice).await?;
    let mut differences = Differences::default();
    if invoice.state != InvoiceState::Void {
        // A void invoice bills nothing any more, so there is no usage it would have to match.
        usage(app, &invoice, &contents, &mut differences).await?;
    }
    calls(app, &contents, &mut differences).await?;
    sums(&invoice, &contents, &mut differences)?;
    document(app, &invoice, &contents, &mut differences).await?;
    Ok(Recomputation { identical: differences.0.is_empty(), differences: differences.0 })
}

/// A quantity is right when what has been billed for its service period, late lines of later invoices
/// included, is what the totals of today say.
async fn usage(app: &App, invoice: &Invoice, contents: &Contents, differences: &mut Differences) -> Result<(), Error> {
    let subscription = find_subscription(app, invoice.organisation_id, invoice.subscription_id).await?;
    let ids: Vec<MetricId> = contents.lines.iter().filter_map(|line| line.metric_id).collect();
    let metrics: HashMap<MetricId, _> = store::metric::find_many(&app.store, &ids)
        .await?
        .into_iter()
        .map(|metric| (metric.id, metric.reference()))
        .collect();
    for (place, line) in contents.lines.iter().enumerate() {
        let (Some(id), Some(_)) = (line.metric_id, line.quantity) else { continue };
        let totals = store::usage::totals(
            &app.store,
            invoice.organisation_id,
            &[id],
            subscription.project_id,
            &line.service_period,
        )
        .await?;
        let now = totals.get(&id).copied().unwrap_or_default();
        let billed = store::invoice::billed_for(
            &app.store,
            invoice.organisation_id,
            subscription.id,
            &line.charge_code,
            line.service_period.start,
        )
        .await?;
        let quantity: Decimal = billed.iter().filter_map(|line| line.quantity).sum();
        let events: u64 = billed.iter().filter_map(|line| line.event_count).sum();
        let event_set = billed.iter().filter_map(|line| line.event_set).fold([0; 16], exclusive_or);
        let aggregation =
            metrics.get(&id).ok_or_else(|| Error::internal(format!("metric {id} is missing")))?.aggregation;
        differences.compare(
            format!("lines.{place}.quantity"),
            &quantity.normalize(),
            &now.quantity(aggregation).normalize(),
        );
        differences.compare(format!("lines.{place}.eventCount"), &events, &now.count);
        differences.compare(format!("lines.{place}.eventSet"), &hex::encode(event_set), &hex::encode(now.event_set));
    }
    Ok(())
}

async fn calls(app: &App, contents: &Contents, differences: &mut Differences) -> Result<(), Error> {
    for (place, call) in contents.calls.iter().enumerate() {
        load(app, &call.digest).await?;
        match app.plugins.replay(&recorded_call(call)).await {
            Ok(again) => {
                differences.compare(format!("calls.{place}.output"), &call.output, &again.output);
                // Fuel is a property of the engine: only comparable on the same one.
                if again.fingerprint == call.fingerprint {
                    differences.compare(format!("calls.{place}.fuel"), &call.fuel, &again.fuel);
                }
            }
            Err(error) => differences.compare(format!("calls.{place}.output"), &call.output, &error),
        }
    }
    Ok(())
}

fn sums(invoice: &Invoice, contents: &Contents, differences: &mut Differences) -> Result<(), Error> {
    let sum = |amounts: &mut dyn Iterator<Item = Money>| Money::sum(invoice.currency, amounts).map_err(Error::internal);
    let subtotal = sum(&mut contents.lines.iter().map(|line| line.amount))?;
    let spread = sum(&mut contents.lines.iter().map(|line| line.tax))?;
    let tax = sum(&mut contents.taxes.iter().map(|tax| tax.amount))?;
    differences.compare("subtotal".to_owned(), &invoice.subtotal.to_decimal(), &subtotal.to_decimal());
    differences.compare("tax".to_owned(), &invoice.tax.to_decimal(), &tax.to_decimal());
    differences.compare("tax.lines".to_owned(), &tax.to_decimal(), &spread.to_decimal());
    let total = subtotal.checked_add(tax).map_err(Error::internal)?;
    differences.compare("total".to_owned(), &invoice.total.to_decimal(), &total.to_decimal());
    Ok(())
}

async fn document(
    app: &App,
    invoice: &Invoice,
    contents: &Contents,
    differences: &mut Differences,
) -> Result<(), Error> {
    let Some(issued) = &invoice.pdf_sha256 else { return Ok(()) };
    let again = rendered(app, invoice, contents).await?;
    differences.compare("pdf.sha256".to_owned(), issued, &again.sha256);
    Ok(())
}
