//! The document of an issued invoice: facts → template plugin → pages → a file.
//!
//! Rendering is deterministic, so a node without the file makes the same bytes again, and the second
//! run of the outbox row overwrites a file with itself. A template that fails is replaced by the
//! standard one, and the invoice says so.

use billing::ids::{InvoiceId, OrganisationId};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;

use super::App;
use super::catalogue::missing;
use super::finalise_invoice::find;
use super::guests_in_force::load;
use super::invoice_contents::{InvoiceFacts, Party, shown_days};
use super::send_mail::{self, About};
use crate::error::Error;
use crate::pdf::{self, Branding};
use crate::plugin::{DocumentFacts, DocumentKind, DocumentLine, DocumentParty, DocumentTax, Kind, StandardGuest};
use crate::store;
use crate::store::invoice::{Contents, Invoice, Line, Pdf};
use crate::viewer::{Permission, Viewer};

/// How long a download link works.
const LINK_MINUTES: i64 = 15;

/// A link to the PDF.
pub struct PdfLink {
    /// Where it is, signed.
    pub url: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// A PDF and the name a browser should save it under.
pub struct PdfFile {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// File name.
    pub name: String,
}

/// What came of rendering.
pub struct RenderedInvoice {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Hex SHA-256 of the bytes.
    pub sha256: String,
    /// Component that arranged the document.
    pub template: String,
    /// Why it was not the one in force, if so.
    pub fallback: Option<String>,
}

/// What the signed link of a PDF is about.
pub fn subject(organisation: OrganisationId, invoice: InvoiceId) -> String {
    format!("invoice-pdf/{organisation}/{invoice}")
}

/// A link for downloading the PDF of an issued invoice.
pub async fn link(
    app: &App,
    viewer: &Viewer,
    organisation: OrganisationId,
    id: InvoiceId,
    now: DateTime<Utc>,
) -> Result<PdfLink, Error> {
    viewer.require(Permission::InvoicesRead)?;
    issued(find(app, organisation, id).await?)?;
    let expires_at = now + Duration::minutes(LINK_MINUTES);
    Ok(PdfLink { url: signed(app, organisation, id, expires_at), expires_at })
}

/// A link to a PDF that works without a key until `expires_at`.
pub(super) fn signed(app: &App, organisation: OrganisationId, id: InvoiceId, expires_at: DateTime<Utc>) -> String {
    let query = app.signer.sign(&subject(organisation, id), expires_at);
    format!("{}/v1/invoices/{organisation}/{id}/pdf?{query}", app.base_url())
}

/// The PDF: from disk, or made again.
pub async fn pdf(app: &App, organisation: OrganisationId, id: InvoiceId) -> Result<PdfFile, Error> {
    let invoice = issued(find(app, organisation, id).await?)?;
    let name = format!("{}.pdf", invoice.number.as_deref().unwrap_or("invoice"));
    if let (Some(key), Some(sha256)) = (&invoice.pdf_key, &invoice.pdf_sha256)
        && let Some(bytes) = app.files.get(key).await?
        && hex::encode(Sha256::digest(&bytes)) == *sha256
    {
        return Ok(PdfFile { bytes, name });
    }
    render(app, organisation, id, None).await?;
    let invoice = find(app, organisation, id).await?;
    let key = invoice.pdf_key.as_deref().ok_or_else(|| Error::internal("a rendered invoice without its file"))?;
    let bytes = app.files.get(key).await?.ok_or_else(|| missing("PDF of invoice", &id, "id"))?;
    Ok(PdfFile { bytes, name })
}

/// Renders the document and keeps it; tells where it is. With `mail_at` the customer is then sent it, once.
pub async fn render(
    app: &App,
    organisation: OrganisationId,
    id: InvoiceId,
    mail_at: Option<DateTime<Utc>>,
) -> Result<PathBuf, Error> {
    let invoice = issued(find(app, organisation, id).await?)?;
    let contents = store::invoice::contents(&app.store, &invoice).await?;
    let rendered = rendered(app, &invoice, &contents).await?;
    let key = format!("invoices/{organisation}/{id}.pdf");
    // The file first: a row that names a file which is not there would be worse than the reverse.
    let path = app.files.put(&key, rendered.bytes).await?;
    let pdf = Pdf { key, sha256: rendered.sha256, template_fallback: rendered.fallback };
    let tx = app.store.begin().await?;
    store::invoice::set_pdf_in_tx(&tx, organisation, id, &pdf).await?;
    if let Some(now) = mail_at {
        send_mail::order_in_tx(&tx, organisation, About::Invoice(id), now).await?;
    }
    tx.commit().await?;
    Ok(path)
}

/// The document of an invoice, computed and not kept.
pub async fn rendered(app: &App, invoice: &Invoice, contents: &Contents) -> Result<RenderedInvoice, Error> {
    let frozen = InvoiceFacts::from_json(&contents.facts)?;
    let facts = document_facts(app, invoice, contents, &frozen).await?;
    let standard = StandardGuest::of(Kind::Template).digest();
    let (document, template, fallback) = match arrange(app, &frozen.template, &facts).await {
        Ok(document) => (document, frozen.template.clone(), None),
        Err(reason) if frozen.template != standard => {
            (arrange(app, standard, &facts).await?, standard.to_owned(), Some(reason.public))
        }
        Err(reason) => return Err(reason),
    };
    // Laying out is pure computation: off the threads that answer requests.
    let laid_out = tokio::task::spawn_blocking(move || pdf::render(&document))
        .await
        .map_err(Error::internal)?
        .map_err(Error::internal)?;
    for warning in &laid_out.warnings {
        tracing::warn!(invoice = %invoice.id, warning, "the document has a flaw");
    }
    Ok(RenderedInvoice {
        sha256: hex::encode(Sha256::digest(&laid_out.bytes)),
        bytes: laid_out.bytes,
        template,
        fallback,
    })
}

async fn arrange(app: &App, template: &str, facts: &DocumentFacts) -> Result<pdf::Document, Error> {
    load(app, template).await?;
    let (document, _) = app
        .plugins
        .render(template, facts)
        .await
        .map_err(|error| Error::refused("PLUGIN_FAILED", error.to_string()))?;
    Ok(document)
}

async fn document_facts(
    app: &App,
    invoice: &Invoice,
    contents: &Contents,
    frozen: &InvoiceFacts,
) -> Result<DocumentFacts, Error> {
    let timezone: Tz =
        frozen.timezone.parse().map_err(|_| Error::internal(format!("invoice {} has an unknown zone", invoice.id)))?;
    let day = |at: DateTime<Utc>| -> NaiveDate { at.with_timezone(&timezone).date_naive() };
    Ok(DocumentFacts {
        kind: DocumentKind::Invoice,
        number: invoice.number.clone(),
        issued_on: invoice.issued_at.map(day),
        due_on: invoice.due_at.map(day),
        service_days: Some(shown_days(&invoice.period, timezone)),
        currency: invoice.currency.code().to_owned(),
        seller: party(&frozen.seller),
        buyer: party(&frozen.buyer),
        lines: contents.lines.iter().map(|line| document_line(line, frozen, timezone)).collect(),
        subtotal: invoice.subtotal.to_decimal(),
        taxes: contents
            .taxes
            .iter()
            .map(|tax| DocumentTax {
                name: tax.name.clone(),
                rate_percent: tax.rate_percent,
                base: tax.base.to_decimal(),
                amount: tax.amount.to_decimal(),
            })
            .collect(),
        total: invoice.total.to_decimal(),
        notes: frozen.notes.clone(),
        payment_terms: vec![terms(frozen.payment_terms_days)],
        footer: frozen.footer.clone(),
        branding: branding(app, invoice, frozen).await?,
    })
}

fn terms(days: i32) -> String {
    match days {
        0 => "Due on receipt.".to_owned(),
        1 => "Due within 1 day.".to_owned(),
        days => format!("Due within {days} days."),
    }
}

fn party(party: &Party) -> DocumentParty {
    DocumentParty {
        legal_name: party.legal_name.clone(),
        address: party.address.clone(),
        country: party.country.clone(),
        tax_id: party.tax_id.clone(),
        email: party.email.clone(),
    }
}

fn document_line(line: &Line, frozen: &InvoiceFacts, timezone: Tz) -> DocumentLine {
    DocumentLine {
        description: line.description.clone(),
        service_days: Some(shown_days(&line.service_period, timezone)),
        quantity: line.quantity,
        unit: line.metric_code.as_ref().and_then(|code| frozen.units.get(code)).cloned().unwrap_or_default(),
        amount: line.amount.to_decimal(),
        steps: line.steps.clone(),
    }
}

/// The logo of today, if it is still the one the invoice was issued with: an issued document never
/// gets a new face.
async fn branding(app: &App, invoice: &Invoice, frozen: &InvoiceFacts) -> Result<Branding, Error> {
    let issuer = store::issuing_entity::find(&app.store, invoice.issuing_entity_id).await?;
    let logo = issuer
        .and_then(|issuer| issuer.logo)
        .filter(|logo| frozen.logo_sha256.as_deref() == Some(hex::encode(Sha256::digest(logo)).as_str()));
    Ok(Branding { issuer_name: frozen.seller.legal_name.clone(), logo, colour: colour(&frozen.brand_colour) })
}

fn colour(text: &str) -> [u8; 3] {
    let mut parts = [0; 3];
    match text.strip_prefix('#').map(|digits| hex::decode_to_slice(digits, &mut parts)) {
        Some(Ok(())) => parts,
        _ => [0x1f, 0x29, 0x37],
    }
}

fn issued(invoice: Invoice) -> Result<Invoice, Error> {
    if invoice.state.is_issued() {
        return Ok(invoice);
    }
    Err(Error::refused("NOT_ISSUED", "A draft has no PDF. Finalise it first, or look at invoicePreview."))
}
