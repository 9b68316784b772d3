//! Single columns ⇄ values of `billing`: every reading can fail on a corrupt row and says where.

use std::fmt::Display;
use std::str::FromStr;

use billing::money::{Currency, Money};
use billing::period::Interval;
use chrono::{DateTime, Utc};
use entities::JsonText;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault::corrupt;
use crate::error::Error;

/// The same instant without what PostgreSQL cannot keep, so that a record equals its row.
pub(super) fn micros(at: DateTime<Utc>) -> DateTime<Utc> {
    billing::period::truncate_to_micros(at)
}

pub(super) fn currency(table: &'static str, code: &str) -> Result<Currency, Error> {
    // A superseded currency may be stored and still has to be readable.
    Currency::from_stored(code).ok_or_else(|| corrupt(table, "currency", format!("unknown currency {code:?}")))
}

pub(super) fn money(minor: i64, currency: Currency) -> Money {
    Money::new(minor, currency)
}

pub(super) fn parsed<T>(table: &'static str, column: &'static str, text: &str) -> Result<T, Error>
where
    T: FromStr,
    T::Err: Display,
{
    text.parse().map_err(|cause| corrupt(table, column, format!("{cause} ({text:?})")))
}

pub(super) fn interval(
    table: &'static str,
    column: &'static str,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
) -> Result<Interval, Error> {
    Interval::new(start, end).map_err(|cause| corrupt(table, column, cause))
}

pub(super) fn from_json<T: DeserializeOwned>(
    table: &'static str,
    column: &'static str,
    json: serde_json::Value,
) -> Result<T, Error> {
    serde_json::from_value(json).map_err(|cause| corrupt(table, column, cause))
}

/// From text, without building a tree first.
pub(super) fn from_text<T: DeserializeOwned>(
    table: &'static str,
    column: &'static str,
    json: &JsonText,
) -> Result<T, Error> {
    serde_json::from_str(json.as_str()).map_err(|cause| corrupt(table, column, cause))
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<serde_json::Value, Error> {
    serde_json::to_value(value).map_err(Error::internal)
}

pub(super) fn digest(table: &'static str, column: &'static str, bytes: &[u8]) -> Result<[u8; 16], Error> {
    bytes.try_into().map_err(|_| corrupt(table, column, format!("{} bytes instead of 16", bytes.len())))
}

/// Text that both databases take: PostgreSQL refuses the NUL character.
pub(super) fn storable(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.to_owned() }
}
