//! The page of events.

use super::isolated;
use super::quantity::Quantity;
use crate::lean::number::grouped;
use domain::event::{EntityType, EventForm, EventType};

pub(crate) const TITLE: &str = "Events";
pub(crate) const LIST: &str = "Event log";
pub(crate) const OWN_TIMES: &str = "Events that started between the times below";
pub(crate) const FILTERS: &str = "Filters";
pub(crate) const CLEAR: &str = "Clear filters";
pub(crate) const ANY: &str = "Any";
pub(crate) const KIND: &str = "Kind";
pub(crate) const ENTITY: &str = "Id";
pub(crate) const FROM: &str = "From";
pub(crate) const TO: &str = "To";
pub(crate) const MAX_CONFIDENCE: &str = "Max. confidence";
pub(crate) const PERCENT: &str = "%";
pub(crate) const TIME: &str = "Time";
pub(crate) const WHO: &str = "Name";
pub(crate) const STATE: &str = "State";
pub(crate) const MINUTES: &str = "Duration";
pub(crate) const UNITS: &str = "Units";
pub(crate) const HOW_MINUTES: &str = "How long the event lasted, as it was sent. A state report has no length: it is so from then on, \
                                      until the next report of the same source and model. If that does not come \
                                      within the hold, the time between is not observed.";
pub(crate) const HOW_UNITS: &str =
    "Units finished during the event, or at the time of a state report, as they were sent.";
pub(crate) const CONFIDENCE: &str = "Confidence";
pub(crate) const HOW_CONFIDENCE: &str =
    "The model's confidence in this event; a dash where it states none. Below 60\u{a0}% it is marked as low.";
pub(crate) const UNSURE: &str = "low";
pub(crate) const MODEL: &str = "Model";
pub(crate) const SOURCE: &str = "Source";
pub(crate) const WORKSTATION: &str = "Workstation";
pub(crate) const RECEIVED: &str = "Received";
pub(crate) const HOW_RECEIVED: &str = "When the event was stored. It is late when that was 5\u{a0}min or more after its \
                                       end; it still counts at the time when it happened.";
pub(crate) const MOVING: &str = "New events appear automatically.";
pub(crate) const PAUSE: &str = "Pause";
pub(crate) const EXPORT: &str = "CSV";
pub(crate) const PAGES: &str = "Pages of events";
pub(crate) const NEWER: &str = "Newer";
pub(crate) const NEWEST: &str = "Newest";
pub(crate) const OLDER: &str = "Older";
pub(crate) const END: &str = "This is the oldest event.";
pub(crate) const FILE: &str = "events";
pub(crate) const START: &str = "Start";
pub(crate) const START_UTC: &str = "Start (UTC)";
pub(crate) const RECEIVED_UTC: &str = "Received (UTC)";
/// The columns of a file between the times.
pub(crate) const CSV_COLUMNS: [&str; 13] = [
    "Kind",
    "Id",
    "Name",
    "State",
    "Form",
    "Duration, min",
    "Hold, min",
    "Units",
    "Confidence, %",
    "Model",
    "Source",
    "Workstation",
    "Event id",
];
pub(crate) const NOT_EXPORTED: &str = "The page was left before the file was complete.";
pub(crate) const CANCEL: &str = "Cancel";

pub(crate) fn exporting(count: usize) -> String {
    format!("Exporting: {} so far", of_events(count))
}

pub(crate) fn exported(count: usize, is_cut: bool) -> String {
    let count = of_events(count);
    if is_cut {
        format!(
            "{count} exported, the newest: a spreadsheet has no more lines. Choose a shorter time range for the rest."
        )
    } else {
        format!("{count} exported")
    }
}

/// What a file calls the form of an event.
pub(crate) fn form(form: EventForm) -> &'static str {
    match form {
        EventForm::Interval => "Interval",
        EventForm::State => "From then on",
    }
}

/// How long an event lasted, or that it says so from then on, with how soon its sender promised the next one.
pub(crate) fn length(minutes: Option<f64>, hold_minutes: Option<i64>) -> String {
    match (minutes, hold_minutes) {
        (Some(minutes), _) => Quantity::Duration.text(Some(minutes)),
        (None, Some(hold_minutes)) => {
            format!("from then on, hold {}", Quantity::Duration.text(Some(hold_minutes as f64)))
        }
        (None, None) => "from then on".to_owned(),
    }
}

fn of_events(count: usize) -> String {
    if count == 1 { "1 event".to_owned() } else { format!("{} events", grouped(count as f64, 0)) }
}

pub(crate) fn began(window: &str) -> String {
    format!("Events that started in this window: {window}")
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

pub(crate) fn max_confidence(percent: u8) -> String {
    format!("{MAX_CONFIDENCE} {percent}\u{a0}%")
}

/// The word for a state where it may be a worker's or a workstation's.
pub(crate) fn state(kind: Option<EntityType>, state: EventType) -> String {
    match (kind, state) {
        (None, EventType::Working) => "Working, in use".to_owned(),
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

pub(crate) fn past(page: u16, new: usize) -> String {
    format!("Page {page} · {new} new since it was opened")
}

pub(crate) fn late_by(span: &str) -> String {
    format!("late by {span}")
}

pub(crate) fn skipped(skipped: i64) -> String {
    format!(
        "{skipped} skipped: more events arrived at once than can be shown one by one. They are stored, and the list is being refreshed."
    )
}

pub(crate) fn none(filters: &[String], window: &str) -> String {
    if filters.is_empty() {
        format!("No events in this window: {window}.")
    } else {
        format!("No events in this window ({window}) match these filters: {}.", filters.join(", "))
    }
}
