use proptest::prelude::*;

use super::message::{MessageFault, split};
use super::*;

const PLAIN: &str = r#"{"timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKER", "entityId": "W1", "eventType": "WORKING", "durationMinutes": 60}"#;

fn with(member: &str) -> String {
    format!("{}, {member}}}", PLAIN.trim_end_matches('}'))
}

fn without(name: &str) -> String {
    let members = PLAIN.trim_matches(['{', '}']).split(", ");
    let kept: Vec<_> = members.filter(|member| !member.contains(&format!("\"{name}\""))).collect();
    format!("{{{}}}", kept.join(", "))
}

#[track_caller]
fn accepts(event: &str) -> RawEvent {
    check(event.as_bytes()).unwrap_or_else(|fault| panic!("{event}: {fault}"));
    read(event.as_bytes()).unwrap_or_else(|fault| panic!("{event}: {fault}"))
}

#[track_caller]
fn refuses(event: &str, expected: &str) {
    let said = check(event.as_bytes()).expect_err(event).to_string();
    assert!(said.contains(expected), "{event}: {said}");
    assert_eq!(read(event.as_bytes()).expect_err(event).to_string(), said);
}

#[test]
fn a_whole_number_may_be_written_with_a_fraction_of_zero_or_an_exponent() {
    for (written, meant) in
        [("10", 10), ("10.0", 10), ("1e1", 10), ("-0.0", 0), ("2147483648", 2_147_483_648)]
    {
        let units = accepts(&with(&format!("\"unitsProduced\": {written}"))).units_produced;
        assert_eq!(units, meant, "{written}");
    }
    refuses(
        &with("\"unitsProduced\": 10.5"),
        "unitsProduced must be a whole number from 0 to 1000000, or left out, but is 10.5",
    );
    refuses(&with("\"unitsProduced\": 1e300"), "unitsProduced must be a whole number");
}

#[test]
fn an_id_may_be_a_whole_number_and_is_then_its_text() {
    let event = accepts(&with(r#""eventId": 12.0, "sourceId": -9223372036854775808"#));
    assert_eq!(event.event_id.as_deref(), Some("12"));
    assert_eq!(event.source_id.as_deref(), Some("-9223372036854775808"));
    refuses(&with(r#""eventId": 1.5"#), "eventId must be text of 1 to 64 characters, a whole number");
    refuses(&with(r#""eventId": 9223372036854775808"#), "eventId must be text");
}

#[test]
fn null_is_fine_where_a_value_is_optional() {
    for name in ["holdMinutes", "confidence", "modelVersion", "eventId", "sourceId", "workstationId"] {
        accepts(&with(&format!("\"{name}\": null")));
    }
    refuses(&with(r#""unitsProduced": null"#), "unitsProduced must be a whole number");
}

#[test]
fn an_event_without_a_duration_is_a_state_report_whether_it_is_null_or_left_out() {
    for event in [without("durationMinutes"), PLAIN.replace("60", "null")] {
        let report = accepts(&event);
        assert_eq!((report.duration_minutes, report.hold_minutes), (None, None), "{event}");
        assert_eq!(check(event.as_bytes()).expect("an event").duration_minutes.to_bits(), 0, "{event}");
    }
    assert_eq!(accepts(PLAIN).duration_minutes, Some(60.0));
}

#[test]
fn a_hold_is_a_whole_number_however_it_is_written() {
    let report = without("durationMinutes");
    let with_hold = |hold: &str| format!("{}, \"holdMinutes\": {hold}}}", report.trim_end_matches('}'));
    for (written, meant) in [("15", 15), ("15.0", 15), ("1e1", 10), ("0", 0), ("-3", -3), ("1441", 1_441)] {
        assert_eq!(accepts(&with_hold(written)).hold_minutes, Some(meant), "{written}");
    }
    assert_eq!(accepts(&with_hold("null")).hold_minutes, None);
    for other in ["1.5", "\"15\"", "true", "1e300"] {
        let said =
            format!("holdMinutes must be a whole number from 1 to 1440, null or left out, but is {other}");
        refuses(&with_hold(other), &said);
    }
}

#[test]
fn values_out_of_range_are_left_to_the_rules() {
    accepts(&with(r#""unitsProduced": -5"#));
    accepts(&with(r#""confidence": 17.5e3"#));
    accepts(&PLAIN.replace("60", "-0.0"));
    accepts(&PLAIN.replace("2026-01-05T08:00:00Z", "yesterday"));
    accepts(&PLAIN.replace("W1", ""));
}

#[test]
fn a_value_of_a_wrong_type_is_named_with_what_is_allowed() {
    let duration = "durationMinutes must be a number from 0 to 1440, null or left out, but is";
    refuses(&PLAIN.replace("60", "1e309"), &format!("{duration} 1e309"));
    refuses(&PLAIN.replace("60", "\"60\""), &format!("{duration} \"60\""));
    refuses(&PLAIN.replace("60", "true"), "but is true");
    refuses(
        &PLAIN.replace("WORKING", "BREAK"),
        "eventType must be one of WORKING, IDLE, ABSENT, but is \"BREAK\"",
    );
    refuses(&PLAIN.replace("\"WORKER\"", "1"), "entityType must be one of WORKER, WORKSTATION");
    refuses(&PLAIN.replace("\"W1\"", "[\"W1\"]"), "entityId must be text");
    refuses(&PLAIN.replace("W1", "\\ud800"), "entityId must be text");
    refuses(&with(r#""colour": "red""#), "colour is not a field of an event; the fields are timestamp,");
    refuses(&with(r#""entityId": "W2""#), "entityId is given twice");
}

#[test]
fn what_is_no_json_is_named_with_the_field_that_it_stands_in() {
    for number in ["NaN", "Infinity", "-Infinity", "01", "nul"] {
        refuses(
            &PLAIN.replace("60", number),
            &format!("durationMinutes must be a number from 0 to 1440, null or left out, but is {number}"),
        );
    }
    let fault = check(PLAIN.replace("60", "NaN").as_bytes()).expect_err("a fault");
    assert_eq!((fault.field(), fault.sent()), (Some("durationMinutes"), Some("NaN")));
    assert_eq!(fault.allowed(), "a number from 0 to 1440, null or left out");
}

#[test]
fn a_required_field_that_is_missing_is_named() {
    for name in ["timestamp", "entityType", "entityId", "eventType"] {
        refuses(&without(name), &format!("{name} is missing"));
    }
}

#[test]
fn what_is_not_one_json_object_says_where() {
    refuses("[1, 2]", "an event must be one JSON object: invalid type: sequence, expected a JSON object");
    refuses("{\"timestamp\": }", "expected value at column 15");
    refuses(&format!("{PLAIN} {PLAIN}"), "trailing characters");
    assert_eq!(check(b"{\"timestamp\": \"\xff\"}"), Err(EventFault::NotUtf8));
}

#[test]
fn utf_16_is_named_with_the_way_out() {
    let units: Vec<u16> = PLAIN.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    for bytes in
        [&little, &big, &[b"\xff\xfe", little.as_slice()].concat(), &[b"\xfe\xff", big.as_slice()].concat()]
    {
        let said = check(bytes).expect_err("a fault").to_string();
        assert!(
            said.contains("UTF-16") && said.contains("PowerShell") && said.contains("-Encoding utf8"),
            "{said}"
        );
        assert_eq!(split(bytes), Err(MessageFault::Utf16));
    }
}

/// The events of a message as texts.
fn texts(message: &str) -> Vec<&str> {
    let events = split(message.as_bytes()).unwrap_or_else(|fault| panic!("{message}: {fault}"));
    events.into_iter().map(|event| str::from_utf8(event).expect("text")).collect()
}

#[test]
fn a_message_is_an_object_an_array_or_one_after_another() {
    let pretty = PLAIN.replace(", ", ",\n  ");
    assert_eq!(texts(PLAIN), [PLAIN]);
    assert_eq!(texts(&format!("\u{feff} {pretty}\n")), [&pretty]);
    assert_eq!(texts(&format!("[{PLAIN}, {PLAIN}\n]")), [PLAIN; 2]);
    assert_eq!(texts(&format!("{PLAIN}\r\n\n{PLAIN}\n{PLAIN}")), [PLAIN; 3]);
    assert_eq!(texts("[]"), [""; 0]);
    assert_eq!(split(b" \n"), Err(MessageFault::Blank));
}

#[test]
fn a_broken_event_of_a_message_leaves_the_others_as_they_are() {
    let pretty = PLAIN.replace(", ", ",\n  ");
    for broken in ["NaN", "{\"a\": NaN}", "{\"a\": [1, nul], \"b\": \"},{\"}", "1 2"] {
        assert_eq!(texts(&format!("[{PLAIN}, {broken},{pretty}]")), [PLAIN, broken, &pretty], "{broken}");
    }
    for broken in ["NaN", "{\"a\": NaN}", "{ half an ev", "{\"a\": \"half", "]", "{\"a\": ]}"] {
        assert_eq!(texts(&format!("{PLAIN}\n{broken}\r\n{pretty}\n")), [PLAIN, broken, &pretty], "{broken}");
    }
    for unclear in ["[{]", "[1", "[1]]", "[{\"a\": \"half}, 2]", "[1] 2"] {
        assert!(matches!(split(unclear.as_bytes()), Err(MessageFault::BrokenArray(_))), "{unclear}");
    }
}

#[test]
fn the_place_of_a_byte_is_told_by_names_and_indexes() {
    let json = r#"{"a\"b": 1, "variables": {"events": [{"x": "[{"}, {"durationMinutes": NaN}]}}"#;
    let steps = steps_to(json, json.find("NaN").expect("there"));
    let field = |name: &str| Step::Field(name.to_owned());
    assert_eq!(steps, [field("variables"), field("events"), Step::Index(1), field("durationMinutes")]);
    assert_eq!(steps_to(json, json.len()), []);
    let error = serde_json::from_str::<Value>(json).expect_err("no JSON");
    let (path, index, fault) = broken_event(json, &error).expect("an event");
    assert_eq!(
        (path.as_str(), index, fault.field(), fault.sent()),
        ("variables.events", 1, Some("durationMinutes"), Some("NaN"))
    );
}

proptest! {
    #[test]
    fn no_bytes_whatever_upset_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        assert_eq!(check(&bytes).err(), read(&bytes).err());
        split(&bytes).ok();
    }

    #[test]
    fn no_text_whatever_upsets_the_reader(text in r#"[{}\[\]",:a-z0-9\\.eE+\n-]{0,60}"#) {
        assert_eq!(check(text.as_bytes()).is_ok(), read(text.as_bytes()).is_ok());
        split(text.as_bytes()).ok();
    }

    #[test]
    fn what_is_accepted_is_read_and_nothing_else(
        field in prop::sample::select(FIELDS.map(|field| field.name).to_vec()),
        value in r#"null|true|"[a-z0-9\\]{0,3}"|-?[0-9]{1,20}(\.[0-9]{1,2})?([eE]-?[0-9]{1,3})?|[{}\[\]",:a-z0-9\\.-]{1,6}"#,
    ) {
        let event = format!("{}, \"{field}\": {value}}}", without(field).trim_end_matches('}'));
        assert_eq!(check(event.as_bytes()).is_ok(), read(event.as_bytes()).is_ok(), "{event}");
    }

    #[test]
    fn an_array_that_is_cut_anywhere_is_refused_as_a_whole(cut in 1_usize..250) {
        let message = format!("[{PLAIN},{PLAIN}]");
        prop_assume!(cut < message.len());
        prop_assert!(split(&message.as_bytes()[..cut]).is_err());
    }

    #[test]
    fn whole_events_are_found_whatever_stands_between_them(broken in r#"[^\n\[\]{}"]{0,40}"#) {
        prop_assume!(!broken.trim().is_empty());
        let message = format!("{PLAIN}\n{broken}\n{PLAIN}");
        let found = split(message.as_bytes()).expect("events");
        prop_assert_eq!(found.iter().filter(|event| **event == PLAIN.as_bytes()).count(), 2);
    }
}
