//! Names of things: a prefix and fourteen letters or digits.

use crate::refusal::Refusal;

const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many characters follow the prefix.
const LENGTH: usize = 14;

/// A fresh name such as `pay_29QQoUBi66xm2f` for the prefix `pay`.
pub(crate) fn fresh(prefix: &str) -> String {
    format!("{prefix}_{}", letters(LENGTH))
}

/// So many random letters and digits.
pub(crate) fn letters(count: usize) -> String {
    pick(LETTERS, count)
}

/// So many random digits, as banks use for references.
pub(crate) fn digits(count: usize) -> String {
    pick(&LETTERS[..10], count)
}

/// Whether a name could be one of this kind.
///
/// # Errors
/// `… is not a valid id`, said of what follows the prefix.
pub(crate) fn valid(prefix: &str, id: &str) -> Result<(), Refusal> {
    let rest = id.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_'));
    match rest {
        Some(rest) if rest.len() == LENGTH && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Ok(()),
        rest => Err(Refusal::input(format!("{} is not a valid id", rest.unwrap_or(id)))),
    }
}

fn pick(from: &[u8], count: usize) -> String {
    (0..count).map(|_| char::from(from[rand::random::<u32>() as usize % from.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(prefix: &str, id: &str) -> Option<String> {
        valid(prefix, id).err().map(|refusal| refusal.description)
    }

    #[test]
    fn a_name_has_its_prefix_and_fourteen_characters() {
        assert!(valid("pay", &fresh("pay")).is_ok());
        assert_eq!(refused("pay", "pay_short").as_deref(), Some("short is not a valid id"));
        assert_eq!(refused("rfnd", "{rfnd_id}").as_deref(), Some("{rfnd_id} is not a valid id"));
    }
}
