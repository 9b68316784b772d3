//! Numbers, dates and names as people read them. Text in, text out; no arithmetic on amounts.

use undash_plugin_sdk::template::DaySpan;

/// Currencies without digits after the point.
const WHOLE: [&str; 16] =
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"];
/// Currencies with three.
const THOUSANDTHS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// An amount with its currency: `₹12,34,567.00`, `-$5.00`, `CHF 1,200.00`. Digits beyond the currency's are kept, as in
/// unit prices; missing ones are filled with zeros.
pub(crate) fn money(amount: &str, currency: &str) -> String {
    let (sign, unsigned) = split_sign(amount);
    let digits = match currency {
        code if WHOLE.contains(&code) => 0,
        code if THOUSANDTHS.contains(&code) => 3,
        _ => 2,
    };
    let (whole, fraction) = split_point(unsigned);
    let mut text = String::with_capacity(amount.len() + 12);
    text.push_str(sign);
    match currency {
        "INR" => text.push('₹'),
        "EUR" => text.push('€'),
        "GBP" => text.push('£'),
        "JPY" => text.push('¥'),
        "USD" => text.push('$'),
        code => {
            text.push_str(code);
            text.push('\u{a0}');
        }
    }
    group(whole, currency, &mut text);
    let fraction = trim_to(fraction, digits);
    if digits.max(fraction.len()) > 0 {
        text.push('.');
        text.push_str(fraction);
        for _ in fraction.len()..digits {
            text.push('0');
        }
    }
    text
}

/// A quantity: grouped, without zeros at the end.
pub(crate) fn quantity(value: &str, currency: &str) -> String {
    let (sign, unsigned) = split_sign(value);
    let (whole, fraction) = split_point(unsigned);
    let mut text = String::from(sign);
    group(whole, currency, &mut text);
    let fraction = trim_to(fraction, 0);
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

fn split_sign(text: &str) -> (&'static str, &str) {
    match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    }
}

fn split_point(text: &str) -> (&str, &str) {
    text.split_once('.').unwrap_or((text, ""))
}

/// Drops zeros at the end, but none of the first `keep` digits.
fn trim_to(fraction: &str, keep: usize) -> &str {
    let trimmed = fraction.trim_end_matches('0').len();
    fraction.get(..trimmed.max(keep.min(fraction.len()))).unwrap_or(fraction)
}

/// Threes; in rupees twos after the first three: lakh and crore.
fn group(whole: &str, currency: &str, out: &mut String) {
    let length = whole.len();
    for (at, digit) in whole.chars().enumerate() {
        let left = length - at;
        let separates = if currency == "INR" && left > 3 { !left.is_multiple_of(2) } else { left.is_multiple_of(3) };
        if at > 0 && separates {
            out.push(',');
        }
        out.push(digit);
    }
}

/// `31 Mar 2026`; anything that is not a date stays as it is.
pub(crate) fn day(date: &str) -> String {
    let mut parts = date.split('-');
    let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next()) else {
        return plain(date, 32);
    };
    let name = month.parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
    match name {
        Some(name) => [day.trim_start_matches('0'), name, year].join(" "),
        None => plain(date, 32),
    }
}

/// `1 Mar 2026 – 31 Mar 2026`, or one day.
pub(crate) fn span(days: &DaySpan) -> String {
    if days.first == days.last {
        return day(&days.first);
    }
    [day(&days.first), day(&days.last)].join(" – ")
}

/// Text from outside, made safe to print: control characters become spaces, and too much is cut off.
pub(crate) fn plain(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit));
    for c in text.chars() {
        let c = if c.is_control() { ' ' } else { c };
        if out.len() + c.len_utf8() > limit {
            break;
        }
        out.push(c);
    }
    out
}
