//! Mails to customers: a job each, made from the rows when it is sent, under the job's id at every try.
//!
//! A second run sends the same mail under the same Message-ID; a folder then has the same file, and a mail program
//! shows it once. Nobody to write to is no failure: the job is done.

use billing::ids::{InvoiceId, OrganisationId, OutboxId, PaymentId, RefundId};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use mail::address::{Address, Mailbox, MessageId};
use mail::letter::{Brand, Colour, InvoiceIssued, Letter, Locale, PaymentReceived, RefundSent, Stationery};
use mail::message::{Attachment, Envelope, Message};
use mail::post::{Credentials, Folder, Mailer, Outcome, Security, Smtp, SmtpSettings};
use serde_json::json;
use std::time::Duration;

use super::{App, fresh, invoice_document};
use crate::config::Settings;
use crate::error::Error;
use crate::store::invoice::Invoice;
use crate::store::organisation::Organisation;
use crate::store::outbox::{Job, NewJob};
use crate::store::{self, Tx};

/// Topic of the outbox row that sends a mail.
pub const SEND_MAIL: &str = "mail.send";

/// The code of a mail that a server will not take, ever: trying again would not change that.
pub const MAIL_REFUSED: &str = "MAIL_REFUSED";

/// How long the links in a mail work.
const LINK_DAYS: i64 = 60;

/// Connections to the mail server at most.
const CONNECTIONS: usize = 5;

/// The longest one mail may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What a mail is about.
#[derive(Clone, Copy, Debug)]
pub enum About {
    /// An issued invoice; its PDF is attached.
    Invoice(InvoiceId),
    /// A payment that came.
    Payment(PaymentId),
    /// A refund on its way.
    Refund(RefundId),
}

impl About {
    fn read(job: &Job) -> Option<Self> {
        let id = |field: &str| job.payload.get(field)?.as_str();
        None.or_else(|| Some(Self::Invoice(id("invoiceId")?.parse().ok()?)))
            .or_else(|| Some(Self::Payment(id("paymentId")?.parse().ok()?)))
            .or_else(|| Some(Self::Refund(id("refundId")?.parse().ok()?)))
    }
}

/// What sends, as the settings say, and what is written on.
pub struct Post {
    mailer: Mailer,
    stationery: Stationery,
    from: Address,
}

impl Post {
    /// A mail server, or the folder `outbox` of the data folder.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let bad = |words: String| Error::invalid("SETTINGS", words);
        let mailer = match &settings.smtp_url {
            None => Mailer::Folder(Folder::new(settings.data_dir.join("outbox"))),
            Some(url) => Mailer::Smtp(Box::new(
                Smtp::new(smtp(url.reveal())?).map_err(|error| bad(format!("smtp_url cannot be used: {error}.")))?,
            )),
        };
        Ok(Self {
            mailer,
            stationery: Stationery::new().map_err(Error::internal)?,
            from: Address::parse(&settings.mail_from).map_err(|error| bad(format!("mail_from: {error}.")))?,
        })
    }
}

fn smtp(url: &str) -> Result<SmtpSettings, Error> {
    let bad = || Error::invalid("SETTINGS", "smtp_url must be a URL such as smtps://user:password@host:465.");
    let url = reqwest::Url::parse(url).map_err(|_| bad())?;
    let host = url.host_str().ok_or_else(bad)?.to_owned();
    let is_here = host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    let (security, port) = match url.scheme() {
        "smtps" => (Security::Implicit, 465),
        _ if is_here => (Security::Loopback, 25),
        _ => (Security::StartTls, 587),
    };
    let password = url.password().unwrap_or_default().to_owned();
    let credentials = (!url.username().is_empty()).then(|| Credentials { user: url.username().to_owned(), password });
    let (port, trusted) = (url.port().unwrap_or(port), Vec::new());
    Ok(SmtpSettings {
        host,
        port,
        security,
        credentials,
        hello: None,
        connections: CONNECTIONS,
        timeout: TIMEOUT,
        trusted,
    })
}

/// Orders a mail, once for each thing it is about.
pub(super) async fn order_in_tx(
    tx: &Tx,
    organisation: OrganisationId,
    about: About,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (field, id) = match about {
        About::Invoice(id) => ("invoiceId", id.to_string()),
        About::Payment(id) => ("paymentId", id.to_string()),
        About::Refund(id) => ("refundId", id.to_string()),
    };
    let job = NewJob {
        id: fresh(),
        organisation_id: Some(organisation),
        topic: SEND_MAIL.to_owned(),
        payload: json!({field: id}),
        dedupe_key: Some(format!("{SEND_MAIL}/{id}")),
        available_at: now,
    };
    store::outbox::enqueue_in_tx(tx, &job, now).await?;
    Ok(())
}

/// Writes a mail and sends it.
pub async fn send(app: &App, organisation: OrganisationId, job: &Job, now: DateTime<Utc>) -> Result<(), Error> {
    let about = About::read(job).ok_or_else(|| Error::internal("the job names nothing to write about"))?;
    let customer = store::organisation::find(&app.store, organisation).await?;
    let customer = customer.ok_or_else(|| Error::internal("the organisation of a mail is gone"))?;
    let Some(to) = customer.email.clone() else {
        tracing::info!(organisation = %organisation, "nobody to write to: the organisation has no address");
        return Ok(());
    };
    let Some((letter, attachments, invoice)) = letter(app, &customer, about, now).await? else { return Ok(()) };
    let issuer = store::issuing_entity::find(&app.store, invoice.issuing_entity_id).await?;
    let issuer = issuer.ok_or_else(|| Error::internal("the issuing entity of an invoice is gone"))?;
    let brand = Brand {
        name: issuer.legal_name.clone(),
        logo: None,
        accent: Colour::parse(&issuer.brand_colour).map_err(Error::internal)?,
        support: app.settings.mail_from.clone(),
        postal: issuer.address,
    };
    let written = app.post.stationery.write(&letter, Locale::English, &brand).map_err(Error::internal)?;
    let envelope = Envelope {
        from: Mailbox::new(&issuer.legal_name, app.post.from.clone()).map_err(Error::internal)?,
        to: Mailbox::new(&customer.legal_name, Address::parse(&to).map_err(|error| refused(error.to_string()))?)
            .map_err(|error| refused(error.to_string()))?,
        reply_to: None,
        bounces_to: None,
        id: message_id(job.id, &app.post.from)?,
        date: job.created_at,
    };
    let message = Message::compose(&written, &envelope, &attachments, None).map_err(Error::internal)?;
    match app.post.mailer.send(&message).await {
        Outcome::Sent { .. } => Ok(()),
        Outcome::Refused { words, code, .. } => {
            Err(refused(code.map_or_else(|| words.clone(), |code| format!("{code}: {words}"))))
        }
        Outcome::Later { words, .. } | Outcome::Unknown { words } | Outcome::Misconfigured { words } => {
            Err(Error::unavailable("MAIL_LATER", "The mail server did not take the mail; it is tried again.")
                .caused_by(words))
        }
    }
}

fn refused(words: String) -> Error {
    Error::refused(MAIL_REFUSED, "The mail cannot be delivered to this address.").caused_by(words)
}

fn message_id(job: OutboxId, from: &Address) -> Result<MessageId, Error> {
    MessageId::new(&job.to_string(), from.domain()).map_err(Error::internal)
}

type Contents = (Letter, Vec<Attachment>, Invoice);

/// What a mail says; none when there is nothing to be said any more.
async fn letter(
    app: &App,
    customer: &Organisation,
    about: About,
    now: DateTime<Utc>,
) -> Result<Option<Contents>, Error> {
    let (organisation, zone) = (customer.id, customer.timezone);
    Ok(match about {
        About::Invoice(id) => {
            let Some(invoice) = store::invoice::find(&app.store, organisation, id).await? else { return Ok(None) };
            let pdf = invoice_document::pdf(app, organisation, id).await?;
            let letter = Letter::InvoiceIssued(InvoiceIssued {
                number: number(&invoice),
                customer: customer.legal_name.clone(),
                total: invoice.total,
                due: day(invoice.due_at.unwrap_or(now), zone),
                link: link(app, &invoice, now),
            });
            let attachment = Attachment { name: pdf.name, media_type: "application/pdf".to_owned(), bytes: pdf.bytes };
            Some((letter, vec![attachment], invoice))
        }
        About::Payment(id) => {
            let payment = super::collect_payment::find(app, organisation, id).await?;
            let Some(invoice) = settled(app, organisation, id).await? else { return Ok(None) };
            let letter = Letter::PaymentReceived(PaymentReceived {
                number: number(&invoice),
                customer: customer.legal_name.clone(),
                amount: payment.captured,
                paid_on: day(payment.received_at.unwrap_or(now), zone),
                method: None,
                link: link(app, &invoice, now),
            });
            Some((letter, Vec::new(), invoice))
        }
        About::Refund(id) => {
            let refund = super::request_refund::find(app, organisation, id).await?;
            let invoice = match refund.invoice_id {
                Some(invoice) => store::invoice::find(&app.store, organisation, invoice).await?,
                None => settled(app, organisation, refund.payment_id).await?,
            };
            let Some(invoice) = invoice else { return Ok(None) };
            let letter = Letter::RefundSent(RefundSent {
                number: number(&invoice),
                customer: customer.legal_name.clone(),
                amount: refund.amount,
                sent_on: day(refund.settled_at.unwrap_or(now), zone),
                reference: refund.bank_reference,
            });
            Some((letter, Vec::new(), invoice))
        }
    })
}

/// The first invoice that a payment settles.
async fn settled(app: &App, organisation: OrganisationId, id: PaymentId) -> Result<Option<Invoice>, Error> {
    match store::payment::allocations(&app.store, organisation, id).await?.first() {
        Some(part) => store::invoice::find(&app.store, organisation, part.invoice_id).await,
        None => Ok(None),
    }
}

fn number(invoice: &Invoice) -> String {
    invoice.number.clone().unwrap_or_default()
}

fn day(at: DateTime<Utc>, zone: Tz) -> chrono::NaiveDate {
    at.with_timezone(&zone).date_naive()
}

fn link(app: &App, invoice: &Invoice, now: DateTime<Utc>) -> String {
    invoice_document::signed(app, invoice.organisation_id, invoice.id, now + TimeDelta::days(LINK_DAYS))
}
