//! Rules on which events count, and retracting a single event.

use super::quantity::Quantity;
use super::{entity, events, isolated};
use crate::lean::letter_case::lower;
use crate::lean::zone::Zone;
use crate::model::SeenEvent;
use domain::timeline::Standing;

pub(crate) const ADD: &str = "Add a rule";
pub(crate) const RULE: &str = "Rule on which events count";
pub(crate) const RETRACT: &str = "Retract an event";
pub(crate) const NOTE: &str = "A rule is about events that are stored and about those that are yet to come. Reports stay as they came; \
     only whether they count changes.";
pub(crate) const STANDING: &str = "What the rule says";
pub(crate) const SOURCE: &str = "Source (empty: all)";
pub(crate) const VERSIONS: &str = "Model versions";
pub(crate) const ALL_VERSIONS: &str = "All";
pub(crate) const ONE_VERSION: &str = "One";
pub(crate) const NO_VERSION: &str = "Events without one";
pub(crate) const VERSION: &str = "Model version";
pub(crate) const FROM: &str = "Starting from (empty: always)";
pub(crate) const TO: &str = "Until (empty: no end)";
pub(crate) const CHECK: &str = "Check before saving";
pub(crate) const CONFIRM: &str = "This will be decided";
pub(crate) const SAVE: &str = "Save decision";
pub(crate) const BACK: &str = "Change it";
pub(crate) const FOR_ALL: &str = "The figures change for everybody. It can be withdrawn later.";
pub(crate) const COUNTING: &str = "Counting the stored events that it is about…";

pub(crate) const RETRACT_NOTE: &str =
    "One event that is wrong stops counting, with all that other model versions and sources say of the same.";
pub(crate) const OF: &str = "Of";
pub(crate) const ID: &str = "Id";
pub(crate) const EVENT: &str = "Events that start in this span";
pub(crate) const NO_EVENTS: &str = "No event starts in this span.";
pub(crate) const MORE_EVENTS: &str = "There are more; choose a shorter span.";
pub(crate) const CHOOSE_ID: &str = "Enter whose event it is and when it started.";

/// What a rule can say of events.
pub(crate) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Serving => "They count",
        Standing::Shadow => "They are kept for comparison and do not count",
        Standing::Quarantined => "They are not trusted and do not count",
    }
}

/// How many events a rule is about, of those of a span.
pub(crate) fn affected(events: i64, span: &str) -> String {
    let count = Quantity::Count.text(Some(events as f64));
    match events {
        0 => format!("No stored event of this time matches: {span}."),
        1 => format!("1 stored event of this time matches: {span}."),
        _ => format!("{count} stored events of this time match: {span}."),
    }
}

/// Events that a count by sources leaves out.
pub(crate) fn unnamed(events: i64) -> String {
    let count = Quantity::Count.text(Some(events as f64));
    format!("Of {count} more, which name no source, it is not known here which match.")
}

/// How many readings of an event are retracted with it.
pub(crate) fn readings(count: usize) -> String {
    if count == 1 {
        "1 stored event is about it.".to_owned()
    } else {
        format!("{count} stored events are about it: readings of the same by several models or sources.")
    }
}

/// An event in a list of which one is chosen.
pub(crate) fn event(event: &SeenEvent, zone: &Zone) -> String {
    let named = |text: &Option<String>| text.as_deref().map(isolated);
    let units = Quantity::Count.text(Some(event.units as f64));
    let parts = [
        Some(zone.time_with_seconds(event.timestamp)),
        Some(lower(entity::state(event.kind, event.state))),
        Some(events::length(event.duration_minutes, event.hold_minutes)),
        Some(if event.units == 1 { "1 unit".to_owned() } else { format!("{units} units") }),
        event.confidence.map(|confidence| Quantity::Confidence.text(Some(confidence))),
        named(&event.source_id),
        named(&event.model_version),
        named(&event.event_id),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" \u{b7} ")
}
