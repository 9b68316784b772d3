//! Money and currencies in the schema. The list of currencies is the one of `billing`; there is no other.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::Field;
use async_graphql::registry::{Deprecation, MetaEnumValue, MetaType, MetaTypeId, Registry};
use async_graphql::{
    ContextSelectionSet, InputObject, InputType, InputValueError, InputValueResult, Name, OutputType, Positioned,
    ServerResult, SimpleObject, Value,
};
use billing::money::{self, Currency};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::scalar::Decimal;
use crate::error::Error;

/// An amount of money: exact, in one currency.
#[derive(SimpleObject, Clone, Copy)]
pub(super) struct Money {
    /// The amount in major units, with as many digits after the point as the currency has, such as `"12.30"`.
    amount: Decimal,
    /// The currency of the amount.
    currency: CurrencyCode,
}

impl From<money::Money> for Money {
    fn from(money: money::Money) -> Self {
        Self { amount: Decimal(money.to_decimal()), currency: CurrencyCode(money.currency) }
    }
}

/// An amount of money.
#[derive(InputObject)]
pub(super) struct MoneyInput {
    /// The amount in major units, with at most as many digits after the point as the currency has, such as `"12.30"`.
    amount: Decimal,
    /// The currency of the amount.
    currency: CurrencyCode,
}

impl MoneyInput {
    /// The amount in whole minor units, at `field` of the input.
    pub(super) fn read(&self, field: &str) -> Result<money::Money, Error> {
        money::Money::exact(self.amount.0, self.currency.0)
            .map_err(|refused| Error::invalid("BAD_AMOUNT", format!("{refused}.")).at([field, "amount"]))
    }
}

/// A currency as an enum value; written by hand because its values come from the table in `billing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CurrencyCode(pub(super) Currency);

/// The names in answers, made once.
static NAMES: LazyLock<HashMap<&'static str, Name>> =
    LazyLock::new(|| Currency::all().map(|currency| (currency.code(), Name::new(currency.code()))).collect());

impl CurrencyCode {
    const NAME: &'static str = "CurrencyCode";

    fn meta(rust_typename: &'static str) -> MetaType {
        let values = Currency::all().map(|currency| (currency.code().to_owned(), value(currency)));
        MetaType::Enum {
            name: Self::NAME.to_owned(),
            description: Some("A currency by its three-letter code of ISO 4217. New values may be added.".to_owned()),
            enum_values: values.collect::<IndexMap<_, _>>(),
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            rust_typename: Some(rust_typename),
            directive_invocations: Vec::new(),
            requires_scopes: Vec::new(),
        }
    }
}

fn value(currency: Currency) -> MetaEnumValue {
    let digits = currency.exponent();
    MetaEnumValue {
        name: currency.code().to_owned(),
        description: Some(match digits {
            0 => "Without digits after the point.".to_owned(),
            1 => "With 1 digit after the point.".to_owned(),
            _ => format!("With {digits} digits after the point."),
        }),
        deprecation: Deprecation::NoDeprecated,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        directive_invocations: Vec::new(),
    }
}

impl InputType for CurrencyCode {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(Self::NAME)
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_input_type::<Self, _>(MetaTypeId::Enum, |_| Self::meta(std::any::type_name::<Self>()))
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let value = value.unwrap_or_default();
        let code = match &value {
            Value::Enum(name) => name.as_str(),
            Value::String(text) => text.as_str(),
            _ => return Err(InputValueError::expected_type(value)),
        };
        Currency::from_code(code).map(Self).ok_or_else(|| {
            InputValueError::custom(format!(
                "{code:?} is not a currency that can be billed in; use a code of ISO 4217 such as EUR"
            ))
        })
    }

    fn to_value(&self) -> Value {
        Value::Enum(NAMES.get(self.0.code()).cloned().unwrap_or_else(|| Name::new(self.0.code())))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl OutputType for CurrencyCode {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(Self::NAME)
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Enum, |_| Self::meta(std::any::type_name::<Self>()))
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(InputType::to_value(self))
    }
}
