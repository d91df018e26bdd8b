//! Checks which values are accepted.

use domain::MS_PER_MINUTE;
use domain::event::{EntityType, EventType, RawEvent};
use domain::time::DurationMs;
use domain::validate::validate;

use crate::calendar::instant_ms;
use crate::example::Table;

/// Judges a valid event with one field changed, row by row.
pub(crate) fn check(table: &Table) {
    for row in table.rows() {
        let sent = table.sent(row, "sent").expect("a value is sent");
        let event = with(table.text(row, "field"), sent, table.cell(row, "form") == Some("STATE"));
        let judged = match validate(event, instant_ms("2026-01-05T12:00:00Z"), DurationMs(10 * MS_PER_MINUTE))
        {
            Ok(_) => "accepted".to_owned(),
            Err(rejection) => screaming(&format!("{:?}", rejection.code)),
        };
        assert_eq!(judged, table.text(row, "judged"), "line {} of the page", table.line(row));
    }
}

fn with(field: &str, sent: &str, is_state_report: bool) -> RawEvent {
    let mut event = RawEvent {
        timestamp: "2026-01-05T08:00:00Z".to_owned(),
        entity_type: EntityType::Worker,
        entity_id: "W1".to_owned(),
        event_type: EventType::Working,
        duration_minutes: (!is_state_report).then_some(60.0),
        hold_minutes: None,
        units_produced: 0,
        confidence: None,
        model_version: None,
        event_id: None,
        source_id: None,
        workstation_id: None,
    };
    match field {
        "timestamp" => sent.clone_into(&mut event.timestamp),
        "entityId" => sent.clone_into(&mut event.entity_id),
        "durationMinutes" => {
            event.duration_minutes = (sent != "null").then(|| sent.parse().expect("a number"));
        }
        "holdMinutes" => event.hold_minutes = Some(sent.parse().expect("a whole number")),
        "unitsProduced" => event.units_produced = sent.parse().expect("a whole number"),
        "confidence" => event.confidence = Some(sent.parse().expect("a number")),
        "eventId" => event.event_id = Some(sent.to_owned()),
        _ => panic!("{field} is not a field that this test can change"),
    }
    event
}

/// `TimestampInvalid` as the API writes it.
fn screaming(name: &str) -> String {
    let mut written = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !written.is_empty() {
            written.push('_');
        }
        written.push(letter.to_ascii_uppercase());
    }
    written
}
