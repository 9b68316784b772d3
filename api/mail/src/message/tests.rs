//! The bytes of a mail: the same each time, complete, and closed to smuggled lines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chrono::DateTime;

use super::*;
use crate::address::AddressError;

fn mailbox(name: &str, address: &str) -> Mailbox {
    Mailbox::new(name, Address::parse(address).unwrap()).unwrap()
}

fn envelope() -> Envelope {
    Envelope {
        from: mailbox("Nordlicht GmbH", "rechnung@nordlicht.example"),
        to: mailbox("Ada Müller", "ada@customer.example"),
        reply_to: None,
        bounces_to: None,
        id: MessageId::new("job_01h2xcejqtf2nbrexx3vqjhp41", "nordlicht.example").unwrap(),
        date: DateTime::from_timestamp(1_772_539_200, 0).unwrap(),
    }
}

fn letter() -> Written {
    Written {
        subject: "Rechnung 7 über 1.234,56\u{a0}€".into(),
        text: "Guten Tag\n.\n.versteckt\nFrom hier\n".into(),
        html: "<p>Guten Tag</p>\n".into(),
        unsubscribe: None,
    }
}

fn pdf() -> Attachment {
    Attachment {
        name: "Rechnung-€.pdf".into(),
        media_type: "application/pdf".into(),
        bytes: b"%PDF-1.7\n\xff\n\r\n".into(),
    }
}

fn signer() -> Signer {
    Signer::new("s1", "nordlicht.example", include_str!("../../tests/dkim.pem")).unwrap()
}

fn text(message: &Message) -> String {
    String::from_utf8(message.bytes().to_vec()).unwrap()
}

#[test]
fn a_mail_is_the_same_on_every_attempt() {
    let made = || Message::compose(&letter(), &envelope(), &[pdf()], None).unwrap();
    assert_eq!(made(), made());
    let text = text(&made());
    assert!(text.contains("Message-ID: <job_01h2xcejqtf2nbrexx3vqjhp41@nordlicht.example>\r\n"), "{text}");
    assert!(text.contains("Date: Tue, 03 Mar 2026 12:00:00 +0000\r\n"), "{text}");
    assert!(text.contains("Auto-Submitted: auto-generated\r\n"), "{text}");
    assert!(text.is_ascii());
    assert!(text.lines().all(|line| line.len() <= 998));
    let order = ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf"];
    let places: Vec<usize> = order.iter().map(|part| text.find(part).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(!text.contains("List-Unsubscribe:"));
}

#[test]
fn unsubscribing_is_in_the_header_where_it_is_in_the_letter() {
    let link = format!("https://u.example/{}", "x".repeat(300));
    let notice = Written { unsubscribe: Some(link.clone()), ..letter() };
    let text = text(&Message::compose(&notice, &envelope(), &[], None).unwrap());
    assert!(text.contains(&format!("List-Unsubscribe: <{link}>\r\n")), "{text}");
    assert!(text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{text}");
    for wrong in
        ["http://u.example", "https://u.example>\r\nBcc: a@b.example", "https://u example", "mailto:a@b.example"]
    {
        let notice = Written { unsubscribe: Some(wrong.into()), ..letter() };
        assert_eq!(Message::compose(&notice, &envelope(), &[], None), Err(MessageError::Unsubscribe), "{wrong}");
    }
}

#[test]
fn no_line_is_smuggled_into_a_header() {
    for subject in ["a\r\nBcc: all@example.com", "a\nb", "a\rb", "a\0b", "a\u{85}b"] {
        let evil = Written { subject: subject.into(), ..letter() };
        let error = Message::compose(&evil, &envelope(), &[], None).unwrap_err();
        assert_eq!(error, MessageError::SubjectControl, "{subject:?}");
        assert!(error.to_string().ends_with("use one line of text"));
    }
    for address in ["a@b.example\r\nBcc: c@d.example", "a\r\n@b.example", "a@b.example\n", "a@b.exa\0mple"] {
        assert_eq!(Address::parse(address), Err(AddressError::ControlCharacter), "{address:?}");
    }
    for address in
        ["", "a", "@b.example", "a@", "a b@c.example", "a@b@c.example", "a@b.example>", "<a@b.example>", "a@b c"]
    {
        assert_eq!(Address::parse(address), Err(AddressError::NotAnAddress), "{address:?}");
    }
    let address = Address::parse("a@b.example").unwrap();
    assert_eq!(Mailbox::new("A\r\nBcc: c@d.example", address.clone()), Err(AddressError::ControlCharacter));
    assert_eq!(Mailbox::new(&"x".repeat(129), address), Err(AddressError::TooLong));
    assert_eq!(Address::parse(&format!("a@{}.example", "b".repeat(250))), Err(AddressError::TooLong));
    for id in ["", "a b", "a>\r\nX: y", "ä", "a@b", ".a", "a..b"] {
        assert_eq!(MessageId::new(id, "b.example"), Err(AddressError::NotAnId), "{id:?}");
    }
    for name in ["", "a/b.pdf", "..\\b.pdf", "a\r\nX: y.pdf", "a\0.pdf"] {
        let file = Attachment { name: name.into(), ..pdf() };
        assert_eq!(Message::compose(&letter(), &envelope(), &[file], None), Err(MessageError::FileName), "{name:?}");
    }
    for media_type in ["", "pdf", "application/pdf\r\nX: y", "a b/c"] {
        let file = Attachment { media_type: media_type.into(), ..pdf() };
        let refused = Message::compose(&letter(), &envelope(), &[file], None);
        assert!(matches!(refused, Err(MessageError::MediaType(_))), "{media_type:?}");
    }
}

#[test]
fn a_quote_in_a_file_name_does_not_end_it() {
    let file = Attachment { name: "a\"; x=\"b.pdf".into(), ..pdf() };
    let text = text(&Message::compose(&letter(), &envelope(), &[file], None).unwrap());
    assert!(!text.contains("; x=\"b.pdf\""), "{text}");
}

#[test]
fn domains_of_other_scripts_are_kept_in_ascii() {
    let address = Address::parse("Info@Bücher.example").unwrap();
    assert_eq!(address.to_string(), "Info@xn--bcher-kva.example");
    assert!(address.is_ascii());
    assert!(!Address::parse("jürgen@b.example").unwrap().is_ascii());
}

#[test]
fn the_signature_is_relaxed_and_covers_the_message_id() {
    let message = Message::compose(&letter(), &envelope(), &[pdf()], Some(&signer())).unwrap();
    let text = text(&message).replace("\r\n ", " ");
    // The library signs only what stands among the headers, and the type of the parts has to.
    let head = text.split_once("\r\n\r\n").unwrap().0;
    assert_eq!(head.matches("Content-Type: multipart/mixed; boundary=").count(), 1, "{head}");
    assert!(head.contains("MIME-Version: 1.0"), "{head}");
    let signature = text.lines().find(|line| line.starts_with("DKIM-Signature:")).unwrap();
    for part in
        ["c=relaxed/relaxed", "d=nordlicht.example", "s=s1", "message-id", "list-unsubscribe-post", "a=rsa-sha256"]
    {
        assert!(signature.contains(part), "{part}: {signature}");
    }
    assert_eq!(format!("{:?}", signer()), "Signer");
    assert_eq!(Signer::new("s1", "a b", "").unwrap_err(), SignerError::Name);
    let other = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    assert_eq!(Signer::new("s1", "a.example", other).unwrap_err(), SignerError::Key);
}

/// The library reads headers for signing by a recursion of one step a byte: what it may be given is bounded, and that
/// much fits on the stack of a thread of tests or of the runtime.
#[test]
fn the_longest_headers_can_be_signed() {
    let longest = Written {
        subject: "ह".repeat(LONGEST_SUBJECT),
        unsubscribe: Some(format!("https://u.example/{}", "x".repeat(880))),
        ..letter()
    };
    let name = "ह".repeat(128);
    let envelope = Envelope {
        from: mailbox(&name, "rechnung@nordlicht.example"),
        to: mailbox(&name, "ada@customer.example"),
        reply_to: Some(mailbox(&name, "hilfe@nordlicht.example")),
        ..envelope()
    };
    assert!(Message::compose(&longest, &envelope, &[], Some(&signer())).is_ok());
    let longer = Written { subject: "x".repeat(LONGEST_SUBJECT + 1), ..letter() };
    assert_eq!(Message::compose(&longer, &envelope, &[], None), Err(MessageError::SubjectLength));
}
