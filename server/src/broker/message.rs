//! A broker's message as text, and the events in it.
//!
//! The events are read as strictly as GraphQL reads `EventInput`, and one that cannot be read spoils no other.

use std::borrow::Cow;

use domain::{
    event::RawEvent,
    event_text::{self, message::split},
};

use super::intake::Reason;
use crate::{http::MAX_BODY_BYTES, ingest::MAX_BATCH_EVENTS};

/// The largest message, in bytes: as large as a request.
pub(super) const MAX_MESSAGE_BYTES: usize = MAX_BODY_BYTES;
/// The most events of one message: as many as in a request.
const MAX_MESSAGE_EVENTS: usize = MAX_BATCH_EVENTS;

/// One event of a message, as sent.
#[derive(Debug)]
pub(super) struct Item<'a> {
    /// Its text, for the dead letters.
    pub(super) text: &'a [u8],
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
    let texts =
        split(payload).map_err(|fault| Reason::unreadable(format!("the message cannot be read: {fault}")))?;
    if texts.is_empty() {
        return Err(Reason::unreadable("the list has no event".to_owned()));
    }
    if texts.len() > MAX_MESSAGE_EVENTS {
        return Err(Reason::limit_exceeded(format!(
            "a message has at most {MAX_MESSAGE_EVENTS} events, this one has {}; send it in parts",
            texts.len()
        )));
    }
    let event = |text| event_text::read(text).map_err(|fault| Reason::unreadable(fault.to_string()));
    Ok(texts.into_iter().map(|text| Item { text, event: event(text) }).collect())
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
        let units = EVENT.replace("\"durationMinutes\":5", "\"durationMinutes\":5,\"unitsProduced\":10.5");
        let not_json = EVENT.replace(":5}", ":NaN}");
        for bad in ["17", "[]", "{\"entityId\":\"W2\"}", &EVENT.replace("WORKER", "ROBOT"), &units, &not_json]
        {
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
    fn a_whole_number_may_have_a_fraction_of_zero_and_what_is_none_is_named() {
        let units = |units: &str| EVENT.replace(":5}", &format!(":5,\"unitsProduced\":{units}}}"));
        for written in ["10", "10.0", "1e1"] {
            let message = units(written);
            let mut items = read(message.as_bytes()).expect("an event");
            assert_eq!(items.remove(0).event.expect("an event").units_produced, 10, "{written}");
        }
        let message = units("10.5");
        let reason = read(message.as_bytes()).expect("one").remove(0).event.expect_err("a refusal");
        assert_eq!(
            reason.message,
            "unitsProduced must be a whole number from 0 to 1000000, or left out, but is 10.5"
        );
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
