//! Scalars. Those that hold text let any text in, because what a text means depends on where it stands: in an event a
//! bad timestamp is one event's fault, in a window it is the question's.

use async_graphql::{InputValueError, InputValueResult, Number, Scalar, ScalarType, Value};
use chrono::{NaiveDate, SecondsFormat};
use domain::{time::TimestampMs, validate::instant_ms};

use super::text::quoted;
use crate::error::ApiError;

/// An instant as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DateTime(String);

impl DateTime {
    /// An instant in Unix milliseconds, in UTC with milliseconds.
    pub(crate) fn from_ms(instant_ms: TimestampMs) -> Self {
        // Every stored instant is in a year of four digits, so none falls back.
        let instant = chrono::DateTime::from_timestamp_millis(instant_ms.0).unwrap_or_default();
        Self(instant.to_rfc3339_opts(SecondsFormat::Millis, true))
    }

    /// The text as sent.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    /// The instant in Unix milliseconds, cut to whole ones.
    pub(crate) fn to_ms(&self) -> Result<TimestampMs, ApiError> {
        instant_ms(&self.0).ok_or_else(|| {
            let sent = quoted(&self.0);
            ApiError::bad_user_input(format!(
                "{sent} is not an instant; write RFC 3339 with an offset, such as 2026-01-05T08:00:00Z"
            ))
        })
    }
}

/// An instant, RFC 3339. Read with any offset, written in UTC with milliseconds, such as 2026-01-05T08:00:00.000Z. Inside
/// an EventInput any text is let through and judged per event.
#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(value).map(Self)
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A calendar day as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Date(String);

impl Date {
    /// A day.
    pub(crate) fn of_day(day: NaiveDate) -> Self {
        Self(day.format("%Y-%m-%d").to_string())
    }

    /// The day.
    pub(crate) fn to_day(&self) -> Result<NaiveDate, ApiError> {
        NaiveDate::parse_from_str(&self.0, "%Y-%m-%d").ok().filter(|_| self.0.len() == 10).ok_or_else(|| {
            let sent = quoted(&self.0);
            ApiError::bad_user_input(format!("{sent} is not a calendar day; write one such as 2026-01-05"))
        })
    }
}

/// A calendar day, such as 2026-01-05, in the factory's time zone.
#[Scalar]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(value).map(Self)
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A whole number that may need more than 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BigInt(pub(crate) i64);

/// A whole number of at most 53 bits, as a JSON number (an Int holds only 32 bits).
#[Scalar]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) if number.is_i64() => Ok(Self(number.as_i64().unwrap_or_default())),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::Number(Number::from(self.0))
    }
}

fn text<T: async_graphql::InputType>(value: Value) -> Result<String, InputValueError<T>> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(InputValueError::expected_type(other)),
    }
}
