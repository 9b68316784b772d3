//! Sends letters of every kind in every language to a mail server on loopback, and says what became of them.
//!
//! The yardstick in `.ci/yardsticks/mail` runs this against servers that were not written here; nothing else needs
//! it. Arguments are `name=value`; what is printed is one line a mail and one with the rate.

#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use billing::money::{Currency, Money};
use chrono::{DateTime, NaiveDate, Utc};
use mail::address::{Address, Mailbox, MessageId};
use mail::letter::{
    Brand, CardExpiry, Colour, Decline, FinalNotice, InvoiceIssued, Letter, Locale, Overdue, Owed, PaymentFailed,
    PaymentReceived, RefundSent, Stationery, UsageAlert, Watched,
};
use mail::message::{Attachment, Envelope, Message, Signer};
use mail::post::{Credentials, Folder, Mailer, Security, Smtp, SmtpSettings};
use rust_decimal::Decimal;
use tokio::task::JoinSet;

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

const DOMAIN: &str = "nordlicht.example";

#[tokio::main]
async fn main() -> Fallible<()> {
    let arguments: HashMap<String, String> = std::env::args()
        .skip(1)
        .filter_map(|word| word.split_once('=').map(|(name, value)| (name.into(), value.into())))
        .collect();
    let number = |name: &str, usual: u64| arguments.get(name).map_or(Ok(usual), |value| value.parse());
    let mailer = Arc::new(mailer(&arguments)?);
    let signer = arguments.get("key").map(std::fs::read_to_string).transpose()?;
    let signer = signer.map(|key| Signer::new("test", DOMAIN, &key)).transpose()?;
    let started = Instant::now();
    let mails = compose(number("mails", 30)? as usize, number("attachment", 80_000)? as usize, signer.as_ref())?;
    println!("composed {} {}", mails.len(), started.elapsed().as_micros());
    let attempts = number("attempts", 1)?;
    let started = Instant::now();
    let mut sends = JoinSet::new();
    for mail in mails {
        let mailer = mailer.clone();
        sends.spawn(async move {
            for _ in 0..attempts {
                let started = Instant::now();
                let outcome = mailer.send(&mail).await;
                println!("{} {} {outcome:?}", mail.id(), started.elapsed().as_millis());
            }
        });
    }
    sends.join_all().await;
    println!("sent {}", started.elapsed().as_micros());
    if let Mailer::Smtp(smtp) = &*mailer {
        smtp.close().await;
    }
    Ok(())
}

fn mailer(arguments: &HashMap<String, String>) -> Fallible<Mailer> {
    let text = |name: &str| arguments.get(name).map(String::as_str);
    if let Some(folder) = text("folder") {
        return Ok(Mailer::Folder(Folder::new(folder)));
    }
    let security = match text("security") {
        Some("implicit") => Security::Implicit,
        Some("starttls") => Security::StartTls,
        _ => Security::Loopback,
    };
    let credentials = text("user")
        .map(|user| Credentials { user: user.into(), password: text("password").unwrap_or_default().into() });
    Ok(Mailer::Smtp(Box::new(Smtp::new(SmtpSettings {
        host: text("host").unwrap_or("127.0.0.1").into(),
        port: text("port").unwrap_or("25").parse()?,
        security,
        credentials,
        hello: Some("yardstick.example".into()),
        connections: text("connections").unwrap_or("5").parse()?,
        timeout: Duration::from_millis(text("timeout").unwrap_or("10000").parse()?),
        trusted: text("trusted").map(std::fs::read_to_string).transpose()?.into_iter().collect(),
    })?)))
}

fn compose(count: usize, attached: usize, signer: Option<&Signer>) -> Fallible<Vec<Message>> {
    let stationery = Stationery::new()?;
    let brand = Brand {
        name: "Nordlicht & Söhne GmbH".into(),
        logo: Some("https://cdn.nordlicht.example/logo.png".into()),
        accent: Colour::parse("#0f766e")?,
        support: "hilfe@nordlicht.example".into(),
        postal: vec!["Hafenstraße 1".into(), "20457 Hamburg".into()],
    };
    // Bytes of every value, so that a changed line end or a lost dot is seen.
    let bytes: Vec<u8> = (0..attached).map(|place| (place * 31 % 251) as u8).collect();
    let letters = letters()?;
    let mut mails = Vec::with_capacity(count);
    for place in 0..count {
        let locale = Locale::ALL[place % Locale::ALL.len()];
        let letter = &letters[place / Locale::ALL.len() % letters.len()];
        let written = stationery.write(letter, locale, &brand)?;
        let files = match letter {
            Letter::InvoiceIssued(_) => vec![Attachment {
                name: "Rechnung-इनवॉइस-7.pdf".into(),
                media_type: "application/pdf".into(),
                bytes: bytes.clone(),
            }],
            _ => Vec::new(),
        };
        let mailbox =
            |name: &str, address: &str| -> Fallible<Mailbox> { Ok(Mailbox::new(name, Address::parse(address)?)?) };
        let envelope = Envelope {
            from: mailbox(&brand.name, "rechnung@nordlicht.example")?,
            to: mailbox("Jürgen \"J\" Müller, आदा", &format!("reader{place}@customer.example"))?,
            reply_to: Some(mailbox("", &brand.support)?),
            bounces_to: Some(Address::parse("bounces@nordlicht.example")?),
            id: MessageId::new(&format!("job_{place}_{}_{}", locale.tag(), letter.kind()), DOMAIN)?,
            date: DateTime::<Utc>::from_timestamp(1_772_539_200, 0).ok_or("no date")?,
        };
        mails.push(Message::compose(&written, &envelope, &files, signer)?);
    }
    Ok(mails)
}

/// One letter of each kind.
fn letters() -> Fallible<Vec<Letter>> {
    let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).ok_or("no day");
    let amount = Money::new(12_345_678, Currency::from_code("INR").ok_or("no currency")?);
    let (number, customer) = ("RE-2026-0007".to_owned(), "Bäckerei <Ähre> & Söhne".to_owned());
    let link = "https://pay.nordlicht.example/i/7?token=abc&lang=de".to_owned();
    let unsubscribe = "https://pay.nordlicht.example/unsubscribe/abc".to_owned();
    let owed = Owed {
        number: number.clone(),
        customer: customer.clone(),
        outstanding: amount,
        due: day(3)?,
        link: link.clone(),
    };
    Ok(vec![
        Letter::InvoiceIssued(InvoiceIssued {
            number: number.clone(),
            customer: customer.clone(),
            total: amount,
            due: day(3)?,
            link: link.clone(),
        }),
        Letter::PaymentReceived(PaymentReceived {
            number: number.clone(),
            customer: customer.clone(),
            amount,
            paid_on: day(2)?,
            method: Some("Visa •••• 4242".into()),
            link: link.clone(),
        }),
        Letter::PaymentFailed(PaymentFailed {
            number: number.clone(),
            customer: customer.clone(),
            amount,
            reason: Decline::InsufficientFunds,
            next_attempt: Some(day(9)?),
            link: link.clone(),
        }),
        Letter::ReminderBeforeDue(owed.clone()),
        Letter::DueToday(owed.clone()),
        Letter::Overdue(Overdue { owed: owed.clone(), days: 7 }),
        Letter::FinalNotice(FinalNotice { owed, pay_until: day(24)? }),
        Letter::RefundSent(RefundSent {
            number,
            customer: customer.clone(),
            amount,
            sent_on: day(2)?,
            reference: Some("ARN 74-1".into()),
        }),
        Letter::UsageAlert(UsageAlert {
            customer: customer.clone(),
            watched: Watched::Quantity {
                metric: "API-Aufrufe".into(),
                used: Decimal::new(12_345_678, 1),
                threshold: Decimal::new(1_000_000, 0),
            },
            link: link.clone(),
            unsubscribe: unsubscribe.clone(),
        }),
        Letter::CardExpiry(CardExpiry {
            customer,
            card: "Visa •••• 4242".into(),
            expires: day(31)?,
            link,
            unsubscribe,
        }),
    ])
}
