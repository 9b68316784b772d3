//! Rounding and arithmetic of money.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;
use crate::decimal::parse;

fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

#[test]
fn rounds_half_away_from_zero() {
    let table = [
        ("10.125", "USD", 1013),
        ("-10.125", "USD", -1013),
        ("2.345", "USD", 235),
        ("2.335", "USD", 234),
        ("-10.50", "USD", -1050),
        ("0.0001", "USD", 0),
        ("0.005", "USD", 1),
        ("0.00499999999999999999999999", "USD", 0),
        ("-0.005", "USD", -1),
        ("99999999.999", "USD", 10_000_000_000),
        ("61.728", "USD", 6173),
        ("0.9", "JPY", 1),
        ("100.5", "JPY", 101),
        ("100.4", "JPY", 100),
        ("1.0005", "KWD", 1001),
        ("1", "KWD", 1000),
        ("1.2", "HUF", 120),
        ("92233720368547758.07", "USD", i64::MAX),
        ("-92233720368547758.08", "USD", i64::MIN),
    ];
    for (text, code, minor) in table {
        let rounded = Money::round(parse(text).unwrap(), currency(code));
        assert_eq!(rounded, Ok(Money::new(minor, currency(code))), "{text} {code}");
    }
    for text in ["92233720368547758.075", "-92233720368547758.085", "9999999999999999999999999999"] {
        assert_eq!(Money::round(parse(text).unwrap(), currency("USD")), Err(MoneyError::Overflow), "{text}");
    }
}

#[test]
fn lines_are_rounded_before_they_are_added() {
    let table: [(&[&str], &str, &str); 5] = [
        (&["10.333333", "10.333333", "10.333333"], "USD", "30.99"),
        (&["33.333333", "33.333333", "33.333334"], "USD", "99.99"),
        (&["100.4", "200.5", "300.6"], "JPY", "602"),
        (&["0.011", "0.012", "0.013", "0.014", "0.015"], "USD", "0.06"),
        (&["1000000.009"], "USD", "1000000.01"),
    ];
    for (lines, code, expected) in table {
        let rounded = lines.iter().map(|line| Money::round(parse(line).unwrap(), currency(code)).unwrap());
        let sum = Money::sum(currency(code), rounded).unwrap();
        assert_eq!(sum.to_decimal().to_string(), expected);
    }
}

#[test]
fn exact_amounts_only() {
    let usd = currency("USD");
    assert_eq!(Money::exact(parse("1.5").unwrap(), usd), Ok(Money::new(150, usd)));
    assert_eq!(Money::exact(Decimal::new(15000, 4), usd), Ok(Money::new(150, usd)));
    assert_eq!(Money::exact(parse("1.501").unwrap(), usd), Err(MoneyError::NotRounded { currency: usd }));
    assert_eq!(Money::exact(parse("1000000000000000000").unwrap(), usd), Err(MoneyError::Overflow));
}

#[test]
fn texts() {
    let table = [(1230, "USD", "12.30 USD"), (-5, "USD", "-0.05 USD"), (0, "JPY", "0 JPY"), (1, "KWD", "0.001 KWD")];
    for (minor, code, expected) in table {
        assert_eq!(Money::new(minor, currency(code)).to_string(), expected);
    }
}

#[test]
fn arithmetic_is_checked() {
    let (usd, eur) = (currency("USD"), currency("EUR"));
    let most = Money::new(i64::MAX, usd);
    let mismatch = Err(MoneyError::CurrencyMismatch { left: usd, right: eur });
    assert_eq!(most.checked_add(Money::new(1, usd)), Err(MoneyError::Overflow));
    assert_eq!(Money::new(i64::MIN, usd).checked_sub(Money::new(1, usd)), Err(MoneyError::Overflow));
    assert_eq!(Money::new(i64::MIN, usd).checked_neg(), Err(MoneyError::Overflow));
    assert_eq!(most.checked_add(Money::zero(eur)), mismatch);
    assert_eq!(most.checked_sub(Money::zero(eur)), mismatch);
    assert_eq!(Money::sum(usd, [Money::new(1, eur)]), mismatch);
    assert_eq!(Money::sum(usd, []), Ok(Money::zero(usd)));
    assert_eq!(Money::new(7, usd).checked_sub(Money::new(9, usd)), Ok(Money::new(-2, usd)));
}

proptest! {
    #[test]
    fn decimals_come_back(minor: i64, place in 0_usize..150) {
        let currency = Currency::all().nth(place).unwrap();
        let money = Money::new(minor, currency);
        prop_assert_eq!(Money::exact(money.to_decimal(), currency), Ok(money));
        prop_assert_eq!(Money::round(money.to_decimal(), currency), Ok(money));
    }

    #[test]
    fn rounding_is_odd_and_within_half_a_unit(mantissa in -10_i128.pow(19)..10_i128.pow(19), scale in 3_u32..20) {
        let usd = Currency::from_code("USD").unwrap();
        let amount = Decimal::from_i128_with_scale(mantissa, scale);
        let (there, back) = (Money::round(amount, usd).unwrap(), Money::round(-amount, usd).unwrap());
        prop_assert_eq!(there.minor, -back.minor);
        let unit = 10_i128.pow(scale - 2);
        prop_assert!((i128::from(there.minor) * unit - mantissa).abs() * 2 <= unit);
    }
}
