//! Reading what was sent, field by field, in the words of Razorpay's validation.

use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// Currencies without minor units.
const WHOLE: [&str; 16] =
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"];
/// Currencies of three decimals, whose last digit must be 0.
const THOUSANDTHS: [&str; 6] = ["BHD", "IQD", "JOD", "KWD", "OMR", "TND"];

/// The fields of a request.
pub(crate) struct Input<'a>(pub(crate) &'a Map<String, Value>);

impl Input<'_> {
    /// Refuses fields that are not known.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        let strangers: Vec<&str> = self.0.keys().map(String::as_str).filter(|field| !known.contains(field)).collect();
        if strangers.is_empty() {
            return Ok(());
        }
        Err(Refusal::input(format!("{} is/are not required and should not be sent", strangers.join(", "))))
    }

    fn given(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    /// A text no longer than this.
    pub(crate) fn text(&self, field: &str, longest: usize) -> Result<Option<String>, Refusal> {
        match self.given(field) {
            None => Ok(None),
            Some(Value::String(text)) if text.chars().count() <= longest => Ok(Some(text.clone())),
            Some(Value::String(_)) => {
                let words = format!("The {} may not be greater than {longest} characters.", spoken(field));
                Err(Refusal::input(words).at(field))
            }
            Some(_) => Err(Refusal::input(format!("The {} must be a string.", spoken(field))).at(field)),
        }
    }

    /// A text that must be there.
    pub(crate) fn needed(&self, field: &str, longest: usize) -> Result<String, Refusal> {
        self.text(field, longest)?.filter(|text| !text.is_empty()).ok_or_else(|| missing(field))
    }

    /// A whole number.
    pub(crate) fn number(&self, field: &str) -> Result<Option<i64>, Refusal> {
        match self.given(field) {
            None => Ok(None),
            Some(value) => match value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok())) {
                Some(number) => Ok(Some(number)),
                None => Err(Refusal::input(format!("The {} must be an integer.", spoken(field))).at(field)),
            },
        }
    }

    /// Yes or no, in any of the ways people write it.
    pub(crate) fn flag(&self, field: &str) -> Result<Option<bool>, Refusal> {
        match self.given(field) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::Number(number)) if number.as_i64() == Some(1) => Ok(Some(true)),
            Some(Value::Number(number)) if number.as_i64() == Some(0) => Ok(Some(false)),
            Some(Value::String(text)) if text == "1" || text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "0" || text == "false" => Ok(Some(false)),
            Some(_) => Err(Refusal::input(format!("The {} field must be true or false.", spoken(field))).at(field)),
        }
    }

    /// An object of further fields.
    pub(crate) fn object(&self, field: &str) -> Result<Option<&Map<String, Value>>, Refusal> {
        match self.given(field) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(fields)),
            Some(_) => Err(Refusal::input(format!("The {} must be an array.", spoken(field))).at(field)),
        }
    }

    /// At most fifteen notes of at most 256 characters.
    pub(crate) fn notes(&self) -> Result<Map<String, Value>, Refusal> {
        let notes = match self.given("notes") {
            None => return Ok(Map::new()),
            Some(Value::Array(none)) if none.is_empty() => return Ok(Map::new()),
            Some(Value::Object(notes)) => notes,
            Some(_) => return Err(Refusal::input("The notes must be an array.").at("notes")),
        };
        if notes.len() > 15 {
            let words = "Number of fields in notes should be less than or equal to 15";
            return Err(Refusal::input(words).at("notes"));
        }
        for (key, value) in notes {
            let long = |text: &str| text.chars().count() > 256;
            if long(key) || value.as_str().is_some_and(long) {
                let words = format!("The notes.{key} may not be greater than 256 characters.");
                return Err(Refusal::input(words).at("notes"));
            }
        }
        Ok(notes.clone())
    }

    /// Notes that must be there, as every `PATCH` wants them.
    pub(crate) fn new_notes(&self) -> Result<Map<String, Value>, Refusal> {
        self.only(&["notes"])?;
        if self.given("notes").is_none() {
            return Err(missing("notes"));
        }
        self.notes()
    }

    /// Three capital letters.
    pub(crate) fn currency(&self) -> Result<Option<String>, Refusal> {
        match self.text("currency", 3)? {
            None => Ok(None),
            Some(code) if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) => Ok(Some(code)),
            Some(_) => Err(Refusal::input("Currency is not supported").at("currency")),
        }
    }

    /// An amount in minor units that is more than a trifle.
    pub(crate) fn amount(&self, field: &str, currency: &str) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.given(field) else { return Ok(None) };
        let Some(amount) = value.as_i64() else {
            return Err(Refusal::input(format!("The {} must be an integer.", spoken(field))).at(field));
        };
        let least = if WHOLE.contains(&currency) { 1 } else { 100 };
        if amount < least {
            let words = match currency {
                _ if least == 1 => format!("The {} must be at least {currency} 1", spoken(field)),
                _ => format!("The {} must be at least {currency} 1.00", spoken(field)),
            };
            return Err(Refusal::input(words).at(field));
        }
        if THOUSANDTHS.contains(&currency) && amount % 10 != 0 {
            let words = format!("The {} must end in 0 for {currency}", spoken(field));
            return Err(Refusal::input(words).at(field));
        }
        Ok(Some(amount))
    }

    /// An amount that must be there.
    pub(crate) fn needed_amount(&self, field: &str, currency: &str) -> Result<i64, Refusal> {
        self.amount(field, currency)?.ok_or_else(|| missing(field))
    }
}

/// `The … field is required.`
pub(crate) fn missing(field: &str) -> Refusal {
    Refusal::input(format!("The {} field is required.", spoken(field))).at(field)
}

/// How Razorpay speaks of a field.
fn spoken(field: &str) -> String {
    field.replace('_', " ")
}
