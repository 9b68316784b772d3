//! Whether an answer is well formed: text forms, lengths and counts, by the contract alone.
//!
//! Meaning is not judged here: whether an index exists in the question or a price is right is the caller's to say.

mod pricing;
mod tax;
mod template;

pub(crate) use pricing::check as check_pricing;
pub(crate) use tax::check as check_tax;
pub(crate) use template::check as check_template;

use plugin_contract::{Budget, DECIMAL_DIGITS};

use crate::failure::Failure;
use crate::sandbox::{clean, is_bidi_control};

/// Counts what an answer holds and breaks off beyond the budget.
pub(crate) struct Meter {
    budget: Budget,
    bytes: usize,
    elements: usize,
}

impl Meter {
    pub(crate) fn new(budget: Budget) -> Self {
        Self { budget, bytes: 0, elements: 0 }
    }

    /// Counts the elements of a list, before anything walks it.
    fn list<T>(&mut self, items: &[T]) -> Result<(), Failure> {
        self.elements = self.elements.saturating_add(items.len());
        if self.elements > self.budget.output_elements {
            return Err(Failure::OutputTooLarge { what: "elements", limit: self.budget.output_elements });
        }
        Ok(())
    }

    fn bytes(&mut self, text: &str) -> Result<(), Failure> {
        self.bytes = self.bytes.saturating_add(text.len());
        if self.bytes > self.budget.output_bytes {
            return Err(Failure::OutputTooLarge { what: "bytes", limit: self.budget.output_bytes });
        }
        Ok(())
    }

    /// A decimal in the one text form; answers whether it is negative.
    fn decimal(&mut self, text: &str, path: impl Fn() -> String) -> Result<bool, Failure> {
        self.bytes(text)?;
        if is_decimal(text) { Ok(text.starts_with('-')) } else { Err(invalid(path(), "decimal", text)) }
    }

    /// A decimal that is zero or more.
    fn amount(&mut self, text: &str, path: impl Fn() -> String) -> Result<(), Failure> {
        if self.decimal(text, &path)? {
            return Err(invalid(path(), "not-negative", text));
        }
        Ok(())
    }

    /// A code of 1 to 64 letters, digits, dots, hyphens and underscores.
    fn code(&mut self, text: &str, path: impl Fn() -> String) -> Result<(), Failure> {
        self.bytes(text)?;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(())
        } else {
            Err(invalid(path(), "code", text))
        }
    }

    /// Text of at most `limit` bytes without control characters. Characters that reorder the text around them are
    /// removed: they are harmless in a name and can hide an amount.
    fn text(&mut self, text: &mut String, limit: usize, path: impl Fn() -> String) -> Result<(), Failure> {
        self.bytes(text)?;
        if text.len() > limit {
            return Err(Failure::OutputTooLarge { what: "bytes in one text", limit });
        }
        if text.is_ascii() {
            if text.bytes().any(|b| b.is_ascii_control() && b != b'\n') {
                return Err(invalid(path(), "control-character", text));
            }
            return Ok(());
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(invalid(path(), "control-character", text));
        }
        if text.chars().any(is_bidi_control) {
            text.retain(|c| !is_bidi_control(c));
        }
        Ok(())
    }
}

fn invalid(path: String, rule: &'static str, got: &str) -> Failure {
    Failure::InvalidOutput { path, rule, got: clean(got, 64) }
}

/// Whether `text` is a decimal by the contract's grammar and length.
fn is_decimal(text: &str) -> bool {
    let negative = text.starts_with('-');
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((_, "")) => return false,
        Some((whole, fraction)) => (whole, fraction),
        None => (unsigned, ""),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return false;
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return false;
    }
    let nonzero = |b: u8| b != b'0';
    let zero = !whole.bytes().chain(fraction.bytes()).any(nonzero);
    if zero && negative {
        return false;
    }
    let significant = match (whole, fraction) {
        ("0", fraction) => fraction.trim_start_matches('0').len(),
        (whole, fraction) => whole.len() + fraction.len(),
    };
    significant <= DECIMAL_DIGITS && fraction.len() <= DECIMAL_DIGITS
}

#[cfg(test)]
mod tests {
    use super::is_decimal;

    #[test]
    fn one_text_form_of_a_decimal() {
        for good in [
            "0",
            "1",
            "-1",
            "10",
            "0.5",
            "-0.5",
            "1.50",
            "0.000003",
            "123456789.123456789",
            "9999999999999999999999999999",
            "0.0000000000000000000000000001",
        ] {
            assert!(is_decimal(good), "{good}");
        }
        for bad in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "+1",
            "01",
            "00",
            "-0",
            "-0.00",
            "1e9",
            "1E9",
            "NaN",
            "inf",
            "-inf",
            " 1",
            "1 ",
            "1_000",
            "1,5",
            "0x1",
            "１２",
            "1.2.3",
            "--1",
            "99999999999999999999999999999",
            "0.00000000000000000000000000001",
        ] {
            assert!(!is_decimal(bad), "{bad}");
        }
    }
}
