//! A broker's message as text, and the events in it.
//!
//! The events are read as strictly as GraphQL reads `EventInput`, and one that cannot be read spoils no other.

use std::borrow::Cow;

use domain::event::RawEvent;
use serde_json::{Value, value::RawValue};

use super::intake::Reason;
use crate::{http::MAX_BODY_BYTES, ingest::MAX_BATCH_EVENTS};

/// The largest message, in bytes: as large as a request.
pub(super) const MAX_MESSAGE_BYTES: usize = MAX_BODY_BYTES;
/// The most events of one message: as many as in a request.
const MAX_MESSAGE_EVENTS: usize = MAX_BATCH_EVENTS;
/// Where an id may be a whole number, as GraphQL allows.
const IDS: [&str; 4] = ["entityId", "eventId", "sourceId", "workstationId"];

/// One event of a message, as sent.
#[derive(Debug)]
pub(super) struct Item<'a> {
    /// Its text, for the dead letters.
    pub(super) text: &'a str,
    /// The event, or why there is none.
    pub(super) event: Result<RawEvent, Reason>,
}

/// The events of a message, in its order.
///
/// # Errors
/// When there are no single events to tell apart: the message as a whole is refused.
pub(super) fn read(payload: &[u8]) -> Result<Vec<Item<'_>>, Reason> {
    if payload.len() > MAX_MESSAGE_BYTES {
        return Err(Reason::limit_exceeded(format!(
            "a message has at most {MAX_MESSAGE_BYTES} bytes, this one has {}; send it in parts",
            payload.len()
        )));
    }
    let text = str::from_utf8(payload).map_err(|error| Reason::unreadable(format!("not UTF-8: {error}")))?;
    let texts = texts(text.trim())?;
    if texts.len() > MAX_MESSAGE_EVENTS {
        return Err(Reason::limit_exceeded(format!(
            "a message has at most {MAX_MESSAGE_EVENTS} events, this one has {}; send it in parts",
            texts.len()
        )));
    }
    Ok(texts.into_iter().map(|text| Item { text, event: event(text) }).collect())
}

/// The text of each event.
fn texts(text: &str) -> Result<Vec<&str>, Reason> {
    if text.is_empty() {
        return Err(Reason::unreadable("the message is empty".to_owned()));
    }
    if text.starts_with('[') {
        let list: Result<Vec<&RawValue>, _> = serde_json::from_str(text);
        return match list {
            Ok(list) if list.is_empty() => Err(Reason::unreadable("the list has no event".to_owned())),
            Ok(list) => Ok(list.into_iter().map(RawValue::get).collect()),
            Err(error) => Err(Reason::unreadable(format!("not a list in JSON: {error}"))),
        };
    }
    // An object may be written over several lines; otherwise each line is one.
    if serde_json::from_str::<&RawValue>(text).is_ok() {
        return Ok(vec![text]);
    }
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).collect())
}

fn event(text: &str) -> Result<RawEvent, Reason> {
    let unreadable = |error: serde_json::Error| Reason::unreadable(format!("not an event: {error}"));
    // serde would read a list as a struct.
    if !text.starts_with('{') {
        return Err(Reason::unreadable("an event is a JSON object with the fields of EventInput".to_owned()));
    }
    serde_json::from_str(text).or_else(|error| {
        let with_texts = ids_as_texts(text).ok_or(error).map_err(unreadable)?;
        serde_json::from_value(with_texts).map_err(unreadable)
    })
}

/// The event with every id that was a whole number as a text; none when there is no such id.
fn ids_as_texts(text: &str) -> Option<Value> {
    let mut event: Value = serde_json::from_str(text).ok()?;
    let mut changed = false;
    for name in IDS {
        if let Some(id) = event.get_mut(name).filter(|id| id.is_i64()) {
            *id = Value::String(id.to_string());
            changed = true;
        }
    }
    changed.then_some(event)
}

/// The factory that a header or a key names, judged as far as that goes without a database.
///
/// # Errors
/// When it cannot be any factory's id.
pub(super) fn factory(named: Option<&[u8]>) -> Result<Cow<'_, str>, Reason> {
    let Some(named) = named.filter(|named| !named.is_empty()) else {
        return Err(Reason::no_factory(
            "neither the header \"factory\" nor the key names the factory".to_owned(),
        ));
    };
    match str::from_utf8(named) {
        // PostgreSQL refuses a text with a NUL as a whole, which would look like an error of ours.
        Ok(factory) if !factory.contains('\0') => Ok(Cow::Borrowed(factory)),
        _ => Err(Reason::no_factory(format!(
            "\"{}\" is not a factory's id",
            domain::validate::excerpt(&String::from_utf8_lossy(named))
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"timestamp":"2026-01-05T08:00:00Z","entityType":"WORKER","entityId":"W1","eventType":"WORKING","durationMinutes":5}"#;

    /// For each event: what names it, or nothing where it is refused.
    fn ids(payload: &str) -> Vec<Option<String>> {
        let items = read(payload.as_bytes()).expect("events");
        items.into_iter().map(|item| item.event.ok().map(|event| event.entity_id)).collect()
    }

    fn named(id: &str) -> String {
        EVENT.replace("\"W1\"", id)
    }

    #[test]
    fn a_message_is_an_event_or_a_list_or_lines() {
        let (one, two) = (named("\"W1\""), named("\"W2\""));
        let both = [Some("W1".to_owned()), Some("W2".to_owned())];
        assert_eq!(ids(&one), both[..1]);
        assert_eq!(ids(&one.replace(',', ",\n  ")), both[..1], "over several lines");
        assert_eq!(ids(&format!(" [{one},\n {two}] ")), both);
        assert_eq!(ids(&format!("{one}\r\n\n{two}\n")), both);
    }

    #[test]
    fn an_event_that_cannot_be_read_spoils_no_other() {
        for bad in ["17", "[]", "{\"entityId\":\"W2\"}", &EVENT.replace("WORKER", "ROBOT")] {
            assert_eq!(ids(&format!("[{EVENT},{bad}]")), [Some("W1".to_owned()), None], "{bad}");
            assert_eq!(ids(&format!("{EVENT}\n{bad}")), [Some("W1".to_owned()), None], "{bad}");
        }
        assert_eq!(ids(&format!("{{ half an ev\n{EVENT}")), [None, Some("W1".to_owned())]);
    }

    #[test]
    fn a_field_that_is_unknown_or_named_twice_is_refused_as_by_graphql() {
        assert_eq!(ids(&EVENT.replace("{\"t", "{\"note\":1,\"t")), [None]);
        assert_eq!(ids(&EVENT.replace("{\"t", "{\"entityId\":\"W9\",\"t")), [None]);
        assert_eq!(ids(&EVENT.replace("\"W1\"", "1.5")), [None]);
    }

    #[test]
    fn an_id_may_be_a_whole_number_as_in_graphql() {
        assert_eq!(ids(&named("17")), [Some("17".to_owned())]);
        assert_eq!(ids(&named("17").replace("{\"t", "{\"note\":1,\"t")), [None], "and nothing else changes");
    }

    #[test]
    fn a_message_without_events_to_tell_apart_is_refused_as_a_whole() {
        for payload in [&b""[..], b" \n", b"[]", b"[{]", b"\xff\xfe"] {
            assert_eq!(read(payload).expect_err("no events").code, "UNREADABLE");
        }
        assert_eq!(read(b"hello").expect("a line").len(), 1);
    }

    #[test]
    fn a_message_too_large_is_refused_as_a_whole() {
        let many = format!("[{}]", vec!["1"; MAX_MESSAGE_EVENTS + 1].join(","));
        assert_eq!(read(many.as_bytes()).expect_err("too many").code, "LIMIT_EXCEEDED");
        let long = vec![b' '; MAX_MESSAGE_BYTES + 1];
        assert_eq!(read(&long).expect_err("too long").code, "LIMIT_EXCEEDED");
    }

    #[test]
    fn a_factory_is_named_by_text() {
        assert_eq!(factory(Some(b"plant")).expect("a factory"), "plant");
        for named in [None, Some(&b""[..]), Some(b"pl\0ant"), Some(b"\xff")] {
            assert_eq!(factory(named).expect_err("no factory").code, "NO_FACTORY");
        }
    }
}
