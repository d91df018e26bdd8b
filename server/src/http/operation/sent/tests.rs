use super::*;

const EVENT: &str = r#""timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKER", "entityId": "W1", "eventType": "IDLE", "durationMinutes": 1"#;

/// The batch of a request whose only variable has this value; none when it is not read at once.
fn batch(value: &str) -> Option<Vec<RawEvent>> {
    let body = format!(r#"{{"query": "", "variables": {{"events": {value}}}}}"#);
    let mut sent = Sent::read(body.as_bytes())?;
    let batch = sent.variables.batches.remove("events").expect("the only variable");
    Some(batch.into_iter().map(owned).collect())
}

fn owned(event: RawEvent<Text<'_>>) -> RawEvent {
    RawEvent {
        timestamp: event.timestamp.into(),
        entity_type: event.entity_type,
        entity_id: event.entity_id.into(),
        event_type: event.event_type,
        duration_minutes: event.duration_minutes,
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
        duration_minutes: 1.0,
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
    let fields = r#""confidence": null, "modelVersion": null, "eventId": null, "sourceId": null, "workstationId": null"#;
    assert_eq!(event_with(fields), batch(&format!("[{{{EVENT}}}]")).expect("a batch").pop());
    assert_eq!(event_with(r#""unitsProduced": null"#), None);
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
    for written in ["1.0", "1e2", "-0", "9223372036854775808", "1e400", "01", "NaN"] {
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
        (r#", "durationMinutes": 1"#, ""),
    ] {
        let event = EVENT.replace(from, to);
        assert_ne!(event, EVENT);
        assert_eq!(batch(&format!("[{{{event}}}]")), None, "{event}");
    }
    let as_list = r#"["2026-01-05T08:00:00Z", "WORKER", "W1", "IDLE", 1, 0, null, null, null, null, null]"#;
    for value in [r"[null]", "[1]", "[[]]", &format!("[{as_list}]"), "1.5", &format!("[{{{EVENT}}}, 1]")] {
        assert_eq!(batch(value), None, "{value}");
    }
}

#[test]
fn variables_that_are_no_lists_are_read_beside_the_batches() {
    let body = format!(
        r#"{{"variables": {{"a": [{{{EVENT}}}], "id": "plant", "none": null, "is": true, "up": 1, "down": -1,
            "object": {{"list": [1.5]}}, "b": []}}, "operationName": "Two", "extra": [], "extensions": null, "query": "query"}}"#
    );
    let sent = Sent::read(body.as_bytes()).expect("a request");
    assert_eq!((&*sent.query, sent.operation_name.as_deref()), ("query", Some("Two")));
    let others = serde_json::to_value(&sent.variables.others).expect("JSON");
    let expected = serde_json::json!({
        "id": "plant", "none": null, "is": true, "up": 1, "down": -1, "object": { "list": [1.5] }
    });
    assert_eq!(others, expected);
    let mut sizes: Vec<_> =
        sent.variables.batches.iter().map(|(name, batch)| (name.as_str(), batch.len())).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [("a", 1), ("b", 0)]);
    assert!(Sent::read(br#"{"query": ""}"#).is_some_and(|sent| sent.variables.batches.is_empty()));
}

#[test]
fn a_request_that_is_odd_is_left_to_the_ordinary_way() {
    for body in [
        r#"{"variables": {}}"#,
        r#"{"query": "", "query": ""}"#,
        r#"{"query": "", "variables": []}"#,
        r#"{"query": "", "variables": {"a": [], "a": []}}"#,
        r#"{"query": "", "variables": {"a": [], "a": 1}}"#,
        r#"{"query": "", "variables": {"a": 1, "a": []}}"#,
        r#"{"query": "", "extensions": []}"#,
        r#"["", null, {}, null]"#,
        r#"{"query": ""} {}"#,
        "",
    ] {
        assert!(Sent::read(body.as_bytes()).is_none(), "{body}");
    }
    assert!(Sent::read(b"{\"query\": \"\xff\"}").is_none());
}
