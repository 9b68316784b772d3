//! Why an event was not taken, in words its sender can act on.

use std::fmt;
use std::str::FromStr;

/// Why an event was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The field at fault, named as in the API, for example `occurredAt`.
    pub field: &'static str,
    /// The machine-readable reason.
    pub code: RejectionCode,
    /// A sentence that says what is wrong and what to do.
    pub message: String,
}

impl Rejection {
    /// A rejection; for what only the reader of the wire can see, such as an unknown field.
    #[must_use]
    pub fn new(field: &'static str, code: RejectionCode, message: impl Into<String>) -> Self {
        Self { field, code, message: message.into() }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Rejection {}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $text:literal),* $(,)?) => {
        /// The machine-readable reason an event was not taken.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum RejectionCode {
            $($(#[$doc])* $name,)*
        }

        impl RejectionCode {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name in the API and in stored rows, for example `UNKNOWN_METRIC`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// No metric has this code.
    UnknownMetric "UNKNOWN_METRIC",
    /// The metric needs a value and there is none.
    MissingValue "MISSING_VALUE",
    /// The value is not a plain decimal number.
    NotANumber "NOT_A_NUMBER",
    /// The value is too large or has too many digits.
    OutOfRange "OUT_OF_RANGE",
    /// A text, a list or the whole event is too long.
    TooLong "TOO_LONG",
    /// The event happened longer ago than events are taken for.
    TooOld "TOO_OLD",
    /// The event claims to happen later than clocks may differ.
    InFuture "IN_FUTURE",
    /// The time is not RFC 3339 with an offset.
    BadTime "BAD_TIME",
    /// No project of the sender has this id.
    UnknownProject "UNKNOWN_PROJECT",
    /// A property has a name or a value that is not allowed.
    BadProperty "BAD_PROPERTY",
    /// A field that every event has is missing.
    MissingField "MISSING_FIELD",
    /// A text holds characters that cannot be seen.
    NotPrintable "NOT_PRINTABLE",
    /// The event, or a part of it, does not have the shape of an event.
    Malformed "MALFORMED",
}

impl fmt::Display for RejectionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownRejectionCode;

impl fmt::Display for UnknownRejectionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not a rejection code")
    }
}

impl std::error::Error for UnknownRejectionCode {}

impl FromStr for RejectionCode {
    type Err = UnknownRejectionCode;

    fn from_str(text: &str) -> Result<Self, UnknownRejectionCode> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text).ok_or(UnknownRejectionCode)
    }
}
