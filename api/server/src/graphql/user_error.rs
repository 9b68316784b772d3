//! What a mutation answers when a rule of the business says no: data in the payload, not a failed request.
//!
//! Four concrete types, one for each thing a client can do about it, behind one interface. Who may not
//! call, and what failed on our side, are top-level errors and never come here.

use async_graphql::resolver_utils::EnumType as _;
use async_graphql::{Enum, Interface, SimpleObject};

use super::fault::{Fault, log};
use crate::error::{Error, ErrorKind};

/// Why a mutation did nothing. `code` is for programs, `message` for people; the concrete type says what can be done
/// about it. New concrete types and new codes may be added.
#[derive(Interface)]
#[graphql(
    field(name = "message", ty = "&String", desc = "A sentence that names the field and the fix."),
    field(name = "code", ty = "&UserErrorCode", desc = "What happened, for programs."),
    field(
        name = "path",
        ty = "&Option<Vec<String>>",
        desc = "The field of `input` it is about, outermost first; null when it is about the whole."
    )
)]
pub(super) enum UserError {
    /// The input is wrong.
    InvalidInput(InvalidInputError),
    /// Another change excludes this one.
    Conflict(ConflictError),
    /// A rule says no.
    Refused(RefusedError),
    /// Something named is not there.
    NotFound(NotFoundError),
}

macro_rules! concrete {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub(super) struct $name {
            /// A sentence that names the field and the fix.
            message: String,
            /// What happened, for programs.
            code: UserErrorCode,
            /// The field of `input` it is about, outermost first; null when it is about the whole.
            path: Option<Vec<String>>,
        }

        impl $name {
            fn of(error: Error) -> Self {
                Self { code: UserErrorCode::of(error.code), message: error.public, path: Some(error.path).filter(|path| !path.is_empty()) }
            }
        }
    )*};
}

concrete! {
    /// The input is wrong and stays wrong until it is changed.
    InvalidInputError,
    /// Another change excludes this one, or something with the same name exists. Look at what is there, then decide.
    ConflictError,
    /// The input is sound but a rule of billing says no.
    RefusedError,
    /// Something the input names does not exist, or is not yours.
    NotFoundError
}

impl UserError {
    /// The user's error, or the fault that must fail the request.
    pub(super) fn of(error: Error) -> Result<Self, Fault> {
        let wrap = match error.kind {
            ErrorKind::Invalid => |error| Self::InvalidInput(InvalidInputError::of(error)),
            ErrorKind::Conflict => |error| Self::Conflict(ConflictError::of(error)),
            ErrorKind::Refused => |error| Self::Refused(RefusedError::of(error)),
            ErrorKind::NotFound => |error| Self::NotFound(NotFoundError::of(error)),
            ErrorKind::Forbidden
            | ErrorKind::Unauthenticated
            | ErrorKind::RateLimited
            | ErrorKind::Unavailable
            | ErrorKind::Internal => return Err(error.into()),
        };
        log(&error);
        Ok(wrap(error))
    }
}

/// Defines the payload of a mutation: what it made or changed, and why it did not.
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $type:ty }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub(super) struct $name {
            $(#[$field_doc])*
            $field: Option<$type>,
            /// Why nothing was done; empty on success.
            errors: Vec<$crate::graphql::user_error::UserError>,
        }

        impl $name {
            fn answer(outcome: Result<$type, $crate::error::Error>) -> $crate::graphql::fault::Result<Self> {
                match outcome {
                    Ok(done) => Ok(Self { $field: Some(done), errors: Vec::new() }),
                    Err(error) => Ok(Self { $field: None, errors: vec![$crate::graphql::user_error::UserError::of(error)?] }),
                }
            }
        }
    };
    ($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $type:ty } replayed) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub(super) struct $name {
            $(#[$field_doc])*
            $field: Option<$type>,
            /// Whether an earlier call with the same key did this, and this one nothing.
            replayed: bool,
            /// Why nothing was done; empty on success.
            errors: Vec<$crate::graphql::user_error::UserError>,
        }

        impl $name {
            fn answer(outcome: Result<($type, bool), $crate::error::Error>) -> $crate::graphql::fault::Result<Self> {
                match outcome {
                    Ok((done, replayed)) => Ok(Self { $field: Some(done), replayed, errors: Vec::new() }),
                    Err(error) => {
                        let errors = vec![$crate::graphql::user_error::UserError::of(error)?];
                        Ok(Self { $field: None, replayed: false, errors })
                    }
                }
            }
        }
    };
}
pub(super) use payload;

/// What happened, for programs. New values may be added; treat one you do not know by the concrete type of the error.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UserErrorCode {
    /// The time concerned is billed already.
    AlreadyBilled,
    /// There is one with the same identity already.
    AlreadyExists,
    /// It was used already and can be used only once.
    AlreadyUsed,
    /// An address or a range of addresses is not one, or has bits beyond its prefix.
    BadAddressRange,
    /// An audience is not an origin such as https://app.example.com.
    BadAudience,
    /// An amount is not positive, or has more digits than its currency.
    BadAmount,
    /// The text is not base64.
    #[graphql(name = "BAD_BASE64")]
    BadBase64,
    /// A code has characters it may not have.
    BadCode,
    /// A colour is not of the form #1a2b3c.
    BadColour,
    /// There are too few or too many of something.
    BadCount,
    /// A country is not two capital letters of ISO 3166-1.
    BadCountry,
    /// A digest is not 64 hexadecimal digits.
    BadDigest,
    /// A document would not run.
    BadDocument,
    /// An id is not of the kind that belongs here.
    BadId,
    /// A name is empty or too long.
    BadName,
    /// A parameter has no value, or more than one.
    BadParameter,
    /// The terms of a plan do not make sense.
    BadPlan,
    /// A key for a repeat is too short, too long or has characters it may not have.
    BadIdempotencyKey,
    /// An invoice prefix has characters it may not have.
    BadPrefix,
    /// A reason is empty or too long.
    BadReason,
    /// A reference is too long.
    BadReference,
    /// Thresholds are missing, not positive or not ascending.
    BadThresholds,
    /// A time is not one at which this can have happened.
    BadTime,
    /// A time zone is not a name of the IANA list.
    BadTimezone,
    /// A window ends before it starts.
    BadWindow,
    /// The payment gateway does not take this amount.
    AmountNotPayable,
    /// The currencies of two things that belong together differ.
    CurrencyDiffers,
    /// Money of one currency cannot settle something of another.
    CurrencyMismatch,
    /// It would end before it starts.
    EndsBeforeStart,
    /// It would have expired already.
    ExpiresInPast,
    /// A plugin did not answer its fixture as it must.
    FixtureFailed,
    /// The key was used before, with another input.
    IdempotencyKeyReused,
    /// Payments settle the invoice, so that it cannot be taken back as a whole.
    InvoiceHasMoney,
    /// The payment settles several invoices; one has to be named.
    InvoiceNeeded,
    /// The invoice is in a state in which this makes no sense.
    InvalidState,
    /// The invoice is not what it was when it was issued.
    InvoiceChanged,
    /// A job is not DEAD, so that it can be neither replayed nor discarded.
    JobNotDead,
    /// The caller's own address would be refused from then on.
    LocksYouOut,
    /// Something that is needed is missing.
    MissingField,
    /// It does not exist, or is not yours.
    NotFound,
    /// No payment gateway is set up.
    NoGateway,
    /// The invoice cannot be credited in proportion.
    NotCreditable,
    /// More than what is left of the payment, or of what was paid of the invoice.
    NotRefundable,
    /// The payment does not settle the invoice that is named.
    NotSettledByPayment,
    /// Nothing is due of the invoice.
    NothingDue,
    /// The invoice is not issued yet.
    NotIssued,
    /// The bytes have not arrived.
    NotReceived,
    /// This is not offered yet.
    NotSupported,
    /// A code that this list does not have yet.
    Other,
    /// A number is too small or too large.
    OutOfRange,
    /// The period is not over.
    PeriodNotOver,
    /// A plugin failed or gave an answer that cannot be billed.
    PluginFailed,
    /// The file cannot become a plugin.
    PluginRefused,
    /// It refers to something that does not exist.
    ReferenceMissing,
    /// A key of this scope cannot have this role.
    RoleDoesNotFit,
    /// Keys that still work have the role.
    RoleInUse,
    /// The run does not wait to be tried again.
    RunNotHeld,
    /// The name, code or moment is taken.
    Taken,
    /// It has too many bytes.
    TooLarge,
    /// There are too many entries.
    TooMany,
    /// No metric has this code.
    UnknownMetric,
    /// There is no such role.
    UnknownRole,
    /// The upload has expired.
    UploadExpired,
    /// A total of usage no longer fits the 28 digits it is kept in.
    UsageTotalTooLarge,
    /// It was changed at the same moment.
    VersionConflict,
    /// The bytes are not those that were announced.
    WrongDigest,
    /// The plugin is of another kind.
    WrongKind,
    /// The number of bytes is not the one that was announced.
    WrongSize,
    /// A plugin of this kind cannot be put in force there.
    WrongTarget,
}

impl UserErrorCode {
    fn of(code: &str) -> Self {
        Self::items().iter().find(|item| item.name == code).map_or(Self::Other, |item| item.value)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::path::Path;

    /// Codes that only ever come out of the command line, the bulk endpoint, links or queries.
    const ELSEWHERE: [&str; 15] = [
        "BAD_EVENT",
        "BAD_SETTING",
        "GATEWAY_DECLINED",
        "NO_WEBHOOK_SECRET",
        "BAD_BODY",
        "BAD_JSON",
        "BAD_OPERATOR_KEY",
        "BAD_PAGE",
        "BAD_TRACE",
        "CURSOR_EXPIRED",
        "DATABASE_ROLE",
        "DATABASE_URL",
        "INVALID_CURSOR",
        "SETTINGS",
        "WINDOW_TOO_LARGE",
    ];

    #[test]
    fn every_code_of_the_server_is_in_the_schema() {
        let mut missing = Vec::new();
        look(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut missing);
        missing.sort();
        missing.dedup();
        assert!(missing.is_empty(), "add these to UserErrorCode, or to ELSEWHERE: {missing:?}");
    }

    fn look(folder: &Path, missing: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !["cli", "http"].iter().any(|other| path.ends_with(other)) {
                    look(&path, missing);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                missing.extend(codes(&std::fs::read_to_string(&path).unwrap()).into_iter().filter(|code| !known(code)));
            }
        }
    }

    fn known(code: &str) -> bool {
        ELSEWHERE.contains(&code) || UserErrorCode::items().iter().any(|item| item.name == code)
    }

    /// The first arguments of `Error::invalid("…"` and its like.
    fn codes(source: &str) -> Vec<String> {
        let mut found = Vec::new();
        for maker in ["invalid", "conflict", "refused", "not_found"] {
            for call in source.split(&format!("Error::{maker}(")).skip(1) {
                let argument = call.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                let is_code = |text: &&str| {
                    text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
                };
                found.extend(argument.filter(is_code).map(str::to_owned));
            }
        }
        found
    }

    #[test]
    fn what_is_not_the_users_doing_fails_the_request() {
        assert!(UserError::of(Error::internal("x")).is_err());
        assert!(UserError::of(Error::forbidden("FORBIDDEN", "x")).is_err());
        assert!(UserError::of(Error::unavailable("STORE_BUSY", "x")).is_err());
        let Ok(UserError::Conflict(conflict)) = UserError::of(Error::conflict("TAKEN", "x")) else { unreachable!() };
        assert_eq!((conflict.code, conflict.path), (UserErrorCode::Taken, None));
        assert_eq!(UserErrorCode::of("NEW"), UserErrorCode::Other);
    }
}
