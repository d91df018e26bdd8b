//! Reads the body of a request of events, without I/O: one JSON object, an array of them, or one after another as in
//! JSON lines, recognised by content and not by a header.

use domain::limits::MAX_BATCH_EVENTS;
use serde_json::value::RawValue;

use crate::line::{self, Line};

/// The most events of one request: as many as the server takes in one batch, so that a sender need not know to whom it
/// speaks.
pub const MAX_REQUEST_EVENTS: usize = MAX_BATCH_EVENTS;

/// Why nothing of a request is kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// There is nothing in it.
    #[error("a request holds at least one event: a JSON object, an array of objects, or one object a line")]
    Empty,
    /// There are more than [`MAX_REQUEST_EVENTS`].
    #[error("a request holds at most {MAX_REQUEST_EVENTS} events; send the rest in another one")]
    TooMany,
    /// One of them is no event.
    #[error("event {position} of the request: {reason}")]
    Event {
        /// Which one, from 1.
        position: u64,
        /// What is wrong with it, and what is allowed.
        reason: String,
    },
}

/// The events of a body, each as the very text it was.
pub fn events(body: &[u8]) -> Result<Vec<String>, BodyError> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body).trim_ascii();
    match body.first() {
        None => Err(BodyError::Empty),
        Some(b'[') => of_array(body),
        Some(_) => one_after_another(body),
    }
}

fn of_array(body: &[u8]) -> Result<Vec<String>, BodyError> {
    match serde_json::from_slice::<Vec<&RawValue>>(body) {
        Ok(values) if values.len() > MAX_REQUEST_EVENTS => Err(BodyError::TooMany),
        Ok(values) => (1..).zip(values).map(|(position, value)| event(position, value)).collect(),
        Err(error) => Err(BodyError::Event { position: whole_elements(body) + 1, reason: not_json(&error) }),
    }
}

fn one_after_another(body: &[u8]) -> Result<Vec<String>, BodyError> {
    let mut events = Vec::new();
    for (position, value) in (1..).zip(serde_json::Deserializer::from_slice(body).into_iter::<&RawValue>()) {
        if events.len() == MAX_REQUEST_EVENTS {
            return Err(BodyError::TooMany);
        }
        let value = value.map_err(|error| BodyError::Event { position, reason: not_json(&error) })?;
        events.push(event(position, value)?);
    }
    Ok(events)
}

fn event(position: u64, value: &RawValue) -> Result<String, BodyError> {
    match line::parse(position, value.get().as_bytes()) {
        Line::Event(event) => Ok(event.json),
        Line::Malformed(reason) => Err(BodyError::Event { position, reason }),
        Line::Blank => Err(BodyError::Event { position, reason: "it is blank".to_owned() }),
    }
}

/// How many elements of a broken array are whole, for its sender to find the one that is not.
fn whole_elements(body: &[u8]) -> u64 {
    let mut rest = &body[1..];
    let mut elements = 0;
    loop {
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<&RawValue>();
        let Some(Ok(_)) = values.next() else { return elements };
        elements += 1;
        rest = rest[values.byte_offset()..].trim_ascii_start();
        match rest.strip_prefix(b",") {
            Some(after) => rest = after,
            None => return elements,
        }
    }
}

fn not_json(error: &serde_json::Error) -> String {
    format!("it is not JSON: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EVENT: &str = r#"{"timestamp":"2026-01-05T08:00:00Z","entityType":"WORKER","entityId":"W1","eventType":"IDLE","durationMinutes":5.0}"#;

    fn refusal(body: &str) -> String {
        events(body.as_bytes()).expect_err("a refusal").to_string()
    }

    #[test]
    fn an_object_an_array_and_lines_are_told_apart_by_what_is_there() {
        let pretty = EVENT.replace(',', ",\n  ");
        for (body, expected) in [
            (EVENT.to_owned(), vec![EVENT]),
            (format!("\u{feff} {EVENT}\n"), vec![EVENT]),
            (pretty.clone(), vec![pretty.as_str()]),
            (format!("[{EVENT}, {EVENT}\n]"), vec![EVENT; 2]),
            (format!("{EVENT}\r\n\n{EVENT}\n{EVENT}"), vec![EVENT; 3]),
            ("[]".to_owned(), vec![]),
        ] {
            assert_eq!(events(body.as_bytes()).unwrap(), expected, "{body}");
        }
    }

    #[test]
    fn what_is_no_event_is_named_by_its_position() {
        assert!(refusal(" \n").starts_with("a request holds at least one event"));
        let missing = r#"{"timestamp":"2026-01-05T08:00:00Z"}"#;
        assert_eq!(
            refusal(&format!("{EVENT}\n{missing}\n{EVENT}")),
            "event 2 of the request: entityType is missing"
        );
        assert_eq!(refusal(&format!("[{EVENT},{missing}]")), "event 2 of the request: entityType is missing");
        assert!(
            refusal(&format!("{EVENT}\n{EVENT}\nnonsense"))
                .starts_with("event 3 of the request: it is not JSON")
        );
        assert!(refusal(&format!("[{EVENT},{EVENT}")).starts_with("event 3 of the request: it is not JSON"));
        assert!(
            refusal(&format!("[{EVENT},nonsense,{EVENT}]"))
                .starts_with("event 2 of the request: it is not JSON")
        );
        assert!(refusal("[1]").starts_with("event 1 of the request: a line must be one JSON object"));
        assert!(refusal(&format!("[{EVENT}] {EVENT}")).contains("it is not JSON"));
    }

    #[test]
    fn as_many_events_as_the_server_takes_and_no_more() {
        for (many, is_taken) in [(MAX_REQUEST_EVENTS, true), (MAX_REQUEST_EVENTS + 1, false)] {
            let lines = format!("{EVENT}\n").repeat(many);
            assert_eq!(events(lines.as_bytes()).is_ok(), is_taken);
            let array = format!("[{}]", vec![EVENT; many].join(","));
            assert_eq!(events(array.as_bytes()).is_ok(), is_taken);
        }
    }

    proptest! {
        #[test]
        fn no_body_whatever_upsets_the_reader(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(events(&body).is_err() || body.trim_ascii().starts_with(b"["));
        }

        #[test]
        fn a_body_cut_anywhere_is_never_read_as_fewer_whole_events_in_an_array(cut in 1_usize..250) {
            let body = format!("[{EVENT},{EVENT}]");
            prop_assume!(cut < body.len());
            prop_assert!(events(&body.as_bytes()[..cut]).is_err());
        }
    }
}
