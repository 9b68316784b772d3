//! How readers of a language write numbers, money and days.
//!
//! The forms are those of the Unicode CLDR. Words of letters do not belong here.

use billing::money::Money;
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

/// A language letters are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locale {
    /// English, and whoever speaks none of the others.
    English,
    /// German.
    German,
    /// Hindi.
    Hindi,
}

const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const GERMAN_MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const HINDI_MONTHS: [&str; 12] =
    ["जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर"];

/// Currencies whose sign nobody takes for another's.
const SIGNS: [(&str, &str); 5] = [("EUR", "€"), ("GBP", "£"), ("INR", "₹"), ("JPY", "¥"), ("USD", "$")];

const NO_BREAK_SPACE: char = '\u{a0}';

impl Locale {
    /// Every language.
    pub const ALL: [Self; 3] = [Self::English, Self::German, Self::Hindi];

    /// The language of a BCP 47 tag such as `de-AT`, by its first part; English for one that is not spoken here.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|locale| language.eq_ignore_ascii_case(locale.tag())).unwrap_or(Self::English)
    }

    /// Its BCP 47 tag, which is also the name of its folder of templates.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Hindi => "hi",
        }
    }

    /// A day: `3 March 2026`, `3. März 2026`.
    #[must_use]
    pub fn date(self, date: NaiveDate) -> String {
        let (day, year) = (date.day(), date.year());
        let month = |names: &[&'static str; 12]| names.get(date.month0() as usize).copied().unwrap_or_default();
        match self {
            Self::English => format!("{day} {} {year}", month(&ENGLISH_MONTHS)),
            Self::German => format!("{day}. {} {year}", month(&GERMAN_MONTHS)),
            Self::Hindi => format!("{day} {} {year}", month(&HINDI_MONTHS)),
        }
    }

    /// A quantity with all its digits: `1,234.5`, `1.234,5`; zeros at the end of the fraction are left out.
    #[must_use]
    pub fn number(self, number: Decimal) -> String {
        self.digits(number.normalize(), matches!(self, Self::Hindi))
    }

    /// An amount with its currency: `€1,234.56`, `1.234,56 €`, `₹1,00,000.00`. Rupees are grouped by lakh in English
    /// as well. A currency without a sign of its own is named by its code.
    #[must_use]
    pub fn money(self, money: Money) -> String {
        let code = money.currency.code();
        let by_lakh = matches!(self, Self::Hindi) || (matches!(self, Self::English) && code == "INR");
        let amount = money.to_decimal();
        let minus = if amount.is_sign_negative() && !amount.is_zero() { "-" } else { "" };
        let digits = self.digits(amount.abs(), by_lakh);
        let sign = SIGNS.iter().find(|(known, _)| *known == code).map(|(_, sign)| *sign);
        match (self, sign) {
            (Self::German, sign) => format!("{minus}{digits}{NO_BREAK_SPACE}{}", sign.unwrap_or(code)),
            (_, Some(sign)) => format!("{minus}{sign}{digits}"),
            (_, None) => format!("{minus}{code}{NO_BREAK_SPACE}{digits}"),
        }
    }

    fn digits(self, number: Decimal, by_lakh: bool) -> String {
        let plain = number.abs().to_string();
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let (group, point) = if matches!(self, Self::German) { ('.', ',') } else { (',', '.') };
        let mut written = String::with_capacity(plain.len() + 8);
        if number.is_sign_negative() && !number.is_zero() {
            written.push('-');
        }
        for (place, digit) in whole.chars().enumerate() {
            let left = whole.len() - place;
            let closes_group = if by_lakh { left == 3 || (left > 3 && left % 2 == 1) } else { left % 3 == 0 };
            if place > 0 && closes_group {
                written.push(group);
            }
            written.push(digit);
        }
        if !fraction.is_empty() {
            written.push(point);
            written.push_str(fraction);
        }
        written
    }
}
