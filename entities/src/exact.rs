//! A decimal that both databases keep exactly: NUMERIC on PostgreSQL, TEXT on SQLite.
//!
//! SeaORM reads a plain `Decimal` from SQLite through a floating-point number and loses digits; this type never does.

use rust_decimal::Decimal;
use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, Value, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, DbErr, QueryResult, TryGetError, TryGetable};

/// An exact decimal in canonical form: no trailing zeros, no negative zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exact(Decimal);

impl Exact {
    /// The canonical form of `decimal`.
    #[must_use]
    pub fn new(decimal: Decimal) -> Self {
        // `normalize` strips trailing zeros and turns -0 into 0.
        Self(decimal.normalize())
    }

    /// The number.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        self.0
    }
}

impl From<Decimal> for Exact {
    fn from(decimal: Decimal) -> Self {
        Self::new(decimal)
    }
}

impl From<Exact> for Value {
    fn from(exact: Exact) -> Self {
        // Bound as NUMERIC on PostgreSQL and as its text on SQLite.
        Value::Decimal(Some(exact.0))
    }
}

impl TryGetable for Exact {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        if row.try_as_sqlite_row().is_none() {
            return Decimal::try_get_by(row, index).map(Self::new);
        }
        let text = String::try_get_by(row, index)?;
        Decimal::from_str_exact(&text).map(Self::new).map_err(|cause| {
            TryGetError::DbErr(DbErr::Type(format!("a stored decimal is not one ({cause}): {text:?}")))
        })
    }
}

impl ValueType for Exact {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        match value {
            Value::Decimal(Some(decimal)) => Ok(Self::new(decimal)),
            _ => Err(ValueTypeErr),
        }
    }

    fn type_name() -> String {
        "Exact".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::Decimal
    }

    fn column_type() -> ColumnType {
        ColumnType::Decimal(None)
    }
}

impl Nullable for Exact {
    fn null() -> Value {
        Value::Decimal(None)
    }
}
