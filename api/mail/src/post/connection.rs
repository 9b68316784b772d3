//! One connection to a mail server and the dialogue on it, step by step.
//!
//! The steps are the library's; their order is kept here, so that it is known how far a dialogue had come when it
//! ended. How many connections there are and how long they may take is not known here.

use std::error::Error as _;
use std::fmt;
use std::io;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};

use super::settings::{Security, SmtpSettings};
use super::verdict::{Outcome, Reply, Stage, on_loss, on_reply};
use crate::message::Message;

/// A connection on which mails can be handed over.
pub(super) struct Connection(AsyncSmtpConnection);

/// Why a dialogue went no further, and whether the connection is of further use.
pub(super) struct Halt {
    /// What became of the mail.
    pub(super) outcome: Outcome,
    /// Whether both sides agree on what comes next.
    pub(super) in_step: bool,
}

impl Connection {
    /// Connects, in secret if so set, and logs in.
    pub(super) async fn open(
        settings: &SmtpSettings,
        tls: Option<&TlsParameters>,
        stage: &mut Stage,
    ) -> Result<Self, Halt> {
        *stage = Stage::Greeting;
        let hello = settings.hello.clone().map_or_else(ClientId::default, ClientId::Domain);
        let implicit = tls.filter(|_| settings.security == Security::Implicit).cloned();
        let server = (settings.host.as_str(), settings.port);
        let opened = AsyncSmtpConnection::connect_tokio1(server, Some(settings.timeout), &hello, implicit, None).await;
        let mut connection = opened.map_err(|error| halt(*stage, &error))?;
        if let Some(tls) = tls.filter(|_| settings.security == Security::StartTls) {
            *stage = Stage::Secrecy;
            if !connection.can_starttls() {
                let words = "the server does not offer STARTTLS, and mail is not handed over unencrypted".to_owned();
                return Err(Halt { outcome: Outcome::Misconfigured { words }, in_step: false });
            }
            connection.starttls(tls.clone(), &hello).await.map_err(|error| halt(*stage, &error))?;
        }
        if let Some(known) = &settings.credentials {
            *stage = Stage::Login;
            let credentials = Credentials::new(known.user.clone(), known.password.clone());
            let asked = connection.auth(DEFAULT_MECHANISMS, &credentials).await;
            asked.map_err(|error| halt(*stage, &error))?;
        }
        Ok(Self(connection))
    }

    /// Hands a mail over.
    pub(super) async fn deliver(&mut self, message: &Message, stage: &mut Stage) -> Result<Outcome, Halt> {
        let parameters = self.parameters(message)?;
        *stage = Stage::Sender;
        let sender = Mail::new(Some(message.sender().as_lettre().clone()), parameters);
        self.0.command(sender).await.map_err(|error| halt(*stage, &error))?;
        *stage = Stage::Recipient;
        let recipient = Rcpt::new(message.recipient().as_lettre().clone(), Vec::new());
        self.0.command(recipient).await.map_err(|error| halt(*stage, &error))?;
        *stage = Stage::Data;
        let go = self.0.command(Data).await.map_err(|error| halt(*stage, &error))?;
        if !go.has_code(354) {
            return Err(out_of_step(*stage, &go));
        }
        *stage = Stage::Handover;
        let taken = self.0.command(Handed(message.text())).await.map_err(|error| halt(*stage, &error))?;
        if taken.code().severity != Severity::PositiveCompletion {
            return Err(out_of_step(*stage, &taken));
        }
        Ok(Outcome::Sent { words: reply_of(&taken).words })
    }

    /// What the sender's command has to announce: letters beyond ASCII, which not every server takes.
    fn parameters(&self, message: &Message) -> Result<Vec<MailParameter>, Halt> {
        let addresses = message.sender().is_ascii() && message.recipient().is_ascii();
        let bytes = message.bytes().is_ascii();
        let knows = |extension| self.0.server_info().supports_feature(extension);
        if !addresses && !knows(Extension::SmtpUtfEight) || !bytes && !knows(Extension::EightBitMime) {
            let words = "the server takes no addresses with letters beyond ASCII".to_owned();
            let outcome = Outcome::Refused { suppress_address: false, words, code: None };
            return Err(Halt { outcome, in_step: true });
        }
        let mut parameters = Vec::new();
        if !addresses {
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !bytes {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(parameters)
    }

    /// Makes the server forget a mail it has refused; whether it did.
    pub(super) async fn forget(&mut self) -> bool {
        self.0.command(Rset).await.is_ok()
    }

    /// Whether the server is still there.
    pub(super) async fn is_alive(&mut self) -> bool {
        self.0.test_connected().await
    }

    /// Takes leave.
    pub(super) async fn quit(mut self) {
        self.0.abort().await;
    }
}

/// A mail as it is handed over: dots at the start of lines doubled, a dot at the end.
///
/// In one piece: the library writes the last dot by itself, which then waits for a packet to be acknowledged, forty
/// milliseconds for each mail.
struct Handed<'a>(&'a str);

impl fmt::Display for Handed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0.split_inclusive("\r\n") {
            if line.starts_with('.') {
                f.write_str(".")?;
            }
            f.write_str(line)?;
        }
        f.write_str(if self.0.ends_with("\r\n") { ".\r\n" } else { "\r\n.\r\n" })
    }
}

fn reply_of(response: &Response) -> Reply {
    Reply::new(response.code().into(), &response.message().collect::<Vec<_>>().join(" "))
}

/// A reply that answers another question than was asked.
fn out_of_step(stage: Stage, response: &Response) -> Halt {
    Halt { outcome: on_reply(stage, &reply_of(response)), in_step: false }
}

fn halt(stage: Stage, error: &Error) -> Halt {
    let source = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    if let Some(code) = error.status() {
        let reply = Reply::new(code.into(), &source);
        // 421 announces that the server hangs up.
        return Halt { outcome: on_reply(stage, &reply), in_step: reply.code != 421 && stage >= Stage::Sender };
    }
    // The library has nothing to log in with that the server knows, or TLS failed on a certificate or a version.
    if error.is_client() || error.is_tls() || is_about_tls(error) {
        let words = format!("{source} ({stage})");
        return Halt { outcome: Outcome::Misconfigured { words }, in_step: false };
    }
    Halt { outcome: on_loss(stage, &source), in_step: false }
}

/// Whether TLS itself failed, and not the network below it.
fn is_about_tls(error: &Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            return cause.kind() == io::ErrorKind::InvalidData;
        }
        source = cause.source();
    }
    false
}
