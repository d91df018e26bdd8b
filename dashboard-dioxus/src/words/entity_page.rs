//! The page of one worker or workstation.

use super::isolated;
use domain::event::EntityType;

pub(crate) const TIMELINE: &str = "Timeline";
pub(crate) const DAYS: &str = "Days";
pub(crate) const LAST_DAYS: &str = "The last 7 days of the window, newest first.";
pub(crate) const LAST_WEEK: &str = "The last 7 days of the window.";
pub(crate) const CORRECT: &str = "Correct a span";
pub(crate) const STOP_CORRECTING: &str = "Stop correcting";
pub(crate) const NOT_CONTESTED: &str = "Reports never disagree.";
pub(crate) const NOT_CORRECTED: &str = "Nothing was corrected.";
pub(crate) const DECISIONS: &str = "Decisions";
pub(crate) const BY_HOUR: &str = "By hour";
pub(crate) const BY_HOUR_LAST_WEEK: &str = "By hour, last 7 days";
pub(crate) const QUALITY: &str = "Data quality";
pub(crate) const EVENTS: &str = "Latest events";
pub(crate) const ALL_EVENTS: &str = "All events";
pub(crate) const NO_EVENTS: &str = "No events yet.";
pub(crate) const COMPARE: &str = "Compare with others";
pub(crate) const TO_FLOOR: &str = "To the floor";
pub(crate) const NO_AREA: &str = "No area";
pub(crate) const NO_OVERLAP: &str = "No double coverage.";
pub(crate) const NO_CONFIDENCE: &str = "No event in this window states a confidence.";

pub(crate) fn by_day(from: &str, to: &str) -> String {
    format!("By day, {from} to {to}")
}

pub(crate) fn since(time: &str) -> String {
    format!("since {time}")
}

/// What was reported without an end, and nothing has followed.
pub(crate) fn since_open(time: &str) -> String {
    format!("since {time}, not ended yet")
}

pub(crate) fn last_seen(time: &str) -> String {
    format!("last seen {time}")
}

pub(crate) fn area(area: &str) -> String {
    format!("Area {}", isolated(area))
}

pub(crate) fn unknown(kind: EntityType, id: &str) -> String {
    let id = isolated(id);
    match kind {
        EntityType::Worker => format!("Worker {id} has never been seen in this factory."),
        EntityType::Workstation => format!("Workstation {id} has never been seen in this factory."),
    }
}

pub(crate) fn double_coverage(span: &str) -> String {
    format!("{span} covered by two cameras (counted once).")
}

pub(crate) fn confidence(confidence: &str) -> String {
    format!("Mean confidence {confidence}, weighted by time.")
}

pub(crate) fn contested(span: &str) -> String {
    format!("{span} contested: reports disagree, and the most confident one counts.")
}

pub(crate) fn corrected(span: &str) -> String {
    format!("{span} corrected by people.")
}

pub(crate) fn more_corrected(count: usize) -> String {
    if count == 1 { "1 more, earlier".to_owned() } else { format!("{count} more, earlier") }
}

pub(crate) fn unobserved(span: &str) -> String {
    format!("No camera data: {span}. It counts neither as idle nor as absent.")
}

pub(crate) fn unsure(limit: &str, total: &str) -> String {
    format!("Confidence below {limit} for {total}:")
}

pub(crate) fn sure(limit: &str) -> String {
    format!("No part of the timeline has a confidence below {limit}.")
}

pub(crate) fn more_unsure(count: usize) -> String {
    if count == 1 { "1 more, shorter".to_owned() } else { format!("{count} more, shorter") }
}

pub(crate) fn previous_day(date: &str) -> String {
    format!("‹ {date}")
}

pub(crate) fn next_day(date: &str) -> String {
    format!("{date} ›")
}
