//! The values a template is given: checked, and in the reader's form.
//!
//! What comes from outside passes here on its way into a letter: one line of text stays one line, and a link is one
//! that a mail program may follow. Words do not belong here.

use std::collections::BTreeMap;

use billing::money::Money;
use chrono::NaiveDate;
use minijinja::Value;
use rust_decimal::Decimal;

use super::LetterError;
use super::locale::Locale;

/// Values by the name a template knows them by.
pub(super) struct Sheet {
    locale: Locale,
    values: BTreeMap<&'static str, Value>,
}

impl Sheet {
    /// An empty sheet in a language.
    pub(super) const fn new(locale: Locale) -> Self {
        Self { locale, values: BTreeMap::new() }
    }

    /// What was laid out.
    pub(super) fn into_values(self) -> BTreeMap<&'static str, Value> {
        self.values
    }

    fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.values.insert(name, value.into());
        self
    }

    /// One line from outside.
    pub(super) fn text(self, name: &'static str, text: &str) -> Result<Self, LetterError> {
        if breaks_the_line(text) {
            return Err(LetterError::ControlCharacter { fact: name });
        }
        Ok(self.with(name, text))
    }

    /// One line from outside that may be missing; templates see `none` then.
    pub(super) fn maybe_text(self, name: &'static str, text: Option<&str>) -> Result<Self, LetterError> {
        match text {
            Some(text) => self.text(name, text),
            None => Ok(self.with(name, ())),
        }
    }

    /// Several lines from outside, one value each.
    pub(super) fn lines(self, name: &'static str, lines: &[String]) -> Result<Self, LetterError> {
        if lines.iter().any(|line| breaks_the_line(line)) {
            return Err(LetterError::ControlCharacter { fact: name });
        }
        Ok(self.with(name, lines.to_vec()))
    }

    /// A word of our own, by which a template chooses.
    pub(super) fn word(self, name: &'static str, word: &'static str) -> Self {
        self.with(name, word)
    }

    /// An amount in the reader's form.
    pub(super) fn money(self, name: &'static str, money: Money) -> Self {
        let words = self.locale.money(money);
        self.with(name, words)
    }

    /// A quantity in the reader's form.
    pub(super) fn number(self, name: &'static str, number: Decimal) -> Self {
        let words = self.locale.number(number);
        self.with(name, words)
    }

    /// A number of things, which a template may compare.
    pub(super) fn count(self, name: &'static str, count: u32) -> Self {
        self.with(name, count)
    }

    /// A day in the reader's form.
    pub(super) fn date(self, name: &'static str, date: NaiveDate) -> Self {
        let words = self.locale.date(date);
        self.with(name, words)
    }

    /// A day that may be missing; templates see `none` then.
    pub(super) fn maybe_date(self, name: &'static str, date: Option<NaiveDate>) -> Self {
        match date {
            Some(date) => self.date(name, date),
            None => self.with(name, ()),
        }
    }

    /// An address a reader may follow: `https`, or `http` for installations without certificates.
    pub(super) fn link(self, name: &'static str, link: &str) -> Result<Self, LetterError> {
        if !is_link(link, &["https://", "http://"]) {
            return Err(LetterError::NotALink { fact: name });
        }
        Ok(self.with(name, link))
    }

    /// An address a mail program follows by itself: `https` only.
    pub(super) fn secure_link(self, name: &'static str, link: &str) -> Result<Self, LetterError> {
        if !is_link(link, &["https://"]) {
            return Err(LetterError::NotALink { fact: name });
        }
        Ok(self.with(name, link))
    }
}

/// Whether a text would be more than one line, or hides something from the reader.
fn breaks_the_line(text: &str) -> bool {
    text.contains(|letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}'))
}

fn is_link(link: &str, schemes: &[&str]) -> bool {
    let unfit = |letter: char| !letter.is_ascii_graphic() || matches!(letter, '<' | '>' | '"' | '\'' | ',');
    schemes.iter().any(|scheme| link.len() > scheme.len() && link.starts_with(scheme)) && !link.contains(unfit)
}
