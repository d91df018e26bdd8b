use std::fmt::Write as _;

use domain::event::RawEvent;

use super::{
    super::super::memory::request_memory,
    value::MAX_VALUES,
    variables::{Batches, Text, Unreadable, read_as},
    *,
};
use crate::{error::ErrorCode, ingest::MAX_BATCH_EVENTS};

const EVENT: &str = r#""timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKER", "entityId": "W1", "eventType": "IDLE", "durationMinutes": 1"#;

/// Reads variables of which `a`, `b` and `events` hold batches and `undeclared` is not declared.
fn read(variables: &str, batches: Batches) -> Result<SentVariables<'_>, Unreadable> {
    let is_declared = |name: &str| name != "undeclared";
    let is_batch = |name: &str| ["a", "b", "events"].contains(&name);
    read_as(variables, batches, (&is_declared, &is_batch), 0, &request_memory()).map(|(read, _)| read)
}

/// The batch that the only variable of this value holds; none when it is not read at once.
fn batch(value: &str) -> Option<Vec<RawEvent>> {
    let variables = format!(r#"{{"events": {value}}}"#);
    let batch = read(&variables, Batches::AtOnce).ok()?.batches.remove("events").expect("the only variable");
    Some(batch.into_iter().map(owned).collect())
}

/// The code of the refusal of variables.
fn refusal(variables: &str, batches: Batches) -> ErrorCode {
    match read(variables, batches) {
        Err(Unreadable::Refused(error)) => error.code,
        Err(Unreadable::Json(error)) => panic!("{error}"),
        Ok(_) => panic!("it was read"),
    }
}

fn owned(event: RawEvent<Text<'_>>) -> RawEvent {
    RawEvent {
        timestamp: event.timestamp.into(),
        entity_type: event.entity_type,
        entity_id: event.entity_id.into(),
        event_type: event.event_type,
        duration_minutes: event.duration_minutes,
        hold_minutes: event.hold_minutes,
        units_produced: event.units_produced,
        confidence: event.confidence,
        model_version: event.model_version.map(Into::into),
        event_id: event.event_id.map(Into::into),
        source_id: event.source_id.map(Into::into),
        workstation_id: event.workstation_id.map(Into::into),
    }
}

/// The event of the constant and these fields; none when it is not read at once.
fn event_with(fields: &str) -> Option<RawEvent> {
    batch(&format!("[{{{EVENT}, {fields}}}]"))?.pop()
}

#[test]
fn a_batch_is_read_at_once() {
    let batch = batch(&format!("[{{{EVENT}}}, {{{EVENT}}}]")).expect("a batch");
    let expected = RawEvent {
        timestamp: "2026-01-05T08:00:00Z".to_owned(),
        entity_type: domain::event::EntityType::Worker,
        entity_id: "W1".to_owned(),
        event_type: domain::event::EventType::Idle,
        duration_minutes: Some(1.0),
        hold_minutes: None,
        units_produced: 0,
        confidence: None,
        model_version: None,
        event_id: None,
        source_id: None,
        workstation_id: None,
    };
    assert_eq!(batch, [expected.clone(), expected]);
}

#[test]
fn null_is_a_field_that_is_left_out_where_it_may_be() {
    let fields = r#""holdMinutes": null, "confidence": null, "modelVersion": null, "eventId": null, "sourceId": null, "workstationId": null"#;
    assert_eq!(event_with(fields), batch(&format!("[{{{EVENT}}}]")).expect("a batch").pop());
    assert_eq!(event_with(r#""unitsProduced": null"#), None);
}

#[test]
fn an_event_without_a_duration_is_a_state_report_and_may_say_how_long_it_holds() {
    for duration in ["", r#", "durationMinutes": null"#] {
        let event = EVENT.replace(r#", "durationMinutes": 1"#, duration);
        for (hold, meant) in
            [("", None), (r#", "holdMinutes": 90"#, Some(90)), (r#", "holdMinutes": 1e1"#, Some(10))]
        {
            let read =
                batch(&format!("[{{{event}{hold}}}]")).and_then(|mut batch| batch.pop()).expect("an event");
            assert_eq!((read.duration_minutes, read.hold_minutes), (None, meant), "{event}{hold}");
        }
    }
    for hold in ["1.5", r#""60""#, "true"] {
        assert_eq!(event_with(&format!(r#""holdMinutes": {hold}"#)), None, "{hold}");
    }
}

#[test]
fn numbers_may_be_written_in_every_way_that_their_type_allows() {
    for (written, meant) in [
        ("1", 1.0),
        ("1e2", 100.0),
        ("1E+2", 100.0),
        ("-0.0", -0.0),
        ("-0", -0.0),
        ("18446744073709551616", 1.844_674_407_370_955_2e19),
    ] {
        let read = event_with(&format!(r#""confidence": {written}"#)).and_then(|event| event.confidence);
        assert_eq!(read.map(f64::to_bits), Some(f64::to_bits(meant)), "{written}");
    }
    for (written, meant) in [("9223372036854775807", i64::MAX), ("-9223372036854775808", i64::MIN)] {
        let read = event_with(&format!(r#""unitsProduced": {written}"#)).map(|event| event.units_produced);
        assert_eq!(read, Some(meant));
    }
    for (written, meant) in [("10.0", 10), ("1e1", 10), ("-0", 0), ("-0.0", 0)] {
        let read = event_with(&format!(r#""unitsProduced": {written}"#)).map(|event| event.units_produced);
        assert_eq!(read, Some(meant), "{written}");
    }
    for written in ["1.5", "1e-1", "9223372036854775808", "1e400", "01", "NaN"] {
        assert_eq!(event_with(&format!(r#""unitsProduced": {written}"#)), None, "{written}");
    }
    assert_eq!(event_with(r#""confidence": 1e400"#), None);
}

#[test]
fn texts_may_have_escapes() {
    let event = event_with(r#""modelVersion": "\u0041\n\"\ud83d\ude00é""#).expect("an event");
    assert_eq!(event.model_version.as_deref(), Some("A\n\"\u{1f600}é"));
    assert_eq!(event_with(r#""modelVersion": "\ud83d""#), None, "half of a character");
    let name = EVENT.replace("WORKER", r"W\u004fRKER").replace("timestamp", r"t\u0069mestamp");
    assert_eq!(batch(&format!("[{{{name}}}]")), batch(&format!("[{{{EVENT}}}]")));
}

#[test]
fn every_oddity_is_left_to_the_ordinary_way() {
    for fields in [
        r#""unknown": 1"#,
        r#""entityId": "W1""#,
        r#""event_id": "1""#,
        r#""eventId": 1"#,
        r#""eventId": true"#,
        r#""confidence": "1""#,
        r#""confidence": [1]"#,
    ] {
        assert_eq!(event_with(fields), None, "{fields}");
    }
    for (from, to) in [
        (r#""WORKER""#, r#""worker""#),
        (r#""WORKER""#, r#"{"WORKER": null}"#),
        (r#""WORKER""#, "0"),
        (r#""W1""#, "null"),
        (r#", "eventType": "IDLE""#, ""),
    ] {
        let event = EVENT.replace(from, to);
        assert_ne!(event, EVENT);
        assert_eq!(batch(&format!("[{{{event}}}]")), None, "{event}");
    }
    let as_list =
        r#"["2026-01-05T08:00:00Z", "WORKER", "W1", "IDLE", 1, null, 0, null, null, null, null, null]"#;
    for value in [r"[null]", "[1]", "[[]]", &format!("[{as_list}]"), "1.5", &format!("[{{{EVENT}}}, 1]")] {
        assert_eq!(batch(value), None, "{value}");
    }
}

#[test]
fn variables_that_are_no_batches_are_read_beside_them_and_undeclared_ones_are_not_read() {
    let variables = format!(
        r#"{{"a": [{{{EVENT}}}], "id": "plant", "none": null, "is": true, "up": 1, "down": -1, "undeclared": [1e400],
            "object": {{"list": [1.5]}}, "b": []}}"#
    );
    let read = read(&variables, Batches::AtOnce).expect("variables");
    let others = serde_json::to_value(&read.others).expect("JSON");
    let expected = serde_json::json!({
        "id": "plant", "none": null, "is": true, "up": 1, "down": -1, "object": { "list": [1.5] }
    });
    assert_eq!(others, expected);
    assert_eq!(read.values, 8, "the object's list and the number in it count, too");
    let mut sizes: Vec<_> = read.batches.iter().map(|(name, batch)| (name.as_str(), batch.len())).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [("a", 1), ("b", 0)]);
}

#[test]
fn the_last_of_several_values_counts_and_of_several_batches_none_is_read_at_once() {
    let twice = r#"{"id": 1, "id": 2, "a": [], "a": []}"#;
    assert!(matches!(read(twice, Batches::AtOnce), Err(Unreadable::Json(_))));
    let read = read(twice, Batches::AsValues).expect("values");
    assert_eq!(serde_json::to_value(&read.others).expect("JSON"), serde_json::json!({ "id": 2, "a": [] }));
}

#[test]
fn values_are_counted_and_too_many_are_refused() {
    let list = |values: usize| format!(r#"{{"ids": [{}0]}}"#, "0,".repeat(values - 2));
    assert_eq!(read(&list(MAX_VALUES), Batches::AtOnce).expect("values").values, MAX_VALUES);
    assert_eq!(refusal(&list(MAX_VALUES + 1), Batches::AtOnce), ErrorCode::LimitExceeded);
    assert_eq!(refusal(&list(40 * MAX_VALUES), Batches::AtOnce), ErrorCode::LimitExceeded);
    assert_eq!(refusal(&list(MAX_VALUES + 1), Batches::AsValues), ErrorCode::LimitExceeded);
}

#[test]
fn a_batch_has_no_more_events_than_one_may_and_as_values_no_more_than_these_have() {
    let event = format!("{{{EVENT}}},");
    let events = |count: usize| {
        let mut list = event.repeat(count);
        list.pop();
        format!(r#"{{"events": [{list}]}}"#)
    };
    let most = events(MAX_BATCH_EVENTS);
    assert_eq!(read(&most, Batches::AtOnce).expect("a batch").batches["events"].len(), MAX_BATCH_EVENTS);
    assert!(read(&most, Batches::AsValues).is_ok(), "more values than anything else may have");
    assert_eq!(refusal(&events(MAX_BATCH_EVENTS + 1), Batches::AtOnce), ErrorCode::LimitExceeded);
    let mut wide = String::from("{\"events\": [");
    (0..200_000).for_each(|_| write!(wide, "0,").expect("a string takes all"));
    assert_eq!(refusal(&(wide + "0]}"), Batches::AsValues), ErrorCode::LimitExceeded);
}

#[test]
fn a_request_is_one_object_with_a_query() {
    let body = r#"{"variables": {"a": 1}, "operationName": "Two", "extra": [], "extensions": null, "query": "query"}"#;
    let sent = Sent::read(body.as_bytes(), "the body").expect("a request");
    assert_eq!(sent.document, SentDocument::Text("query".into()));
    assert_eq!(sent.operation_name.as_deref(), Some("Two"));
    assert_eq!(sent.variables.as_deref(), Some(r#"{"a": 1}"#));
    for body in [
        &br#"{"variables": {}}"#[..],
        br#"{"query": "", "query": ""}"#,
        br#"{"query": "", "variables": []}"#,
        br#"{"query": "", "extensions": []}"#,
        br#"["", null, {}, null]"#,
        br#"{"query": ""} {}"#,
        b"{\"query\": \"\xff\"}",
        b"",
    ] {
        let error = Sent::read(body, "the body").err().expect("a refusal");
        assert_eq!(error.code, ErrorCode::BadUserInput, "{}", String::from_utf8_lossy(body));
    }
}
