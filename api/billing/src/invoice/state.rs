//! Which state of an invoice may follow which.
//!
//! A draft has no number; the number is given when it is finalised and kept for ever, also by a
//! void invoice. A command whose effect is already there is [`Transition::Already`], so that
//! repeating it is harmless.

use std::fmt;
use std::str::FromStr;

/// Where an invoice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvoiceState {
    /// Still without a number; may be replaced.
    Draft,
    /// Issued and due.
    Open,
    /// Issued and settled.
    Paid,
    /// Issued in error and taken back; keeps its number.
    Void,
    /// Issued, and given up on.
    Uncollectible,
}

/// What is to happen to an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvoiceCommand {
    /// Give it a number and issue it.
    Finalise,
    /// Record that it was paid in full.
    Pay,
    /// Take it back.
    Void,
    /// Give up on it.
    WriteOff,
}

/// The answer to a command that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// The invoice moves to this state.
    Moved(InvoiceState),
    /// The effect is already there; nothing is to be done.
    Already,
}

/// A command that makes no sense in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateRefused {
    /// Where the invoice stands.
    pub state: InvoiceState,
    /// What was to happen.
    pub command: InvoiceCommand,
}

impl InvoiceState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Draft, Self::Open, Self::Paid, Self::Void, Self::Uncollectible];

    /// The name in the API and in stored rows, for example `OPEN`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Open => "OPEN",
            Self::Paid => "PAID",
            Self::Void => "VOID",
            Self::Uncollectible => "UNCOLLECTIBLE",
        }
    }

    /// Whether the invoice has a number and can no longer be edited.
    #[must_use]
    pub const fn is_issued(self) -> bool {
        !matches!(self, Self::Draft)
    }
}

impl InvoiceCommand {
    /// Every command.
    pub const ALL: [Self; 4] = [Self::Finalise, Self::Pay, Self::Void, Self::WriteOff];

    const fn verb(self) -> &'static str {
        match self {
            Self::Finalise => "finalised",
            Self::Pay => "paid",
            Self::Void => "voided",
            Self::WriteOff => "written off",
        }
    }
}

/// The state that follows a command.
///
/// # Errors
/// [`StateRefused`] when the command makes no sense in the state.
pub const fn next(state: InvoiceState, command: InvoiceCommand) -> Result<Transition, StateRefused> {
    use InvoiceCommand as Command;
    use InvoiceState as State;
    match (state, command) {
        (State::Draft, Command::Finalise) => Ok(Transition::Moved(State::Open)),
        // Money may still arrive for an invoice that was given up on.
        (State::Open | State::Uncollectible, Command::Pay) => Ok(Transition::Moved(State::Paid)),
        (State::Open | State::Uncollectible, Command::Void) => Ok(Transition::Moved(State::Void)),
        (State::Open, Command::WriteOff) => Ok(Transition::Moved(State::Uncollectible)),
        // Whatever came after, it was finalised: a late repeat finds the effect there.
        (State::Open | State::Paid | State::Void | State::Uncollectible, Command::Finalise)
        | (State::Paid, Command::Pay)
        | (State::Void, Command::Void)
        | (State::Uncollectible, Command::WriteOff) => Ok(Transition::Already),
        (State::Draft, Command::Pay | Command::Void | Command::WriteOff)
        | (State::Paid, Command::Void | Command::WriteOff)
        | (State::Void, Command::Pay | Command::WriteOff) => Err(StateRefused { state, command }),
    }
}

impl fmt::Display for InvoiceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for StateRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fix = match self.state {
            InvoiceState::Draft => "finalise it first",
            InvoiceState::Paid => "correct a paid invoice with a credit note or a refund",
            InvoiceState::Void => "bill the period again instead",
            InvoiceState::Open | InvoiceState::Uncollectible => "read its state again",
        };
        write!(f, "an invoice that is {} cannot be {}; {fix}", self.state, self.command.verb())
    }
}

impl std::error::Error for StateRefused {}

/// A text that names no invoice state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownInvoiceState;

impl fmt::Display for UnknownInvoiceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not an invoice state; use DRAFT, OPEN, PAID, VOID or UNCOLLECTIBLE")
    }
}

impl std::error::Error for UnknownInvoiceState {}

impl FromStr for InvoiceState {
    type Err = UnknownInvoiceState;

    fn from_str(text: &str) -> Result<Self, UnknownInvoiceState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownInvoiceState)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::{InvoiceCommand as C, InvoiceState as S, Transition as T, *};

    #[test]
    fn every_transition() {
        // Rows are states, columns Finalise, Pay, Void, WriteOff; `None` is a refusal.
        let moved = |state| Some(T::Moved(state));
        let already = Some(T::Already);
        let table = [
            (S::Draft, [moved(S::Open), None, None, None]),
            (S::Open, [already, moved(S::Paid), moved(S::Void), moved(S::Uncollectible)]),
            (S::Paid, [already, already, None, None]),
            (S::Void, [already, None, already, None]),
            (S::Uncollectible, [already, moved(S::Paid), moved(S::Void), already]),
        ];
        for (state, row) in table {
            for (command, expected) in C::ALL.into_iter().zip(row) {
                let found = next(state, command);
                assert_eq!(found.ok(), expected, "{state} {command:?}");
                if let Err(refused) = found {
                    assert!(refused.to_string().contains(state.as_str()));
                }
            }
        }
    }

    #[test]
    fn repeating_a_command_is_harmless() {
        for state in S::ALL {
            for command in C::ALL {
                if let Ok(T::Moved(after)) = next(state, command) {
                    assert_eq!(next(after, command), Ok(T::Already), "{state} {command:?}");
                }
            }
        }
    }

    #[test]
    fn names() {
        for state in S::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert_eq!("open".parse::<S>(), Err(UnknownInvoiceState));
    }
}
