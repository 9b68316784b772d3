//! Handing mails over, and saying what became of them.
//!
//! Two ways out: a mail server, and a folder for installations that have none. What is done about an outcome — trying
//! again, parking, no longer writing to an address — is the caller's; when to try again and which replies condemn an
//! address is said here.

mod connection;
mod folder;
mod retry;
mod settings;
mod smtp;
mod verdict;

pub use self::folder::Folder;
pub use self::retry::next_attempt;
pub use self::settings::{Credentials, Security, SettingsError, SmtpSettings};
pub use self::smtp::Smtp;
pub use self::verdict::{Outcome, Reply, Stage, condemns_address};

use crate::message::Message;

/// A way out for mails.
#[derive(Debug)]
pub enum Mailer {
    /// A mail server.
    Smtp(Box<Smtp>),
    /// A folder on disk.
    Folder(Folder),
}

impl Mailer {
    /// Hands a mail over. Whatever happens, it ends: with a server within twice the time of its settings.
    pub async fn send(&self, message: &Message) -> Outcome {
        match self {
            Self::Smtp(smtp) => smtp.send(message).await,
            Self::Folder(folder) => folder.send(message).await,
        }
    }
}
