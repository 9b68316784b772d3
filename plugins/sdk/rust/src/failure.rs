//! Refusals: how a plugin says no in a way a person can act on.

use crate::Failure;

/// A refusal. `code` is `[a-z0-9._-]{1,64}` and stable; `message` is a sentence that names the field and the fix;
/// `path` points into the input, such as `charges.2.parameters.tiers`.
pub fn refuse(code: &str, message: impl Into<String>, path: impl Into<String>) -> Failure {
    Failure { code: code.to_owned(), message: message.into(), path: path.into() }
}
