//! The values of an operation's variables, read from their text.

use std::{borrow::Cow, cell::RefCell, collections::HashMap, fmt};

use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::types::{FragmentDefinition, OperationDefinition},
};
use domain::{
    event::RawEvent,
    event_text::{self, broken_event},
};
use http_listener::{Memory, MemoryShare};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::{
    super::Unprepared,
    value::{Budget, Counted, MAX_VALUES},
};
use crate::{
    error::ApiError,
    graphql::events::batches::holds_batch,
    ingest::{IngestError, MAX_BATCH_EVENTS},
};

/// What an event of a batch takes in memory beside its text, in bytes.
const EVENT_BYTES: usize = 256;
/// How many events are paid for at a time.
const EVENTS_AT_A_TIME: usize = 256;
/// The most values of a batch that is read as a value: an event has at most eleven fields.
const MAX_BATCH_VALUES: usize = 16 * MAX_BATCH_EVENTS;

/// The values of a request's variables.
#[derive(Default)]
pub(in super::super) struct SentVariables<'a> {
    pub(in super::super) batches: HashMap<Name, Vec<RawEvent<Text<'a>>>>,
    pub(in super::super) others: Variables,
    /// How many values the others are made of, batches among them apart.
    pub(in super::super) values: usize,
    /// How many values those batches are made of that were read as values.
    pub(in super::super) batch_values: usize,
}

/// Reads the values of the variables that an operation declares, and answers with the memory that they take, too. `before`
/// is how many values the request had in other operations.
///
/// # Errors
/// They are not as they are expected, or there are too many of them.
pub(in super::super) fn read_variables<'a>(
    json: &'a str,
    operation: &OperationDefinition,
    fragments: &HashMap<Name, Positioned<FragmentDefinition>>,
    before: usize,
    memory: &Memory,
) -> Result<(SentVariables<'a>, MemoryShare), Unprepared> {
    let is_declared = |name: &str| {
        operation.variable_definitions.iter().any(|variable| variable.node.name.node.as_str() == name)
    };
    let is_batch = |name: &str| holds_batch(operation, fragments, name);
    let read = |batches| read_as(json, batches, (&is_declared, &is_batch), before, memory);
    let unprepared = |error| match error {
        Unreadable::Json(error) => Unprepared::Malformed(not_as_expected(json, &error)),
        Unreadable::Refused(refusal) => refusal.into(),
    };
    match read(Batches::AtOnce) {
        // A batch that is unusual or wrong is read again as a value.
        Err(Unreadable::Json(_)) => {
            let read = read(Batches::AsValues).map_err(unprepared)?;
            let mut batches = read.0.others.iter().filter(|(name, _)| is_batch(name.as_str()));
            batches.try_for_each(|(name, batch)| check_batch(name, batch))?;
            Ok(read)
        }
        read => read.map_err(unprepared),
    }
}

/// Refuses a batch with an event that the library would refuse: it names no field of it and not what is allowed.
fn check_batch(variable: &Name, batch: &Value) -> Result<(), ApiError> {
    let events = match batch {
        Value::List(events) => events.as_slice(),
        // A single value is a list of one.
        event @ Value::Object(_) => std::slice::from_ref(event),
        _ => return Ok(()),
    };
    for (index, event) in events.iter().enumerate() {
        let json = serde_json::to_string(event).map_err(|error| ApiError::internal(&error))?;
        event_text::check(json.as_bytes())
            .map_err(|fault| ApiError::unreadable_event(&format!("variables.{variable}"), index, &fault))?;
    }
    Ok(())
}

fn not_as_expected(json: &str, error: &serde_json::Error) -> ApiError {
    match broken_event(json, error) {
        Some((path, index, fault)) => ApiError::unreadable_event(&format!("variables.{path}"), index, &fault),
        None => ApiError::bad_user_input(format!("the variables are not as expected: {error}")),
    }
}

/// How batches of events are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Batches {
    /// In one pass.
    AtOnce,
    /// As values, like everything else.
    AsValues,
}

/// Why variables could not be read.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// Their text is not as it is expected.
    Json(serde_json::Error),
    /// It is too much.
    Refused(ApiError),
}

/// Says of a variable whether it is so.
type Is<'f> = &'f dyn Fn(&str) -> bool;

pub(super) fn read_as<'a>(
    json: &'a str,
    batches: Batches,
    (is_declared, is_batch): (Is<'_>, Is<'_>),
    before: usize,
    memory: &Memory,
) -> Result<(SentVariables<'a>, MemoryShare), Unreadable> {
    let share = RefCell::new(memory.share(None));
    let budget = Budget::new(MAX_VALUES, before, &share);
    let batch_budget = Budget::new(MAX_BATCH_VALUES, 0, &share);
    let reader = Reader { batches, is_declared, is_batch, budget: &budget, batch_budget: &batch_budget };
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let read = deserializer.deserialize_map(reader);
    let values = budget.end().map_err(Unreadable::Refused)?;
    let batch_values = batch_budget.end().map_err(Unreadable::Refused)?;
    let variables = SentVariables { values, batch_values, ..read.map_err(Unreadable::Json)? };
    Ok((variables, share.into_inner()))
}

/// Reads the values in the order in which they come.
#[derive(Clone, Copy)]
struct Reader<'r> {
    batches: Batches,
    is_declared: Is<'r>,
    is_batch: Is<'r>,
    budget: &'r Budget<'r>,
    /// For batches, which may have more values than anything else.
    batch_budget: &'r Budget<'r>,
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = SentVariables<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of variables")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut variables = SentVariables::default();
        while let Some(Text(name)) = entries.next_key()? {
            if !(self.is_declared)(&name) {
                entries.next_value::<IgnoredAny>()?;
                continue;
            }
            let (is_batch, name) = ((self.is_batch)(&name), Name::new(name));
            if is_batch && self.batches == Batches::AtOnce {
                let batch = entries.next_value_seed(Batch(self.batch_budget))?;
                if variables.batches.insert(name, batch).is_some() {
                    return Err(A::Error::custom("a batch comes twice"));
                }
            } else {
                let budget = if is_batch { self.batch_budget } else { self.budget };
                variables.others.insert(name, entries.next_value_seed(Counted(budget))?);
            }
        }
        Ok(variables)
    }
}

/// Reads a list of events.
#[derive(Clone, Copy)]
struct Batch<'r>(&'r Budget<'r>);

impl<'de> DeserializeSeed<'de> for Batch<'_> {
    type Value = Vec<RawEvent<Text<'de>>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Batch<'_> {
    type Value = Vec<RawEvent<Text<'de>>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut batch = Vec::new();
        while batch.len() < MAX_BATCH_EVENTS {
            let Some(Item(event)) = items.next_element()? else { return Ok(batch) };
            batch.push(event);
            if batch.len().is_multiple_of(EVENTS_AT_A_TIME) {
                self.0.take(EVENTS_AT_A_TIME * EVENT_BYTES)?;
            }
        }
        let mut events = batch.len();
        while items.next_element::<IgnoredAny>()?.is_some() {
            events += 1;
        }
        if events > MAX_BATCH_EVENTS {
            return Err(self.0.refuse(IngestError::TooManyEvents(events).into()));
        }
        Ok(batch)
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
pub(in super::super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

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

impl<'a> From<Text<'a>> for Cow<'a, str> {
    fn from(text: Text<'a>) -> Self {
        text.0
    }
}
