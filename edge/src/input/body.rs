//! Reads the body of a request of events, or a message, without I/O: one JSON object, an array of them, or one after another
//! as in JSON lines, recognised by content and not by a header. Each event is judged by itself.

use domain::event_text::EventFault;
use domain::event_text::message::{MessageFault, split};
use domain::limits::MAX_BATCH_EVENTS;

use crate::line::{self, Line, LineFault};
use crate::mapping::{Envelope, Mapped, Mapping, MessageError};

/// The most events of one request: as many as the server takes in one batch, so that a sender need not know to whom it
/// speaks.
pub const MAX_REQUEST_EVENTS: usize = MAX_BATCH_EVENTS;

/// Why nothing of a request is kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Its events cannot be told apart.
    #[error("no event can be read: {0}")]
    Unreadable(#[from] MessageFault),
    /// The mapping finds no records in it.
    #[error(transparent)]
    Records(MessageError),
    /// There are more than [`MAX_REQUEST_EVENTS`].
    #[error("a request holds at most {MAX_REQUEST_EVENTS} events; send the rest in another one")]
    TooMany,
}

/// What a body holds.
#[derive(Debug, Default, PartialEq)]
pub struct Read<'a> {
    /// The events; without a mapping each as the very text it was.
    pub mapped: Vec<Mapped>,
    /// What stands where an event should.
    pub refused: Vec<Refused<'a>>,
}

/// What stands where an event should.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused<'a> {
    /// Its place in the body, from 0.
    pub index: usize,
    /// What stands there.
    pub text: &'a [u8],
    /// What is wrong with it, and what is allowed.
    pub fault: LineFault,
}

/// Reads a body.
///
/// # Errors
/// There are no single events to judge.
pub fn events<'a>(
    body: &'a [u8],
    mapping: Option<&Mapping>,
    envelope: Envelope<'_>,
) -> Result<Read<'a>, BodyError> {
    if let Some(mapping) = mapping {
        return records(body, mapping, envelope);
    }
    let texts = split(body)?;
    if texts.len() > MAX_REQUEST_EVENTS {
        return Err(BodyError::TooMany);
    }
    let mut read = Read::default();
    for (index, text) in texts.into_iter().enumerate() {
        match line::parse(index as u64, text) {
            Line::Event(event) => read.mapped.push(Mapped::event(event.json)),
            Line::Malformed(fault) => read.refused.push(Refused { index, text, fault }),
            Line::Blank => {
                let fault = LineFault::Event(EventFault::NotAnObject("there is nothing".to_owned()));
                read.refused.push(Refused { index, text, fault });
            }
        }
    }
    Ok(read)
}

fn records<'a>(body: &'a [u8], mapping: &Mapping, envelope: Envelope<'_>) -> Result<Read<'a>, BodyError> {
    let records = mapping.read_message(body, MAX_REQUEST_EVENTS, envelope).map_err(|error| match error {
        MessageError::TooMany(_) => BodyError::TooMany,
        error => BodyError::Records(error),
    })?;
    let mut read = Read::default();
    for (index, record) in records.into_iter().enumerate() {
        match record.event {
            Ok(mapped) => read.mapped.extend(mapped),
            Err(error) => read.refused.push(Refused { index, text: record.text, fault: error.into() }),
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"timestamp":"2026-01-05T08:00:00Z","entityType":"WORKER","entityId":"W1","eventType":"IDLE","durationMinutes":5.0}"#;

    /// How many events are read, and what is said of the others with their places.
    fn judged(body: &str) -> (usize, Vec<(usize, String)>) {
        let read = events(body.as_bytes(), None, Envelope::default()).expect("events");
        let said = read.refused.iter().map(|refused| (refused.index, refused.fault.to_string()));
        (read.mapped.len(), said.collect())
    }

    #[test]
    fn one_bad_event_of_ten_is_refused_alone_with_its_place() {
        for (bad, said) in [
            (
                EVENT.replace("IDLE", "BREAK"),
                "eventType must be one of WORKING, IDLE, ABSENT, but is \"BREAK\"",
            ),
            (
                EVENT.replace("5.0", "\"long\""),
                "durationMinutes must be a number from 0 to 1440, null or left out, but is \"long\"",
            ),
            (
                EVENT.replace("5.0", "NaN"),
                "durationMinutes must be a number from 0 to 1440, null or left out, but is NaN",
            ),
            (
                EVENT.replace('{', "{\"colour\":1,"),
                "colour is not a field of an event; the fields are timestamp, ",
            ),
            (
                EVENT.replace("5.0", "5.0,\"unitsProduced\":10.5"),
                "unitsProduced must be a whole number from 0 to 1000000, or left out, but is 10.5",
            ),
        ] {
            let mut ten = [EVENT; 10];
            ten[3] = &bad;
            for body in [format!("[{}]", ten.join(", ")), ten.join("\n"), ten.join("\r\n") + "\r\n"] {
                let (events, refused) = judged(&body);
                assert_eq!((events, refused.len(), refused[0].0), (9, 1, 3), "{body}");
                assert!(refused[0].1.starts_with(said), "{refused:?}");
            }
        }
    }

    #[test]
    fn a_body_without_single_events_is_refused_whole() {
        for (body, said) in [
            (" \n".to_owned(), "there is nothing in it"),
            (format!("[{EVENT},{EVENT}"), "its array is not whole"),
            (format!("[{EVENT}] {EVENT}"), "its array is not whole"),
            (format!("{EVENT}\n").repeat(MAX_REQUEST_EVENTS + 1), "at most 10000 events"),
            (format!("[{EVENT}{}]", format!(",{EVENT}").repeat(MAX_REQUEST_EVENTS)), "at most 10000 events"),
        ] {
            let refusal =
                events(body.as_bytes(), None, Envelope::default()).expect_err("a refusal").to_string();
            assert!(refusal.contains(said), "{refusal}");
        }
        assert_eq!(judged(&format!("{EVENT}\n").repeat(MAX_REQUEST_EVENTS)).0, MAX_REQUEST_EVENTS);
        assert_eq!(judged("[]"), (0, vec![]));
    }

    #[test]
    fn a_message_that_was_retained_has_no_arrival_and_becomes_no_event_where_that_is_asked_for() {
        let mapping = include_bytes!("../../mappings/home-assistant-statestream.toml");
        let mapping = Mapping::parse(mapping, None).expect("a mapping");
        let envelope = Envelope {
            topic: Some("homeassistant/binary_sensor/press_4/state"),
            arrived_at_ms: Some(1_767_600_000_000),
            is_retained: false,
        };
        let count = |is_retained| {
            let read = events(b"on", Some(&mapping), Envelope { is_retained, ..envelope });
            read.expect("a message").mapped.len()
        };
        assert_eq!((count(false), count(true)), (1, 0));
    }
}
