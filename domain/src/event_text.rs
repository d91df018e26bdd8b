//! An event as JSON text, and the messages that events come in: what agent, consumers of brokers and server read alike.
//!
//! [`check`] finds what could not be read as `EventInput` and names the field, what is allowed and what was sent. Whether
//! the values make sense is for [`crate::validate`] to judge. [`message::split`] tells the events of a message apart, so
//! that one of them that is broken spoils no other.

mod encoding;
mod field;
pub mod message;
mod place;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value, value::RawValue};

pub use self::encoding::{UTF16_ADVICE, is_utf16};
pub use self::field::allowed;
use self::field::{FIELDS, Field, Kind, Presence};
pub use self::message::MAX_EVENT_BYTES;
use self::place::{Step, steps_to};
use crate::event::RawEvent;
use crate::number::whole;
use crate::validate::excerpt;

/// Why a text is no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventFault {
    /// A field holds what it may not.
    Value {
        /// The field.
        field: &'static str,
        /// The JSON that was sent, cut to what a message shows.
        sent: String,
    },
    /// A field that every event has is not there.
    Missing {
        /// The field.
        field: &'static str,
    },
    /// A field is given twice.
    Twice {
        /// The field.
        field: &'static str,
    },
    /// There is no such field.
    Unknown {
        /// The name that was sent, cut to what a message shows.
        name: String,
    },
    /// It is not one JSON object: why.
    NotAnObject(String),
    /// It is not UTF-8.
    NotUtf8,
    /// It is UTF-16.
    Utf16,
}

impl EventFault {
    /// The field at fault, where it is one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Value { field, .. } | Self::Missing { field } | Self::Twice { field } => Some(field),
            Self::Unknown { name } => Some(name),
            Self::NotAnObject(_) | Self::NotUtf8 | Self::Utf16 => None,
        }
    }

    /// What is allowed there, to be read after "must be".
    pub fn allowed(&self) -> String {
        match self {
            Self::Value { field, .. } | Self::Missing { field } | Self::Twice { field } => {
                allowed(field).unwrap_or_default()
            }
            Self::Unknown { .. } => format!("one of {}", names()),
            Self::NotAnObject(_) => "one JSON object".to_owned(),
            Self::NotUtf8 | Self::Utf16 => "text in UTF-8".to_owned(),
        }
    }

    /// The JSON that was sent there, cut to what a message shows.
    pub fn sent(&self) -> Option<&str> {
        match self {
            Self::Value { sent, .. } => Some(sent),
            _ => None,
        }
    }
}

impl fmt::Display for EventFault {
    /// A sentence that says what is wrong and what is allowed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { field, sent } => write!(f, "{field} must be {}, but is {sent}", self.allowed()),
            Self::Missing { field } => write!(f, "{field} is missing; it must be {}", self.allowed()),
            Self::Twice { field } => write!(f, "{field} is given twice"),
            Self::Unknown { name } => {
                write!(f, "{name} is not a field of an event; the fields are {}", names())
            }
            Self::NotAnObject(why) => write!(f, "an event must be one JSON object: {why}"),
            Self::NotUtf8 => f.write_str("an event must be UTF-8 text"),
            Self::Utf16 => write!(f, "an event must be UTF-8 text, {UTF16_ADVICE}"),
        }
    }
}

impl std::error::Error for EventFault {}

/// A text that can be read as an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked<'a> {
    /// The text, without blanks around it.
    pub json: &'a str,
    /// The length of the interval in minutes; 0 for a state report.
    pub duration_minutes: f64,
}

/// Checks that a text can be read as an event.
///
/// # Errors
/// The first fault, in the order of the text.
pub fn check(bytes: &[u8]) -> Result<Checked<'_>, EventFault> {
    let bytes = bytes.trim_ascii();
    if is_utf16(bytes) {
        return Err(EventFault::Utf16);
    }
    let json = str::from_utf8(bytes).map_err(|_| EventFault::NotUtf8)?;
    let Members(members) = serde_json::from_str(json).map_err(|error| broken(json, &error))?;
    for (index, (name, value)) in members.iter().enumerate() {
        let field = Field::named(name).ok_or_else(|| EventFault::Unknown { name: excerpt(name) })?;
        if members[..index].iter().any(|(earlier, _)| earlier == name) {
            return Err(EventFault::Twice { field: field.name });
        }
        if !field.may_hold(value.get()) {
            return Err(EventFault::Value { field: field.name, sent: excerpt(value.get()) });
        }
    }
    let given = |name: &str| members.iter().find(|(given, _)| given == name).map(|(_, value)| value.get());
    let mut required = FIELDS.iter().filter(|field| field.presence == Presence::Required);
    if let Some(missing) = required.find(|field| given(field.name).is_none()) {
        return Err(EventFault::Missing { field: missing.name });
    }
    let duration_minutes = given("durationMinutes").and_then(|json| json.parse().ok()).unwrap_or_default();
    Ok(Checked { json, duration_minutes })
}

/// Reads an event.
///
/// # Errors
/// What [`check`] finds.
pub fn read(bytes: &[u8]) -> Result<RawEvent, EventFault> {
    // serde would read a list as a struct.
    if bytes.trim_ascii_start().starts_with(b"{")
        && let Ok(event) = serde_json::from_slice(bytes)
    {
        return Ok(event);
    }
    let not_an_object = |error: serde_json::Error| EventFault::NotAnObject(said(&error));
    let mut event: Value = serde_json::from_str(check(bytes)?.json).map_err(not_an_object)?;
    // What is left is an id that is a whole number and has to become its text.
    for field in FIELDS.iter().filter(|field| matches!(field.kind, Kind::Id)) {
        if let Some(id) = event.get_mut(field.name)
            && let Some(number) = id.as_i64().or_else(|| id.as_f64().and_then(whole))
        {
            *id = Value::String(number.to_string());
        }
    }
    serde_json::from_value(event).map_err(not_an_object)
}

/// The event in which a larger JSON text breaks off: where its batch is, its place in it from 0, and what is wrong with it;
/// none when the text breaks off somewhere else.
pub fn broken_event(json: &str, error: &serde_json::Error) -> Option<(String, usize, EventFault)> {
    let at = place::offset(json, error);
    let steps = steps_to(json, at);
    let [path @ .., Step::Index(index), Step::Field(name)] = steps.as_slice() else { return None };
    let names = path.iter().map(|step| match step {
        Step::Field(name) => Some(name.as_str()),
        Step::Index(_) => None,
    });
    let path: Vec<&str> = names.collect::<Option<_>>()?;
    Some((path.join("."), *index, broken_value(json, name, at)?))
}

/// What is wrong with the value of a field that is not JSON.
fn broken_value(json: &str, name: &str, at: usize) -> Option<EventFault> {
    let (field, sent) = (Field::named(name)?, place::token(json, at));
    (!sent.is_empty()).then(|| EventFault::Value { field: field.name, sent: excerpt(sent) })
}

/// What is wrong with a text that is not JSON, or not an object: with the field in which it breaks off, where there is one.
fn broken(json: &str, error: &serde_json::Error) -> EventFault {
    let at = place::offset(json, error);
    if let [Step::Field(name)] = steps_to(json, at).as_slice()
        && let Some(fault) = broken_value(json, name, at)
    {
        return fault;
    }
    EventFault::NotAnObject(format!("{} at column {}", said(error), error.column()))
}

/// What the reader of JSON says, without the place, which is that in the event alone.
fn said(error: &serde_json::Error) -> String {
    error.to_string().split(" at line ").next().unwrap_or_default().to_owned()
}

fn names() -> String {
    FIELDS.map(|field| field.name).join(", ")
}

/// The members of a JSON object, repeated names included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(FIELDS.len());
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
