//! Events as tests send them: a worker works on 2026-01-05, in UTC, and finishes one unit.

use domain::event::{EntityType, EventType, RawEvent};
use serde_json::{Value, json};

/// A second of the day, as an event says when it began.
pub(crate) fn at_second(second: usize) -> String {
    format!("2026-01-05T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

/// Work of so many minutes.
pub(crate) fn work(worker: &str, timestamp: &str, minutes: f64) -> RawEvent {
    RawEvent {
        timestamp: timestamp.to_owned(),
        entity_type: EntityType::Worker,
        entity_id: worker.to_owned(),
        event_type: EventType::Working,
        duration_minutes: Some(minutes),
        hold_minutes: None,
        units_produced: 1,
        confidence: None,
        model_version: None,
        event_id: None,
        source_id: None,
        workstation_id: None,
    }
}

/// Work of one minute of the day, as JSON.
pub(crate) fn minute_of_work(worker: &str, minute: usize) -> Value {
    json!(work(worker, &at_second(minute * 60), 1.0))
}

/// An event, or another object, with these fields changed.
pub(crate) fn with(mut object: Value, changes: &Value) -> Value {
    for (field, value) in changes.as_object().expect("fields") {
        object[field] = value.clone();
    }
    object
}
