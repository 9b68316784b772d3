//! What a server's answer means, judged by how far the dialogue had come.
//!
//! Pure: a stage and a reply, or the lack of one, become an outcome. Who keeps a list of addresses that are no longer
//! written to is not known here.

use std::fmt;
use std::time::Duration;

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken over.
    Sent {
        /// What the server said, often with its own name for the mail.
        words: String,
    },
    /// It was refused for good: trying again is of no use.
    Refused {
        /// Whether there is nobody at the address, so that it should no longer be written to.
        suppress_address: bool,
        /// Why, in the server's words.
        words: String,
        /// The reply code, when there was a reply.
        code: Option<u16>,
    },
    /// It was not taken over: try again later.
    Later {
        /// Why.
        words: String,
        /// The reply code, when there was a reply.
        code: Option<u16>,
    },
    /// It may have been taken over: try again later, with the same message id.
    Unknown {
        /// Why it is not known.
        words: String,
    },
    /// Settings and server do not fit: park all mails until someone has looked.
    Misconfigured {
        /// What does not fit.
        words: String,
    },
}

/// How far a dialogue has come: what the server was asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// To greet.
    Greeting,
    /// To go on in secret.
    Secrecy,
    /// To know us.
    Login,
    /// Whether it takes mail from the sender.
    Sender,
    /// Whether it takes mail for the recipient.
    Recipient,
    /// To listen to the mail.
    Data,
    /// Whether it has taken the mail over: from here on it may have.
    Handover,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greeting => "on greeting",
            Self::Secrecy => "on starting TLS",
            Self::Login => "on logging in",
            Self::Sender => "on the sender",
            Self::Recipient => "on the recipient",
            Self::Data => "before the mail",
            Self::Handover => "after the mail",
        })
    }
}

/// The most characters of a server's words that are kept.
const LONGEST_WORDS: usize = 500;

/// A server's reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// The enhanced status code (RFC 3463), such as `[5, 1, 1]`.
    pub enhanced: Option<[u16; 3]>,
    /// What it says, in one line.
    pub words: String,
}

impl Reply {
    /// Reads a reply of a code and the text after it.
    #[must_use]
    pub fn new(code: u16, text: &str) -> Self {
        let words = one_line(text);
        let enhanced = words.split(' ').next().and_then(enhanced_code).filter(|status| status[0] == code / 100);
        Self { code, enhanced, words }
    }
}

fn enhanced_code(word: &str) -> Option<[u16; 3]> {
    let mut parts = word.split('.').map(|part| part.parse().ok());
    let status = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(status)
}

/// Words from outside as one line of bounded length.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_WORDS).collect()
}

/// What servers without enhanced status codes say of an address at which there is nobody.
const NOBODY_THERE: [&str; 12] = [
    "user unknown",
    "unknown user",
    "no such user",
    "no such mailbox",
    "no such recipient",
    "unknown recipient",
    "recipient unknown",
    "recipient not found",
    "mailbox not found",
    "user not found",
    "does not exist",
    "doesn't exist",
];

/// Whether a reply to the recipient or to the mail says that there is nobody at the address.
///
/// `5.1.x` does, except where it speaks of the sender; a full mailbox, a policy or a bad reputation does not. Without
/// an enhanced status code the words after a 550, 551 or 553 decide.
#[must_use]
pub fn condemns_address(reply: &Reply) -> bool {
    match reply.enhanced {
        Some([5, 1, detail]) => !matches!(detail, 7 | 8),
        Some([5, 0, 0]) | None => {
            let words = reply.words.to_lowercase();
            matches!(reply.code, 550 | 551 | 553) && NOBODY_THERE.iter().any(|known| words.contains(known))
        }
        Some(_) => false,
    }
}

/// What a refusing reply means at a stage.
pub(super) fn on_reply(stage: Stage, reply: &Reply) -> Outcome {
    let words = format!("{} {} ({stage})", reply.code, reply.words);
    if !(500..600).contains(&reply.code) {
        // A success where none was asked for: the dialogue is out of step, and after the mail nothing is certain.
        if reply.code < 400 && stage == Stage::Handover {
            return Outcome::Unknown { words };
        }
        return Outcome::Later { words, code: Some(reply.code) };
    }
    // Before the first mail all is about us; later a missing login is, and what is said of our own address.
    let of_sender = stage == Stage::Sender && matches!(reply.enhanced, Some([5, 7, _] | [5, 1, 7 | 8]));
    let about_us = stage < Stage::Sender || matches!(reply.code, 530 | 534 | 535 | 538) || of_sender;
    if about_us {
        return Outcome::Misconfigured { words };
    }
    let suppress_address = matches!(stage, Stage::Recipient | Stage::Data | Stage::Handover) && condemns_address(reply);
    Outcome::Refused { suppress_address, words, code: Some(reply.code) }
}

/// What a broken connection means at a stage.
pub(super) fn on_loss(stage: Stage, reason: &str) -> Outcome {
    let words = format!("the connection was lost {stage}: {}", one_line(reason));
    if stage == Stage::Handover { Outcome::Unknown { words } } else { Outcome::Later { words, code: None } }
}

/// What it means that time ran out at a stage.
pub(super) fn on_silence(stage: Stage, waited: Duration) -> Outcome {
    let words = format!("the server was silent {stage} until {} ms had passed", waited.as_millis());
    if stage == Stage::Handover { Outcome::Unknown { words } } else { Outcome::Later { words, code: None } }
}

#[cfg(test)]
mod tests;
