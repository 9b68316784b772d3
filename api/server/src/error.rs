//! The one error of the server: what kind it is, what the caller may read, and what only the log may read.
//!
//! It knows no database, no GraphQL and no HTTP: each of those rooms translates at its own edge.

use std::fmt;
use std::time::Duration;

/// What a caller can do about an error; every surface maps these and nothing finer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The thing does not exist, or belongs to somebody else (the two must look the same).
    NotFound,
    /// The request is wrong and stays wrong until it is changed.
    Invalid,
    /// The thing changed meanwhile, or another request already did something that excludes this one.
    Conflict,
    /// The request is well-formed but a business rule says no.
    Refused,
    /// The caller is known and may not do this.
    Forbidden,
    /// The caller is not known.
    Unauthenticated,
    /// Too many requests; try later.
    RateLimited,
    /// Something we depend on is busy or away; the same request may succeed later.
    Unavailable,
    /// A fault of ours; the cause is in the log and nowhere else.
    Internal,
}

/// An error with public words and a private cause.
#[derive(Debug)]
pub struct Error {
    /// What the caller can do about it.
    pub kind: ErrorKind,
    /// A stable machine-readable name in upper case, such as `UNKNOWN_METRIC`.
    pub code: &'static str,
    /// A sentence for the caller that names the field and the fix; never database text.
    pub public: String,
    /// The path of the input field the error is about, outermost first; empty when it is about the whole.
    pub path: Vec<String>,
    /// When the same request may succeed, where that is known.
    pub retry_after: Option<Duration>,
    /// The cause, for the log only.
    pub private: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `kind` without path and cause.
    pub fn new(kind: ErrorKind, code: &'static str, public: impl Into<String>) -> Self {
        Self { kind, code, public: public.into(), path: Vec::new(), retry_after: None, private: None }
    }

    /// Something absent, or not the caller's.
    pub fn not_found(code: &'static str, public: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, code, public)
    }

    /// A request that must be changed before it can succeed.
    pub fn invalid(code: &'static str, public: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, code, public)
    }

    /// A request that lost against another one.
    pub fn conflict(code: &'static str, public: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, code, public)
    }

    /// A request that a business rule forbids.
    pub fn refused(code: &'static str, public: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, code, public)
    }

    /// A caller without the permission.
    pub fn forbidden(code: &'static str, public: impl Into<String>) -> Self {
        Self::new(ErrorKind::Forbidden, code, public)
    }

    /// A caller who did not say who they are.
    pub fn unauthenticated(code: &'static str, public: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unauthenticated, code, public)
    }

    /// A caller who asked too often.
    pub fn rate_limited(code: &'static str, public: impl Into<String>) -> Self {
        Self::new(ErrorKind::RateLimited, code, public)
    }

    /// A dependency that is busy or away.
    pub fn unavailable(code: &'static str, public: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, code, public)
    }

    /// A fault of ours: the caller reads a fixed sentence, the log reads the cause.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Internal, "INTERNAL", "Something went wrong on our side; it has been logged.")
            .caused_by(cause)
    }

    /// The same error, about the input field at `path` (outermost first).
    #[must_use]
    pub fn at<I, S>(mut self, path: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        self.path = path.into_iter().map(Into::into).collect();
        self
    }

    /// The same error, with the time after which to try again.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The same error with a cause for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.private = Some(cause.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.public)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.private.as_deref().map(|cause| cause as _)
    }
}
