//! The scalars of the schema: exact numbers and instants, each with one spelling.
//!
//! async-graphql's own decimal reads JSON numbers through floats; this one refuses them.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, SecondsFormat, Utc};

/// An exact number, never a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal(pub(super) rust_decimal::Decimal);

impl Decimal {
    /// A quantity or a rate, without zeros at its end.
    pub(super) fn plain(number: rust_decimal::Decimal) -> Self {
        Self(number.normalize())
    }
}

/// An exact decimal number as a string, such as `"12.50"`: an optional minus, digits and an optional fraction, at most
/// 28 significant digits, no exponent. As an argument a whole number without quotes is accepted too; a JSON number with
/// a fraction is not, because it may have been rounded before it got here.
#[Scalar(name = "Decimal", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259#section-6")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = match &value {
            Value::String(text) => text.clone(),
            Value::Number(number) => whole_number(&number.to_string())
                .ok_or_else(|| InputValueError::custom(format!("{number} is a floating-point number and may have been rounded; send the exact number as a string, such as \"12.5\"")))?,
            other => return Err(InputValueError::custom(format!("{other} is not a number; send a string such as \"12.5\""))),
        };
        match billing::decimal::parse(&text) {
            Ok(number) => Ok(Self(number)),
            Err(error) => Err(InputValueError::custom(format!("{text:?} {error}"))),
        }
    }

    // Asked before execution, where the refusal still knows the whole way to the field.
    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// The text of a number without fraction and exponent.
pub(super) fn whole_number(text: &str) -> Option<String> {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-').then(|| text.to_owned())
}

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant(pub(super) DateTime<Utc>);

/// A point in time in RFC 3339, in UTC and to the microsecond, such as `2026-01-31T23:59:59.5Z`. As an argument any
/// offset is accepted and finer digits are cut off.
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time")]
impl ScalarType for Instant {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::custom(format!(
                "{value} is not a time; send a string such as \"2026-01-31T23:59:59Z\""
            )));
        };
        let at = DateTime::parse_from_rfc3339(text).map_err(|_| {
            InputValueError::custom(format!(
                "{text:?} is not RFC 3339 with an offset; write it as \"2026-01-31T23:59:59Z\""
            ))
        })?;
        Ok(Self(billing::period::truncate_to_micros(at.with_timezone(&Utc))))
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn number(json: &str) -> Value {
        Value::Number(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        for (given, shown) in [
            (Value::from("12.50"), "12.5"),
            (Value::from("-0.000000000001"), "-0.000000000001"),
            (number("7"), "7"),
            (number("9007199254740993"), "9007199254740993"),
        ] {
            assert_eq!(Decimal::parse(given).unwrap().to_value(), Value::from(shown));
        }
        for given in [
            number("1.5"),
            number("1e3"),
            Value::from("1e3"),
            Value::from("01"),
            Value::from(""),
            Value::from(true),
            Value::Null,
        ] {
            assert!(Decimal::parse(given.clone()).is_err(), "{given}");
        }
    }

    #[test]
    fn money_keeps_its_scale() {
        assert_eq!(Decimal(rust_decimal::Decimal::new(1230, 2)).to_value(), Value::from("12.30"));
        assert_eq!(Decimal::plain(rust_decimal::Decimal::new(1230, 2)).to_value(), Value::from("12.3"));
    }

    #[test]
    fn instants_have_one_spelling() {
        let at = Instant::parse(Value::from("2026-02-01T05:30:00.1234567+05:30")).unwrap();
        assert_eq!(at.to_value(), Value::from("2026-02-01T00:00:00.123456Z"));
        assert!(Instant::parse(Value::from("2026-02-01T05:30:00")).is_err());
        assert!(Instant::parse(Value::from("2026-02-30T00:00:00Z")).is_err());
    }
}
