//! Who a mail is from and to, and by what name it is known: text from outside that has been checked.
//!
//! Whoever holds one of these values cannot smuggle a line into a header or a command. Whether anyone reads mail at
//! an address is not known here.

use std::fmt;
use std::str::FromStr as _;

/// The most bytes of an address that a mail server has to accept (RFC 5321).
const LONGEST_ADDRESS: usize = 254;

/// The most characters of a name before an address.
const LONGEST_NAME: usize = 128;

/// The most bytes of an outbox id within a [`MessageId`]; boundaries between parts are made from it.
const LONGEST_ID: usize = 60;

/// An e-mail address. Its domain is kept in ASCII; what stands before the `@` may be in any script.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address(lettre::Address);

/// An address with the name of whom it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    name: Option<String>,
    address: Address,
}

/// The name of a mail, made from the id of the outbox row: the same each time the mail is tried.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageId {
    id: String,
    domain: String,
}

/// Why a text is no address, name or id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressError {
    /// It holds a line break or another control character.
    ControlCharacter,
    /// It is longer than mail servers take.
    TooLong,
    /// It is not of the form `name@example.com`.
    NotAnAddress,
    /// A message id is made of something else than ASCII letters, digits, `_`, `-` and `.`.
    NotAnId,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ControlCharacter => "it holds a line break or another control character; use one line of text",
            Self::TooLong => "it is too long; an address has 254 bytes at most, a name 128 characters",
            Self::NotAnAddress => "it is not an e-mail address; use the form name@example.com",
            Self::NotAnId => "it cannot be part of a message id; use ASCII letters, digits, _, - and .",
        })
    }
}

impl std::error::Error for AddressError {}

impl Address {
    /// Reads an address; a domain in another script is turned into its ASCII form.
    ///
    /// # Errors
    /// A control character, too many bytes, or not an address.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.contains(char::is_control) {
            return Err(AddressError::ControlCharacter);
        }
        let (user, domain) = text.rsplit_once('@').ok_or(AddressError::NotAnAddress)?;
        let domain = idna::domain_to_ascii(domain).map_err(|_| AddressError::NotAnAddress)?;
        let text = format!("{user}@{domain}");
        if text.len() > LONGEST_ADDRESS {
            return Err(AddressError::TooLong);
        }
        lettre::Address::from_str(&text).map(Self).map_err(|_| AddressError::NotAnAddress)
    }

    /// What stands after the `@`, in ASCII.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.domain()
    }

    /// Whether every letter is ASCII, so that any mail server can take it.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        AsRef::<str>::as_ref(&self.0).is_ascii()
    }

    /// As the library that speaks SMTP knows it.
    pub(crate) fn as_lettre(&self) -> &lettre::Address {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Mailbox {
    /// An address with a name, or without one when the name is empty.
    ///
    /// # Errors
    /// A name with a control character, or too long.
    pub fn new(name: &str, address: Address) -> Result<Self, AddressError> {
        if name.contains(char::is_control) {
            return Err(AddressError::ControlCharacter);
        }
        if name.chars().count() > LONGEST_NAME {
            return Err(AddressError::TooLong);
        }
        let name = name.trim();
        Ok(Self { name: (!name.is_empty()).then(|| name.to_owned()), address })
    }

    /// The address.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// As the library that writes headers knows it.
    pub(crate) fn to_lettre(&self) -> lettre::message::Mailbox {
        lettre::message::Mailbox::new(self.name.clone(), self.address.0.clone())
    }
}

impl MessageId {
    /// The name of the mail of an outbox row, such as `job_01h…`, within a domain of the sender.
    ///
    /// # Errors
    /// An id or a domain with anything but ASCII letters, digits, `_`, `-` and `.`, empty, or too long.
    pub fn new(id: &str, domain: &str) -> Result<Self, AddressError> {
        let fits = |text: &str| {
            !text.is_empty()
                && !text.starts_with('.')
                && !text.ends_with('.')
                && !text.contains("..")
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        };
        if id.len() > LONGEST_ID || domain.len() > LONGEST_ADDRESS - LONGEST_ID {
            return Err(AddressError::TooLong);
        }
        if !fits(id) || !fits(domain) {
            return Err(AddressError::NotAnId);
        }
        Ok(Self { id: id.to_owned(), domain: domain.to_owned() })
    }

    /// The id of the outbox row.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for MessageId {
    /// `<job_01h…@example.com>`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}@{}>", self.id, self.domain)
    }
}
