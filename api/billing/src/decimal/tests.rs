//! Tables and properties of exact decimals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;

fn number(text: &str) -> Decimal {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn texts_and_their_canonical_form() {
    let table = [
        ("0", "0"),
        ("-0", "0"),
        ("-0.000", "0"),
        ("0.10", "0.1"),
        ("12.5", "12.5"),
        ("-12.50", "-12.5"),
        ("100", "100"),
        ("1000.000", "1000"),
        ("9999999999999999999999999999", "9999999999999999999999999999"),
        ("-0.0000000000000000000000000001", "-0.0000000000000000000000000001"),
        ("9007199254740993", "9007199254740993"),
        ("1.00000000000000000000000000000000000000", "1"),
    ];
    for (text, expected) in table {
        assert_eq!(canonical(number(text)), expected, "{text}");
    }
}

#[test]
fn refused_texts() {
    let grammar = [
        "", "-", "+1", ".", ".5", "5.", "-.5", "01", "00", "-01", "1e3", "1_000", "1,5", " 1", "1 ", "0x1", "NaN",
        "Infinity", "1.2.3", "--1", "1.-2", "١", "½",
    ];
    for text in grammar {
        assert_eq!(parse(text), Err(DecimalError::Grammar), "{text:?}");
    }
    let long = [
        "10000000000000000000000000000",
        "99999999999999999999999999999",
        "1.0000000000000000000000000001",
        "0.00000000000000000000000000001",
    ];
    for text in long {
        assert_eq!(parse(text), Err(DecimalError::TooManyDigits), "{text}");
    }
}

#[test]
fn json_literals() {
    let table = [
        ("1", Ok("1")),
        ("1.50", Ok("1.5")),
        ("1e3", Ok("1000")),
        ("1E+3", Ok("1000")),
        ("1e-7", Ok("0.0000001")),
        ("-12.5e-1", Ok("-1.25")),
        ("1.25e1", Ok("12.5")),
        ("120e-1", Ok("12")),
        ("-0e5", Ok("0")),
        ("0e999999999999", Ok("0")),
        ("12345678901234.567891", Ok("12345678901234.567891")),
        ("1e27", Ok("1000000000000000000000000000")),
        ("1e28", Err(DecimalError::TooManyDigits)),
        ("1e-29", Err(DecimalError::TooManyDigits)),
        ("1e2147483647", Err(DecimalError::TooManyDigits)),
        ("1e-2147483648", Err(DecimalError::TooManyDigits)),
        ("1e99999999999999999999", Err(DecimalError::TooManyDigits)),
        ("1e", Err(DecimalError::Grammar)),
        ("1e+", Err(DecimalError::Grammar)),
        ("e3", Err(DecimalError::Grammar)),
        ("1e1.5", Err(DecimalError::Grammar)),
        ("01e1", Err(DecimalError::Grammar)),
    ];
    for (literal, expected) in table {
        assert_eq!(parse_json_number(literal).map(canonical), expected.map(str::to_owned), "{literal}");
    }
}

#[test]
fn products_are_exact_or_an_error() {
    let table = [
        ("0.1", "0.1", Ok("0.01")),
        ("-1.5", "2", Ok("-3")),
        ("0", "9999999999999999999999999999", Ok("0")),
        ("99999999999999", "99999999999999", Ok("9999999999999800000000000001")),
        ("0.00000000000001", "0.00000000000001", Ok("0.0000000000000000000000000001")),
        // Long on the way, short in the end.
        ("1267650600228229401496703205", "0.0000000000000000000000000002", Ok("0.253530120045645880299340641")),
        ("1000000000000000000000000000", "0.0000000000000000000000000001", Ok("0.1")),
        ("1000000000000000000000000000", "0.1234567890123456789012345678", Ok("123456789012345678901234567.8")),
        ("0.0000000000000000000000000005", "0.2", Ok("0.0000000000000000000000000001")),
        ("0.0000000000000000000000000001", "0.1", Err(DecimalError::Inexact)),
        ("1.00000000000001", "1.000000000000001", Err(DecimalError::Inexact)),
        ("9999999999999999999999999999", "10", Err(DecimalError::Inexact)),
        ("9999999999999999999999999999", "9999999999999999999999999999", Err(DecimalError::Inexact)),
    ];
    for (a, b, expected) in table {
        let expected = expected.map(number);
        assert_eq!(exact_mul(number(a), number(b)), expected, "{a} × {b}");
        assert_eq!(exact_mul(number(b), number(a)), expected, "{b} × {a}");
    }
}

#[test]
fn sums_are_exact_or_an_error() {
    let table = [
        ("0.1", "0.2", Ok("0.3")),
        ("9007199254740993", "1", Ok("9007199254740994")),
        ("1.5", "-1.5", Ok("0")),
        ("999999999999999999999999999.9", "0.1", Ok("1000000000000000000000000000")),
        ("1000000000000000000000000000", "0.1", Err(DecimalError::Inexact)),
        ("9999999999999999999999999999", "1", Err(DecimalError::Inexact)),
        ("9999999999999999999999999999", "0.0000000000000000000000000001", Err(DecimalError::Inexact)),
    ];
    for (a, b, expected) in table {
        assert_eq!(exact_add(number(a), number(b)), expected.map(number), "{a} + {b}");
    }
    let tenths = exact_sum(std::iter::repeat_n(number("0.1"), 10));
    assert_eq!(tenths, Ok(Decimal::ONE));
    let hundredths = exact_sum(std::iter::repeat_n(number("0.01"), 100));
    assert_eq!(hundredths, Ok(Decimal::ONE));
    assert_eq!(exact_sub(number("1"), number("0.9")), Ok(number("0.1")));
}

#[test]
fn quotients() {
    let table = [
        ("1", "4", Ok("0.25")),
        ("-10", "4", Ok("-2.5")),
        ("1", "3", Ok("0.3333333333333333333333333333")),
        ("200", "3", Ok("66.66666666666666666666666667")),
        ("1", "0", Err(DecimalError::DivisionByZero)),
        ("9999999999999999999999999999", "0.1", Err(DecimalError::Inexact)),
    ];
    for (a, b, expected) in table {
        assert_eq!(divide(number(a), number(b)), expected.map(number), "{a} ÷ {b}");
    }
}

#[test]
fn a_29th_digit_is_noticed() {
    let long = Decimal::from_i128_with_scale(79_228_162_514_264_337_593_543_950_335, 5);
    assert_eq!(within_limits(long), Err(DecimalError::TooManyDigits));
    let padded = Decimal::from_i128_with_scale(70_000_000_000_000_000_000_000_000_000, 1);
    assert_eq!(within_limits(padded), Ok(number("7000000000000000000000000000")));
}

fn any_decimal() -> impl Strategy<Value = Decimal> {
    let limit = 10_i128.pow(MAX_DIGITS);
    let mantissa = prop_oneof![-limit + 1..limit, -1_000_000_i128..1_000_000];
    (mantissa, 0..=MAX_SCALE).prop_map(|(mantissa, scale)| Decimal::from_i128_with_scale(mantissa, scale))
}

proptest! {
    #[test]
    fn round_trip(value in any_decimal()) {
        let text = canonical(value);
        prop_assert_eq!(parse(&text), Ok(value));
        prop_assert_eq!(parse_json_number(&text), Ok(value));
        prop_assert_eq!(canonical(number(&text)), text.as_str());
        prop_assert_eq!(scale(value), number(&text).scale());
    }

    #[test]
    fn equal_numbers_have_one_text(mantissa in -1_000_000_i64..1_000_000, zeros in 0_u32..12) {
        let short = Decimal::from(mantissa);
        let padded = Decimal::from_i128_with_scale(i128::from(mantissa) * 10_i128.pow(zeros), zeros);
        prop_assert_eq!(canonical(short), canonical(padded));
    }

    #[test]
    fn no_text_panics(text in "[-+0-9.eE_ ]{0,40}") {
        if let Ok(value) = parse(&text) {
            prop_assert_eq!(parse(&canonical(value)), Ok(value));
        }
        let _ = parse_json_number(&text);
    }

    /// A product is only given when rescaling it back shows every digit of the schoolbook one.
    #[test]
    fn small_products_agree_with_integers(a in -10_i128.pow(13)..10_i128.pow(13), b in -10_i128.pow(13)..10_i128.pow(13), s in 0_u32..14, t in 0_u32..14) {
        let product = exact_mul(Decimal::from_i128_with_scale(a, s), Decimal::from_i128_with_scale(b, t));
        prop_assert_eq!(product, Ok(Decimal::from_i128_with_scale(a * b, s + t)));
    }

    #[test]
    fn addition_can_be_undone(a in any_decimal(), b in any_decimal()) {
        if let Ok(sum) = exact_add(a, b) {
            prop_assert_eq!(exact_sub(sum, b), Ok(a));
            prop_assert_eq!(exact_add(b, a), Ok(sum));
        }
    }

    #[test]
    fn results_can_be_kept(a in any_decimal(), b in any_decimal()) {
        for result in [exact_mul(a, b), exact_add(a, b), exact_sub(a, b), divide(a, b)].into_iter().flatten() {
            prop_assert_eq!(parse(&canonical(result)), Ok(result));
        }
    }
}
