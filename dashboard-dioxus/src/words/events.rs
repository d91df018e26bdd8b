//! The page of events.

use super::isolated;
use domain::event::{EntityType, EventType};

pub(crate) const TITLE: &str = "Events";
pub(crate) const LIST: &str = "Latest first";
pub(crate) const OWN_TIMES: &str = "Events that began in the times below";
pub(crate) const FILTERS: &str = "Filters";
pub(crate) const CLEAR: &str = "Clear filters";
pub(crate) const ANY: &str = "Any";
pub(crate) const KIND: &str = "Kind";
pub(crate) const ENTITY: &str = "Id";
pub(crate) const FROM: &str = "From";
pub(crate) const TO: &str = "To";
pub(crate) const CONFIDENCE_AT_MOST: &str = "Confidence at most, %";
pub(crate) const TIME: &str = "Time";
pub(crate) const WHO: &str = "Who";
pub(crate) const STATE: &str = "State";
pub(crate) const MINUTES: &str = "Duration";
pub(crate) const UNITS: &str = "Units";
pub(crate) const HOW_MINUTES: &str = "How long the event lasted from its time on, as it was sent.";
pub(crate) const HOW_UNITS: &str = "The units that were finished during the event, as they were sent.";
pub(crate) const CONFIDENCE: &str = "Confidence";
pub(crate) const HOW_CONFIDENCE: &str =
    "How sure the model was of this report; a dash where it did not say. Below 60 % it is called unsure.";
pub(crate) const UNSURE: &str = "unsure";
pub(crate) const MODEL: &str = "Model";
pub(crate) const SOURCE: &str = "Source";
pub(crate) const WORKSTATION: &str = "Workstation";
pub(crate) const RECEIVED: &str = "Received";
pub(crate) const HOW_RECEIVED: &str = "When the event was stored. It is late when that was 5 minutes or more after \
                                       its end; it counts all the same, where its time belongs.";
pub(crate) const MOVING: &str = "New events appear by themselves.";
pub(crate) const PAUSE: &str = "Pause";
pub(crate) const EXPORT: &str = "CSV";
pub(crate) const PAGES: &str = "Pages of events";
pub(crate) const NEWER: &str = "Newer";
pub(crate) const OLDER: &str = "Older";
pub(crate) const END: &str = "This is the oldest event.";
pub(crate) const FILE: &str = "events";
pub(crate) const CSV_HEADER: [&str; 13] = [
    "Start (UTC)",
    "Kind",
    "Id",
    "Name",
    "State",
    "Duration, min",
    "Units",
    "Confidence",
    "Model",
    "Source",
    "Workstation",
    "Event id",
    "Received (UTC)",
];

pub(crate) fn began(window: &str) -> String {
    format!("Events that began in this window: {window}")
}

pub(crate) fn in_zone(label: &str, zone: &str) -> String {
    format!("{label} ({zone})")
}

pub(crate) fn filters(count: usize) -> String {
    if count == 0 { FILTERS.to_owned() } else { format!("{FILTERS} ({count})") }
}

pub(crate) fn filtered(label: &str, value: &str) -> String {
    format!("{label} {}", isolated(value))
}

pub(crate) fn confidence_at_most(percent: u8) -> String {
    format!("Confidence at most {percent}\u{a0}%")
}

/// The word for a state where it may be a worker's or a workstation's.
pub(crate) fn state(kind: Option<EntityType>, state: EventType) -> String {
    match (kind, state) {
        (None, EventType::Working) => "Working, occupied".to_owned(),
        _ => super::entity::state(kind.unwrap_or(EntityType::Worker), state).to_owned(),
    }
}

fn count(count: usize) -> String {
    if count == 1 { "1 new event".to_owned() } else { format!("{count} new events") }
}

pub(crate) fn announced(new: usize) -> String {
    format!("{}.", count(new))
}

pub(crate) fn paused(new: usize) -> String {
    format!("Paused · {new} new")
}

pub(crate) fn resume(new: usize) -> String {
    if new == 0 { "Resume".to_owned() } else { format!("Resume ({new} new)") }
}

pub(crate) fn past(page: usize, new: usize) -> String {
    format!("Page {page} · {new} new since it was opened")
}

pub(crate) fn late_by(span: &str) -> String {
    format!("late by {span}")
}

pub(crate) fn skipped(skipped: i64) -> String {
    format!(
        "{skipped} skipped: more events came at once than are shown one by one. They are stored, and the list is renewed."
    )
}

pub(crate) fn none(filters: &[String], window: &str) -> String {
    if filters.is_empty() {
        format!("No event began in this window: {window}.")
    } else {
        format!("No event in this window ({window}) passes these filters: {}.", filters.join(", "))
    }
}
