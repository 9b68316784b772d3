//! Stored JSON that stays text until somebody reads it: most rows are listed without it.

use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, Value, ValueType, ValueTypeErr};
use sea_orm::sqlx::{Row, types::Json};
use sea_orm::{ColIdx, DbErr, QueryResult, TryGetError, TryGetable};
use serde_json::value::RawValue;
use std::sync::Arc;

/// A JSON document. Two are equal when they say the same: PostgreSQL gives back another spelling than it was given.
#[derive(Clone, Debug)]
pub struct JsonText(Arc<str>);

impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        let read = |text: &Self| serde_json::from_str::<serde_json::Value>(&text.0).ok();
        self.0 == other.0 || read(self).is_some_and(|value| read(other) == Some(value))
    }
}

impl Eq for JsonText {}

impl Default for JsonText {
    fn default() -> Self {
        Self("null".into())
    }
}

impl JsonText {
    /// The text of `value`.
    #[must_use]
    pub fn new(value: &serde_json::Value) -> Self {
        Self(value.to_string().into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<JsonText> for Value {
    fn from(text: JsonText) -> Self {
        match serde_json::from_str(&text.0) {
            Ok(json) => Self::Json(Some(Box::new(json))),
            // No reading or making of one lets this be; the column would refuse it.
            Err(_) => Self::String(Some(text.0.as_ref().to_owned())),
        }
    }
}

impl TryGetable for JsonText {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let Some(found) = row.try_as_pg_row() else {
            return String::try_get_by(row, index).map(|text| Self(text.into()));
        };
        let json: Option<Json<Box<RawValue>>> = found
            .try_get(index.as_sqlx_postgres_index())
            .map_err(|cause| TryGetError::DbErr(DbErr::Type(format!("stored JSON is none: {cause}"))))?;
        json.map(|json| Self(json.0.get().into())).ok_or_else(|| TryGetError::Null(format!("{index:?}")))
    }
}

impl ValueType for JsonText {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        match value {
            Value::Json(Some(json)) => Ok(Self::new(&json)),
            _ => Err(ValueTypeErr),
        }
    }

    fn type_name() -> String {
        "JsonText".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::Json
    }

    fn column_type() -> ColumnType {
        ColumnType::Json
    }
}

impl Nullable for JsonText {
    fn null() -> Value {
        Value::Json(None)
    }
}
