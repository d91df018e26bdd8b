//! Values of variables, counted while they are read.

use std::{
    cell::{Cell, RefCell},
    fmt,
};

use async_graphql::{Name, Value};
use domain::number::whole;
use http_listener::MemoryShare;
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::Number;

use crate::error::ApiError;

/// The most values in the variables of one request, batches of events apart. A thousand ids are a thousand and one.
pub(in super::super) const MAX_VALUES: usize = 100_000;
/// What a value takes in memory, in bytes: an object with one field takes more, a number in a list less.
pub(in super::super) const VALUE_BYTES: usize = 128;
/// How many values are paid for at a time: less would be counted more often than it matters.
const VALUES_AT_A_TIME: usize = 1_024;

/// How many values are read, and the memory that they take.
pub(super) struct Budget<'a> {
    limit: usize,
    /// Those that the request had before.
    before: usize,
    read: Cell<usize>,
    share: &'a RefCell<MemoryShare>,
    refusal: RefCell<Option<ApiError>>,
}

impl<'a> Budget<'a> {
    /// So many values together with those before, and what memory the share can take.
    pub(super) fn new(limit: usize, before: usize, share: &'a RefCell<MemoryShare>) -> Self {
        Self { limit, before, read: Cell::new(0), share, refusal: RefCell::default() }
    }

    /// Counts one more value.
    pub(super) fn count<E: Error>(&self) -> Result<(), E> {
        let read = self.read.get() + 1;
        self.read.set(read);
        if self.before + read > self.limit {
            let message = format!(
                "the variables of a request have at most {} values; send fewer at a time",
                self.limit
            );
            return Err(self.refuse(ApiError::limit_exceeded(message)));
        }
        if read.is_multiple_of(VALUES_AT_A_TIME) { self.take(VALUES_AT_A_TIME * VALUE_BYTES) } else { Ok(()) }
    }

    /// Takes memory for something else.
    pub(super) fn take<E: Error>(&self, bytes: usize) -> Result<(), E> {
        self.share.borrow_mut().take(bytes).map_err(|full| self.refuse(full.into()))
    }

    /// Ends the reading. The reader of JSON is told so; what is asked for afterwards is the refusal itself.
    pub(super) fn refuse<E: Error>(&self, refusal: ApiError) -> E {
        *self.refusal.borrow_mut() = Some(refusal);
        E::custom("too much")
    }

    /// How many values were read, or why no more could be read.
    pub(super) fn end(self) -> Result<usize, ApiError> {
        match self.refusal.into_inner() {
            Some(refusal) => Err(refusal),
            None => Ok(self.read.get()),
        }
    }
}

/// Reads one value.
#[derive(Clone, Copy)]
pub(super) struct Counted<'a>(pub(super) &'a Budget<'a>);

impl<'de> DeserializeSeed<'de> for Counted<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.0.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Counted<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    /// JSON has one kind of number: what is whole is a whole number to the library too, however it was written.
    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(match whole(number) {
            Some(whole) => Value::Number(whole.into()),
            None => Number::from_f64(number).map_or(Value::Null, Value::Number),
        })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = async_graphql::indexmap::IndexMap::new();
        while let Some(name) = fields.next_key::<Name>()? {
            object.insert(name, fields.next_value_seed(self)?);
        }
        Ok(Value::Object(object))
    }
}
