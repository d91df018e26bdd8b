//! A request whose variables may hold batches of events, read from its text in one pass.
//!
//! Only what the general parser would read to the same values is read here. Anything unusual or wrong in a request ends the
//! attempt, and the general parser reads it again and reports the error.

#[cfg(test)]
mod tests;

use std::{borrow::Cow, collections::HashMap, fmt};

use async_graphql::{Name, Value, Variables};
use domain::event::RawEvent;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Map;

/// What a client sends for one operation. Its batches are borrowed from the text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sent<'a> {
    #[serde(borrow)]
    pub(super) query: Cow<'a, str>,
    #[serde(default)]
    pub(super) operation_name: Option<String>,
    #[serde(borrow, default)]
    pub(super) variables: SentVariables<'a>,
    /// As in [`super::Parameters`].
    #[serde(default, rename = "extensions")]
    _extensions: Option<Map<String, serde_json::Value>>,
}

impl<'a> Sent<'a> {
    /// Reads a request; none when it has to be read in the ordinary way.
    pub(super) fn read(json: &'a [u8]) -> Option<Self> {
        // Checked once here, its texts need no check one by one.
        let json = str::from_utf8(json).ok()?;
        // serde would read a list as a struct.
        if !json.trim_ascii_start().starts_with('{') {
            return None;
        }
        serde_json::from_str(json).ok()
    }
}

/// The values of a request's variables: the lists among them are read as batches.
#[derive(Default)]
pub(super) struct SentVariables<'a> {
    pub(super) batches: HashMap<Name, Vec<RawEvent<Text<'a>>>>,
    pub(super) others: Variables,
}

impl<'de: 'a, 'a> Deserialize<'de> for SentVariables<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = SentVariables<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of variables")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut variables = SentVariables::default();
                while let Some((name, value)) = entries.next_entry::<Name, SentValue<'de>>()? {
                    let is_new = match value {
                        SentValue::Batch(batch) => {
                            !variables.others.contains_key(&name)
                                && variables.batches.insert(name, batch).is_none()
                        }
                        SentValue::Other(value) => {
                            !variables.batches.contains_key(&name)
                                && variables.others.insert(name, value).is_none()
                        }
                    };
                    if !is_new {
                        return Err(A::Error::custom("a variable has two values"));
                    }
                }
                Ok(variables)
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// The value of one variable.
enum SentValue<'a> {
    Batch(Vec<RawEvent<Text<'a>>>),
    Other(Value),
}

impl<'de> Deserialize<'de> for SentValue<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = SentValue<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of events or something other than a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut batch = Vec::new();
                while let Some(Item(event)) = items.next_element()? {
                    batch.push(event);
                }
                Ok(SentValue::Batch(batch))
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
                Value::deserialize(MapAccessDeserializer::new(fields)).map(SentValue::Other)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(SentValue::Other(Value::String(text.to_owned())))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(SentValue::Other(Value::Number(number.into())))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(SentValue::Other(Value::Number(number.into())))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
                Ok(SentValue::Other(Value::Boolean(value)))
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(SentValue::Other(Value::Null))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// One event of a batch: an object, though serde would read a list as a struct too.
struct Item<'a>(RawEvent<Text<'a>>);

impl<'de> Deserialize<'de> for Item<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Item<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an event")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
                RawEvent::deserialize(MapAccessDeserializer::new(fields)).map(Item)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// A text that is copied only if it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<Text<'_>> for String {
    fn from(text: Text<'_>) -> Self {
        text.0.into_owned()
    }
}
