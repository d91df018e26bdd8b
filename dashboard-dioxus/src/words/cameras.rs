//! The cameras and other sources of events.

use super::isolated;
use super::quantity::Quantity;

pub(crate) const TITLE: &str = "Cameras";
pub(crate) const LIST: &str = "Sources of events";
pub(crate) const NONE: &str = "No event has named its source yet. Send the camera's name as sourceId.";
pub(crate) const ALL_FINE: &str = "All sources report, are sure, and agree.";

pub(crate) const SOURCE: &str = "Source";
pub(crate) const LAST: &str = "Last event";
pub(crate) const EVENTS: &str = "Events";
pub(crate) const CONFIDENCE: &str = "Confidence";
pub(crate) const LOW: &str = "Below 60\u{a0}%";
pub(crate) const LATE: &str = "Late";
pub(crate) const SHARED: &str = "Seen by others";
pub(crate) const AGREEMENT: &str = "Agreement";
pub(crate) const VERSIONS: &str = "Model versions";
pub(crate) const HOW_LAST: &str =
    "When the latest of all its events ended, whatever the window. After 2 h a source is silent.";
pub(crate) const HOW_EVENTS: &str = "Events that start in the window.";
pub(crate) const HOW_CONFIDENCE: &str = "The mean of its events that state one, and its course.";
pub(crate) const HOW_LOW: &str =
    "The share of events with a confidence below 60\u{a0}%, among those that state one.";
pub(crate) const HOW_LATE: &str = "The share of events received 5 min or more after their end.";
pub(crate) const HOW_SHARED: &str =
    "The time that another source sees as well, summed over workers and workstations.";
pub(crate) const HOW_AGREEMENT: &str = "The share of that time in which both say the same.";

/// What is shown where an event states no model.
pub(crate) const NO_VERSION: &str = "not stated";
pub(crate) const LAST_30_DAYS: &str = "Of all time the last 30 days are shown.";

pub(crate) fn need(count: usize, all: usize) -> String {
    let verb = if count == 1 { "needs" } else { "need" };
    format!("{count} of {all} {verb} attention, the worst first.")
}

pub(crate) fn examined(from: &str) -> String {
    format!("Too many events for the whole window: only those from {from} on are shown.")
}

pub(crate) fn unnamed(events: i64) -> String {
    format!("Not listed: {} events that name no source.", count(events))
}

pub(crate) fn long_silent(sources: usize) -> String {
    format!("Not seen for a week: {sources}")
}

pub(crate) fn silent(since: &str) -> String {
    format!("Silent since {since}")
}

pub(crate) fn low_confidence(share: f64) -> String {
    format!("Low confidence: {} below 60\u{a0}%", percent(Some(share)))
}

pub(crate) fn disagrees(with: &str) -> String {
    format!("Disagrees with {}", isolated(with))
}

pub(crate) fn late(share: f64) -> String {
    format!("{} of events late", percent(Some(share)))
}

pub(crate) fn received(age: &str) -> String {
    format!("received {age}")
}

pub(crate) fn per_hour(events: f64) -> String {
    format!("{} per hour", Quantity::PerHour.text(Some(events)))
}

pub(crate) fn unstated(share: f64) -> String {
    format!("{} state none", percent(Some(share)))
}

pub(crate) fn with_one(other: &str) -> String {
    format!("with {}", isolated(other))
}

pub(crate) fn with(agreement: Option<f64>, other: &str, shared_minutes: f64) -> String {
    let shared = Quantity::Duration.text(Some(shared_minutes));
    format!("{} with {} ({shared})", percent(agreement), isolated(other))
}

pub(crate) fn version(events: i64, span: &str) -> String {
    format!("{} events, {span}", count(events))
}

pub(crate) fn more(hidden: usize) -> String {
    format!("and {hidden} more")
}

/// A share of 1.
pub(crate) fn percent(share: Option<f64>) -> String {
    Quantity::Percent.text(share.map(|share| share * 100.0))
}

fn count(events: i64) -> String {
    Quantity::Count.text(Some(events as f64))
}
