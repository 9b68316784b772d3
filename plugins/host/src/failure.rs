//! Why a call gave no answer: classes that are stable, documented and safe to show.
//!
//! Guest text arrives here already shortened and stripped of control characters. No retry policy: the caller
//! decides what a class means for an invoice.

use std::fmt;

/// Why a plugin gave no acceptable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The plugin itself refused the question.
    GuestError {
        /// The plugin's own code.
        code: String,
        /// A sentence for the person who configured it.
        message: String,
        /// Where in the input; may be empty.
        path: String,
    },
    /// The guest crashed.
    Trap {
        /// Stable name of the cause, such as `unreachable` or `memory-out-of-bounds`.
        kind: &'static str,
        /// Function names, innermost first, when the component kept them.
        frames: Vec<String>,
    },
    /// The guest computed for too long.
    Fuel {
        /// The fuel it was given.
        budget: u64,
    },
    /// The guest crashed after it was denied memory.
    MemoryLimit {
        /// Bytes it may use.
        limit: usize,
    },
    /// The guest recursed too deeply.
    StackOverflow,
    /// The guest kept too many resource handles.
    HandleLimit,
    /// The answer is larger than allowed.
    OutputTooLarge {
        /// What is too large: `bytes`, `elements` or `text`.
        what: &'static str,
        /// The largest allowed.
        limit: usize,
    },
    /// The answer breaks the contract.
    InvalidOutput {
        /// Where in the answer, such as `charges.0.amount`.
        path: String,
        /// The rule broken, such as `decimal` or `not-negative`.
        rule: &'static str,
        /// What stands there, shortened.
        got: String,
    },
    /// The question has more lines than one call may carry.
    TooManyLines {
        /// The most allowed.
        limit: usize,
    },
    /// The plugin is of another kind than the call.
    WrongKind {
        /// The kind the call needs.
        expected: &'static str,
    },
    /// `prepare` was not called for this digest, or the plugin was evicted since.
    NotPrepared,
    /// The wall clock ran out before the fuel did.
    HostTimeout,
    /// Every plugin thread is busy and the queue is full.
    Capacity,
    /// A fault of the host.
    Internal {
        /// For the operator's log only.
        message: String,
    },
}

impl Failure {
    /// The stable name of the class.
    pub fn code(&self) -> &'static str {
        match self {
            Self::GuestError { .. } => "guest-error",
            Self::Trap { .. } => "trap",
            Self::Fuel { .. } => "fuel",
            Self::MemoryLimit { .. } => "memory-limit",
            Self::StackOverflow => "stack-overflow",
            Self::HandleLimit => "handle-limit",
            Self::OutputTooLarge { .. } => "output-too-large",
            Self::InvalidOutput { .. } => "invalid-output",
            Self::TooManyLines { .. } => "too-many-lines",
            Self::WrongKind { .. } => "wrong-kind",
            Self::NotPrepared => "not-prepared",
            Self::HostTimeout => "host-timeout",
            Self::Capacity => "capacity",
            Self::Internal { .. } => "internal",
        }
    }

    /// A sentence for the person who wrote or configured the plugin.
    pub fn message(&self) -> String {
        match self {
            Self::GuestError { code, message, path } if path.is_empty() => {
                format!("The plugin refused: {message} ({code}).")
            }
            Self::GuestError { code, message, path } => format!("The plugin refused `{path}`: {message} ({code})."),
            Self::Trap { kind, .. } => {
                format!("The plugin crashed ({kind}); its log lines may say where.")
            }
            Self::Fuel { budget } => {
                format!("The plugin computed longer than its budget of {budget} fuel; do less work per line.")
            }
            Self::MemoryLimit { limit } => {
                format!("The plugin needs more than {limit} bytes of memory; keep less data at once.")
            }
            Self::StackOverflow => "The plugin recursed deeper than its stack; use a loop instead.".to_owned(),
            Self::HandleLimit => "The plugin holds too many resource handles; drop them earlier.".to_owned(),
            Self::OutputTooLarge { what, limit } => {
                format!("The plugin's answer has more than {limit} {what}; answer less.")
            }
            Self::InvalidOutput { path, rule, got } => {
                format!("The plugin's answer breaks the rule `{rule}` at `{path}`: `{got}`.")
            }
            Self::TooManyLines { limit } => {
                format!("One call carries at most {limit} lines; ask in parts.")
            }
            Self::WrongKind { expected } => {
                format!("This plugin does not export what a {expected} plugin must export.")
            }
            Self::NotPrepared => "The plugin is not loaded on this node; prepare it first.".to_owned(),
            Self::HostTimeout => "The plugin ran out of time on this node; the call may be repeated.".to_owned(),
            Self::Capacity => "Every plugin thread is busy; the call may be repeated.".to_owned(),
            Self::Internal { .. } => "The plugin host failed; the call may be repeated.".to_owned(),
        }
    }

    /// Whether the same call on the same engine fails the same way: then a retry is pointless and the plugin or its
    /// settings need a change.
    pub fn is_deterministic(&self) -> bool {
        !matches!(self, Self::NotPrepared | Self::HostTimeout | Self::Capacity | Self::Internal { .. })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for Failure {}
