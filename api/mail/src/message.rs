//! A letter in its envelope: the bytes of one mail (RFC 5322) and whom they go to.
//!
//! One mail has one recipient, so that what a server says about it is about one address. The same letter, envelope
//! and id make the same bytes but for the signature, which carries the time it was made. Nothing is sent here.

use std::fmt;

use chrono::{DateTime, Utc};
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Attachment as Part, Body, MessageBuilder, MultiPart, SinglePart};

use crate::address::{Address, Mailbox, MessageId};
use crate::letter::Written;

mod sign;

pub use self::sign::{Signer, SignerError};

/// The most characters of a subject.
const LONGEST_SUBJECT: usize = 255;

/// What is written on the outside of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Who it is from, as the reader sees it.
    pub from: Mailbox,
    /// Who it is for.
    pub to: Mailbox,
    /// Where answers go, when not to the sender.
    pub reply_to: Option<Mailbox>,
    /// Where servers send what they cannot deliver, when not to the sender.
    pub bounces_to: Option<Address>,
    /// The name of the mail; the same on every attempt.
    pub id: MessageId,
    /// When it was written; the same on every attempt.
    pub date: DateTime<Utc>,
}

/// A file that goes with a letter.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name, without folders.
    pub name: String,
    /// What it is, such as `application/pdf`.
    pub media_type: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {} bytes)", self.name, self.media_type, self.bytes.len())
    }
}

/// One mail, ready to be sent as often as it takes.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    id: MessageId,
    sender: Address,
    recipient: Address,
    text: String,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {} ({} bytes)", self.id, self.recipient, self.text.len())
    }
}

/// Why no mail can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageError {
    /// The subject holds a line break or another control character.
    SubjectControl,
    /// The subject has more than 255 characters.
    SubjectLength,
    /// The link for unsubscribing is not an `https` address of one line.
    Unsubscribe,
    /// The name of a file is empty, too long, has folders in it or a control character.
    FileName,
    /// What a file is said to be is not of the form `application/pdf`.
    MediaType(String),
    /// The library that writes mails refused.
    Refused(String),
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SubjectControl => {
                f.write_str("the subject holds a line break or another control character; use one line of text")
            }
            Self::SubjectLength => write!(f, "the subject is too long; use {LONGEST_SUBJECT} characters at most"),
            Self::Unsubscribe => f.write_str("the link for unsubscribing is not a link; begin it with https://"),
            Self::FileName => f.write_str("the name of an attached file is not one; use one line without / and \\"),
            Self::MediaType(given) => write!(f, "{given} is not a media type; use one like application/pdf"),
            Self::Refused(words) => write!(f, "the mail cannot be made: {words}"),
        }
    }
}

impl std::error::Error for MessageError {}

impl Message {
    /// Puts a letter and its files into an envelope, and signs it if there is a signer.
    ///
    /// Signing takes the processor about a millisecond.
    ///
    /// # Errors
    /// A subject, a link or a file that cannot be written into a mail.
    pub fn compose(
        letter: &Written,
        envelope: &Envelope,
        attachments: &[Attachment],
        signer: Option<&Signer>,
    ) -> Result<Self, MessageError> {
        check_subject(&letter.subject)?;
        let mut headers = lettre::Message::builder()
            .from(envelope.from.to_lettre())
            .to(envelope.to.to_lettre())
            .subject(letter.subject.clone())
            .date(envelope.date.into())
            .raw_header(plain("Message-ID", envelope.id.to_string()))
            .raw_header(plain("Auto-Submitted", "auto-generated".to_owned()));
        if let Some(reply_to) = &envelope.reply_to {
            headers = headers.reply_to(reply_to.to_lettre());
        }
        if let Some(link) = &letter.unsubscribe {
            check_unsubscribe(link)?;
            headers = headers
                .raw_header(plain("List-Unsubscribe", format!("<{link}>")))
                .raw_header(plain("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
        let mut mail = whole(headers, &body(letter, &envelope.id, attachments)?)?;
        if let Some(signer) = signer {
            signer.sign(&mut mail);
        }
        Ok(Self {
            id: envelope.id.clone(),
            sender: envelope.bounces_to.as_ref().unwrap_or(envelope.from.address()).clone(),
            recipient: envelope.to.address().clone(),
            text: in_whole_lines(mail.formatted())?,
        })
    }

    /// The name of the mail.
    #[must_use]
    pub const fn id(&self) -> &MessageId {
        &self.id
    }

    /// Where servers send what they cannot deliver.
    #[must_use]
    pub const fn sender(&self) -> &Address {
        &self.sender
    }

    /// Who it is for.
    #[must_use]
    pub const fn recipient(&self) -> &Address {
        &self.recipient
    }

    /// The mail itself, lines ending in CR LF.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The same as text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// Text and HTML as alternatives, and the files beside them.
fn body(letter: &Written, id: &MessageId, attachments: &[Attachment]) -> Result<MultiPart, MessageError> {
    // `=_` cannot occur in the encodings of the parts.
    let words = MultiPart::alternative()
        .boundary(format!("=_a_{}", id.id()))
        .singlepart(SinglePart::plain(letter.text.clone()))
        .singlepart(SinglePart::html(letter.html.clone()));
    if attachments.is_empty() {
        return Ok(words);
    }
    let mut parts = MultiPart::mixed().boundary(format!("=_m_{}", id.id())).multipart(words);
    for attachment in attachments {
        parts = parts.singlepart(file(attachment)?);
    }
    Ok(parts)
}

fn file(attachment: &Attachment) -> Result<SinglePart, MessageError> {
    let name = &attachment.name;
    let unfit = |letter: char| letter.is_control() || matches!(letter, '/' | '\\');
    if name.trim().is_empty() || name.chars().count() > LONGEST_SUBJECT || name.contains(unfit) {
        return Err(MessageError::FileName);
    }
    let not_a_type = || MessageError::MediaType(attachment.media_type.escape_debug().to_string());
    if attachment.media_type.contains(char::is_control) {
        return Err(not_a_type());
    }
    let media_type = ContentType::parse(&attachment.media_type).map_err(|_| not_a_type())?;
    // Always Base64: any other encoding would let servers touch the line ends of a file.
    let body = Body::new_with_encoding(attachment.bytes.clone(), ContentTransferEncoding::Base64)
        .map_err(|_| MessageError::Refused(format!("{name} cannot be encoded")))?;
    Ok(Part::new(name.clone()).body(body, media_type))
}

/// Headers and parts as one mail. The library would keep the type of the parts to itself until the mail is written
/// out, and sign the mail as one without: so the type is put among the headers, and the parts go in as they are.
fn whole(headers: MessageBuilder, parts: &MultiPart) -> Result<lettre::Message, MessageError> {
    let refused = |words: &str| MessageError::Refused(words.to_owned());
    let content_type = parts.headers().get::<ContentType>().ok_or_else(|| refused("the parts have no type"))?;
    let mut written = parts.formatted();
    let head = written.windows(4).position(|end| end == b"\r\n\r\n").ok_or_else(|| refused("the parts have no end"))?;
    written.drain(..head + 4);
    headers
        .header(MIME_VERSION_1_0)
        .header(content_type)
        .body(Body::dangerous_pre_encoded(written, ContentTransferEncoding::SevenBit))
        .map_err(|error| refused(&error.to_string()))
}

/// A mail whose lines end in CR LF and nowhere else, so that all servers see the same lines and the same end.
fn in_whole_lines(mail: Vec<u8>) -> Result<String, MessageError> {
    let text = String::from_utf8(mail).map_err(|error| MessageError::Refused(error.to_string()))?;
    if text.split("\r\n").any(|line| line.contains(['\r', '\n'])) {
        return Err(MessageError::Refused("a line ends in half a line end".to_owned()));
    }
    Ok(text)
}

fn check_subject(subject: &str) -> Result<(), MessageError> {
    if subject.contains(char::is_control) {
        return Err(MessageError::SubjectControl);
    }
    if subject.chars().count() > LONGEST_SUBJECT {
        return Err(MessageError::SubjectLength);
    }
    Ok(())
}

fn check_unsubscribe(link: &str) -> Result<(), MessageError> {
    let fits = |byte: u8| byte.is_ascii_graphic() && !b"<>,".contains(&byte);
    // A line of a mail has 998 bytes at most, and this one cannot be folded.
    if link.starts_with("https://") && link.len() < 900 && link.bytes().all(fits) {
        return Ok(());
    }
    Err(MessageError::Unsubscribe)
}

/// A header of ASCII words that have been checked, written as they are.
fn plain(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}

#[cfg(test)]
mod tests;
